//! How a customer ends: its ledger lines, and whether it is worked on once more, in this run or on another night.

use std::collections::BTreeSet;

use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::{Outcome, Skip};
use shared::domain::plan::{Fate, Row};
use shared::domain::psa::CustomerNames;
use shared::domain::run::Stage;

use super::context::CustomerContext;
use crate::errors::WorkError;
use crate::world::World;
use crate::write::{AdditionOutcome, AdditionOutcomes};

/// At most this many customers are set aside: the run is written with them at each commit.
const MOST_SET_ASIDE: usize = 1000;
/// How often the customers that were set aside are worked on once more. With the default settle time they end after 2,
/// 6, 12, 20 and 30 minutes; what ConnectWise still puts off by then is the next run's.
const MOST_ROUNDS: u32 = 5;

/// How far a customer came.
pub(super) enum CustomerProgress {
    /// Its ledger is closed, or it is set aside.
    Closed,
    /// Its ledger stays open for the next slice.
    Open,
    /// What its plan was made on is too old to go on with.
    Stale,
}

/// Whether the customer is worked on once more at the end of the run: true if the result of a write is unknown, or if
/// ConnectWise deferred a write. A customer whose additions could not be read gets one more attempt.
pub(super) fn is_set_aside<W: World>(customer: &CustomerContext<'_, W>, done: &AdditionOutcomes, unread: bool) -> bool {
    let open = |addition: &AdditionOutcome| match &addition.outcome {
        Outcome::Failed(failure) => failure.is_to_be_read_back() || failure.may_pass(),
        Outcome::Unchanged
        | Outcome::Created
        | Outcome::Updated
        | Outcome::Adopted
        | Outcome::Waiting(_)
        | Outcome::Held(_)
        | Outcome::Skipped(_) => false,
    };
    comes_once_more(customer, unread) && (unread || done.values().any(open))
}

/// Whether a customer that is left open now is worked on once more at the end of the run.
pub(super) fn comes_once_more<W: World>(customer: &CustomerContext<'_, W>, unread: bool) -> bool {
    let run = customer.context().committer.run();
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
    customer.bucket.run.writes && comes
}

/// Whether something failed that is worth another night. It is not if its invoice was made after the run being retried.
pub(super) async fn is_to_retry<W: World>(
    customer: &CustomerContext<'_, W>,
    ledger: &CustomerLedger,
) -> Result<bool, WorkError> {
    if !ledger.lines.iter().any(|line| matches!(line.outcome, Outcome::Failed(_))) {
        return Ok(false);
    }
    let Some(first) = &customer.bucket.run.request.retry_of else { return Ok(true) };
    let store = customer.context().world.store();
    let first = store.find_ledger(customer.partner(), first, ledger.customer).await?;
    let invoiced = matches!(
        (first.and_then(|first| first.next_invoice), ledger.next_invoice),
        (Some(then), Some(now)) if now > then
    );
    Ok(!invoiced)
}

/// Refreshes the names of company and agreement; an apply marks a customer whose preview a person has seen.
pub(super) async fn refresh_names<W: World>(
    customer: &CustomerContext<'_, W>,
    mapping: &CustomerMapping,
    applied: bool,
    ledger: &CustomerLedger,
) -> Result<(), WorkError> {
    let (Some((_, company)), Some((_, agreement))) = (&ledger.company, &ledger.agreement) else { return Ok(()) };
    let (company, agreement) = (company.clone(), agreement.clone());
    let names = CustomerNames { company, agreement, facts: ledger.facts.clone() };
    let known = customer.bucket.mapped.get(&mapping.customer).and_then(|(_, names)| names.as_ref()) == Some(&names);
    if known && !applied {
        return Ok(());
    }
    let store = customer.context().world.store();
    store.touch_customer(customer.partner(), mapping.customer, mapping.agreement, &names, applied).await?;
    Ok(())
}

/// The ledger lines of rows: each ends by itself or as its addition did.
pub(crate) fn lines(rows: Vec<Row>, done: &AdditionOutcomes) -> Vec<Line> {
    let line = |row: Row| {
        let (outcome, billed) = match row.fate {
            Fate::Ends(outcome) => (outcome, None),
            Fate::With(product) => match done.get(&product) {
                Some(AdditionOutcome { outcome, billed }) => (outcome.clone(), Some(billed.clone())),
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
