//! How a customer's last sync ended, in the few words that its row shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{ProductCode, RunId};
use super::ledger::{CustomerLedger, Line};
use super::month::UsageMonth;
use super::outcome::{Failure, Outcome};
use super::tally::Counts;

/// How the sync of one customer ended in the last run that wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerSyncStatus {
    pub run: RunId,
    pub month: UsageMonth,
    /// When the customer was done.
    pub at: Timestamp,
    /// Its pairs by outcome, and its writes.
    pub counts: Counts,
    /// The first pair that failed, if one did.
    pub first_failure: Option<FailedPair>,
}

/// A pair that failed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedPair {
    /// The Sophos product; none when its usage names none.
    pub product: Option<ProductCode>,
    /// What went wrong.
    pub failure: Failure,
}

impl CustomerSyncStatus {
    /// The stamp of a customer whose ledger is written at `at`.
    #[must_use]
    pub fn of(run: &RunId, month: UsageMonth, at: Timestamp, ledger: &CustomerLedger) -> Self {
        let failed = |line: &Line| match &line.outcome {
            Outcome::Failed(failure) => Some(FailedPair { product: line.code.clone(), failure: failure.clone() }),
            Outcome::Unchanged
            | Outcome::Created
            | Outcome::Updated
            | Outcome::Adopted
            | Outcome::Waiting(_)
            | Outcome::Held(_)
            | Outcome::Skipped(_) => None,
        };
        let first_failure = ledger.lines.iter().find_map(failed);
        Self { run: run.clone(), month, at, counts: Counts::of(ledger), first_failure }
    }

    /// Whether no pair failed.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        self.counts.failed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::AgreementId;

    fn line(code: &str, outcome: Outcome) -> Line {
        Line { code: Some(ProductCode::parse(code).unwrap()), units: 1, usage_lines: 1, outcome, billed: None }
    }

    fn stamp(lines: Vec<Line>) -> CustomerSyncStatus {
        let run = RunId::parse("20261130T011200Z-scheduled-0123abcd").unwrap();
        let ledger = CustomerLedger {
            customer: None,
            name: "Acme".into(),
            company: None,
            agreement: None,
            next_invoice: None,
            lines,
            created: 2,
            updated: 1,
            ..CustomerLedger::default()
        };
        let at = "2026-11-30T01:12:00Z".parse().unwrap();
        CustomerSyncStatus::of(&run, UsageMonth::parse("2026-11").unwrap(), at, &ledger)
    }

    #[test]
    fn a_customer_whose_pairs_all_ended_well_shows_counts_and_no_failure() {
        let stamp = stamp(vec![line("A", Outcome::Unchanged), line("B", Outcome::Created)]);
        assert!(stamp.succeeded());
        assert_eq!((stamp.counts.unchanged, stamp.counts.created, stamp.counts.writes()), (1, 1, 3));
        assert_eq!(stamp.first_failure, None);
    }

    #[test]
    fn a_customer_with_failures_names_the_first_and_what_to_do() {
        let agreement = AgreementId::try_from(812).unwrap();
        let gone = line("B", Outcome::Failed(Failure::AgreementGone { agreement }));
        let unknown = line("C", Outcome::Failed(Failure::Unknown));
        let stamp = stamp(vec![line("A", Outcome::Unchanged), gone, unknown]);
        assert!(!stamp.succeeded());
        let failure = stamp.first_failure.unwrap();
        assert_eq!(failure.product.unwrap().as_str(), "B");
        assert_eq!(failure.failure, Failure::AgreementGone { agreement });
    }
}
