//! A customer's previous agreements: what they still bill is not billed on the present one too.
//!
//! Each agreement that we write to for a customer is marked before the first write leaves. The mark outlives the
//! mapping, and goes once nothing of ours is billed there any more.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId};
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::{Failure, Hold, Would};
use shared::domain::plan::{AdditionPlan, CustomerPlan, Step};
use shared::domain::psa::Addition;
use shared::domain::settle::{Settlement, settle};
use shared::domain::snapshot::{Intent, Parts, Snapshot, Written};
use shared::ports::{Clock, Psa};
use shared::store::Change;

use super::context::CustomerContext;
use crate::errors::WorkError;
use crate::world::World;

/// What a previous agreement keeps from being billed elsewhere.
enum Still {
    Billed {
        agreement: AgreementId,
        addition: AdditionId,
        quantity: Decimal,
        parts: Parts,
    },
    /// A write there that may still take effect.
    UnderWay {
        parts: Parts,
    },
}

impl Still {
    const fn parts(&self) -> &Parts {
        match self {
            Self::Billed { parts, .. } | Self::UnderWay { parts } => parts,
        }
    }
}

/// What was found on a customer's previous agreements.
#[derive(Default)]
pub(super) struct PreviousAgreements {
    /// Removes the marks of those that bill nothing of it any more.
    pub(super) gone: Vec<Change>,
    /// Whether one of them still bills something, or may.
    pub(super) bills: bool,
    /// How many of them ConnectWise was asked for.
    pub(super) reads: usize,
}

/// Holds what the customer's previous agreements still bill, and what may still be written there.
pub(super) async fn hold_what_is_billed_there<W: World>(
    customer: &CustomerContext<'_, W>,
    mapping: &CustomerMapping,
    planned: &mut CustomerPlan,
) -> Result<PreviousAgreements, WorkError> {
    let agreements = customer.billed_on().chain(mapping.applied).filter(|agreement| *agreement != mapping.agreement);
    let agreements: BTreeSet<AgreementId> = agreements.collect();
    let mut previous = PreviousAgreements::default();
    for agreement in agreements {
        let still = still_billed(customer, agreement, &mut previous.reads).await?;
        if still.is_empty() && customer.bucket.run.writes {
            previous.gone.push(Change::RemoveBilledOn(mapping.customer, agreement));
        }
        previous.bills |= !still.is_empty();
        // `FormerAgreement` is the clearer reason.
        let waits_for_it = |plan: &&mut AdditionPlan| matches!(plan.step, Step::Hold(Hold::BilledElsewhere { .. }));
        let concerned = |plan: &&mut AdditionPlan| plan.would() != Would::Nothing || waits_for_it(plan);
        for plan in planned.additions.values_mut().filter(concerned) {
            let of_plan = |there: &&Still| plan.parts.keys().any(|code| there.parts().contains_key(code));
            plan.step = match still.iter().find(of_plan) {
                None => continue,
                Some(Still::Billed { agreement, addition, quantity, .. }) => Step::Hold(Hold::FormerAgreement {
                    agreement: *agreement,
                    addition: *addition,
                    quantity: *quantity,
                }),
                Some(Still::UnderWay { .. }) => Step::Fail(Failure::Unsettled),
            };
            // Not releasable: a decision here would not end the other addition.
            plan.release = None;
            plan.readings.clear();
        }
    }
    Ok(previous)
}

/// What we wrote to an agreement and ConnectWise bills there on the month's last day, or may bill yet; all of it when
/// the agreement cannot be read. Nothing is written there: its writes are settled by the run of the customer that is
/// mapped to it.
async fn still_billed<W: World>(
    customer: &CustomerContext<'_, W>,
    agreement: AgreementId,
    reads: &mut usize,
) -> Result<Vec<Still>, WorkError> {
    let (context, partner) = (customer.context(), customer.partner());
    let store = context.world.store();
    let snapshot = store.find_snapshot(partner, agreement).await?;
    let intents = customer.flow.intents_of(agreement);
    let at_rest = |written: &Written| written.confirmed.is_zero() && !written.is_under_way();
    if intents.is_empty() && snapshot.written.values().all(at_rest) {
        return Ok(Vec::new());
    }
    let mapped = store.list_customer_mappings(partner, "").await?;
    if mapped.iter().any(|(other, _)| other.agreement == agreement && other.customer != customer.customer) {
        // Another customer is mapped to it now and owns what it bills.
        return Ok(Vec::new());
    }
    let now = context.world.clock().now();
    *reads += 1;
    match customer.slice.psa.list_additions(agreement).await {
        Ok(additions) => {
            let settled = settle(snapshot, intents, &additions, now, context.settle_s());
            Ok(still(agreement, &settled, intents, &additions, customer.bucket.run.request.month.last_day()))
        }
        Err(error) => {
            tracing::warn!(%agreement, %error, "the customer's former agreement could not be read");
            Ok(unread(agreement, &snapshot, intents))
        }
    }
}

fn still(
    agreement: AgreementId,
    settled: &Settlement,
    intents: &[Intent],
    additions: &[Addition],
    day: Date,
) -> Vec<Still> {
    let mut still = Vec::new();
    for written in settled.snapshot.written.values() {
        let there = additions.iter().find(|a| a.id == written.addition && a.in_force_on(day));
        if let Some(quantity) = there.map(|there| there.quantity).filter(|quantity| *quantity > Decimal::ZERO) {
            still.push(Still::Billed { agreement, addition: written.addition, quantity, parts: written.parts.clone() });
        }
    }
    for product in &settled.unsettled {
        let intended = intents.iter().find(|intent| intent.product == *product).map(|intent| &intent.parts);
        let parts = intended.or_else(|| settled.snapshot.written.get(product).map(|written| &written.parts));
        still.extend(parts.map(|parts| Still::UnderWay { parts: parts.clone() }));
    }
    still
}

/// All that we wrote to an agreement that cannot be read.
fn unread(agreement: AgreementId, snapshot: &Snapshot, intents: &[Intent]) -> Vec<Still> {
    let billed = snapshot.written.values().filter(|written| !written.confirmed.is_zero());
    let billed = billed.map(|written| Still::Billed {
        agreement,
        addition: written.addition,
        quantity: written.confirmed,
        parts: written.parts.clone(),
    });
    let under_way = snapshot.written.values().filter(|written| written.is_under_way()).map(|written| &written.parts);
    let under_way = under_way.chain(intents.iter().map(|intent| &intent.parts));
    billed.chain(under_way.map(|parts| Still::UnderWay { parts: parts.clone() })).collect()
}
