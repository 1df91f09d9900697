//! A customer that is not planned: its pairs end alike, and creations that may still take effect are settled all the same,
//! so that ConnectWise bills nothing of ours that is not listed.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::id::{AgreementId, CustomerId};
use shared::domain::ledger::CustomerLedger;
use shared::domain::outcome::{Outcome, Skip};
use shared::domain::plan::Row;
use shared::domain::recall::ReadFor;
use shared::domain::settle::settle;
use shared::domain::vendor_sync::MembersSeen;
use shared::ports::{Clock, Psa};

use super::Stages;
use super::bucket::Bucket;
use super::customer::Turn;
use super::customers::Flow;
use super::ended::Ended;
use super::ending::lines;
use super::held::all_settled;
use super::write::Writer;
use crate::committer::{Counted, LeftOpen};
use crate::trouble::leaves_all_waiting;
use crate::worker::{WorkError, World};

impl<W: World> Stages<'_, W> {
    /// Puts the rows into the ledger with their one outcome, once every creation for the customer is settled.
    pub(super) async fn end_unplanned(
        &self,
        bucket: &Bucket,
        id: CustomerId,
        (mut ledger, mut ended): (CustomerLedger, Ended),
        (rows, outcome): (Vec<Row>, Outcome),
        flow: &Flow,
    ) -> Result<Turn, WorkError> {
        if bucket.run.writes
            && let Some(agreement) = unsettled_agreements(bucket, id, flow).first()
            && let Some(turn) = self.settle_unplanned(bucket, (id, *agreement), flow, (&mut ledger, &mut ended)).await?
        {
            return Ok(turn);
        }
        // Whoever switched it off has decided what waited.
        let decided = bucket.run.writes && matches!(outcome, Outcome::Skipped(_));
        let mut changes = bucket.holds.get(&id).filter(|_| decided).map(all_settled).unwrap_or_default();
        if matches!(outcome, Outcome::Skipped(Skip::CustomerLeft { .. })) && bucket.run.writes {
            changes.extend(bucket.bills_no_more(id));
        }
        if rows.is_empty() && changes.is_empty() && ended.is_empty() {
            return Ok(Turn::Over);
        }
        let to_retry = matches!(outcome, Outcome::Failed(_)) && !rows.is_empty();
        ledger.lines = lines(rows, &BTreeMap::new());
        let reads = ended.reads().collect();
        changes.extend(ended.close(&mut ledger, bucket.run.writes));
        flow.commits.finish(changes, Counted { ledger, reads, to_retry, members: MembersSeen::default() }).await?;
        Ok(Turn::Over)
    }

    /// Reads an agreement to see what became of creations on it. Some: the customer's turn ends here, because they are not
    /// settled yet.
    async fn settle_unplanned(
        &self,
        bucket: &Bucket,
        (customer, agreement): (CustomerId, AgreementId),
        flow: &Flow,
        (ledger, ended): (&mut CustomerLedger, &mut Ended),
    ) -> Result<Option<Turn>, WorkError> {
        let Some(_turn) = self.turn_to_ask(flow).await else { return Ok(Some(Turn::Open)) };
        let (store, partner) = (self.world.store(), bucket.run.request.partner);
        let stored = store.find_snapshot(partner, agreement).await?;
        let mut intents = store.list_intents(partner).await?;
        intents.retain(|intent| intent.agreement == agreement);
        let now = self.world.clock().now();
        // Also one that fails is a call.
        ended.add_read(ReadFor::Settling);
        let additions = match self.psa.list_additions(agreement).await {
            Ok(additions) => additions,
            Err(error) if !self.last_try && leaves_all_waiting(&error) => return Err(WorkError::LeaveAlone(error)),
            Err(error) => {
                // The creations stay as they are: the next run looks again.
                tracing::warn!(%partner, %agreement, %error, "an agreement could not be read to settle creations on it");
                return Ok(None);
            }
        };
        let mut settlement = settle(stored.clone(), &intents, &additions, now, self.settle_s());
        settlement.snapshot.see(now, &additions);
        let names = settlement.snapshot.names.as_deref();
        ledger.agreement = Some((agreement, names.map_or_else(|| agreement.to_string(), |n| n.agreement.clone())));
        let is_settled = settlement.unsettled.is_empty();
        let marked = bucket.billed_on.get(&customer).is_some_and(|on| on.contains(&agreement));
        let place = (customer, agreement, marked);
        let mut writer = Writer::new(self, &bucket.run, place, (stored, settlement, now), &flow.commits);
        if !is_settled && self.has_another_turn(bucket, false) {
            let left = LeftOpen { reads: ended.reads().collect(), set_aside: Some(customer) };
            flow.commits.leave_open(writer.unwritten(), left).await?;
            return Ok(Some(Turn::Over));
        }
        let (closing, written) = writer.close(None).await?;
        ended.add_settled(closing, written);
        Ok(None)
    }
}

/// The agreements on which a creation for the customer may still take effect.
fn unsettled_agreements(bucket: &Bucket, id: CustomerId, flow: &Flow) -> BTreeSet<AgreementId> {
    let marked = bucket.billed_on.get(&id).into_iter().flatten().copied();
    let all = marked.chain(bucket.agreement_of(id));
    all.filter(|agreement| !flow.intents_of(*agreement).is_empty()).collect()
}
