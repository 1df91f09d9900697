//! What a person has seen: an apply does what its preview showed, on the agreement that it showed, and nothing else.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, PsaProductId};
use shared::domain::ledger::Billed;
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::{Hold, Outcome, Would};
use shared::domain::plan::{AdditionPlan, CustomerPlan, Step};
use shared::domain::snapshot::Written;
use shared::ports::{Psa, RunStore};

use super::Stages;
use super::bucket::Bucket;
use crate::worker::{WorkError, World};

/// An addition of a former agreement that goes on being billed.
struct StillThere {
    written: Written,
    quantity: Decimal,
}

impl<W: World> Stages<'_, W> {
    /// Holds what an apply would do otherwise than its preview showed. True when the preview showed the customer on its
    /// present agreement and nothing had to be held: a person has seen what is done. Other runs hold nothing here, and
    /// nobody has seen them.
    pub(super) async fn hold_what_moved(
        &self,
        bucket: &Bucket,
        mapping: &CustomerMapping,
        planned: &mut CustomerPlan,
    ) -> Result<bool, WorkError> {
        let Some(preview) = bucket.run.request.preview.as_ref() else { return Ok(false) };
        let store = self.world.store();
        let shown = store.find_ledger(bucket.run.request.partner, preview, Some(mapping.customer)).await?;
        // What was shown on another agreement was not shown of this one.
        let shown = shown.filter(|ledger| ledger.agreement.as_ref().map(|(id, _)| *id) == Some(mapping.agreement));
        let lines = shown.map(|ledger| ledger.lines).unwrap_or_default();
        let mut seen = lines.iter().any(|line| line.billed.is_some() && !matches!(line.outcome, Outcome::Failed(_)));
        let shown: BTreeMap<PsaProductId, Billed> =
            lines.into_iter().filter_map(|line| line.billed.map(|billed| (billed.product, billed))).collect();
        for (product, plan) in &mut planned.additions {
            let now = plan.would();
            let then = shown.get(product);
            let same = then.is_some_and(|billed| billed.would == now && billed.addition == addition_of(plan));
            if now != Would::Nothing && !same {
                let shown = then.map_or(Would::Nothing, |billed| billed.would.clone());
                plan.step = Step::Hold(Hold::Moved { shown, now });
                seen = false;
            }
        }
        Ok(seen)
    }

    /// Holds what the customer's former agreement still bills: writing it to the new one too would bill it twice. True
    /// when the former agreement bills nothing of it, or there is none.
    pub(super) async fn hold_what_the_former_agreement_bills(
        &self,
        bucket: &Bucket,
        mapping: &CustomerMapping,
        planned: &mut CustomerPlan,
    ) -> Result<bool, WorkError> {
        let Some(former) = mapping.applied.filter(|former| *former != mapping.agreement) else { return Ok(true) };
        let still = self.still_billed(bucket, former).await?;
        for plan in planned.additions.values_mut().filter(|plan| plan.would() != Would::Nothing) {
            let of_plan = |there: &&StillThere| plan.parts.keys().any(|code| there.written.parts.contains_key(code));
            if let Some(there) = still.iter().find(of_plan) {
                plan.step = Step::Hold(Hold::FormerAgreement {
                    agreement: former,
                    addition: there.written.addition,
                    quantity: there.quantity,
                });
            }
        }
        Ok(still.is_empty())
    }

    /// What we wrote to an agreement and ConnectWise bills there on the month's last day; all of it when the agreement
    /// cannot be read.
    async fn still_billed(&self, bucket: &Bucket, agreement: AgreementId) -> Result<Vec<StillThere>, WorkError> {
        let written = self.world.store().find_snapshot(bucket.run.request.partner, agreement).await?.written;
        if written.values().all(|written| written.confirmed.is_zero()) {
            return Ok(Vec::new());
        }
        let day = bucket.run.request.month.last_day();
        let additions = match self.psa.list_additions(agreement).await {
            Ok(additions) => Some(additions),
            Err(error) => {
                tracing::warn!(%agreement, %error, "the customer's former agreement could not be read");
                None
            }
        };
        let billed = |written: &Written| match &additions {
            None => Some(written.confirmed),
            Some(additions) => {
                let there = additions.iter().find(|a| a.id == written.addition && a.in_force_on(day));
                there.map(|addition| addition.quantity)
            }
        };
        let still = |written: Written| {
            let quantity = billed(&written).filter(|quantity| *quantity > Decimal::ZERO)?;
            Some(StillThere { written, quantity })
        };
        Ok(written.into_values().filter_map(still).collect())
    }
}

fn addition_of(plan: &AdditionPlan) -> Option<AdditionId> {
    match plan.step {
        Step::Keep { addition } | Step::Adopt { addition } | Step::Update { addition, .. } => Some(addition),
        Step::Nothing | Step::Create { .. } | Step::Hold(_) | Step::Skip(_) | Step::Fail(_) => None,
    }
}
