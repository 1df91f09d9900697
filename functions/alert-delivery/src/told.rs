//! What is said: in a mail for a person, and in JSON for a program.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use shared::domain::alert::{Alert, AlertAbout, Digest, Told};
use shared::domain::decision::StandingHold;
use shared::domain::id::{PartnerId, ProductCode};
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::Outcome;
use shared::domain::schedule::local_day;
use shared::error::StoreError;
use shared::ports::{Clock, Mailer, Seal};
use shared::table::Table;

use crate::watch::{MOST_PAGES, is_missed};
use crate::{WorkError, World};

/// So many lines are named; the others are counted.
const MOST_LINES: usize = 10;
/// The most characters of a reason, and of an advice.
const MOST_SIGNS: usize = 400;

/// A line that failed or waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldLine {
    customer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    units: String,
    /// The outcome and its reason, for programs.
    outcome: String,
    reason: String,
    advice: String,
}

impl<T: Table, K: Seal, M: Mailer, C: Clock> World<T, K, M, C> {
    /// What is said of an alert. Where its lines cannot be read and never will be, it is said without them.
    pub(crate) async fn told(&self, partner: PartnerId, alert: &Alert) -> Result<Told, WorkError> {
        let lines = match &alert.about {
            AlertAbout::Run(digest) => self.lines_of_run(partner, digest).await,
            AlertAbout::Missed { month, invoice, .. } => self.lines_missed(partner, *month, *invoice).await,
            AlertAbout::Quiet { .. } | AlertAbout::Test { .. } => Ok(Vec::new()),
        };
        let lines = match lines {
            Ok(lines) => lines,
            Err(error @ (StoreError::Unreadable { .. } | StoreError::Refused { .. })) => {
                tracing::error!(%partner, alert = %alert.id, %error, "the lines of an alert cannot be read");
                Vec::new()
            }
            Err(error) => return Err(error.into()),
        };
        let subject = subject(&alert.about);
        let text = text(&alert.about, &lines);
        let body = body(partner, alert, (&subject, &text), &lines);
        Ok(Told { subject, text, body })
    }

    /// The first lines of a run that failed or wait, by customer.
    async fn lines_of_run(&self, partner: PartnerId, digest: &Digest) -> Result<Vec<ToldLine>, StoreError> {
        let (mut lines, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self.store.list_ledger(partner, &digest.run, "", after.as_deref()).await?;
            lines.extend(page.entries.iter().flat_map(to_tell));
            after = page.next;
            if after.is_none() || lines.len() >= MOST_LINES {
                break;
            }
        }
        lines.truncate(MOST_LINES);
        Ok(lines)
    }

    /// The first lines of a month that an invoice was made without.
    async fn lines_missed(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        invoice: Date,
    ) -> Result<Vec<ToldLine>, StoreError> {
        let Some(settings) = self.store.find_settings(partner).await? else { return Ok(Vec::new()) };
        let today = local_day(&settings, self.clock.now());
        let (mut lines, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self.store.list_holds(partner, month, "", after.as_deref()).await?;
            let missed = page.holds.iter().filter(|hold| hold.invoice == Some(invoice) && is_missed(hold, today));
            lines.extend(missed.map(of_hold));
            after = page.next;
            if after.is_none() || lines.len() >= MOST_LINES {
                break;
            }
        }
        lines.truncate(MOST_LINES);
        Ok(lines)
    }
}

fn to_tell(ledger: &CustomerLedger) -> impl Iterator<Item = ToldLine> + '_ {
    let is_told = |line: &&Line| matches!(line.outcome, Outcome::Failed(_) | Outcome::Held(_));
    ledger.lines.iter().filter(is_told).map(|line| ToldLine {
        customer: ledger.name.clone(),
        customer_id: ledger.customer.map(|id| id.to_string()),
        product: line.code.as_ref().map(ToString::to_string),
        units: line.units.to_string(),
        outcome: line.outcome.code(),
        reason: short(&line.outcome.reason()),
        advice: short(&line.outcome.advice()),
    })
}

fn of_hold(hold: &StandingHold) -> ToldLine {
    let outcome = Outcome::Held(hold.hold.clone());
    let parts: Vec<&str> = hold.parts.iter().map(ProductCode::as_str).collect();
    ToldLine {
        customer: hold.name.clone(),
        customer_id: Some(hold.key.customer.to_string()),
        product: (!parts.is_empty()).then(|| parts.join(" + ")),
        units: hold.basis.release.quantities().1.normalize().to_string(),
        outcome: outcome.code(),
        reason: short(&outcome.reason()),
        advice: short(&outcome.advice()),
    }
}

/// A text as it fits into an alert with nine others.
fn short(text: &str) -> String {
    let mut signs = text.chars();
    let head: String = signs.by_ref().take(MOST_SIGNS).collect();
    if signs.next().is_some() { head + "…" } else { head }
}

fn subject(about: &AlertAbout) -> String {
    match about {
        AlertAbout::Run(Digest { month, failure: Some(_), .. }) => {
            format!("Usage sync of {}: the run could not be completed", month.in_words())
        }
        AlertAbout::Run(digest) => format!("Usage sync of {}: {}", digest.month.in_words(), left(digest)),
        AlertAbout::Missed { month, invoice, lines } => {
            format!("Usage sync of {}: {} missed the invoice of {invoice}", month.in_words(), counted(*lines, "line"))
        }
        AlertAbout::Quiet { days, .. } => {
            format!("Usage sync: nothing was synced for {}", counted(u64::from(*days), "day"))
        }
        AlertAbout::Test { .. } => "Usage sync: test".to_owned(),
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

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn text(about: &AlertAbout, lines: &[ToldLine]) -> String {
    let (mut text, all, end) = match about {
        AlertAbout::Run(digest) => {
            let left = left(digest);
            let head = match &digest.failure {
                Some(failure) if left.is_empty() => format!("The run could not be completed. {failure}\n"),
                Some(failure) => format!("The run could not be completed. {failure} Before that, {left}.\n"),
                None => format!("{left}.\n"),
            };
            let head = format!("Usage sync of {}. {head}", digest.month.in_words());
            let vendor = digest.vendor_sync.as_ref().map(|sync| format!("{} {}\n", sync.in_words(), sync.advice()));
            let end = format!("{}The run is {}.\n", vendor.unwrap_or_default(), digest.run);
            (head, digest.failed + digest.held, end)
        }
        AlertAbout::Missed { month, invoice, lines } => {
            let were = if *lines == 1 { "was" } else { "were" };
            let head = format!(
                "Usage sync of {}. {} {were} not decided before the ConnectWise invoice of {invoice} was made: it bills what was \
                 there before. What is released now changes the next one.\n",
                month.in_words(),
                counted(*lines, "line"),
            );
            (head, *lines, String::new())
        }
        AlertAbout::Quiet { since, days } => {
            let head = format!(
                "Nothing was written to ConnectWise since {}, for {} by now. Look at the runs, at the connections and at whether \
                 writes are switched on.\n",
                since.strftime("%Y-%m-%d %H:%M UTC"),
                counted(u64::from(*days), "day"),
            );
            (head, 0, String::new())
        }
        AlertAbout::Test { .. } => {
            ("Somebody tried whether alerts of the usage sync arrive. This one did.\n".to_owned(), 0, String::new())
        }
    };
    for ToldLine { customer, product, units, outcome, reason, advice, .. } in lines {
        let product = product.as_deref().unwrap_or("no product");
        let kind = if outcome.starts_with("failed") { "failed" } else { "needs your decision" };
        let s = if units == "1" { "" } else { "s" };
        text.push_str(&format!("\n{customer}, {product}, {units} unit{s}: {kind}: {reason}\n    {advice}\n"));
    }
    let more = all.saturating_sub(u64::try_from(lines.len()).unwrap_or_default());
    if more > 0 && !lines.is_empty() {
        text.push_str(&format!("\nand {} more.\n", counted(more, "line")));
    }
    text.push('\n');
    text.push_str(&end);
    text.push_str(
        "You get this because the address is saved in the alerts of the usage sync; whoever manages it can remove it there.\n",
    );
    text
}

fn body(partner: PartnerId, alert: &Alert, (subject, text): (&str, &str), lines: &[ToldLine]) -> String {
    let (kind, about) = match &alert.about {
        AlertAbout::Run(digest) => (
            "sync.needsAttention",
            json!({
                "runId": digest.run, "kind": digest.kind, "month": digest.month, "failed": digest.failed,
                "held": digest.held, "failure": digest.failure, "vendorSync": digest.vendor_sync, "lines": lines,
            }),
        ),
        AlertAbout::Missed { month, invoice, lines: missed } => {
            ("sync.missedInvoice", json!({"month": month, "invoice": invoice, "missed": missed, "lines": lines}))
        }
        AlertAbout::Quiet { since, days } => ("sync.quiet", json!({"since": since, "days": days})),
        AlertAbout::Test { by } => ("sync.test", json!({"by": by})),
    };
    json!({
        "type": kind,
        "timestamp": alert.raised_at,
        "data": {"alertId": alert.id, "partnerId": partner, "subject": subject, "text": text, "about": about},
    })
    .to_string()
}

#[cfg(test)]
mod tests;
