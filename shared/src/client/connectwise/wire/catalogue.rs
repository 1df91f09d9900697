//! Products with all that a form shows, and the tables from which their fields are chosen.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::value::{number, to_id};
use super::{Reference, parse};
use crate::domain::catalogue::{Choice, ProductClass, ProductDetails, SubcategoryChoice};
use crate::domain::id::{CategoryId, IdError, ProductTypeId, UnitId};
use crate::domain::vendor_text::{lines, one_line};
use crate::error::PsaError;

/// The fields of a catalog item that a form shows.
pub(super) const DETAILS_FIELDS: &str = "id,identifier,description,customerDescription,category,subcategory,type,\
    productClass,unitOfMeasure,price,cost,taxableFlag,recurringFlag,inactiveFlag,vendorSku,manufacturerPartNumber,\
    integrationXRef,notes,_info";

/// Wire: a catalog item.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DetailsRecord<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    identifier: Option<String>,
    description: Option<String>,
    customer_description: Option<String>,
    #[serde(borrow)]
    category: Option<Reference<'a>>,
    #[serde(borrow)]
    subcategory: Option<Reference<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Reference<'a>>,
    product_class: Option<String>,
    #[serde(borrow)]
    unit_of_measure: Option<Reference<'a>>,
    #[serde(borrow)]
    price: Option<&'a RawValue>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
    taxable_flag: Option<bool>,
    recurring_flag: Option<bool>,
    inactive_flag: Option<bool>,
    vendor_sku: Option<String>,
    manufacturer_part_number: Option<String>,
    #[serde(rename = "integrationXRef")]
    integration_xref: Option<String>,
    notes: Option<String>,
    #[serde(rename = "_info")]
    info: Option<InfoRecord>,
}

/// Wire: who changed a record, and when.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InfoRecord {
    last_updated: Option<String>,
    updated_by: Option<String>,
}

/// Wire: a row of a table of choices.
#[derive(Deserialize)]
struct ChoiceRecord<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    name: Option<String>,
    #[serde(borrow)]
    category: Option<Reference<'a>>,
}

/// Reads a catalog item with all that a form shows.
pub(in super::super) fn details(record: &RawValue) -> Result<ProductDetails, PsaError> {
    parse(record, "product", |wire: DetailsRecord<'_>| {
        let info = wire.info.unwrap_or_default();
        Ok(ProductDetails {
            id: to_id(wire.id)?,
            identifier: wire.identifier.as_deref().map(one_line).unwrap_or_default(),
            description: wire.description.as_deref().map(one_line).unwrap_or_default(),
            customer_description: wire.customer_description.as_deref().map(lines).unwrap_or_default(),
            category: wire.category.as_ref().map(|chosen| chosen.choice("category")).transpose()?,
            subcategory: wire.subcategory.as_ref().map(|chosen| chosen.choice("subcategory")).transpose()?,
            kind: wire.kind.as_ref().map(|chosen| chosen.choice("type")).transpose()?,
            class: wire.product_class.as_deref().and_then(ProductClass::find),
            unit: wire.unit_of_measure.as_ref().map(|chosen| chosen.choice("unitOfMeasure")).transpose()?,
            price: number("price", wire.price)?,
            cost: number("cost", wire.cost)?,
            taxable: wire.taxable_flag.unwrap_or_default(),
            recurring: wire.recurring_flag.unwrap_or_default(),
            inactive: wire.inactive_flag.unwrap_or_default(),
            vendor_sku: wire.vendor_sku.as_deref().map(one_line).unwrap_or_default(),
            manufacturer_part_number: wire.manufacturer_part_number.as_deref().map(one_line).unwrap_or_default(),
            integration_xref: wire.integration_xref.as_deref().map(one_line).unwrap_or_default(),
            notes: wire.notes.as_deref().map(lines).unwrap_or_default(),
            last_updated: info.last_updated.and_then(|at| at.parse::<Timestamp>().ok()),
            updated_by: info.updated_by.as_deref().map(one_line),
        })
    })
}

impl Reference<'_> {
    fn choice<Id: TryFrom<i64, Error = IdError>>(&self, field: &str) -> Result<Choice<Id>, String> {
        Ok(Choice { id: Self::id(Some(self), field)?, name: self.name.as_deref().map(one_line).unwrap_or_default() })
    }
}

pub(in super::super) fn category(record: &RawValue) -> Result<Choice<CategoryId>, PsaError> {
    choice(record, "category")
}

pub(in super::super) fn kind_of_product(record: &RawValue) -> Result<Choice<ProductTypeId>, PsaError> {
    choice(record, "product type")
}

pub(in super::super) fn unit(record: &RawValue) -> Result<Choice<UnitId>, PsaError> {
    choice(record, "unit of measure")
}

pub(in super::super) fn subcategory(record: &RawValue) -> Result<SubcategoryChoice, PsaError> {
    parse(record, "subcategory", |wire: ChoiceRecord<'_>| {
        let category = wire.category.as_ref().map(|category| Reference::id(Some(category), "category")).transpose()?;
        Ok(SubcategoryChoice {
            id: to_id(wire.id)?,
            name: wire.name.as_deref().map(one_line).unwrap_or_default(),
            category,
        })
    })
}

fn choice<Id: TryFrom<i64, Error = IdError>>(record: &RawValue, kind: &str) -> Result<Choice<Id>, PsaError> {
    parse(record, kind, |wire: ChoiceRecord<'_>| {
        Ok(Choice { id: to_id(wire.id)?, name: wire.name.as_deref().map(one_line).unwrap_or_default() })
    })
}
