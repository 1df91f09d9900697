//! Request bodies for ConnectWise, with nothing in them but the required values.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::catalogue::{ProductValue, ProductValues};
use crate::domain::psa::{CopiedTerms, NewAddition};
use crate::error::PsaError;

/// Wire: a new addition; the catalogue fills in the rest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewAdditionRecord<'a> {
    product: NewReference,
    bill_customer: &'a str,
    quantity: &'a RawValue,
    effective_date: String,
    #[serde(flatten)]
    copied: Option<CopiedRecord<'a>>,
}

/// Wire: what an addition copies from the one that it replaces, besides `billCustomer`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CopiedRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_price: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_cost: Option<Box<RawValue>>,
    less_included: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    taxable_flag: Option<bool>,
    #[serde(skip_serializing_if = "str::is_empty")]
    invoice_description: &'a str,
}

impl<'a> CopiedRecord<'a> {
    fn of(terms: &'a CopiedTerms) -> Result<Self, PsaError> {
        Ok(Self {
            unit_price: terms.unit_price.map(to_number).transpose()?,
            unit_cost: terms.unit_cost.map(to_number).transpose()?,
            less_included: to_number(terms.less_included)?,
            taxable_flag: terms.taxable,
            invoice_description: &terms.invoice_description,
        })
    }
}

#[derive(Serialize)]
struct NewReference {
    id: u32,
}

/// Wire: one operation of a JSON patch. The vendor documents the path without the slash of RFC 6901.
#[derive(Serialize)]
struct Replace<'a> {
    op: &'static str,
    path: &'static str,
    value: &'a RawValue,
}

pub(super) fn new_addition(addition: &NewAddition) -> Result<String, PsaError> {
    let id = addition.product.get();
    let terms = addition.terms.as_ref();
    to_body(&NewAdditionRecord {
        product: NewReference { id },
        bill_customer: terms.map_or("Billable", |terms| &terms.bill_customer),
        quantity: &to_number(addition.quantity)?,
        effective_date: format!("{}T00:00:00Z", addition.effective),
        copied: terms.map(CopiedRecord::of).transpose()?,
    })
}

pub(super) fn new_quantity(quantity: Decimal) -> Result<String, PsaError> {
    to_body(&[Replace { op: "replace", path: "quantity", value: &to_number(quantity)? }])
}

pub(super) fn new_cancelled_date(day: Date) -> Result<String, PsaError> {
    to_body(&[Replace { op: "replace", path: "cancelledDate", value: &raw(&format!("{day}T00:00:00Z"))? }])
}

pub(super) fn new_product(values: &ProductValues) -> Result<String, PsaError> {
    let fields = values.as_slice().iter().map(|value| Ok((value.field().psa_name(), to_wire(value)?)));
    to_body(&fields.collect::<Result<BTreeMap<&str, Box<RawValue>>, PsaError>>()?)
}

/// The body that changes a product: one operation a field. References are replaced as a whole.
pub(super) fn product_changes(values: &ProductValues) -> Result<String, PsaError> {
    let values: Vec<(&'static str, Box<RawValue>)> = values
        .as_slice()
        .iter()
        .map(|value| Ok((value.field().psa_name(), to_wire(value)?)))
        .collect::<Result<_, PsaError>>()?;
    let operations: Vec<Replace<'_>> =
        values.iter().map(|(path, value)| Replace { op: "replace", path, value }).collect();
    to_body(&operations)
}

fn to_wire(value: &ProductValue) -> Result<Box<RawValue>, PsaError> {
    let reference = |id: u32| raw(&NewReference { id });
    match value {
        ProductValue::Identifier(text)
        | ProductValue::Description(text)
        | ProductValue::CustomerDescription(text)
        | ProductValue::VendorSku(text)
        | ProductValue::ManufacturerPartNumber(text)
        | ProductValue::IntegrationXref(text)
        | ProductValue::Notes(text) => raw(&text.trim()),
        ProductValue::Category(id) => reference(id.get()),
        ProductValue::Subcategory(id) => reference(id.get()),
        ProductValue::Type(id) => reference(id.get()),
        ProductValue::Unit(id) => reference(id.get()),
        ProductValue::Class(class) => raw(&class.as_str()),
        ProductValue::Price(amount) | ProductValue::Cost(amount) => to_number(*amount),
        ProductValue::Taxable(flag) | ProductValue::Recurring(flag) | ProductValue::Inactive(flag) => raw(flag),
    }
}

fn raw(wire: &impl Serialize) -> Result<Box<RawValue>, PsaError> {
    serde_json::value::to_raw_value(wire).map_err(|error| not_written(&error))
}

/// A quantity as a JSON number: 9 rather than 9.00, and 2.5 without passing through a float.
fn to_number(quantity: Decimal) -> Result<Box<RawValue>, PsaError> {
    RawValue::from_string(quantity.normalize().to_string()).map_err(|error| not_written(&error))
}

fn to_body(wire: &impl Serialize) -> Result<String, PsaError> {
    serde_json::to_string(wire).map_err(|error| not_written(&error))
}

fn not_written(error: &serde_json::Error) -> PsaError {
    PsaError::NotSent { why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_new_addition_has_only_the_required_values() {
        let addition = NewAddition {
            product: 5.try_into().unwrap(),
            quantity: Decimal::new(1200, 2),
            effective: date(2026, 11, 1),
            terms: None,
        };
        assert_eq!(
            new_addition(&addition).unwrap(),
            r#"{"product":{"id":5},"billCustomer":"Billable","quantity":12,"effectiveDate":"2026-11-01T00:00:00Z"}"#
        );
    }

    #[test]
    fn a_cancelled_date_is_set_alone() {
        assert_eq!(
            new_cancelled_date(date(2026, 11, 30)).unwrap(),
            r#"[{"op":"replace","path":"cancelledDate","value":"2026-11-30T00:00:00Z"}]"#
        );
    }

    #[test]
    fn an_addition_that_replaces_another_copies_its_terms() {
        let terms = CopiedTerms {
            unit_price: Some(Decimal::new(450, 2)),
            unit_cost: None,
            less_included: Decimal::TWO,
            bill_customer: "NoCharge".into(),
            taxable: Some(true),
            invoice_description: "Endpoint".into(),
        };
        let product = 5.try_into().unwrap();
        let effective = date(2026, 11, 17);
        let addition = NewAddition { product, quantity: Decimal::TEN, effective, terms: Some(terms) };
        assert_eq!(
            new_addition(&addition).unwrap(),
            r#"{"product":{"id":5},"billCustomer":"NoCharge","quantity":10,"effectiveDate":"2026-11-17T00:00:00Z","unitPrice":4.5,"lessIncluded":2,"taxableFlag":true,"invoiceDescription":"Endpoint"}"#
        );
    }

    #[test]
    fn a_quantity_is_written_as_an_exact_number() {
        let body = |quantity| new_quantity(quantity).unwrap();
        assert_eq!(body(Decimal::from(9)), r#"[{"op":"replace","path":"quantity","value":9}]"#);
        assert_eq!(body(Decimal::new(25, 1)), r#"[{"op":"replace","path":"quantity","value":2.5}]"#);
        assert_eq!(body(Decimal::ZERO), r#"[{"op":"replace","path":"quantity","value":0}]"#);
    }
}
