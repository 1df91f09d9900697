//! Product and customer mappings: what a partner decided, and what those decisions allow.
//!
//! Mappings hold ids, never names, so that a renamed product or service never breaks the sync. The rules that behaviour
//! states live in the only functions that change a mapping.

pub mod change;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::{AgreementId, CompanyId, CustomerId, ProductCode, PsaProductId};
use super::usage::Readings;

/// How the parts of a combined product become one quantity. There is no default: the partner is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Combine {
    /// The sum of the parts.
    AddUp,
    /// The largest of the parts.
    TakeLargest,
}

/// What becomes of a Sophos product's usage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ProductState {
    /// Nobody has mapped it: nothing of it reaches ConnectWise.
    #[default]
    Unmapped,
    /// It was mapped once: the mapping is gone and its sync is off.
    Removed,
    /// The partner decided not to bill it.
    Excluded {
        /// Why, in the partner's words.
        reason: String,
    },
    /// It has a ConnectWise product.
    Mapped {
        /// The ConnectWise product.
        product: PsaProductId,
        /// Whether usage is carried over. Off: ConnectWise goes on billing the last quantity.
        sync: bool,
        /// The rule for a combined product; agreed by all its parts.
        combine: Option<Combine>,
    },
}

/// One row of *Configure usage sync*: a Sophos product and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductMapping {
    /// The Sophos product.
    pub code: ProductCode,
    /// What becomes of its usage.
    #[serde(flatten)]
    pub state: ProductState,
    /// Whether it is a Sophos Firewall product, which syncs in the Sophos-invoice mode only.
    pub firewall: bool,
    /// How its usage lines are read that say more than one thing; what it leaves open is the partner's.
    #[serde(default, skip_serializing_if = "Readings::is_empty")]
    pub readings: Readings,
    /// Counts what a person edits; 0 before the first save. A sync never raises it.
    pub version: u64,
}

/// Usage sync cannot be switched on: nothing is mapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} is not mapped to a ConnectWise product. Map it first; that switches its sync on.")]
pub struct NotMapped {
    code: ProductCode,
}

impl NotMapped {
    /// The Sophos product.
    #[must_use]
    pub const fn code(&self) -> &ProductCode {
        &self.code
    }
}

impl ProductMapping {
    /// A product as it is discovered from usage: unmapped. New usage never maps anything by itself.
    #[must_use]
    pub fn discovered(code: ProductCode, firewall: bool) -> Self {
        Self { code, state: ProductState::Unmapped, firewall, readings: Readings::default(), version: 0 }
    }

    /// Maps it to a ConnectWise product and switches its sync on.
    #[must_use]
    pub fn map_to(self, product: PsaProductId, combine: Option<Combine>) -> Self {
        Self { state: ProductState::Mapped { product, sync: true, combine }, ..self }
    }

    /// Removes the mapping; its sync goes off with it and stays off until a product is mapped again.
    #[must_use]
    pub fn unmap(self) -> Self {
        let state = match self.state {
            ProductState::Mapped { .. } | ProductState::Removed => ProductState::Removed,
            ProductState::Unmapped | ProductState::Excluded { .. } => ProductState::Unmapped,
        };
        Self { state, ..self }
    }

    /// Switches its usage sync on or off.
    ///
    /// # Errors
    /// Switching on while nothing is mapped. Switching off what is not mapped changes nothing.
    pub fn switch(self, on: bool) -> Result<Self, NotMapped> {
        match self.state {
            ProductState::Mapped { product, combine, .. } => {
                Ok(Self { state: ProductState::Mapped { product, sync: on, combine }, ..self })
            }
            ProductState::Unmapped | ProductState::Removed | ProductState::Excluded { .. } if on => {
                Err(NotMapped { code: self.code })
            }
            ProductState::Unmapped | ProductState::Removed | ProductState::Excluded { .. } => Ok(self),
        }
    }

    /// Decides not to bill it; a mapping that it had is removed.
    #[must_use]
    pub fn exclude(self, reason: String) -> Self {
        Self { state: ProductState::Excluded { reason }, ..self }
    }

    /// The ConnectWise product that it is mapped to, switched on or off.
    #[must_use]
    pub const fn product(&self) -> Option<PsaProductId> {
        match self.state {
            ProductState::Mapped { product, .. } => Some(product),
            ProductState::Unmapped | ProductState::Removed | ProductState::Excluded { .. } => None,
        }
    }

    /// The ConnectWise product that its usage goes to now: mapped and switched on.
    #[must_use]
    pub fn syncs_to(&self) -> Option<PsaProductId> {
        match self.state {
            ProductState::Mapped { product, sync: true, .. } => Some(product),
            ProductState::Mapped { .. }
            | ProductState::Unmapped
            | ProductState::Removed
            | ProductState::Excluded { .. } => None,
        }
    }
}

/// All product mappings of a partner, by Sophos product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductMappings(BTreeMap<ProductCode, ProductMapping>);

impl ProductMappings {
    /// The mapping of a product, if it is known.
    #[must_use]
    pub fn find(&self, code: &ProductCode) -> Option<&ProductMapping> {
        self.0.get(code)
    }

    /// The parts that go to a ConnectWise product now.
    pub fn parts_of(&self, product: PsaProductId) -> impl Iterator<Item = &ProductMapping> {
        self.0.values().filter(move |mapping| mapping.syncs_to() == Some(product))
    }

    /// All products that are mapped to a ConnectWise product, switched on or off.
    pub fn mapped_to(&self, product: PsaProductId) -> impl Iterator<Item = &ProductMapping> {
        self.0.values().filter(move |mapping| mapping.product() == Some(product))
    }

    /// The ConnectWise products that usage goes to now, each once, in order.
    #[must_use]
    pub fn targets(&self) -> Vec<PsaProductId> {
        let mut targets: Vec<PsaProductId> = self.0.values().filter_map(ProductMapping::syncs_to).collect();
        targets.sort_unstable();
        targets.dedup();
        targets
    }

    /// The same with the sync of each mapped product on: to show what would be done if it were.
    #[must_use]
    pub fn all_switched_on(mut self) -> Self {
        for mapping in self.0.values_mut() {
            if let ProductState::Mapped { sync, .. } = &mut mapping.state {
                *sync = true;
            }
        }
        self
    }

    /// All of them, by product code.
    pub fn iter(&self) -> impl Iterator<Item = &ProductMapping> {
        self.0.values()
    }
}

impl FromIterator<ProductMapping> for ProductMappings {
    fn from_iter<I: IntoIterator<Item = ProductMapping>>(mappings: I) -> Self {
        Self(mappings.into_iter().map(|mapping| (mapping.code.clone(), mapping)).collect())
    }
}

/// A Sophos customer and where its usage is billed: exactly one company and one agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerMapping {
    /// The Sophos customer.
    pub customer: CustomerId,
    /// The ConnectWise company; no other customer of the partner may have it.
    pub company: CompanyId,
    /// An agreement of that company.
    pub agreement: AgreementId,
    /// Whether this customer's usage is carried over.
    pub sync: bool,
    /// The agreement for which a person has applied a preview. Differs from `agreement` before the customer's first
    /// applied preview and after its agreement changed: until then scheduled runs hold what they would write.
    pub applied: Option<AgreementId>,
    /// Counts what a person edits. A sync never raises it.
    pub version: u64,
}

impl CustomerMapping {
    /// A new mapping, switched on, whose first run is a preview.
    #[must_use]
    pub const fn new(customer: CustomerId, company: CompanyId, agreement: AgreementId) -> Self {
        Self { customer, company, agreement, sync: true, applied: None, version: 0 }
    }

    /// Whether a person has applied a preview for the present agreement.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        self.applied == Some(self.agreement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product() -> ProductMapping {
        ProductMapping::discovered(ProductCode::parse("CIXA-MSP").unwrap(), false)
    }

    fn target() -> PsaProductId {
        PsaProductId::try_from(7).unwrap()
    }

    #[test]
    fn a_discovered_product_is_unmapped_and_syncs_nowhere() {
        assert_eq!(product().state, ProductState::Unmapped);
        assert_eq!(product().syncs_to(), None);
    }

    #[test]
    fn mapping_switches_sync_on() {
        assert_eq!(product().map_to(target(), None).syncs_to(), Some(target()));
    }

    #[test]
    fn removing_a_mapping_switches_its_sync_off_until_a_product_is_mapped_again() {
        let removed = product().map_to(target(), None).unmap();
        assert_eq!((removed.state.clone(), removed.syncs_to()), (ProductState::Removed, None));
        assert!(removed.clone().switch(true).is_err());
        assert_eq!(removed.map_to(target(), None).syncs_to(), Some(target()));
    }

    #[test]
    fn a_toggle_cannot_be_switched_on_while_nothing_is_mapped() {
        let error = product().switch(true).unwrap_err();
        assert_eq!(
            error.to_string(),
            "CIXA-MSP is not mapped to a ConnectWise product. Map it first; that switches its sync on."
        );
        assert!(product().exclude("bundled".into()).switch(true).is_err());
    }

    #[test]
    fn switching_off_keeps_the_mapping() {
        let off = product().map_to(target(), None).switch(false).unwrap();
        assert_eq!(off.syncs_to(), None);
        assert_eq!(off.switch(true).unwrap().syncs_to(), Some(target()));
    }

    #[test]
    fn a_customer_is_applied_only_for_the_agreement_that_a_person_saw() {
        let number = |n| AgreementId::try_from(n).unwrap();
        let customer = CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap();
        let mut mapping = CustomerMapping::new(customer, CompanyId::try_from(1).unwrap(), number(5));
        assert!(!mapping.is_applied());
        mapping.applied = Some(number(5));
        assert!(mapping.is_applied());
        mapping.agreement = number(6);
        assert!(!mapping.is_applied());
    }
}
