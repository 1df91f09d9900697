//! What people decide about mappings: read one by one or by the page, saved all or nothing, and never without saying who.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::CustomerNames;
use crate::domain::decision::HoldKey;
use crate::domain::ending::EndingKey;
use crate::domain::id::{CompanyId, CustomerId, ProductCode, PsaProductId};
use crate::domain::mapping::{CustomerMapping, ProductMapping};

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
