//! What people decide about mappings: read one by one or by the page, saved all or nothing, and never without saying who.

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CustomerNames, Keep};
use crate::domain::decision::HoldKey;
use crate::domain::ending::EndingKey;
use crate::domain::id::{CompanyId, CustomerId, PartnerId, ProductCode, PsaProductId};
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;

/// Who saves something, when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The person or program, as its token names it.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// The reason that was given, if one was.
    pub note: Option<String>,
}

/// What an edit was about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "camelCase")]
pub enum Subject {
    /// The mapping of a Sophos product.
    Product(ProductCode),
    /// The mapping of a customer.
    Customer(CustomerId),
    /// A product in ConnectWise.
    PsaProduct(PsaProductId),
    /// The connection to ConnectWise.
    ConnectWiseConnection,
    /// The connection to Sophos.
    SophosConnection,
    /// The partner's settings.
    Settings,
    /// What the partner is told of, and where.
    Alerts,
    /// A decision on what waits.
    Hold(HoldKey),
    /// A decision to end an addition that is no longer synced.
    Addition(EndingKey),
}

/// One edit, for the audit. It is kept for 400 days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// When.
    pub at: Timestamp,
    /// The person or program, as its token named it.
    pub who: String,
    /// What was edited.
    pub subject: Subject,
    /// What it was before, as JSON; none when it was not there. Never a secret.
    pub before: Option<Value>,
    /// What it was made; none when it was removed. Never a secret.
    pub after: Option<Value>,
    /// The reason that was given, if one was.
    pub note: Option<String>,
}

/// One page of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditPage {
    /// Edits, newest first; those of one save in the order in which they were asked for.
    pub edits: Vec<Edit>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

/// A customer mapping and the names that a run saw for it.
pub type MappedCustomer = (CustomerMapping, Option<CustomerNames>);

/// One row of a save of customer mappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerEdit {
    /// Saves the mapping, which was read at its version (0: the customer was not mapped).
    Put(CustomerMapping),
    /// Unmaps the customer, whose mapping was read at this version (0: it was not mapped).
    Remove {
        /// Which customer.
        customer: CustomerId,
        /// The version that was read.
        version: u64,
    },
}

impl CustomerEdit {
    /// The customer that it is about.
    #[must_use]
    pub const fn customer(&self) -> CustomerId {
        match self {
            Self::Put(mapping) => mapping.customer,
            Self::Remove { customer, .. } => *customer,
        }
    }
}

/// A row that someone else changed since it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductConflict {
    /// The Sophos product.
    pub code: ProductCode,
    /// What its mapping is now; none when there is none.
    pub now: Option<ProductMapping>,
}

/// Why a row of a save of customers cannot be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerConflict {
    /// Someone else changed it since it was read.
    Changed {
        /// The customer.
        customer: CustomerId,
        /// What its mapping is now; none when it is not mapped.
        now: Option<CustomerMapping>,
    },
    /// Another customer of the partner has its company and keeps it, or wants it in the same save.
    CompanyTaken {
        /// The customer that cannot have it.
        customer: CustomerId,
        /// The company.
        company: CompanyId,
        /// The customer that has it.
        holder: CustomerId,
    },
}

/// What people edit, and the audit of it.
pub trait EditStore: Send + Sync {
    /// A product's mapping, if it was ever saved.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_product_mapping(
        &self,
        partner: PartnerId,
        code: &ProductCode,
    ) -> impl Future<Output = Result<Option<ProductMapping>, StoreError>> + Send;

    /// A customer's mapping, if it is mapped.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_customer_mapping(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> impl Future<Output = Result<Option<MappedCustomer>, StoreError>> + Send;

    /// At most `limit` (1 to 1,000) mapped customers behind `after`, by id. Fewer only where no more are behind them.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_customer_mappings_after(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<MappedCustomer>, StoreError>> + Send;

    /// Which customers have these companies (at most 100); a company that nobody has is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_company_holders(
        &self,
        partner: PartnerId,
        companies: &[CompanyId],
    ) -> impl Future<Output = Result<BTreeMap<CompanyId, CustomerId>, StoreError>> + Send;

    /// Saves up to 90 product mappings, each read at its version, their edits, and the answer that is to be kept, if one
    /// is: all or nothing. Returns them as they are stored, or every row that was changed meanwhile.
    ///
    /// # Errors
    /// `Refused` for more rows, or two of the same product; `Conflict` when another attempt has taken over; otherwise
    /// [`StoreError`].
    fn save_product_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[ProductMapping],
        keep: Option<&Keep<'_, [ProductMapping]>>,
    ) -> impl Future<Output = Result<Result<Vec<ProductMapping>, Vec<ProductConflict>>, StoreError>> + Send;

    /// Saves or removes up to 30 customer mappings, each read at its version, with the claims of their companies, their
    /// edits, and the answer that is to be kept, if one is: all or nothing. Customers may exchange companies in one save.
    /// Of a mapping that was there before, what runs have written (names, the applied agreement) stays, but for the names of a place that it left; the
    /// applied agreement outlives the mapping, so that a customer mapped anew is not billed on two agreements unseen.
    /// Returns those that are mapped as they are stored, or every row that cannot be saved and why.
    ///
    /// # Errors
    /// `Refused` for more rows, or two of the same customer; `Conflict` when another attempt has taken over; otherwise
    /// [`StoreError`].
    fn save_customer_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[CustomerEdit],
        keep: Option<&Keep<'_, [CustomerMapping]>>,
    ) -> impl Future<Output = Result<Result<Vec<CustomerMapping>, Vec<CustomerConflict>>, StoreError>> + Send;

    /// Adds edits of what is stored elsewhere (a product in ConnectWise, a connection) to the audit, with the answer that
    /// is to be kept, if one is: all or none. The first one's time counts for all.
    ///
    /// # Errors
    /// `Refused` when they are more than a transaction takes (some megabytes); `Conflict` when another attempt has taken
    /// over; otherwise [`StoreError`].
    fn add_edits(
        &self,
        partner: PartnerId,
        edits: &[Edit],
        keep: Option<&Keep<'_, ()>>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A page of the audit, newest first, from `after` (a page's `next`) on: at most `limit` (1 to 1,000) edits, of one
    /// subject where `of` names it. A page of one subject may be short or empty though a next one follows: a call looks
    /// through a bounded part of the audit.
    ///
    /// # Errors
    /// `Refused` for an `after` that is none of ours; otherwise [`StoreError`].
    fn list_edits(
        &self,
        partner: PartnerId,
        of: Option<&Subject>,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<EditPage, StoreError>> + Send;
}
