//! Every stage and end of a run and every outcome of a line comes back as it was stored.

use shared::domain::id::{AdditionId, RunId};
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::outcome::{Failure, Hold, Outcome, PartTrouble, Skip, Waiting, Would};
use shared::domain::psa::AgreementStatus;
use shared::domain::quantity_override::DecisionReason;
use shared::domain::run::{Run, RunFailure, RunFailureCode, RunState, Stage};
use shared::domain::usage::{Doubt, DoubtKind};
use shared::store::{Change, Store};
use shared::table::Table;

use super::commit;
use crate::on_both_tables;
use crate::values::{agreement, code, customer, ledger, month, now, partner, product, run};

on_both_tables!(every_outcome_is_read_back, every_stage_is_read_back, every_end_of_a_run_is_read_back,);

fn holds() -> Vec<Hold> {
    let (one, half) = (rust_decimal::Decimal::ONE, rust_decimal::Decimal::new(5, 1));
    let addition = AdditionId::try_from(9).unwrap();
    let would = Would::Update { from: half, to: one };
    vec![
        Hold::Adopt {
            addition,
            from: one,
            to: half,
            unit_price: Some(half),
            less_included: one,
            bill_customer: "Billable".to_owned(),
        },
        Hold::Decrease { from: one, to: half },
        Hold::ToZero { from: one, last: true },
        Hold::Vanished { product: code("A"), last: Some((month(), 7)), billed: None },
        Hold::Part { product: code("A"), trouble: PartTrouble::Vanished },
        Hold::PartsChanged { left: vec![code("A")], from: one, to: half },
        Hold::Unreadable { found: "\"2,5\"".to_owned() },
        Hold::UsageLines {
            product: code("A"),
            doubt: Doubt::DuplicateUsage { line: "order O-1".to_owned(), copies: 2, least: 5, most: u64::MAX },
            asks: [(code("A"), vec![DoubtKind::DuplicateUsage, DoubtKind::ConsecutivePeriods])].into(),
            for_all: true,
        },
        Hold::CombineRule { parts: vec![code("A"), code("B")] },
        Hold::Ambiguous { additions: vec![addition] },
        Hold::Surplus { kept: addition, addition, created: one, left: half },
        Hold::ZeroPrice { to: one },
        Hold::HandEdit { written: one, found: half, to: one },
        Hold::AdditionGone { addition, to: one },
        Hold::FirstRun { would: Would::Create { to: half, begins: None } },
        Hold::Late { on: month().last_day(), invoiced: half, to: one },
        Hold::OlderMonth { written: month(), from: half, to: one },
        Hold::Moved { shown: Would::Adopt { at: one }, now: would },
    ]
}

fn waiting() -> impl Iterator<Item = Waiting> {
    let (from, to, until) = (rust_decimal::Decimal::ONE, rust_decimal::Decimal::new(5, 1), month().last_day());
    let new_month = move |awaits_invoice| Waiting::NewMonth { written: month(), from, to, until, awaits_invoice };
    let next_run = Waiting::NextRun { would: Would::Update { from, to } };
    [true, false].into_iter().map(new_month).chain([next_run])
}

fn failures() -> Vec<Failure> {
    let (agreement, text) = (agreement(5), || "words".to_owned());
    vec![
        Failure::AgreementForbidden { agreement },
        Failure::AgreementGone { agreement },
        Failure::AgreementNotActive {
            agreement,
            status: AgreementStatus::Cancelled,
            candidates: vec![(agreement, text())],
        },
        Failure::AgreementWrongCompany { agreement, company: text() },
        Failure::AgreementNotStarted { agreement, start: "2026-12-01".parse().unwrap() },
        Failure::PsaProductGone { product: product(7) },
        Failure::PsaProductInactive { identifier: text() },
        Failure::PsaProductBundle { identifier: text() },
        Failure::CustomerNotListed,
        Failure::Unreadable { answer: text() },
        Failure::Unknown,
        Failure::Unsettled,
        Failure::Refused { answer: text() },
        Failure::WrongAnswer { answer: text() },
    ]
}

fn skips() -> Vec<Skip> {
    vec![
        Skip::ProductUnmapped,
        Skip::MappingRemoved,
        Skip::ProductOff,
        Skip::Excluded { reason: "bundled".to_owned() },
        Skip::CustomerUnmapped,
        Skip::CustomerOff,
        Skip::NotFlex { billing: "term".to_owned() },
        Skip::MappingMoved,
        Skip::Rejected {
            kept: 12.into(),
            who: "Ann".to_owned(),
            reason: Some(DecisionReason::OneOff),
            why: "credited".to_owned(),
        },
        Skip::Firewall,
        Skip::Unassigned,
        Skip::NoProductCode,
    ]
}

async fn every_outcome_is_read_back(store: Store<impl Table>) {
    let done = [Outcome::Unchanged, Outcome::Created, Outcome::Updated, Outcome::Adopted];
    let outcomes = done
        .into_iter()
        .chain(waiting().map(Outcome::Waiting))
        .chain(holds().into_iter().map(Outcome::Held))
        .chain(skips().into_iter().map(Outcome::Skipped))
        .chain(failures().into_iter().map(Outcome::Failed));
    let line = |outcome| Line { code: None, units: u64::MAX, usage_lines: 3, outcome, billed: None };
    let entry = CustomerLedger { lines: outcomes.map(line).collect(), ..ledger(Some(customer(1)), "Acme") };
    let id = run(partner(1), 1).id;
    let change = Change::PutLedger(id.clone(), Box::new(entry.clone()));
    commit(&store, partner(1), vec![change]).await.unwrap();
    let found = store.find_ledger(partner(1), &id, Some(customer(1))).await;
    assert_eq!(found, Ok(Some(entry)));
}

async fn is_read_back(store: &Store<impl Table>, run: Run) {
    let change = Change::PutRun(Box::new(run.clone()));
    commit(store, partner(1), vec![change]).await.unwrap();
    assert_eq!(store.find_run(partner(1), &run.id).await, Ok(Some(run)));
}

async fn every_stage_is_read_back(store: Store<impl Table>) {
    let key = || Some("next \"key\"".to_owned());
    for stage in [
        Stage::Customers { page: 1, listed: 0, total: None, prints: Vec::new() },
        Stage::Customers { page: 2, listed: 100, total: Some(121), prints: vec![7] },
        Stage::CustomersAgain { page: 2, listed: 121, prints: vec![7, 8] },
        Stage::Usage { page: 2, key: key(), lines: 2000, total: Some(3000), prints: vec![u64::MAX, 0] },
        Stage::UsageAgain { page: 1, key: key(), prints: vec![u64::MAX, 0, 7] },
        Stage::Usage { page: 0, key: None, lines: 0, total: None, prints: Vec::new() },
        Stage::Preview,
        Stage::Agreements { page: 4, after: None },
        Stage::Products,
        Stage::Check,
        Stage::Sync { bucket: 256 },
        Stage::Settle { bucket: 16, from: now(), round: 2 },
        Stage::Ended,
    ] {
        is_read_back(&store, Run { stage, ..run(partner(1), 1) }).await;
    }
}

async fn every_end_of_a_run_is_read_back(store: Store<impl Table>) {
    let by = RunId::parse("20261130T011200Z-scheduled-0123abcd").unwrap();
    let failure = RunFailure { code: RunFailureCode::TieOut, what: "Units were lost.".to_owned() };
    for state in [
        RunState::Running,
        RunState::Succeeded,
        RunState::Partial,
        RunState::Failed(failure),
        RunState::Cancelled { by: "anna@msp.example".to_owned() },
        RunState::Superseded { by },
    ] {
        is_read_back(&store, Run { state, ..run(partner(1), 1) }).await;
    }
}
