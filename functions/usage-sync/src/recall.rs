//! What the table knows of earlier writes to the agreements of customers.

use std::collections::BTreeSet;

use shared::domain::id::{AgreementId, CustomerId};
use shared::domain::snapshot::{Intent, Snapshot};

use crate::bucket::Bucket;
use crate::errors::WorkError;
use crate::flow::Flow;
use crate::world::World;

/// What the table knows of earlier writes to one agreement.
#[derive(Default)]
pub(crate) struct Recalled {
    pub(crate) snapshot: Snapshot,
    /// The creations whose end is not known.
    pub(crate) intents: Vec<Intent>,
}

/// What is known of earlier writes for some customers, each on the agreement that the run set out with. Read under the
/// lease, so that it stays true until this slice itself writes.
pub(crate) async fn recall<W: World>(
    world: &W,
    bucket: &Bucket,
    customers: Vec<CustomerId>,
    flow: &Flow,
) -> Result<Vec<(CustomerId, Recalled)>, WorkError> {
    if flow.is_halted() {
        return Ok(customers.into_iter().map(|customer| (customer, Recalled::default())).collect());
    }
    let agreements: BTreeSet<AgreementId> = customers.iter().filter_map(|id| bucket.agreement_of(*id)).collect();
    let (store, partner) = (world.store(), bucket.run.request.partner);
    let snapshots = store.find_snapshots(partner, &Vec::from_iter(agreements)).await?;
    let recalled = |customer: CustomerId| {
        let agreement = bucket.agreement_of(customer);
        let snapshot = agreement.and_then(|agreement| snapshots.get(&agreement)).cloned().unwrap_or_default();
        let intents = agreement.map(|agreement| flow.intents_of(agreement).to_vec()).unwrap_or_default();
        (customer, Recalled { snapshot, intents })
    };
    Ok(customers.into_iter().map(recalled).collect())
}

/// What is known of earlier writes to an agreement as it is now.
pub(crate) async fn recall_agreement<W: World>(
    world: &W,
    bucket: &Bucket,
    agreement: AgreementId,
) -> Result<Recalled, WorkError> {
    let (store, partner) = (world.store(), bucket.run.request.partner);
    let snapshot = store.find_snapshot(partner, agreement).await?;
    let mut intents = store.list_intents(partner).await?;
    intents.retain(|intent| intent.agreement == agreement);
    Ok(Recalled { snapshot, intents })
}
