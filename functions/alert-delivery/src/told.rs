//! What is said: in a mail for a person, and in JSON for a program.

use serde::Serialize;
use serde_json::json;
use shared::domain::alert::{Alert, AlertAbout, Digest, Told};
use shared::domain::decision::HoldDue;
use shared::domain::id::PartnerId;
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::outcome::Outcome;
use shared::domain::schedule::local_day;
use shared::ports::{Clock, Mailer, Seal};

use crate::{Store, WorkError, World};

/// So many lines are named; the others are counted.
const MOST_LINES: usize = 10;
/// So many pages of a run's lines, and of what waits, are looked through: a megabyte each.
const MOST_PAGES: usize = 20;

/// A line that failed or waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldLine {
    customer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    units: u64,
    /// The outcome and its reason, for programs.
    outcome: String,
    reason: String,
    advice: String,
}

impl<S: Store, K: Seal, M: Mailer, C: Clock> World<S, K, M, C> {
    /// What is said of an alert, and how many of the waiting lines were not decided before their ConnectWise invoice.
    pub(crate) async fn told(&self, partner: PartnerId, alert: &Alert) -> Result<(Told, u64), WorkError> {
        let (lines, missed) = match &alert.about {
            AlertAbout::Run(digest) => (self.first_lines(partner, digest).await?, self.missed(partner, digest).await?),
            AlertAbout::Quiet { .. } | AlertAbout::Test { .. } => (Vec::new(), 0),
        };
        let subject = subject(&alert.about);
        let text = text(&alert.about, &lines, missed);
        let body = body(partner, alert, (&subject, &text), &lines, missed);
        Ok((Told { subject, text, body }, missed))
    }

    /// The first lines of a run that failed or wait, by customer.
    async fn first_lines(&self, partner: PartnerId, digest: &Digest) -> Result<Vec<ToldLine>, WorkError> {
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

    /// How many lines of the month wait undecided though their ConnectWise invoice was made.
    async fn missed(&self, partner: PartnerId, digest: &Digest) -> Result<u64, WorkError> {
        let Some(settings) = self.store.find_settings(partner).await? else { return Ok(0) };
        if digest.held == 0 {
            return Ok(0);
        }
        let today = local_day(&settings, self.clock.now());
        let (mut missed, mut after) = (0, None);
        for _ in 0..MOST_PAGES {
            let page = self.store.list_holds(partner, digest.month, "", after.as_deref()).await?;
            let late = page.holds.iter().filter(|hold| hold.decision.is_none() && hold.due(today) == HoldDue::Missed);
            missed += u64::try_from(late.count()).unwrap_or_default();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(missed)
    }
}

fn to_tell(ledger: &CustomerLedger) -> impl Iterator<Item = ToldLine> + '_ {
    let is_told = |line: &&Line| matches!(line.outcome, Outcome::Failed(_) | Outcome::Held(_));
    ledger.lines.iter().filter(is_told).map(|line| ToldLine {
        customer: ledger.name.clone(),
        customer_id: ledger.customer.map(|id| id.to_string()),
        product: line.code.as_ref().map(ToString::to_string),
        units: line.units,
        outcome: line.outcome.code(),
        reason: line.outcome.reason(),
        advice: line.outcome.advice(),
    })
}

fn subject(about: &AlertAbout) -> String {
    match about {
        AlertAbout::Run(Digest { month, failure: Some(_), .. }) => {
            format!("Usage sync of {}: the run came to nothing", month.in_words())
        }
        AlertAbout::Run(digest) => format!("Usage sync of {}: {}", digest.month.in_words(), left(digest)),
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

fn text(about: &AlertAbout, lines: &[ToldLine], missed: u64) -> String {
    let digest = match about {
        AlertAbout::Run(digest) => digest,
        AlertAbout::Quiet { since, days } => {
            return format!(
                "No run has written to ConnectWise since {}, which is more than {}. Look at the runs, at the connections and at \
                 whether writes are switched on.\n",
                since.strftime("%Y-%m-%d %H:%M UTC"),
                counted(u64::from(*days), "day"),
            );
        }
        AlertAbout::Test { by } => {
            return format!("{by} tried whether alerts of the usage sync arrive. This one did.\n");
        }
    };
    let mut text = format!("Run {} of the usage sync of {}", digest.run, digest.month.in_words());
    match &digest.failure {
        Some(failure) => text.push_str(&format!(" came to nothing. {failure}\n")),
        None => text.push_str(&format!(": {}.\n", left(digest))),
    }
    for ToldLine { customer, product, units, outcome, reason, advice, .. } in lines {
        let product = product.as_deref().unwrap_or("no product");
        let kind = if outcome.starts_with("failed") { "failed" } else { "needs your decision" };
        let units = counted(*units, "unit");
        text.push_str(&format!("\n{customer}, {product}, {units}: {kind}: {reason}\n    {advice}\n"));
    }
    let told = u64::try_from(lines.len()).unwrap_or_default();
    let more = (digest.failed + digest.held).saturating_sub(told);
    if more > 0 {
        text.push_str(&format!("\nand {} more.\n", counted(more, "line")));
    }
    if missed > 0 {
        let were = if missed == 1 { "was" } else { "were" };
        text.push_str(&format!(
            "\n{} {were} not decided before the ConnectWise invoice was made.\n",
            counted(missed, "line")
        ));
    }
    text
}

fn body(partner: PartnerId, alert: &Alert, (subject, text): (&str, &str), lines: &[ToldLine], missed: u64) -> String {
    let (kind, about) = match &alert.about {
        AlertAbout::Run(digest) => (
            "sync.needsAttention",
            json!({
                "runId": digest.run, "kind": digest.kind, "month": digest.month, "failed": digest.failed, "held": digest.held,
                "missed": missed, "failure": digest.failure, "lines": lines,
            }),
        ),
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
