//! The port to Sophos Central, as the sync needs it.

use std::future::Future;

use crate::domain::customer::Customer;
use crate::domain::id::CustomerId;
use crate::domain::month::UsageMonth;
use crate::domain::usage::UsageLine;
use crate::error::SourceError;

/// One page of a partner's customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerPage {
    /// The customers that could be parsed.
    pub customers: Vec<Customer>,
    /// The customers that could not be parsed. Only their sync fails.
    pub unreadable: Vec<UnreadableCustomer>,
    /// The number of pages, if the response has it.
    pub pages: Option<u32>,
    /// The number of customers, if the response has it.
    pub total: Option<u64>,
    /// Whether the page has as many customers as a page can have; one with fewer is the last.
    pub is_full: bool,
}

/// A customer that has an id but cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableCustomer {
    /// The customer's tenant id.
    pub id: CustomerId,
    /// What is wrong with it, for people.
    pub why: String,
}

/// One page of a month's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsagePage {
    /// Every line that Sophos sent, also malformed ones.
    pub lines: Vec<UsageLine>,
    /// The key of the next page; none on the last.
    pub next: Option<String>,
    /// The number of lines of the month, if the response has it.
    pub total: Option<u64>,
}

/// A partner's Sophos Central. Reads are retried after transient errors.
pub trait UsageSource: Send + Sync {
    /// One page of the partner's customers; pages count from 1.
    fn list_customers(&self, page: u32) -> impl Future<Output = Result<CustomerPage, SourceError>> + Send;

    /// One page of a month's usage; none if Sophos has no usage of that month (a 404), which is not an error.
    fn list_usage(
        &self,
        month: UsageMonth,
        key: Option<&str>,
    ) -> impl Future<Output = Result<Option<UsagePage>, SourceError>> + Send;
}
