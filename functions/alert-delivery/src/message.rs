//! What an alert says: in a mail for a person, and in JSON for a program.

mod english;
mod italian;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use shared::domain::alert::{Alert, AlertAbout, Digest, MessageText};
use shared::domain::decision::StandingHold;
use shared::domain::id::{PartnerId, ProductCode};
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::Outcome;
use shared::domain::schedule::local_day;
use shared::error::StoreError;
use shared::http::Language;
use shared::ports::{Clock, Mailer, Seal};
use shared::table::Table;

use crate::watch::{MOST_PAGES, is_missed};
use crate::{WorkError, World};

/// The most lines that are named; the others are counted.
const MAX_LINES: usize = 10;
/// The most characters of a reason, and of an advice.
const MAX_CHARACTERS: usize = 400;

/// The ConnectWise invoice that was made without some lines.
struct Invoice {
    month: UsageMonth,
    day: Date,
}

/// A line that failed or waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportedLine {
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
    /// The message of an alert. If its lines can never be read, it goes out without them.
    pub(crate) async fn compose(
        &self,
        partner: PartnerId,
        alert: &Alert,
        language: Language,
    ) -> Result<MessageText, WorkError> {
        let lines = match &alert.about {
            AlertAbout::Run(digest) => self.lines_of_run(partner, digest, language).await,
            AlertAbout::Missed { month, invoice, .. } => {
                self.lines_missed(partner, Invoice { month: *month, day: *invoice }, language).await
            }
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
        let (subject, text) = compose(&alert.about, &lines, language);
        let body = body(partner, alert, &subject, &text, &lines);
        Ok(MessageText { subject, text, body })
    }

    /// The first lines of a run that failed or wait, by customer.
    async fn lines_of_run(
        &self,
        partner: PartnerId,
        digest: &Digest,
        language: Language,
    ) -> Result<Vec<ReportedLine>, StoreError> {
        let (mut lines, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self.store.list_ledger(partner, &digest.run, "", after.as_deref()).await?;
            lines.extend(page.entries.iter().flat_map(|ledger| reported(ledger, language)));
            after = page.next;
            if after.is_none() || lines.len() >= MAX_LINES {
                break;
            }
        }
        lines.truncate(MAX_LINES);
        Ok(lines)
    }

    /// The first lines of a month that an invoice was made without.
    async fn lines_missed(
        &self,
        partner: PartnerId,
        invoice: Invoice,
        language: Language,
    ) -> Result<Vec<ReportedLine>, StoreError> {
        let Some(settings) = self.store.find_settings(partner).await? else { return Ok(Vec::new()) };
        let today = local_day(&settings, self.clock.now());
        let (mut lines, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self.store.list_holds(partner, invoice.month, "", after.as_deref()).await?;
            let missed = page.holds.iter().filter(|hold| hold.invoice == Some(invoice.day) && is_missed(hold, today));
            lines.extend(missed.map(|hold| of_hold(hold, language)));
            after = page.next;
            if after.is_none() || lines.len() >= MAX_LINES {
                break;
            }
        }
        lines.truncate(MAX_LINES);
        Ok(lines)
    }
}

fn reported(ledger: &CustomerLedger, language: Language) -> impl Iterator<Item = ReportedLine> + '_ {
    let is_reported = |line: &&Line| matches!(line.outcome, Outcome::Failed(_) | Outcome::Held(_));
    ledger.lines.iter().filter(is_reported).map(move |line| ReportedLine {
        customer: ledger.name.clone(),
        customer_id: ledger.customer.map(|id| id.to_string()),
        product: line.code.as_ref().map(ToString::to_string),
        units: line.units.to_string(),
        outcome: line.outcome.code(),
        reason: short(&language.reason(&line.outcome)),
        advice: short(&language.advice(&line.outcome)),
    })
}

fn of_hold(hold: &StandingHold, language: Language) -> ReportedLine {
    let outcome = Outcome::Held(hold.hold.clone());
    let parts: Vec<&str> = hold.parts.iter().map(ProductCode::as_str).collect();
    ReportedLine {
        customer: hold.name.clone(),
        customer_id: Some(hold.key.customer.to_string()),
        product: (!parts.is_empty()).then(|| parts.join(" + ")),
        units: hold.basis.release.quantities().1.normalize().to_string(),
        outcome: outcome.code(),
        reason: short(&language.reason(&outcome)),
        advice: short(&language.advice(&outcome)),
    }
}

/// A text as it fits into an alert with nine others.
fn short(text: &str) -> String {
    let mut characters = text.chars();
    let head: String = characters.by_ref().take(MAX_CHARACTERS).collect();
    if characters.next().is_some() { head + "…" } else { head }
}

/// What an alert says, in one language.
struct Words {
    subject: String,
    /// The first sentences.
    head: String,
    /// The last ones.
    end: String,
}

/// One language of alerts.
struct Phrases {
    words: fn(&AlertAbout) -> Words,
    /// A line that failed or waits, without its reason.
    line: fn(&ReportedLine) -> String,
    /// How many lines are not named.
    more: fn(u64) -> String,
    /// Why the reader gets this.
    why: &'static str,
}

const fn phrases(language: Language) -> &'static Phrases {
    match language {
        Language::English => &english::PHRASES,
        Language::Italian => &italian::PHRASES,
    }
}

/// The subject and the text of an alert.
fn compose(about: &AlertAbout, lines: &[ReportedLine], language: Language) -> (String, String) {
    let phrases = phrases(language);
    let Words { subject, head, end } = (phrases.words)(about);
    let mut text = head + "\n";
    for line in lines {
        text.push_str(&format!("\n{}: {}\n    {}\n", (phrases.line)(line), line.reason, line.advice));
    }
    let all = match about {
        AlertAbout::Run(digest) => digest.failed + digest.held,
        AlertAbout::Missed { lines, .. } => *lines,
        AlertAbout::Quiet { .. } | AlertAbout::Test { .. } => 0,
    };
    let more = all.saturating_sub(u64::try_from(lines.len()).unwrap_or_default());
    if more > 0 && !lines.is_empty() {
        text.push_str(&format!("\n{}\n", (phrases.more)(more)));
    }
    for last in [end.as_str(), phrases.why] {
        if !last.is_empty() {
            text.push_str(&format!("\n{last}\n"));
        }
    }
    (subject, text)
}

fn body(partner: PartnerId, alert: &Alert, subject: &str, text: &str, lines: &[ReportedLine]) -> String {
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
