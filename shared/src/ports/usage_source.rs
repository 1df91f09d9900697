//! Sophos Central, as the sync needs it.

use std::future::Future;

use crate::domain::id::CustomerId;
use crate::domain::month::UsageMonth;
use crate::domain::plan::Customer;
use crate::domain::usage::UsageLine;
use crate::error::SourceError;

/// One page of a partner's customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerPage {
    /// Its customers.
    pub customers: Vec<Customer>,
    /// The customers that are there and cannot be read: only they fail.
    pub unreadable: Vec<UnreadableCustomer>,
    /// How many pages there are, where Sophos says so.
    pub pages: Option<u32>,
    /// How many customers there are, where Sophos says so.
    pub total: Option<u64>,
    /// Whether it has as many customers as a page can have: one that has fewer is the last.
    pub is_full: bool,
}

/// A customer that has an id, and something else that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableCustomer {
    /// Its id.
    pub id: CustomerId,
    /// What is wrong with its entry; for people.
    pub why: String,
}

/// One page of a month's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsagePage {
    /// Its lines: every one that Sophos sent, however odd.
    pub lines: Vec<UsageLine>,
    /// The key of the next page; none on the last.
    pub next: Option<String>,
    /// How many lines the month has, where Sophos says so.
    pub total: Option<u64>,
}

/// A partner's Sophos Central. Reads are repeated on faults that pass.
pub trait UsageSource: Send + Sync {
    /// One page of the partner's customers; pages count from 1.
    ///
    /// # Errors
    /// [`SourceError`].
    fn list_customers(&self, page: u32) -> impl Future<Output = Result<CustomerPage, SourceError>> + Send;

    /// One page of a month's usage; none when Sophos has no usage of that month (its 404), which is not a failure.
    ///
    /// # Errors
    /// [`SourceError`].
    fn list_usage(
        &self,
        month: UsageMonth,
        key: Option<&str>,
    ) -> impl Future<Output = Result<Option<UsagePage>, SourceError>> + Send;
}
