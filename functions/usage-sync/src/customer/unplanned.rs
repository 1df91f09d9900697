//! A customer that is not planned: all pairs get the same outcome. Unsettled creations are still settled, so that no
//! addition of ours is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::id::AgreementId;
use shared::domain::ledger::CustomerLedger;
use shared::domain::outcome::{Outcome, Skip};
use shared::domain::plan::Row;
use shared::domain::run::ReadFor;
use shared::domain::settle::settle;
use shared::domain::vendor_sync::MembersSeen;
use shared::ports::{Clock, Psa};

use super::context::CustomerContext;
use super::ended_additions::EndedAdditions;
use super::holds::all_settled;
use super::outcome::{CustomerProgress, comes_once_more, lines};
use crate::committer::{Counted, LeftOpen};
use crate::errors::WorkError;
use crate::recall::Recalled;
use crate::world::World;
use crate::write::{AgreementBasis, Closing};

/// Puts the rows into the ledger with their one outcome, once every creation for the customer is settled.
pub(super) async fn end_unplanned<W: World>(
    customer: &CustomerContext<'_, W>,
    mut ledger: CustomerLedger,
    mut ended: EndedAdditions,
    rows: Vec<Row>,
    outcome: Outcome,
) -> Result<CustomerProgress, WorkError> {
    let (bucket, id) = (customer.bucket, customer.customer);
    if bucket.run.writes
        && let Some(agreement) = unsettled_agreements(customer).first()
        && let Some(progress) = settle_unplanned(customer, *agreement, &mut ledger, &mut ended).await?
    {
        return Ok(progress);
    }
    // Switching sync off settles the holds.
    let decided = bucket.run.writes && matches!(outcome, Outcome::Skipped(_));
    let mut changes = bucket.holds.get(&id).filter(|_| decided).map(all_settled).unwrap_or_default();
    if matches!(outcome, Outcome::Skipped(Skip::CustomerLeft { .. })) && bucket.run.writes {
        changes.extend(bucket.remove_billed_on(id));
    }
    if rows.is_empty() && changes.is_empty() && ended.is_empty() {
        return Ok(CustomerProgress::Closed);
    }
    let to_retry = matches!(outcome, Outcome::Failed(_)) && !rows.is_empty();
    ledger.lines = lines(rows, &BTreeMap::new());
    let reads = ended.reads().collect();
    changes.extend(ended.close(&mut ledger, bucket.run.writes));
    customer.flow.commits.finish(changes, Counted { ledger, reads, to_retry, members: MembersSeen::default() }).await?;
    Ok(CustomerProgress::Closed)
}

/// Reads an agreement to see what became of creations on it. `Some` if the customer cannot be finished now.
async fn settle_unplanned<W: World>(
    customer: &CustomerContext<'_, W>,
    agreement: AgreementId,
    ledger: &mut CustomerLedger,
    ended: &mut EndedAdditions,
) -> Result<Option<CustomerProgress>, WorkError> {
    let Some(_permit) = customer.permit_to_ask().await else { return Ok(Some(CustomerProgress::Open)) };
    let (context, partner) = (customer.context(), customer.partner());
    let Recalled { snapshot: stored, intents } = customer.recall_on(agreement).await?;
    let now = context.world.clock().now();
    // Counted even if it fails.
    ended.add_read(ReadFor::Settling);
    let additions = match customer.slice.psa.list_additions(agreement).await {
        Ok(additions) => additions,
        Err(error) if context.gives_back(&error) => return Err(WorkError::LeaveAlone(error)),
        Err(error) => {
            // The creations stay as they are: the next run looks again.
            tracing::warn!(%partner, %agreement, %error, "an agreement could not be read to settle creations on it");
            return Ok(None);
        }
    };
    let mut settlement = settle(stored.clone(), &intents, &additions, now, context.settle_s());
    settlement.snapshot.see(now, &additions);
    let names = settlement.snapshot.names.as_deref();
    ledger.agreement = Some((agreement, names.map_or_else(|| agreement.to_string(), |n| n.agreement.clone())));
    let is_settled = settlement.unsettled.is_empty();
    let mut writer = customer.writer_on(agreement, AgreementBasis { stored, settlement, listed_at: now });
    if !is_settled && comes_once_more(customer, false) {
        let left = LeftOpen { reads: ended.reads().collect(), set_aside: Some(customer.customer) };
        customer.flow.commits.leave_open(writer.unwritten(), left).await?;
        return Ok(Some(CustomerProgress::Closed));
    }
    let Closing { changes, reported } = writer.close(None).await?;
    ended.add_settled(changes, reported);
    Ok(None)
}

/// The agreements on which a creation for the customer may still take effect.
fn unsettled_agreements<W: World>(customer: &CustomerContext<'_, W>) -> BTreeSet<AgreementId> {
    let all = customer.billed_on().chain(customer.bucket.agreement_of(customer.customer));
    all.filter(|agreement| !customer.flow.intents_of(*agreement).is_empty()).collect()
}
