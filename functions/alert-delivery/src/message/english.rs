//! Alerts in English.

use shared::domain::alert::{AlertAbout, Digest};
use shared::http::Language;

use super::{Phrases, ReportedLine, Words};

pub(super) const PHRASES: Phrases = Phrases {
    words,
    line,
    more: |more| format!("and {} more.", counted(more, "line")),
    why: "You get this because the address is saved in the alerts of the usage sync; whoever manages it can remove it there.",
};
const LANGUAGE: Language = Language::English;

fn words(about: &AlertAbout) -> Words {
    match about {
        AlertAbout::Run(digest) => of_run(digest),
        AlertAbout::Missed { month, invoice, lines } => {
            let (month, invoice) = (LANGUAGE.month(*month), LANGUAGE.day(*invoice));
            let (lines, were) = (counted(*lines, "line"), if *lines == 1 { "was" } else { "were" });
            Words {
                subject: format!("Usage sync of {month}: {lines} missed the invoice of {invoice}"),
                head: format!(
                    "Usage sync of {month}. {lines} {were} not decided before the ConnectWise invoice of {invoice} was made: \
                     it bills what was there before. What is released now changes the next one."
                ),
                end: String::new(),
            }
        }
        AlertAbout::Quiet { since, days } => {
            let days = counted(u64::from(*days), "day");
            Words {
                subject: format!("Usage sync: nothing was synced for {days}"),
                head: format!(
                    "Nothing was written to ConnectWise since {}, for {days} by now. Look at the runs, at the connections and \
                     at whether writes are switched on.",
                    since.strftime("%-d %B %Y, %H:%M UTC"),
                ),
                end: String::new(),
            }
        }
        AlertAbout::Test { .. } => Words {
            subject: "Usage sync: test".to_owned(),
            head: "Somebody tried whether alerts of the usage sync arrive. This one did.".to_owned(),
            end: String::new(),
        },
    }
}

fn of_run(digest: &Digest) -> Words {
    let (month, left) = (LANGUAGE.month(digest.month), left(digest));
    let (subject, head) = match &digest.failure {
        Some(failure) => {
            let head = format!("The run could not be completed. {failure}");
            let before = if left.is_empty() { String::new() } else { format!(" Before that, {left}.") };
            ("the run could not be completed".to_owned(), head + &before)
        }
        None => (left.clone(), format!("{left}.")),
    };
    let sync = digest.vendor_sync.as_ref();
    let sync = sync.map(|sync| format!("{} {}\n", LANGUAGE.vendor_sync(sync), LANGUAGE.vendor_sync_advice(sync)));
    Words {
        subject: format!("Usage sync of {month}: {subject}"),
        head: format!("Usage sync of {month}. {head}"),
        end: format!("{}The run is {}.", sync.unwrap_or_default(), digest.run),
    }
}

/// What a run left, such as "2 lines failed, 3 lines need your decision".
fn left(digest: &Digest) -> String {
    let failed = (digest.failed > 0).then(|| format!("{} failed", counted(digest.failed, "line")));
    let held = (digest.held > 0).then(|| {
        let need = if digest.held == 1 { "needs" } else { "need" };
        format!("{} {need} your decision", counted(digest.held, "line"))
    });
    [failed, held].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn line(line: &ReportedLine) -> String {
    let product = line.product.as_deref().unwrap_or("no product");
    let units = if line.units == "1" { "unit" } else { "units" };
    let ended = if line.outcome.starts_with("failed") { "failed" } else { "needs your decision" };
    format!("{}, {product}, {} {units}: {ended}", line.customer, line.units)
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
