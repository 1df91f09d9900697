//! ConnectWise's records on the wire, parsed into the domain's types.
//!
//! An unreadable record is an error that names it, and is never dropped.

mod catalogue;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::value::{date, number, to_id, whole};
use crate::domain::id::{AgreementId, IdError};
use crate::domain::psa::{Addition, AdditionDetail, Agreement, AgreementStatus, ChangedBy, Company, PsaProduct};
use crate::domain::vendor_text::one_line;
use crate::error::PsaError;

pub(super) use catalogue::{category, details, kind_of_product, subcategory, unit};

/// The fields of a company that are asked for.
pub(super) const COMPANY_FIELDS: &str = "id,identifier,name";
/// The fields of a catalog item that a form shows.
pub(super) const DETAILS_FIELDS: &str = catalogue::DETAILS_FIELDS;
/// The fields of an agreement that are asked for.
pub(super) const AGREEMENT_FIELDS: &str = "id,name,type,company,agreementStatus,cancelledFlag,startDate,endDate,noEndingDateFlag,nextInvoiceDate,billingCycle,currency,parentAgreement,prorateFlag";
/// The fields of a catalog item that are asked for.
pub(super) const PRODUCT_FIELDS: &str = "id,identifier,description,productClass,inactiveFlag,price";
/// The fields of an addition that are asked for.
pub(super) const ADDITION_FIELDS: &str = "id,product,description,quantity,lessIncluded,unitPrice,unitCost,billCustomer,taxableFlag,invoiceDescription,\
    effectiveDate,cancelledDate,_info";

/// Wire: a company.
#[derive(Deserialize)]
struct CompanyRecord<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    identifier: Option<String>,
    name: Option<String>,
}

/// Wire: an agreement.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AgreementRecord<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    name: Option<String>,
    #[serde(borrow, rename = "type")]
    kind: Option<Reference<'a>>,
    #[serde(borrow)]
    company: Option<Reference<'a>>,
    agreement_status: Option<String>,
    cancelled_flag: Option<bool>,
    start_date: Option<String>,
    end_date: Option<String>,
    no_ending_date_flag: Option<bool>,
    next_invoice_date: Option<String>,
    #[serde(borrow)]
    billing_cycle: Option<Reference<'a>>,
    prorate_flag: Option<bool>,
    currency: Option<CurrencyReference>,
    #[serde(borrow)]
    parent_agreement: Option<Reference<'a>>,
}

/// Wire: a reference to a currency.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CurrencyReference {
    currency_code: Option<String>,
    name: Option<String>,
}

/// Wire: a catalog item.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CatalogRecord<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    identifier: Option<String>,
    description: Option<String>,
    product_class: Option<String>,
    inactive_flag: Option<bool>,
    #[serde(borrow)]
    price: Option<&'a RawValue>,
}

/// Wire: an addition.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdditionRecord<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    product: Option<Reference<'a>>,
    #[serde(borrow)]
    quantity: Option<&'a RawValue>,
    #[serde(borrow)]
    less_included: Option<&'a RawValue>,
    #[serde(borrow)]
    unit_price: Option<&'a RawValue>,
    #[serde(borrow)]
    unit_cost: Option<&'a RawValue>,
    bill_customer: Option<String>,
    taxable_flag: Option<bool>,
    description: Option<String>,
    invoice_description: Option<String>,
    effective_date: Option<String>,
    cancelled_date: Option<String>,
    #[serde(borrow, rename = "_info")]
    info: Option<&'a RawValue>,
}

/// Wire: the audit fields of a record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InfoRecord {
    last_updated: Option<String>,
    updated_by: Option<String>,
}

/// Wire: a reference to another record.
#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    name: Option<String>,
    /// Only of a reference to a product.
    identifier: Option<String>,
}

impl Reference<'_> {
    fn id<Id: TryFrom<i64, Error = IdError>>(reference: Option<&Self>, field: &str) -> Result<Id, String> {
        let reference = reference.ok_or_else(|| format!("it has no {field}"))?;
        to_id(reference.id).map_err(|why| format!("its {field}: {why}"))
    }
}

/// Wire: only the id.
#[derive(Deserialize)]
struct IdRecord<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// A record's id.
pub(super) fn id(record: &RawValue) -> Result<i64, PsaError> {
    parse(record, "record", |wire: IdRecord<'_>| whole(wire.id))
}

pub(super) fn company(record: &RawValue) -> Result<Company, PsaError> {
    parse(record, "company", |wire: CompanyRecord<'_>| {
        Ok(Company {
            id: to_id(wire.id)?,
            identifier: wire.identifier.as_deref().map(one_line).unwrap_or_default(),
            name: wire.name.as_deref().map(one_line).unwrap_or_default(),
        })
    })
}

pub(super) fn agreement(record: &RawValue) -> Result<Agreement, PsaError> {
    parse(record, "agreement", |wire: AgreementRecord<'_>| {
        let end = date("endDate", wire.end_date.as_deref())?;
        Ok(Agreement {
            id: to_id(wire.id)?,
            name: wire.name.as_deref().map(one_line).unwrap_or_default(),
            company: Reference::id(wire.company.as_ref(), "company")?,
            company_name: wire.company.and_then(|company| company.name).as_deref().map(one_line).unwrap_or_default(),
            kind: wire.kind.and_then(|kind| kind.name).as_deref().map(one_line).unwrap_or_default(),
            status: status(wire.agreement_status.as_deref(), wire.cancelled_flag),
            start: date("startDate", wire.start_date.as_deref())?,
            end: end.filter(|_| wire.no_ending_date_flag != Some(true)),
            next_invoice: date("nextInvoiceDate", wire.next_invoice_date.as_deref())?,
            billing_cycle: wire.billing_cycle.and_then(|cycle| cycle.name).as_deref().map(one_line),
            prorated: wire.prorate_flag.unwrap_or_default(),
            currency: wire.currency.and_then(|c| c.currency_code.or(c.name)).as_deref().map(one_line),
            parent: parent(wire.parent_agreement.as_ref()),
        })
    })
}

/// The parent of an agreement, for display only: an unreadable one is none.
fn parent(reference: Option<&Reference<'_>>) -> Option<(AgreementId, String)> {
    let reference = reference?;
    let id = Reference::id(Some(reference), "parentAgreement").ok()?;
    Some((id, reference.name.as_deref().map(one_line).unwrap_or_default()))
}

/// A set `cancelledFlag` has priority. Without a status (servers leave out null) the agreement is active and the plan
/// decides by its end date. An unknown status is not active.
fn status(status: Option<&str>, cancelled: Option<bool>) -> AgreementStatus {
    match (cancelled, status.map(str::trim)) {
        (Some(true), _) | (_, Some("Cancelled")) => AgreementStatus::Cancelled,
        (_, None | Some("" | "Active")) => AgreementStatus::Active,
        (_, Some("Expired")) => AgreementStatus::Expired,
        (_, Some(_)) => AgreementStatus::Inactive,
    }
}

pub(super) fn product(record: &RawValue) -> Result<PsaProduct, PsaError> {
    parse(record, "product", |wire: CatalogRecord<'_>| {
        Ok(PsaProduct {
            id: to_id(wire.id)?,
            identifier: wire.identifier.as_deref().map(one_line).unwrap_or_default(),
            description: wire.description.as_deref().map(one_line).unwrap_or_default(),
            class: wire.product_class.as_deref().map(one_line).unwrap_or_default(),
            bundle: wire.product_class.as_deref() == Some("Bundle"),
            inactive: wire.inactive_flag.unwrap_or_default(),
            price: number("price", wire.price)?,
        })
    })
}

/// Reads an addition. A quantity or an included quantity that is null or missing is 0: it bills nothing.
pub(super) fn addition(record: &RawValue) -> Result<Addition, PsaError> {
    parse(record, "addition", |wire: AdditionRecord<'_>| {
        Ok(Addition {
            id: to_id(wire.id)?,
            product: Reference::id(wire.product.as_ref(), "product")?,
            quantity: number("quantity", wire.quantity)?.unwrap_or_default(),
            less_included: number("lessIncluded", wire.less_included)?.unwrap_or_default(),
            unit_price: number("unitPrice", wire.unit_price)?,
            bill_customer: wire.bill_customer.as_deref().map(one_line).unwrap_or_default(),
            effective: date("effectiveDate", wire.effective_date.as_deref())?,
            cancelled: date("cancelledDate", wire.cancelled_date.as_deref())?,
            detail: AdditionDetail {
                identifier: text(wire.product.and_then(|product| product.identifier)),
                description: text(wire.description),
                unit_cost: number("unitCost", wire.unit_cost)?,
                taxable: wire.taxable_flag,
                invoice_description: text(wire.invoice_description),
                changed: wire.info.and_then(changed),
            },
        })
    })
}

/// Who last changed a record. It only causes warnings: an unreadable value is unknown.
fn changed(info: &RawValue) -> Option<ChangedBy> {
    let info: InfoRecord = serde_json::from_str(info.get()).ok()?;
    let by = Some(text(info.updated_by)).filter(|by| !by.is_empty())?;
    Some(ChangedBy { by, at: info.last_updated?.trim().parse().ok()? })
}

fn text(found: Option<String>) -> String {
    found.as_deref().map(one_line).unwrap_or_default()
}

/// Reads a record, or names the record and why it is unreadable.
fn parse<'a, Wire: Deserialize<'a>, T>(
    record: &'a RawValue,
    kind: &str,
    convert: impl FnOnce(Wire) -> Result<T, String>,
) -> Result<T, PsaError> {
    let read = serde_json::from_str(record.get()).map_err(|error| error.to_string());
    read.and_then(convert).map_err(|why| {
        let id = serde_json::from_str(record.get()).ok().and_then(|wire: IdRecord<'_>| whole(wire.id).ok());
        let which = id.map_or_else(|| "without a number".to_owned(), |id| id.to_string());
        // A parser quotes the value that it cannot read, however long it is.
        PsaError::Unanswered { why: one_line(&format!("{kind} {which} cannot be read: {why}")) }
    })
}
