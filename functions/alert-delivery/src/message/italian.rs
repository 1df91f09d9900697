//! Alerts in Italian.

use shared::domain::alert::{AlertAbout, Digest};
use shared::http::Language;

use super::{Phrases, ReportedLine, Words};

pub(super) const PHRASES: Phrases = Phrases {
    words,
    line,
    more: |more| format!("e {}.", counted(more, "altra riga", "altre righe")),
    why: "Questo messaggio arriva perché l'indirizzo è salvato negli avvisi della sincronizzazione dell'utilizzo; chi li \
          gestisce può rimuoverlo lì.",
};
const LANGUAGE: Language = Language::Italian;

fn words(about: &AlertAbout) -> Words {
    match about {
        AlertAbout::Run(digest) => of_run(digest),
        AlertAbout::Missed { month, invoice, lines } => {
            let (month, invoice) = (LANGUAGE.month(*month), LANGUAGE.day(*invoice));
            let decided = if *lines == 1 { "non è stata decisa" } else { "non sono state decise" };
            let lines = counted(*lines, "riga", "righe");
            Words {
                subject: format!("Utilizzo di {month}: {lines} fuori dalla fattura del {invoice}"),
                head: format!(
                    "Utilizzo di {month}. {lines} {decided} prima dell'emissione della fattura ConnectWise del {invoice}, \
                     che fattura ciò che c'era prima. Ciò che si scrive ora cambia la fattura successiva."
                ),
                end: String::new(),
            }
        }
        AlertAbout::Quiet { since, days } => {
            let days = counted(u64::from(*days), "giorno", "giorni");
            Words {
                subject: format!("Utilizzo: nessuna sincronizzazione da {days}"),
                head: format!(
                    "Nulla è stato scritto in ConnectWise dal {}, cioè da {days}. Controllare le esecuzioni, i collegamenti e \
                     se le scritture sono attive.",
                    since.strftime("%d/%m/%Y, %H:%M UTC"),
                ),
                end: String::new(),
            }
        }
        AlertAbout::Test { .. } => Words {
            subject: "Utilizzo: prova degli avvisi".to_owned(),
            head: "Qualcuno ha provato se gli avvisi della sincronizzazione dell'utilizzo arrivano. Questo è arrivato."
                .to_owned(),
            end: String::new(),
        },
    }
}

fn of_run(digest: &Digest) -> Words {
    let (month, left) = (LANGUAGE.month(digest.month), left(digest));
    let (subject, head) = match &digest.failure {
        Some(failure) => {
            let (why, advice) = (LANGUAGE.run_failure(failure), LANGUAGE.run_advice(failure.code));
            let head = format!("La sincronizzazione non è stata completata. {why} {advice}");
            let before = if left.is_empty() { String::new() } else { format!(" Prima di allora: {left}.") };
            ("la sincronizzazione non è stata completata".to_owned(), head + &before)
        }
        None => (left.clone(), format!("{left}.")),
    };
    let sync = digest.vendor_sync.as_ref();
    let sync = sync.map(|sync| format!("{} {}\n", LANGUAGE.vendor_sync(sync), LANGUAGE.vendor_sync_advice(sync)));
    Words {
        subject: format!("Utilizzo di {month}: {subject}"),
        head: format!("Utilizzo di {month}: {head}"),
        end: format!("{}L'esecuzione è {}.", sync.unwrap_or_default(), digest.run),
    }
}

/// What a run left, such as "2 righe non riuscite, 3 righe da decidere".
fn left(digest: &Digest) -> String {
    let failed = (digest.failed > 0).then(|| counted(digest.failed, "riga non riuscita", "righe non riuscite"));
    let held = (digest.held > 0).then(|| counted(digest.held, "riga da decidere", "righe da decidere"));
    [failed, held].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn line(line: &ReportedLine) -> String {
    let product = line.product.as_deref().unwrap_or("nessun prodotto");
    let ended = if line.outcome.starts_with("failed") { "non riuscita" } else { "da decidere" };
    format!("{}, {product}, {} unità: {ended}", line.customer, line.units.replace('.', ","))
}

fn counted(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
