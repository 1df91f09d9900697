//! All that is known of a partner's Sophos products: what was saved, and what usage has named.

use std::collections::BTreeMap;

use shared::domain::id::{PartnerId, ProductCode};
use shared::domain::mapping::{ProductMapping, ProductMappings};
use shared::error::StoreError;
use shared::ports::{DiscoveredProduct, KnownStore, MappingStore, SeenProduct};

use super::row::ProductRow;

/// The partner's products.
pub(super) struct Known {
    /// The mapping of every product; unmapped and of version 0 for one that nobody has saved.
    pub(super) mappings: ProductMappings,
    /// Those that usage has named.
    pub(super) seen: BTreeMap<ProductCode, SeenProduct>,
}

impl Known {
    pub(super) async fn read(store: &(impl MappingStore + KnownStore), partner: PartnerId) -> Result<Self, StoreError> {
        let saved = store.list_product_mappings(partner).await?;
        let seen = store.list_seen_products(partner).await?;
        let discovered = |seen: &SeenProduct| {
            ProductMapping::discovered(seen.product.code.clone(), proposes_firewall(&seen.product))
        };
        // Of two with the same code the later one stays: what was saved.
        let mappings = seen.iter().map(discovered).chain(saved.iter().cloned()).collect();
        let seen = seen.into_iter().map(|seen| (seen.product.code.clone(), seen)).collect();
        Ok(Self { mappings, seen })
    }

    pub(super) fn row(&self, mapping: &ProductMapping) -> ProductRow {
        ProductRow::of(mapping, self.seen.get(&mapping.code))
    }
}

/// Whether a product that nobody has saved looks like a Sophos Firewall product; the partner changes it where that is wrong.
fn proposes_firewall(product: &DiscoveredProduct) -> bool {
    product.description.to_lowercase().contains("firewall")
}
