//! A page of the partner's customers (Sophos: tenants) on the wire.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::capped::capped;
use super::refusal::Fault;
use crate::client::exchange::Answer;
use crate::domain::id::CustomerId;
use crate::domain::plan::Customer;
use crate::error::SourceError;
use crate::ports::{CustomerPage, UnreadableCustomer};

/// Wire: a page.
#[derive(Deserialize)]
pub(super) struct TenantPage {
    items: Vec<Box<RawValue>>,
    pages: Pages,
}

/// Wire: where the page stands. Numbered pages count themselves, unlike those by key.
#[derive(Deserialize)]
struct Pages {
    current: Option<u32>,
    total: u32,
    items: u64,
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
}

/// Wire: only the id.
#[derive(Deserialize)]
struct IdRecord {
    id: String,
}

pub(super) fn parse(answer: &Answer) -> Result<TenantPage, Fault> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| Fault::malformed(format!("a page of customers cannot be read: {error}")))
}

impl TenantPage {
    /// The page as the port wants it, if it is the one that was asked for and all of it can be read.
    pub(super) fn into_page(self, asked: u32) -> Result<CustomerPage, SourceError> {
        if self.pages.current.is_some_and(|current| current != asked) {
            return Err(SourceError::Malformed {
                why: format!("page {asked} of the customers was asked for and another came"),
            });
        }
        let (pages, total) = (self.pages.total, self.pages.items);
        let mut page = CustomerPage { customers: Vec::new(), unreadable: Vec::new(), pages, total };
        for raw in &self.items {
            match customer(raw) {
                Ok(customer) => page.customers.push(customer),
                Err(why) => page.unreadable.push(UnreadableCustomer { id: id(raw)?, why }),
            }
        }
        Ok(page)
    }
}

/// A customer without an id fails the list: left out, it would count as one that Sophos does not list.
fn id(raw: &RawValue) -> Result<CustomerId, SourceError> {
    let unreadable = |why: String| SourceError::Malformed { why: format!("a customer cannot be read: {why}") };
    let record: IdRecord = serde_json::from_str(raw.get()).map_err(|error| unreadable(error.to_string()))?;
    CustomerId::parse(&record.id).map_err(|error| unreadable(error.to_string()))
}

/// Whatever is odd about a customer is its own: what is no billing type that bills by usage keeps it from syncing.
fn customer(raw: &RawValue) -> Result<Customer, String> {
    let record: TenantRecord<'_> = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
    Ok(Customer {
        id: CustomerId::parse(&record.id).map_err(|error| error.to_string())?,
        name: record.show_as.or(record.name).map(shown).unwrap_or_default(),
        billing: record.billing_type.map(shown).unwrap_or_default(),
    })
}

/// A text, or whatever else stands there as it is written; never longer than anybody reads.
fn shown(raw: &RawValue) -> String {
    capped(serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned()))
}
