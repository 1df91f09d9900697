//! One customer: read its agreement where that is needed, settle what is not known, plan, write, and put the outcome into
//! the ledger.

use std::collections::BTreeMap;
use std::iter::repeat_n;

use jiff::{SignedDuration, Timestamp};
use shared::domain::decision::Decision;
use shared::domain::departure::Departure;
use shared::domain::id::{CustomerId, PsaProductId};
use shared::domain::landing::AgreementLanding;
use shared::domain::ledger::CustomerLedger;
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::{Failure, Outcome, Skip};
use shared::domain::plan::{
    AgreementState, Basis, CustomerPlan, LeftCustomer, agreement_trouble, customer_gate, fail_creations,
    needs_other_agreements, plan, rows_ending,
};
use shared::domain::psa::Agreement;
use shared::domain::recall::{ReadFor, asks_for_something, must_read};
use shared::domain::run::RunKind;
use shared::domain::schedule::local_day;
use shared::domain::settings::Frequency;
use shared::domain::settle::{Settlement, settle};
use shared::domain::snapshot::{Intent, Snapshot};
use shared::domain::usage::CustomerUsage;
use shared::ports::{Clock, Listing, Psa};
use shared::store::Change;

use super::Stages;
use super::bucket::Bucket;
use super::customers::{Flow, Recalled};
use super::ended::{Ended, Ends};
use super::ending::lines;
use super::former::Former;
use super::held::{HeldFor, Standing, decisions};
use super::write::{Carried, Writer};
use crate::committer::{Commits, Counted, LeftOpen, MOST_ASKED};
use crate::policy::Guard;
use crate::trouble::{leaves_all_waiting, of_agreement};
use crate::worker::{WorkError, World};

/// A mapped customer that is planned, with what the table knows of its agreement.
struct Planned<'a> {
    mapping: &'a CustomerMapping,
    usage: CustomerUsage,
    decisions: BTreeMap<PsaProductId, Decision>,
    stored: Snapshot,
    intents: Vec<Intent>,
    /// How it has left, if it has.
    departure: Option<Departure>,
}

/// A customer's agreement as it is planned on, with what is known of earlier writes to it.
struct Known {
    state: AgreementState,
    settlement: Settlement,
    /// Why ConnectWise was asked for its additions, if it was.
    read: Option<ReadFor>,
    /// When that was; of what is remembered, when it was recalled.
    listed_at: Timestamp,
}

/// How far a customer is planned without ConnectWise.
enum Planning<'b> {
    /// As far as it goes.
    Done(Box<Known>, CustomerPlan),
    /// What is remembered of the agreement is not enough, and why.
    MustRead(&'b Agreement, ReadFor),
}

/// How far a customer came.
pub(super) enum Turn {
    /// Its ledger is closed, or it is set aside.
    Over,
    /// Its ledger stays open for the next slice.
    Open,
    /// What its plan was made on is too old to go on with.
    Stale,
}

impl<W: World> Stages<'_, W> {
    /// Whether the customer is done with; otherwise its ledger stays open for the next slice.
    pub(super) async fn sync_customer(
        &self,
        bucket: &Bucket,
        id: CustomerId,
        mut recalled: Recalled,
        flow: &Flow,
    ) -> Result<bool, WorkError> {
        loop {
            match self.turn_of(bucket, id, recalled, flow).await? {
                Turn::Over => return Ok(true),
                Turn::Open => return Ok(false),
                // A slice that has nothing to show ends as well, where ConnectWise takes so little that all grows old.
                Turn::Stale if self.is_near_the_end() => return Ok(false),
                Turn::Stale => recalled = self.recall_anew(bucket, id).await?,
            }
        }
    }

    async fn turn_of(
        &self,
        bucket: &Bucket,
        id: CustomerId,
        mut recalled: Recalled,
        flow: &Flow,
    ) -> Result<Turn, WorkError> {
        let commits = &flow.commits;
        let ended = match self.end_additions(bucket, id, flow).await? {
            Ends::Done(ended) => ended,
            Ends::Open => return Ok(Turn::Open),
            Ends::SetAside => return Ok(Turn::Over),
        };
        if !ended.is_empty() {
            recalled = self.recall_anew(bucket, id).await?;
        }
        let customer = bucket.customers.get(&id);
        let mapping = bucket.mapped.get(&id).map(|(mapping, _)| mapping);
        let mut ledger = CustomerLedger {
            customer: Some(id),
            name: bucket.name_of(id),
            suspended: customer.is_some_and(|customer| customer.suspended),
            ..CustomerLedger::default()
        };
        let usage = bucket.usage.of(Some(id));
        let (gate, departure) = match bucket.left(id, &usage, &recalled) {
            LeftCustomer::NeverBilled => (customer_gate(mapping, customer), None),
            LeftCustomer::Planned(departure) => (None, Some(departure)),
            LeftCustomer::DoneWith(outcome) => (Some(outcome), None),
        };
        let gate = gate.map(|outcome| bucket.unless_unreadable(id, outcome));
        let moved = mapping.is_some_and(|m| bucket.set_out_with.get(&id) != Some(&m.agreement));
        let ends = gate.or(moved.then_some(Outcome::Skipped(Skip::MappingMoved)));
        let mapping = match (mapping, ends) {
            (Some(mapping), None) => mapping,
            (_, Some(outcome)) => {
                let rows = rows_ending(&usage, &recalled.snapshot, &outcome);
                return self.end_unplanned(bucket, id, (ledger, ended), (rows, outcome), flow).await;
            }
            (None, None) => return Ok(Turn::Over),
        };
        let planned = Planned {
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
            ledger.landing = AgreementLanding::of(bucket.run.request.month, agreement, &planned.stored);
        }
        // Whoever ConnectWise is asked about has its turn until its ledger is closed.
        let (known, mut plan, _turn) = match self.plan_on_memory(bucket, &planned)? {
            Planning::Done(known, plan) => (*known, plan, None),
            Planning::MustRead(agreement, reason) => {
                let Some(turn) = self.turn_to_ask(flow).await else { return Ok(Turn::Open) };
                let (known, plan) = self.read_and_plan(bucket, &planned, agreement, reason).await?;
                (known, plan, Some(turn))
            }
        };
        let others = self.plan_with_others(bucket, &planned, &known, &mut plan).await?;
        let former = self.hold_what_former_agreements_bill(bucket, mapping, flow, &mut plan).await?;
        let seen = self.hold_what_moved(bucket, mapping, &mut plan).await?;
        let ready = matches!(known.state, AgreementState::Ready { .. });
        let applied = seen && !former.bills && ready && bucket.run.writes && !mapping.is_applied();
        let elsewhere = (former, others);
        self.write(bucket, (planned, applied), known, plan, (ledger, elsewhere, ended), commits).await
    }

    /// Plans on what is remembered of the agreement, as far as that is enough.
    fn plan_on_memory<'b>(&self, bucket: &'b Bucket, planned: &Planned<'_>) -> Result<Planning<'b>, WorkError> {
        let done = |(known, plan)| Ok(Planning::Done(Box::new(known), plan));
        if let Some(why) = bucket.unreadable_agreements.get(&planned.mapping.agreement) {
            let trouble = AgreementState::Trouble(Failure::Unreadable { answer: why.clone() });
            return done(self.plan_untouched(bucket, planned, trouble, None));
        }
        let agreement = bucket.agreements.get(&planned.mapping.agreement);
        let month = bucket.run.request.month;
        let trouble = agreement_trouble(planned.mapping, agreement, bucket.agreements.values(), month);
        let agreement = match (agreement, trouble) {
            (Some(agreement), None) => agreement,
            (_, Some(failure)) => {
                return done(self.plan_untouched(bucket, planned, AgreementState::Trouble(failure), None));
            }
            (None, None) => return Err(WorkError::Chunk("an agreement without trouble was not kept".into())),
        };
        let request = &bucket.run.request;
        let at = (self.world.clock().now(), local_day(self.settings, request.scheduled_at));
        let reason = must_read(request.kind, &planned.stored, &planned.intents, agreement, at);
        let (None, Some(seen)) = (reason, planned.stored.seen.clone()) else {
            return Ok(Planning::MustRead(agreement, reason.unwrap_or(ReadFor::Memory)));
        };
        let remembered = AgreementState::Ready { agreement: agreement.clone(), additions: seen.additions };
        let (known, plan) = self.plan_untouched(bucket, planned, remembered, None);
        if asks_for_something(&plan) {
            return Ok(Planning::MustRead(agreement, ReadFor::Change));
        }
        done((known, plan))
    }

    async fn read_and_plan(
        &self,
        bucket: &Bucket,
        planned: &Planned<'_>,
        agreement: &Agreement,
        reason: ReadFor,
    ) -> Result<(Known, CustomerPlan), WorkError> {
        let begun = self.world.clock().now();
        let Listing { additions, waited } = match self.psa.ask_for_additions(agreement.id).await {
            Ok(listing) => listing,
            Err(error) if !self.last_try && leaves_all_waiting(&error) => return Err(WorkError::LeaveAlone(error)),
            Err(error) => {
                let partner = bucket.run.request.partner;
                tracing::warn!(%partner, agreement = %agreement.id, %error, "the agreement's additions could not be read");
                let state = AgreementState::Trouble(of_agreement(agreement.id, &error));
                return Ok(self.plan_untouched(bucket, planned, state, Some(reason)));
            }
        };
        // When the list was asked for: it shows what had taken effect by then, however late its answer comes. A list that
        // waited long for its turn is none the older for it.
        let now = begun.saturating_add(SignedDuration::try_from(waited).unwrap_or_default()).unwrap_or(begun);
        let mut settlement = settle(planned.stored.clone(), &planned.intents, &additions, now, self.settle_s());
        settlement.snapshot.see(now, &additions);
        settlement.snapshot.names = Some(Box::new(agreement.names()));
        let day = bucket.run.request.month.last_day();
        let mut additions = additions;
        additions.retain(|addition| addition.in_force_on(day) || self.policy.has(Guard::Overlap));
        let state = AgreementState::Ready { agreement: agreement.clone(), additions };
        let known = Known { state, settlement, read: Some(reason), listed_at: now };
        let plan = self.plan_on(bucket, planned, &known);
        Ok((known, plan))
    }

    /// A plan without anything new from ConnectWise.
    fn plan_untouched(
        &self,
        bucket: &Bucket,
        planned: &Planned<'_>,
        state: AgreementState,
        read: Option<ReadFor>,
    ) -> (Known, CustomerPlan) {
        let settlement = Settlement { snapshot: planned.stored.clone(), ..Settlement::default() };
        let known = Known { state, settlement, read, listed_at: self.world.clock().now() };
        let plan = self.plan_on(bucket, planned, &known);
        (known, plan)
    }

    fn plan_on(&self, bucket: &Bucket, planned: &Planned<'_>, known: &Known) -> CustomerPlan {
        plan(&self.basis(bucket, planned, known))
    }

    /// Reads the other agreements that may bill the customer where the plan needs them, and plans once more with them.
    /// How many ConnectWise was asked for.
    async fn plan_with_others(
        &self,
        bucket: &Bucket,
        planned: &Planned<'_>,
        known: &Known,
        planned_before: &mut CustomerPlan,
    ) -> Result<usize, WorkError> {
        let basis = self.basis(bucket, planned, known);
        if !needs_other_agreements(planned_before) || !self.policy.has(Guard::Overlap) {
            return Ok(0);
        }
        let (others, reads) = self.read_other_agreements(bucket, planned.mapping).await?;
        match others {
            Ok(others) => *planned_before = plan(&Basis { others: Some(&others), ..basis }),
            Err(failure) => fail_creations(planned_before, &failure),
        }
        Ok(reads)
    }

    fn basis<'p>(&'p self, bucket: &'p Bucket, planned: &'p Planned<'_>, known: &'p Known) -> Basis<'p> {
        Basis {
            month: bucket.run.request.month,
            invoice_mode: self.settings.frequency == Frequency::SophosInvoice,
            first_run: self.is_first_run(bucket, planned.mapping),
            adopts: bucket.run.request.scope.adopts,
            usage: &planned.usage,
            mappings: &bucket.mappings,
            products: &bucket.products,
            agreement: &known.state,
            snapshot: &known.settlement.snapshot,
            unsettled: &known.settlement.unsettled,
            guards: &self.settings.guards,
            today: local_day(self.settings, bucket.run.request.scheduled_at),
            decisions: &planned.decisions,
            unfinished: bucket.run.unfinished,
            unfinished_products: &bucket.run.unfinished_products,
            asked: &bucket.run.asked,
            departure: planned.departure.as_ref(),
            others: None,
        }
    }

    /// A preview, and a run with writes off, shows what would be done; so does the apply of a preview do it.
    fn is_first_run(&self, bucket: &Bucket, mapping: &CustomerMapping) -> bool {
        let by_itself = matches!(bucket.run.request.kind, RunKind::Scheduled | RunKind::Now);
        by_itself && bucket.run.writes && !mapping.is_applied()
    }

    async fn write(
        &self,
        bucket: &Bucket,
        (planned, applied): (Planned<'_>, bool),
        known: Known,
        mut plan: CustomerPlan,
        (mut ledger, (former, others), ended): (CustomerLedger, (Former, usize), Ended),
        commits: &Commits,
    ) -> Result<Turn, WorkError> {
        let Known { state, settlement, read, listed_at } = known;
        let unread = read.is_some() && matches!(state, AgreementState::Trouble(Failure::Unreadable { .. }));
        let mapping = planned.mapping;
        let known = (planned.stored, settlement, listed_at);
        let marked = bucket.billed_on.get(&mapping.customer).is_some_and(|on| on.contains(&mapping.agreement));
        let place = (mapping.customer, mapping.agreement, marked);
        let mut writer = Writer::new(self, &bucket.run, place, known, commits);
        let reads = read.into_iter().chain(repeat_n(ReadFor::Former, former.reads));
        let reads: Vec<ReadFor> = reads.chain(repeat_n(ReadFor::Other, others)).chain(ended.reads()).collect();
        let left = LeftOpen { reads: reads.clone(), set_aside: None };
        let done = match writer.carry_out(&plan).await {
            Ok(Carried::Whole(done)) => done,
            Ok(Carried::Late) => {
                commits.leave_open(writer.unwritten(), left).await?;
                return Ok(Turn::Open);
            }
            Ok(Carried::Stale) => {
                commits.leave_open(writer.unwritten(), left).await?;
                return Ok(Turn::Stale);
            }
            Err(error @ WorkError::LeaveAlone(_)) => {
                // The answers that came are known, however long ConnectWise wants to be left alone.
                commits.leave_open(writer.unwritten(), left).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        if self.is_set_aside(bucket, &done, unread) {
            let left = LeftOpen { set_aside: Some(mapping.customer), ..left };
            commits.leave_open(writer.unwritten(), left).await?;
            return Ok(Turn::Over);
        }
        let rows = std::mem::take(&mut plan.rows);
        ledger.lines = lines(rows, &done);
        self.refresh(bucket, (mapping, applied), &ledger).await?;
        let ready = matches!(state, AgreementState::Ready { .. });
        // An agreement that is in trouble may be another customer's by now.
        let (closing, told) = writer.close(ledger.next_invoice.filter(|_| ready)).await?;
        (ledger.created, ledger.updated) = (told.created, told.updated);
        let mut changes = former.gone;
        changes.extend(ended.close(&mut ledger, bucket.run.writes));
        if let (AgreementState::Ready { agreement, .. }, true) = (&state, bucket.run.writes) {
            let (customer, run, now) = (mapping.customer, &bucket.run, self.world.clock().now());
            let held = HeldFor { run, customer, name: &ledger.name, agreement, now };
            let none = Standing::new();
            changes.extend(held.changes(bucket.holds.get(&customer).unwrap_or(&none), &plan, &done));
            let earlier = bucket.with_other_invoice(customer, agreement).into_iter();
            changes.extend(earlier.map(|hold| Change::PutHold(Box::new(hold))));
        }
        if changes.len() + closing.len() > MOST_ASKED {
            commits.commit(std::mem::take(&mut changes)).await?;
        }
        // Last: what is told is forgotten in the very commit that tells it.
        changes.extend(closing);
        if ledger.lines.is_empty() && ledger.ended.is_empty() && changes.is_empty() {
            // Read and found to have nothing: the next slice of this run need not know.
            return Ok(Turn::Over);
        }
        let to_retry = self.is_to_retry(bucket, &ledger).await?;
        commits.finish(changes, Counted { ledger, reads, to_retry, members: writer.members() }).await?;
        Ok(Turn::Over)
    }
}
