//! A product mapping as it is shown.

use serde::{Deserialize, Serialize};
use shared::domain::id::ProductCode;
use shared::domain::mapping::{Combine, ProductMapping, ProductState};
use shared::http::{LineReadings, PsaProductShown};
use shared::store::{KnownPsaProduct, SeenProduct, Sighting};
use utoipa::ToSchema;

/// What becomes of a Sophos product's usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StateName {
    /// It has a ConnectWise product.
    Mapped,
    /// Nothing of it reaches ConnectWise.
    Unmapped,
    /// The partner decided not to bill it.
    Excluded,
    /// The mapping is gone and its sync is off.
    Removed,
}

impl StateName {
    /// The word as it is written.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Unmapped => "unmapped",
            Self::Excluded => "excluded",
            Self::Removed => "removed",
        }
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Switch {
    /// Usage is carried over.
    On,
    /// It is not.
    Off,
}

/// How the parts of a combined product become one quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CombineRule {
    /// The sum of the parts.
    AddUp,
    /// The largest of the parts.
    TakeLargest,
}

impl CombineRule {
    /// The word as it is written.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::AddUp => "addUp",
            Self::TakeLargest => "takeLargest",
        }
    }
}

impl From<Combine> for CombineRule {
    fn from(rule: Combine) -> Self {
        match rule {
            Combine::AddUp => Self::AddUp,
            Combine::TakeLargest => Self::TakeLargest,
        }
    }
}

impl From<CombineRule> for Combine {
    fn from(rule: CombineRule) -> Self {
        match rule {
            CombineRule::AddUp => Self::AddUp,
            CombineRule::TakeLargest => Self::TakeLargest,
        }
    }
}

/// When a run last saw a product in the usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LastSeen {
    /// The usage month.
    #[schema(example = "2026-11")]
    pub(super) month: String,
    /// Its units in that month, of all customers together.
    pub(super) units: u64,
    /// When the run saw them.
    #[schema(format = DateTime)]
    at: String,
}

impl From<&Sighting> for LastSeen {
    fn from(seen: &Sighting) -> Self {
        Self { month: seen.last_month.to_string(), units: seen.last_units, at: seen.last_seen_at.to_string() }
    }
}

/// A Sophos product and what becomes of its usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductRow {
    /// Sophos' code of the product.
    #[schema(value_type = String, example = "CIXA-MSP")]
    pub(super) code: ProductCode,
    /// What Sophos calls it; absent where no usage has named it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    /// User, Server or Device; absent where no usage has named it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// What becomes of its usage.
    pub(super) state: StateName,
    /// Why it is excluded, in the partner's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The id of the ConnectWise product that it is mapped to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) psa_product_id: Option<u32>,
    /// That product as it was last seen; absent where no run or save has seen it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) psa_product: Option<PsaProductShown>,
    /// Whether its usage is carried over. Off: ConnectWise goes on billing the last quantity.
    pub(super) sync: bool,
    /// The rule where several Sophos products go to its ConnectWise product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) combine: Option<CombineRule>,
    /// Whether it is a Sophos Firewall product, which syncs in the Sophos-invoice mode only.
    pub(super) firewall: bool,
    /// How its usage lines are read that say more than one thing; what is `ask` here is as the sync settings say.
    readings: LineReadings,
    /// When a run last saw it in the usage; absent before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_seen: Option<LastSeen>,
    /// Its units of the month last seen, where they reach no ConnectWise product; absent where they do, or none were seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    unsynced_units: Option<u64>,
    /// Counts what a person edits; 0 before the first save.
    pub(super) version: u64,
}

impl ProductRow {
    pub(super) fn of(mapping: &ProductMapping, seen: Option<&SeenProduct>, psa: Option<&KnownPsaProduct>) -> Self {
        let sync = mapping.syncs_to().is_some();
        let (description, group) =
            seen.map(|seen| (seen.product.description.clone(), seen.product.group.clone())).unzip();
        let last_seen = seen.and_then(|seen| seen.seen.as_ref()).map(LastSeen::from);
        let unmapped = Self {
            code: mapping.code.clone(),
            description,
            group,
            state: StateName::Unmapped,
            reason: None,
            psa_product_id: None,
            psa_product: None,
            sync,
            combine: None,
            firewall: mapping.firewall,
            readings: mapping.readings.into(),
            unsynced_units: last_seen.as_ref().map(|seen| seen.units).filter(|_| !sync),
            last_seen,
            version: mapping.version,
        };
        match &mapping.state {
            ProductState::Unmapped => unmapped,
            ProductState::Removed => Self { state: StateName::Removed, ..unmapped },
            ProductState::Excluded { reason } => {
                Self { state: StateName::Excluded, reason: Some(reason.clone()), ..unmapped }
            }
            ProductState::Mapped { product, combine, .. } => Self {
                state: StateName::Mapped,
                psa_product_id: Some(product.get()),
                psa_product: psa.map(PsaProductShown::from),
                combine: combine.map(CombineRule::from),
                ..unmapped
            },
        }
    }
}
