//! Names and prices next to the ids of ConnectWise, as last seen: a list shows them without calling ConnectWise.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::psa::AgreementFacts;
use crate::store::KnownPsaProduct;

/// A ConnectWise product as it was last seen by a run, a save or a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PsaProductShown {
    /// Its identifier.
    pub identifier: String,
    /// Its description.
    pub description: String,
    /// Its class, in ConnectWise's word; absent where ConnectWise does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Its catalogue price; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4.50")]
    pub price: Option<String>,
    /// Why no addition can have it; absent where one can. The mapping is kept, and its sync pauses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub trouble: Option<PsaProductTrouble>,
}

/// Why no addition can have a ConnectWise product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PsaProductTrouble {
    /// It was deleted in ConnectWise.
    Gone,
    /// It was made inactive.
    Inactive,
    /// It was made class Bundle.
    Bundle,
}

impl From<&KnownPsaProduct> for PsaProductShown {
    fn from(known: &KnownPsaProduct) -> Self {
        let product = &known.product;
        let trouble = match (known.gone, product.bundle, product.inactive) {
            (true, _, _) => Some(PsaProductTrouble::Gone),
            // A Bundle product remains a Bundle when it is made active.
            (_, true, _) => Some(PsaProductTrouble::Bundle),
            (_, _, true) => Some(PsaProductTrouble::Inactive),
            (false, false, false) => None,
        };
        Self {
            identifier: product.identifier.clone(),
            description: product.description.clone(),
            class: Some(product.class.clone()).filter(|class| !class.is_empty()),
            price: product.price.map(|price| price.normalize().to_string()),
            trouble,
        }
    }
}

/// How an agreement bills, as it was last seen; what is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreementShown {
    /// The name of the agreement's type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement_type: Option<String>,
    /// The name of its billing cycle, in ConnectWise's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Monthly")]
    pub billing_cycle: Option<String>,
    /// How many months one ConnectWise invoice of it bills; absent where the cycle is not one of months, or not known. Where it
    /// is not 1, only the quantity on the day of the next invoice counts, and amounts are those of one invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    pub billing_months: Option<u32>,
    /// The code of the currency that it bills in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "EUR")]
    pub currency: Option<String>,
    /// The agreement whose invoices bill it, where it is the child of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_agreement_id: Option<u32>,
    /// That agreement's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_agreement: Option<String>,
}

impl From<&AgreementFacts> for AgreementShown {
    fn from(facts: &AgreementFacts) -> Self {
        let (parent_agreement_id, parent_agreement) = facts.parent.clone().map(|(id, name)| (id.get(), name)).unzip();
        Self {
            agreement_type: Some(facts.kind.clone()).filter(|kind| !kind.is_empty()),
            billing_cycle: facts.cycle.clone(),
            billing_months: facts.months(),
            currency: facts.currency.clone(),
            parent_agreement_id,
            parent_agreement,
        }
    }
}
