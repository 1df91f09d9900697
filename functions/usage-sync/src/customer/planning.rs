//! The plan for a customer's agreement: on what is remembered of it where that is enough, else on what ConnectWise
//! lists.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use shared::domain::decision::Decision;
use shared::domain::departure::Departure;
use shared::domain::id::PsaProductId;
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::Failure;
use shared::domain::plan::{
    AgreementState, Basis, CustomerPlan, agreement_trouble, fail_creations, needs_other_agreements, plan,
};
use shared::domain::psa::Agreement;
use shared::domain::recall::{asks_for_something, must_read};
use shared::domain::run::ReadFor;
use shared::domain::run::RunKind;
use shared::domain::schedule::local_day;
use shared::domain::settings::Frequency;
use shared::domain::settle::{Settlement, settle};
use shared::domain::snapshot::{Intent, Snapshot};
use shared::domain::usage::CustomerUsage;
use shared::ports::{Clock, Listing, Psa};

use super::context::CustomerContext;
use super::other_agreements::read_other_agreements;
use crate::bucket::Bucket;
use crate::errors::{WorkError, of_agreement};
use crate::policy::Guard;
use crate::world::World;

/// A mapped customer that is planned, with what the table knows of its agreement.
pub(super) struct MappedCustomer<'a> {
    pub(super) mapping: &'a CustomerMapping,
    pub(super) usage: CustomerUsage,
    pub(super) decisions: BTreeMap<PsaProductId, Decision>,
    pub(super) stored: Snapshot,
    pub(super) intents: Vec<Intent>,
    /// How it has left, if it has.
    pub(super) departure: Option<Departure>,
}

/// A customer's agreement as it is planned on, with what is known of earlier writes to it.
pub(super) struct KnownAgreement {
    pub(super) state: AgreementState,
    pub(super) settlement: Settlement,
    /// Why ConnectWise was asked for its additions, if it was.
    pub(super) read: Option<ReadFor>,
    /// When the additions were listed, or when the snapshot was read.
    pub(super) listed_at: Timestamp,
}

/// A plan, and what it was made on.
pub(super) struct AgreementPlan {
    pub(super) known: KnownAgreement,
    pub(super) plan: CustomerPlan,
}

/// How far a customer is planned without ConnectWise.
pub(super) enum Planning<'b> {
    /// As far as it goes.
    Done(Box<AgreementPlan>),
    /// What is remembered of the agreement is not enough, and why.
    MustRead(&'b Agreement, ReadFor),
}

/// Plans on what is remembered of the agreement, as far as that is enough.
pub(super) fn plan_on_memory<'b, W: World>(
    customer: &CustomerContext<'b, W>,
    mapped: &MappedCustomer<'_>,
) -> Result<Planning<'b>, WorkError> {
    let (context, bucket) = (customer.context(), customer.bucket);
    let done = |planned| Ok(Planning::Done(Box::new(planned)));
    if let Some(why) = bucket.unreadable_agreements.get(&mapped.mapping.agreement) {
        let trouble = AgreementState::Trouble(Failure::Unreadable { answer: why.clone() });
        return done(plan_untouched(customer, mapped, trouble, None));
    }
    let agreement = bucket.agreements.get(&mapped.mapping.agreement);
    let month = bucket.run.request.month;
    let trouble = agreement_trouble(mapped.mapping, agreement, bucket.agreements.values(), month);
    let agreement = match (agreement, trouble) {
        (Some(agreement), None) => agreement,
        (_, Some(failure)) => {
            return done(plan_untouched(customer, mapped, AgreementState::Trouble(failure), None));
        }
        (None, None) => return Err(WorkError::Unusable("an agreement without trouble was not kept".into())),
    };
    let request = &bucket.run.request;
    let (now, today) = (context.world.clock().now(), local_day(context.settings, request.scheduled_at));
    let reason = must_read(request.kind, &mapped.stored, &mapped.intents, agreement, now, today);
    let (None, Some(seen)) = (reason, mapped.stored.seen.clone()) else {
        return Ok(Planning::MustRead(agreement, reason.unwrap_or(ReadFor::Memory)));
    };
    let remembered = AgreementState::Ready { agreement: agreement.clone(), additions: seen.additions };
    let planned = plan_untouched(customer, mapped, remembered, None);
    if asks_for_something(&planned.plan) {
        return Ok(Planning::MustRead(agreement, ReadFor::Change));
    }
    done(planned)
}

/// Lists the agreement's additions, settles earlier writes by them, and plans on them.
pub(super) async fn read_and_plan<W: World>(
    customer: &CustomerContext<'_, W>,
    mapped: &MappedCustomer<'_>,
    agreement: &Agreement,
    reason: ReadFor,
) -> Result<AgreementPlan, WorkError> {
    let (context, bucket) = (customer.context(), customer.bucket);
    let begun = context.world.clock().now();
    let Listing { mut additions, waited } = match customer.slice.psa.ask_for_additions(agreement.id).await {
        Ok(listing) => listing,
        Err(error) if context.gives_back(&error) => return Err(WorkError::LeaveAlone(error)),
        Err(error) => {
            let partner = customer.partner();
            tracing::warn!(%partner, agreement = %agreement.id, %error, "the agreement's additions could not be read");
            let state = AgreementState::Trouble(of_agreement(agreement.id, &error));
            return Ok(plan_untouched(customer, mapped, state, Some(reason)));
        }
    };
    // The time at which the list was requested, not counting the wait for its permit.
    let now = begun.saturating_add(SignedDuration::try_from(waited).unwrap_or_default()).unwrap_or(begun);
    let mut settlement = settle(mapped.stored.clone(), &mapped.intents, &additions, now, context.settle_s());
    settlement.snapshot.see(now, &additions);
    settlement.snapshot.names = Some(Box::new(agreement.names()));
    let day = bucket.run.request.month.last_day();
    additions.retain(|addition| addition.in_force_on(day) || context.policy.has(Guard::Overlap));
    let state = AgreementState::Ready { agreement: agreement.clone(), additions };
    let known = KnownAgreement { state, settlement, read: Some(reason), listed_at: now };
    let plan = plan(&basis(customer, mapped, &known));
    Ok(AgreementPlan { known, plan })
}

/// A plan without anything new from ConnectWise.
fn plan_untouched<W: World>(
    customer: &CustomerContext<'_, W>,
    mapped: &MappedCustomer<'_>,
    state: AgreementState,
    read: Option<ReadFor>,
) -> AgreementPlan {
    let settlement = Settlement { snapshot: mapped.stored.clone(), ..Settlement::default() };
    let known = KnownAgreement { state, settlement, read, listed_at: customer.context().world.clock().now() };
    let plan = plan(&basis(customer, mapped, &known));
    AgreementPlan { known, plan }
}

/// Reads the other agreements that may bill the customer where the plan needs them, and plans once more with them.
/// Returns how many agreements were read.
pub(super) async fn plan_with_others<W: World>(
    customer: &CustomerContext<'_, W>,
    mapped: &MappedCustomer<'_>,
    known: &KnownAgreement,
    planned: &mut CustomerPlan,
) -> Result<usize, WorkError> {
    if !needs_other_agreements(planned) || !customer.context().policy.has(Guard::Overlap) {
        return Ok(0);
    }
    let others = read_other_agreements(customer, mapped.mapping).await?;
    match others.read {
        Ok(read) => *planned = plan(&Basis { others: Some(&read), ..basis(customer, mapped, known) }),
        Err(failure) => fail_creations(planned, &failure),
    }
    Ok(others.reads)
}

fn basis<'p, W: World>(
    customer: &CustomerContext<'p, W>,
    mapped: &'p MappedCustomer<'_>,
    known: &'p KnownAgreement,
) -> Basis<'p> {
    let (settings, bucket) = (customer.context().settings, customer.bucket);
    Basis {
        month: bucket.run.request.month,
        invoice_mode: settings.frequency == Frequency::SophosInvoice,
        first_run: is_first_run(bucket, mapped.mapping),
        adopts: bucket.run.request.scope.adopts,
        usage: &mapped.usage,
        mappings: &bucket.mappings,
        products: &bucket.products,
        agreement: &known.state,
        snapshot: &known.settlement.snapshot,
        unsettled: &known.settlement.unsettled,
        guards: &settings.guards,
        today: local_day(settings, bucket.run.request.scheduled_at),
        decisions: &mapped.decisions,
        decided_alone: bucket.run.request.scope.decided_alone,
        overrides: bucket.overrides_of(mapped.mapping.customer),
        unfinished: bucket.run.unfinished,
        unfinished_products: &bucket.run.unfinished_products,
        asked: &bucket.run.asked,
        departure: mapped.departure.as_ref(),
        others: None,
    }
}

/// Whether the customer is held because nobody has seen a preview of it. True for a scheduled or manual run of a
/// customer whose preview nobody has applied.
fn is_first_run(bucket: &Bucket, mapping: &CustomerMapping) -> bool {
    let by_itself = matches!(bucket.run.request.kind, RunKind::Scheduled | RunKind::Now);
    by_itself && bucket.run.writes && !mapping.is_applied()
}
