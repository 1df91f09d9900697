//! One customer: read its agreement where that is needed, settle what is not known, plan, write, and put the outcome
//! into the ledger.

pub(crate) mod context;
mod departure;
mod ended_additions;
mod endings;
mod holds;
mod other_agreements;
pub(crate) mod outcome;
mod planning;
mod preview_match;
mod previous_agreements;
mod unplanned;

use std::iter::repeat_n;

use shared::domain::landing::AgreementLanding;
use shared::domain::ledger::CustomerLedger;
use shared::domain::outcome::{Failure, Outcome, Skip};
use shared::domain::plan::{AgreementState, CustomerPlan, LeftCustomer, customer_gate, rows_ending};
use shared::domain::run::ReadFor;
use shared::ports::Clock;
use shared::store::Change;

use self::context::CustomerContext;
use self::ended_additions::EndedAdditions;
use self::endings::{EndingProgress, end_additions};
use self::holds::{AgreementHolds, HoldsBefore, decisions, ends_reported};
use self::outcome::{CustomerProgress, is_set_aside, is_to_retry, lines, refresh_names};
use self::planning::{AgreementPlan, KnownAgreement, MappedCustomer, Planning, plan_on_memory, plan_with_others};
use self::preview_match::hold_what_differs;
use self::previous_agreements::{PreviousAgreements, hold_what_is_billed_there};
use self::unplanned::end_unplanned;
use crate::committer::{Counted, LeftOpen, MOST_CHANGES_OF_ONE};
use crate::errors::WorkError;
use crate::recall::Recalled;
use crate::world::World;
use crate::write::{AgreementBasis, Closing, Progress};

/// A customer whose plan is to be carried out.
struct ReadyCustomer<'a> {
    mapped: MappedCustomer<'a>,
    known: KnownAgreement,
    plan: CustomerPlan,
    /// Whether a person has seen in a preview what is done, so that its mapping is applied from here on.
    applied: bool,
    previous: PreviousAgreements,
    /// How many other agreements ConnectWise was asked for.
    other_reads: usize,
}

/// True if the customer is finished or set aside.
pub(crate) async fn sync<W: World>(
    customer: &CustomerContext<'_, W>,
    mut recalled: Recalled,
) -> Result<bool, WorkError> {
    loop {
        match plan_and_write(customer, recalled).await? {
            CustomerProgress::Closed => return Ok(true),
            CustomerProgress::Open => return Ok(false),
            // Near the deadline the slice ends even without progress: ConnectWise is so slow that every plan would be
            // stale again.
            CustomerProgress::Stale if customer.context().is_near_the_end() => return Ok(false),
            CustomerProgress::Stale => recalled = customer.recall_anew().await?,
        }
    }
}

async fn plan_and_write<W: World>(
    customer: &CustomerContext<'_, W>,
    mut recalled: Recalled,
) -> Result<CustomerProgress, WorkError> {
    let (bucket, id) = (customer.bucket, customer.customer);
    let ended = match end_additions(customer).await? {
        EndingProgress::Done(ended) => ended,
        EndingProgress::Open => return Ok(CustomerProgress::Open),
        EndingProgress::SetAside => return Ok(CustomerProgress::Closed),
    };
    if !ended.is_empty() {
        recalled = customer.recall_anew().await?;
    }
    let listed = bucket.customers.get(&id);
    let mapping = bucket.mapping_of(id);
    let mut ledger = CustomerLedger {
        customer: Some(id),
        name: bucket.name_of(id),
        suspended: listed.is_some_and(|listed| listed.suspended),
        ..CustomerLedger::default()
    };
    let usage = bucket.usage.of(Some(id));
    let (gate, departure) = match departure::after_departure(bucket, id, &usage, &recalled) {
        None | Some(LeftCustomer::NeverBilled) => (customer_gate(mapping, listed), None),
        Some(LeftCustomer::Planned(departure)) => (None, Some(departure)),
        Some(LeftCustomer::DoneWith(outcome)) => (Some(outcome), None),
    };
    let gate = gate.map(|outcome| bucket.unless_unreadable(id, outcome));
    let moved = mapping.is_some_and(|m| bucket.set_out_with.get(&id) != Some(&m.agreement));
    let ends = gate.or(moved.then_some(Outcome::Skipped(Skip::MappingMoved)));
    let mapping = match (mapping, ends) {
        (Some(mapping), None) => mapping,
        (_, Some(outcome)) => {
            let rows = rows_ending(&usage, &recalled.snapshot, &outcome);
            return end_unplanned(customer, ledger, ended, rows, outcome).await;
        }
        (None, None) => return Ok(CustomerProgress::Closed),
    };
    let mapped = MappedCustomer {
        mapping,
        usage,
        decisions: bucket.holds.get(&id).map(decisions).unwrap_or_default(),
        stored: recalled.snapshot,
        intents: recalled.intents,
        departure,
    };
    if let Some(agreement) = bucket.agreements.get(&mapping.agreement) {
        ledger.company = Some((agreement.company, agreement.company_name.clone()));
        ledger.agreement = Some((agreement.id, agreement.name.clone()));
        ledger.facts = agreement.facts();
        ledger.next_invoice = agreement.next_invoice;
        ledger.landing = AgreementLanding::of(bucket.run.request.month, agreement, &mapped.stored);
    }
    // The permit is held until the ledger is closed.
    let (planned, _permit) = match plan_on_memory(customer, &mapped)? {
        Planning::Done(planned) => (*planned, None),
        Planning::MustRead(agreement, reason) => {
            let Some(permit) = customer.permit_to_ask().await else { return Ok(CustomerProgress::Open) };
            (planning::read_and_plan(customer, &mapped, agreement, reason).await?, Some(permit))
        }
    };
    let AgreementPlan { known, mut plan } = planned;
    let other_reads = plan_with_others(customer, &mapped, &known, &mut plan).await?;
    let previous = hold_what_is_billed_there(customer, mapping, &mut plan).await?;
    let seen = hold_what_differs(customer, mapping, &mut plan).await?;
    let ready = matches!(known.state, AgreementState::Ready { .. });
    let applied = seen && !previous.bills && ready && bucket.run.writes && !mapping.is_applied();
    let ready = ReadyCustomer { mapped, known, plan, applied, previous, other_reads };
    write_and_close(customer, ready, ledger, ended).await
}

/// Carries the plan out, and closes the customer's ledger once that is done.
async fn write_and_close<W: World>(
    customer: &CustomerContext<'_, W>,
    ready: ReadyCustomer<'_>,
    mut ledger: CustomerLedger,
    ended: EndedAdditions,
) -> Result<CustomerProgress, WorkError> {
    let (bucket, commits) = (customer.bucket, &customer.flow.commits);
    let ReadyCustomer { mapped, known, mut plan, applied, previous, other_reads } = ready;
    let KnownAgreement { state, settlement, read, listed_at } = known;
    let unread = read.is_some() && matches!(state, AgreementState::Trouble(Failure::Unreadable { .. }));
    let mapping = mapped.mapping;
    let basis = AgreementBasis { stored: mapped.stored, settlement, listed_at };
    let mut writer = customer.writer_on(mapping.agreement, basis);
    let reads = read.into_iter().chain(repeat_n(ReadFor::Former, previous.reads));
    let reads: Vec<ReadFor> = reads.chain(repeat_n(ReadFor::Other, other_reads)).chain(ended.reads()).collect();
    let left = LeftOpen { reads: reads.clone(), set_aside: None };
    let done = match writer.carry_out(&plan).await {
        Ok(Progress::Done(done)) => done,
        Ok(Progress::Late) => {
            commits.leave_open(writer.unwritten(), left).await?;
            return Ok(CustomerProgress::Open);
        }
        Ok(Progress::Stale) => {
            commits.leave_open(writer.unwritten(), left).await?;
            return Ok(CustomerProgress::Stale);
        }
        Err(error @ WorkError::LeaveAlone(_)) => {
            // Responses that arrived are stored now; throttling may last.
            commits.leave_open(writer.unwritten(), left).await?;
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    if is_set_aside(customer, &done, unread) {
        let left = LeftOpen { set_aside: Some(mapping.customer), ..left };
        commits.leave_open(writer.unwritten(), left).await?;
        return Ok(CustomerProgress::Closed);
    }
    let rows = std::mem::take(&mut plan.rows);
    ledger.lines = lines(rows, &done);
    refresh_names(customer, mapping, applied, &ledger).await?;
    let is_ready = matches!(state, AgreementState::Ready { .. });
    // Not from a failed agreement: it may belong to another customer now.
    let Closing { changes: mut closing, reported } = writer.close(ledger.next_invoice.filter(|_| is_ready)).await?;
    (ledger.created, ledger.updated) = (reported.created, reported.updated);
    let mut changes = previous.gone;
    changes.extend(ended.close(&mut ledger, bucket.run.writes));
    if let (AgreementState::Ready { agreement, .. }, true) = (&state, bucket.run.writes) {
        let (customer, run, now) = (mapping.customer, &bucket.run, customer.context().world.clock().now());
        let holds = AgreementHolds { run, customer, name: &ledger.name, agreement, now };
        let none = HoldsBefore::new();
        changes.extend(holds.changes(bucket.holds.get(&customer).unwrap_or(&none), &plan, &done));
        let earlier = bucket.with_other_invoice(customer, agreement).into_iter();
        changes.extend(earlier.map(|hold| Change::PutHold(Box::new(hold))));
    }
    if bucket.run.writes {
        closing.extend(ends_reported(bucket.overrides_of(mapping.customer), &done, &bucket.run));
    }
    if changes.len() + closing.len() > MOST_CHANGES_OF_ONE {
        commits.commit(std::mem::take(&mut changes)).await?;
    }
    // Last, so that the ledger and the reset of `unreported` are in one commit.
    changes.extend(closing);
    if ledger.lines.is_empty() && ledger.ended.is_empty() && changes.is_empty() {
        // Nothing to store; a later slice may look at it again.
        return Ok(CustomerProgress::Closed);
    }
    let to_retry = is_to_retry(customer, &ledger).await?;
    commits.finish(changes, Counted { ledger, reads, to_retry, members: writer.members() }).await?;
    Ok(CustomerProgress::Closed)
}
