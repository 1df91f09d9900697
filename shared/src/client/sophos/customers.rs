//! A page of the partner's customers (Sophos calls them tenants) on the wire.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::refusal::Fault;
use crate::client::exchange::Answer;
use crate::domain::customer::Customer;
use crate::domain::id::CustomerId;
use crate::domain::vendor_text::one_line;
use crate::error::SourceError;
use crate::ports::{CustomerPage, UnreadableCustomer};

/// How many customers are requested at a time: Sophos' largest page.
pub(super) const PAGE_SIZE: usize = 100;

/// Sophos' status of a suspended account. Sophos does not always send it.
const SUSPENDED: &str = "suspended";

/// Wire: a page.
#[derive(Deserialize)]
pub(super) struct TenantPage {
    items: Vec<Box<RawValue>>,
    pages: Pages,
}

/// Wire: the position of the page. Unlike pages by key, numbered ones have counts; each of them may be missing.
#[derive(Deserialize)]
struct Pages {
    current: Option<u32>,
    size: Option<usize>,
    total: Option<u32>,
    items: Option<u64>,
}

/// Wire: a customer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TenantRecord<'a> {
    id: String,
    #[serde(borrow)]
    show_as: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    billing_type: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

/// Wire: only the id.
#[derive(Deserialize)]
struct IdRecord {
    id: String,
}

pub(super) fn parse(answer: &Answer) -> Result<TenantPage, Fault> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| Fault::malformed(one_line(&format!("a page of customers cannot be read: {error}"))))
}

impl TenantPage {
    /// The page for the port, if it is the requested one and can be read.
    pub(super) fn into_page(self, requested: u32) -> Result<CustomerPage, SourceError> {
        if self.pages.current.is_some_and(|current| current != requested) {
            return Err(SourceError::Malformed {
                why: format!("page {requested} of the customers was asked for and another came"),
            });
        }
        let size = self.pages.size.filter(|size| (1..=PAGE_SIZE).contains(size)).unwrap_or(PAGE_SIZE);
        if self.items.len() > PAGE_SIZE {
            return Err(SourceError::Malformed {
                why: format!("a page of customers has {} rows, {PAGE_SIZE} were asked for", self.items.len()),
            });
        }
        let mut page = CustomerPage {
            customers: Vec::new(),
            unreadable: Vec::new(),
            pages: self.pages.total,
            total: self.pages.items,
            is_full: self.items.len() >= size,
        };
        for raw in &self.items {
            match customer(raw) {
                Ok(customer) => page.customers.push(customer),
                Err(why) => page.unreadable.push(UnreadableCustomer { id: id(raw)?, why }),
            }
        }
        Ok(page)
    }
}

/// A customer without an id fails the list: without it the customer would count as not listed by Sophos.
fn id(raw: &RawValue) -> Result<CustomerId, SourceError> {
    let unreadable =
        |why: String| SourceError::Malformed { why: format!("a customer cannot be read: {}", one_line(&why)) };
    let record: IdRecord = serde_json::from_str(raw.get()).map_err(|error| unreadable(error.to_string()))?;
    CustomerId::parse(&record.id).map_err(|error| unreadable(error.to_string()))
}

/// An unknown billing type is not an error: it only keeps that customer from syncing.
fn customer(raw: &RawValue) -> Result<Customer, String> {
    let record: TenantRecord<'_> = serde_json::from_str(raw.get()).map_err(|error| one_line(&error.to_string()))?;
    Ok(Customer {
        id: CustomerId::parse(&record.id).map_err(|error| error.to_string())?,
        name: record.show_as.or(record.name).map(shown).unwrap_or_default(),
        billing: record.billing_type.map(shown).unwrap_or_default(),
        suspended: record.status.is_some_and(|status| shown(status).trim().eq_ignore_ascii_case(SUSPENDED)),
    })
}

/// A string, or the JSON of any other value; cut to one line.
fn shown(raw: &RawValue) -> String {
    serde_json::from_str::<String>(raw.get()).map_or_else(|_| one_line(raw.get()), |text| one_line(&text))
}
