//! All that is known of a partner's Sophos products: what was saved, and what usage has named.

use std::collections::BTreeMap;

use futures::try_join;
use shared::domain::id::{PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::{ProductMapping, ProductMappings};
use shared::error::StoreError;
use shared::store::{DiscoveredProduct, KnownPsaProduct, SeenProduct, Store};
use shared::table::Table;

use super::row::ProductRow;

/// The partner's products.
pub(super) struct Known {
    /// The mapping of every product; unmapped and of version 0 for one that nobody has saved.
    pub(super) mappings: ProductMappings,
    /// Those that usage has named.
    pub(super) seen: BTreeMap<ProductCode, SeenProduct>,
    /// The ConnectWise products that are mapped or were, as they were last seen.
    pub(super) psa: BTreeMap<PsaProductId, KnownPsaProduct>,
}

impl Known {
    pub(super) async fn read(store: &Store<impl Table>, partner: PartnerId) -> Result<Self, StoreError> {
        let saved = store.list_product_mappings(partner).await?;
        let (seen, psa) = try_join!(store.list_seen_products(partner), store.list_psa_products(partner))?;
        let discovered = |seen: &SeenProduct| {
            ProductMapping::discovered(seen.product.code.clone(), proposes_firewall(&seen.product))
        };
        // Of two with the same code the later one stays: what was saved.
        let mappings = seen.iter().map(discovered).chain(saved.iter().cloned()).collect();
        let seen = seen.into_iter().map(|seen| (seen.product.code.clone(), seen)).collect();
        Ok(Self { mappings, seen, psa })
    }

    pub(super) fn row(&self, mapping: &ProductMapping) -> ProductRow {
        let psa = mapping.product().and_then(|product| self.psa.get(&product));
        ProductRow::of(mapping, self.seen.get(&mapping.code), psa)
    }
}

/// Whether a product that nobody has saved looks like a Sophos Firewall product; the partner changes it where that is wrong.
fn proposes_firewall(product: &DiscoveredProduct) -> bool {
    product.description.to_lowercase().contains("firewall")
}
