//! A ConnectWise product as a person sees and edits it: its fields, their limits, and what the form can choose from.

mod value;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::id::{AdditionId, AgreementId, CategoryId, ProductTypeId, PsaProductId, SubcategoryId, UnitId};
use super::snapshot::Snapshot;
use super::vendor_text::lines;

pub use value::{InvalidValue, ProductField, ProductValue};

/// A ConnectWise product's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProductClass {
    Agreement,
    /// A bundle of products; none can become an addition.
    Bundle,
    /// Kept in stock.
    Inventory,
    /// Not kept in stock: what ConnectWise takes where no class is named.
    NonInventory,
    Service,
}

impl ProductClass {
    /// All classes, in ConnectWise's order.
    pub const ALL: [Self; 5] = [Self::Agreement, Self::Bundle, Self::Inventory, Self::NonInventory, Self::Service];

    /// ConnectWise's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agreement => "Agreement",
            Self::Bundle => "Bundle",
            Self::Inventory => "Inventory",
            Self::NonInventory => "NonInventory",
            Self::Service => "Service",
        }
    }

    /// The class of ConnectWise's word, if this release knows it.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

/// One of the things that a field can be set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice<Id> {
    pub id: Id,
    pub name: String,
}

/// A subcategory, which belongs to a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubcategoryChoice {
    pub id: SubcategoryId,
    pub name: String,
    /// Its category; none where ConnectWise does not say.
    pub category: Option<CategoryId>,
}

/// What the fields of a product can be set to: everything that is active, by name.
///
/// A product has no tax code of its own, only whether it is taxable: the tax code is the company's or the agreement's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductChoices {
    pub categories: Vec<Choice<CategoryId>>,
    /// The subcategories of all categories.
    pub subcategories: Vec<SubcategoryChoice>,
    pub types: Vec<Choice<ProductTypeId>>,
    /// The units of measure.
    pub units: Vec<Choice<UnitId>>,
}

/// A ConnectWise product with all fields that the form shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductDetails {
    pub id: PsaProductId,
    pub identifier: String,
    pub description: String,
    /// What invoices print. The vendor of the usage warns against changing it by hand.
    pub customer_description: String,
    pub category: Option<Choice<CategoryId>>,
    pub subcategory: Option<Choice<SubcategoryId>>,
    #[serde(rename = "type")]
    pub kind: Option<Choice<ProductTypeId>>,
    /// Its class; none for one that this release does not know.
    pub class: Option<ProductClass>,
    /// Its unit of measure.
    pub unit: Option<Choice<UnitId>>,
    /// The catalogue price. Additions that exist keep theirs when it changes.
    pub price: Option<Decimal>,
    /// What one costs the partner.
    pub cost: Option<Decimal>,
    /// Whether it is taxable.
    pub taxable: bool,
    /// Whether it recurs.
    pub recurring: bool,
    /// Whether it is inactive; such a product cannot become an addition.
    pub inactive: bool,
    /// The vendor's number of it.
    pub vendor_sku: String,
    pub manufacturer_part_number: String,
    /// Its key in another system.
    pub integration_xref: String,
    /// Notes that nobody but the staff sees.
    pub notes: String,
    /// When it was last changed, if ConnectWise says. ConnectWise has no version that a write could be tied to: this
    /// only tells afterwards.
    pub last_updated: Option<Timestamp>,
    /// Who changed it last, if ConnectWise says.
    pub updated_by: Option<String>,
}

impl ProductDetails {
    /// Whether it is available for mapping: active, and not of class Bundle.
    #[must_use]
    pub fn is_available(&self) -> bool {
        !self.inactive && self.class != Some(ProductClass::Bundle)
    }

    /// Whether a value that was sent is what the product now has. ConnectWise answers some changes with a success and
    /// leaves the record as it was.
    #[must_use]
    pub fn shows(&self, value: &ProductValue) -> bool {
        // Servers trim texts and end lines in their own way.
        // What hides other characters is not kept of a text that is read.
        let same = |mine: &str, sent: &str| mine.split_whitespace().eq(lines(sent).split_whitespace());
        match value {
            ProductValue::Identifier(sent) => same(&self.identifier, sent),
            ProductValue::Description(sent) => same(&self.description, sent),
            ProductValue::CustomerDescription(sent) => same(&self.customer_description, sent),
            ProductValue::Category(sent) => self.category.as_ref().is_some_and(|choice| choice.id == *sent),
            ProductValue::Subcategory(sent) => self.subcategory.as_ref().is_some_and(|choice| choice.id == *sent),
            ProductValue::Type(sent) => self.kind.as_ref().is_some_and(|choice| choice.id == *sent),
            ProductValue::Class(sent) => self.class == Some(*sent),
            ProductValue::Unit(sent) => self.unit.as_ref().is_some_and(|choice| choice.id == *sent),
            ProductValue::Price(sent) => self.price.unwrap_or_default() == *sent,
            ProductValue::Cost(sent) => self.cost.unwrap_or_default() == *sent,
            ProductValue::Taxable(sent) => self.taxable == *sent,
            ProductValue::Recurring(sent) => self.recurring == *sent,
            ProductValue::Inactive(sent) => self.inactive == *sent,
            ProductValue::VendorSku(sent) => same(&self.vendor_sku, sent),
            ProductValue::ManufacturerPartNumber(sent) => same(&self.manufacturer_part_number, sent),
            ProductValue::IntegrationXref(sent) => same(&self.integration_xref, sent),
            ProductValue::Notes(sent) => same(&self.notes, sent),
        }
    }
}

/// Values that may be sent to ConnectWise: each field at most once, each within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductValues(Vec<ProductValue>);

impl ProductValues {
    /// The values of a product to be created; unset fields take ConnectWise's defaults.
    ///
    /// # Errors
    /// All that is wrong, by field: a value out of its limits, a field that is missing or there twice.
    pub fn of_new(values: Vec<ProductValue>) -> Result<Self, Vec<InvalidValue>> {
        let has = |field: ProductField| values.iter().any(|value| value.field() == field);
        let missing = ProductField::ALL.into_iter().filter(|field| field.is_required() && !has(*field));
        let missing = missing.map(InvalidValue::Missing).collect();
        Self::checked(values, missing)
    }

    /// The values of the fields to be changed: at least one.
    ///
    /// # Errors
    /// All that is wrong, by field; empty where nothing is to be changed.
    pub fn of_edit(values: Vec<ProductValue>) -> Result<Self, Vec<InvalidValue>> {
        if values.is_empty() { Err(Vec::new()) } else { Self::checked(values, Vec::new()) }
    }

    fn checked(values: Vec<ProductValue>, mut wrong: Vec<InvalidValue>) -> Result<Self, Vec<InvalidValue>> {
        wrong.extend(values.iter().filter_map(|value| value.check().err()));
        let twice = |at: usize| values[..at].iter().any(|value| value.field() == values[at].field());
        wrong.extend((0..values.len()).filter(|at| twice(*at)).map(|at| InvalidValue::Twice(values[at].field())));
        if wrong.is_empty() { Ok(Self(values)) } else { Err(wrong) }
    }

    /// The values, in the order in which they were given.
    #[must_use]
    pub fn as_slice(&self) -> &[ProductValue] {
        &self.0
    }

    /// The identifier among them.
    #[must_use]
    pub fn identifier(&self) -> Option<&str> {
        self.0.iter().find_map(|value| {
            if let ProductValue::Identifier(identifier) = value { Some(identifier.as_str()) } else { None }
        })
    }
}

/// An addition of a product that we know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownAddition {
    pub agreement: AgreementId,
    pub addition: AdditionId,
    /// The quantity that ConnectWise confirmed to us last.
    pub quantity: Decimal,
}

/// The additions of a product among those that usage sync wrote or adopted: they keep their price when the catalogue's
/// changes.
///
/// ConnectWise has no list of additions across agreements, so what people added by hand, and never synced, is not here:
/// say "at least".
#[must_use]
pub fn known_additions_of<'a>(
    product: PsaProductId,
    snapshots: impl IntoIterator<Item = (AgreementId, &'a Snapshot)>,
) -> Vec<KnownAddition> {
    let known = |(agreement, snapshot): (AgreementId, &Snapshot)| {
        let written = snapshot.written.get(&product)?;
        Some(KnownAddition { agreement, addition: written.addition, quantity: written.confirmed })
    };
    snapshots.into_iter().filter_map(known).collect()
}

#[cfg(test)]
mod tests;
