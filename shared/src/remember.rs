//! Stores a decision about the usage lines of a Sophos product in its mapping, so that the same question is not asked
//! again.

use crate::domain::decision::StandingHold;
use crate::domain::id::PartnerId;
use crate::domain::mapping::ProductMapping;
use crate::domain::outcome::Hold;
use crate::domain::usage::Reading;
use crate::error::StoreError;
use crate::store::{Author, Store};
use crate::table::Table;

/// How often a save is retried after another save of the same mapping.
const ATTEMPTS: usize = 5;

/// Stores `reading` in the mappings of the products whose usage lines the hold asks about. Other holds change nothing.
///
/// # Errors
/// `Conflict` if other saves of the mappings win every time.
pub async fn remember_reading(
    store: &Store<impl Table>,
    partner: PartnerId,
    author: &Author,
    hold: &StandingHold,
    reading: Reading,
) -> Result<(), StoreError> {
    let Hold::UsageLines { asks, .. } = &hold.hold else { return Ok(()) };
    for _ in 0..ATTEMPTS {
        let mappings = store.list_product_mappings(partner).await?;
        let mut changed = Vec::new();
        for (code, kinds) in asks {
            let Some(mapping) = mappings.find(code) else { continue };
            let readings = mapping.readings.answered(kinds, reading);
            if readings != mapping.readings {
                changed.push(ProductMapping { readings, ..mapping.clone() });
            }
        }
        if changed.is_empty() || store.save_product_mappings(partner, author, &changed, None).await?.is_ok() {
            return Ok(());
        }
    }
    Err(StoreError::Conflict { what: format!("how the usage lines of {} are read", hold.name) })
}
