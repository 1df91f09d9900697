//! How a customer's turn ends: what its ledger says, and whether it gets another turn, in this run or on another night.

use std::collections::BTreeSet;

use shared::domain::ledger::{Billed, CustomerLedger, Line};
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::{Outcome, Skip};
use shared::domain::plan::{Fate, Row};
use shared::domain::psa::CustomerNames;
use shared::domain::run::Stage;

use super::Stages;
use super::bucket::Bucket;
use super::held::Done;
use crate::worker::{WorkError, World};

/// At most this many customers are set aside: the run is written with them at each commit.
const MOST_SET_ASIDE: usize = 1000;
/// How often the customers that were set aside have another turn. With the default settle time they end after 2, 6, 12,
/// 20 and 30 minutes; what ConnectWise still puts off by then is the next run's.
const MOST_ROUNDS: u32 = 5;

impl<W: World> Stages<'_, W> {
    /// Whether the customer has its turn once more at the end of the run: a write of it has no known end yet, and will have
    /// one by then, or ConnectWise put it off, and may take it by then. One whose additions are `unread` has one turn
    /// more, not all of them: what cannot be read tends to stay so.
    pub(super) fn is_set_aside(&self, bucket: &Bucket, done: &Done, unread: bool) -> bool {
        let open = |(outcome, _): &(Outcome, Billed)| match outcome {
            Outcome::Failed(failure) => failure.is_to_be_read_back() || failure.may_pass(),
            Outcome::Unchanged
            | Outcome::Created
            | Outcome::Updated
            | Outcome::Adopted
            | Outcome::Waiting(_)
            | Outcome::Held(_)
            | Outcome::Skipped(_) => false,
        };
        self.has_another_turn(bucket, unread) && (unread || done.values().any(open))
    }

    /// Whether a customer that is left open now has its turn once more at the end of the run.
    pub(super) fn has_another_turn(&self, bucket: &Bucket, unread: bool) -> bool {
        let run = self.committer.run();
        let comes = match run.stage {
            Stage::Settle { round, .. } => round < MOST_ROUNDS && !unread,
            Stage::Preview
            | Stage::Customers { .. }
            | Stage::CustomersAgain { .. }
            | Stage::Usage { .. }
            | Stage::UsageAgain { .. }
            | Stage::Agreements { .. }
            | Stage::Products
            | Stage::Check
            | Stage::Sync { .. }
            | Stage::Ended => run.set_aside.len() < MOST_SET_ASIDE,
        };
        bucket.run.writes && comes
    }

    /// Whether something failed that is worth another night: its ConnectWise invoice has not been made since the run that
    /// is retried.
    pub(super) async fn is_to_retry(&self, bucket: &Bucket, ledger: &CustomerLedger) -> Result<bool, WorkError> {
        if !ledger.lines.iter().any(|line| matches!(line.outcome, Outcome::Failed(_))) {
            return Ok(false);
        }
        let Some(first) = &bucket.run.request.retry_of else { return Ok(true) };
        let first = self.world.store().find_ledger(bucket.run.request.partner, first, ledger.customer).await?;
        let invoiced = matches!(
            (first.and_then(|first| first.next_invoice), ledger.next_invoice),
            (Some(then), Some(now)) if now > then
        );
        Ok(!invoiced)
    }

    /// Company and agreement names are refreshed; an apply marks a customer whose preview a person has seen.
    pub(super) async fn refresh(
        &self,
        bucket: &Bucket,
        (mapping, applied): (&CustomerMapping, bool),
        ledger: &CustomerLedger,
    ) -> Result<(), WorkError> {
        let (Some((_, company)), Some((_, agreement))) = (&ledger.company, &ledger.agreement) else { return Ok(()) };
        let (company, agreement) = (company.clone(), agreement.clone());
        let names = CustomerNames { company, agreement, facts: ledger.facts.clone() };
        let known = bucket.mapped.get(&mapping.customer).and_then(|(_, names)| names.as_ref()) == Some(&names);
        if known && !applied {
            return Ok(());
        }
        let store = self.world.store();
        let partner = bucket.run.request.partner;
        store.touch_customer(partner, mapping.customer, mapping.agreement, &names, applied).await?;
        Ok(())
    }
}

/// The ledger lines of rows: each ends by itself or as its addition did.
pub(super) fn lines(rows: Vec<Row>, done: &Done) -> Vec<Line> {
    let line = |row: Row| {
        let (outcome, billed) = match row.fate {
            Fate::Ends(outcome) => (outcome, None),
            Fate::With(product) => match done.get(&product) {
                Some((outcome, billed)) => (outcome.clone(), Some(billed.clone())),
                None => (Outcome::Skipped(Skip::MappingMoved), None),
            },
        };
        let usage = row.usage.unwrap_or_default();
        Line { code: row.code, units: usage.units, usage_lines: usage.lines, outcome, billed }
    };
    let lines: Vec<Line> = rows.into_iter().map(line).collect();
    debug_assert_eq!(lines.len(), lines.iter().map(|l| &l.code).collect::<BTreeSet<_>>().len(), "one line a pair");
    lines
}
