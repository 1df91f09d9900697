//! A customer's row as it is shown.

use serde::Serialize;
use shared::domain::customer::Customer;
use shared::domain::id::{CustomerId, ProductCode, RunId};
use shared::domain::outcome::Outcome;
use shared::domain::sync_status::CustomerSyncStatus;
use shared::http::{AgreementShown, Language};
use shared::store::MappedCustomer;
use utoipa::ToSchema;

/// Sophos' word for MSP Flex, the only customers whose usage can be synced.
const MSP_FLEX: &str = "usage";

/// A Sophos customer, where its usage is billed, and how its last sync ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerRow {
    /// Sophos' id of the customer.
    #[schema(value_type = String, format = "uuid")]
    pub(super) customer_id: CustomerId,
    /// Its name; absent where no run has seen it in Sophos, or Sophos no longer lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// Whether its usage can be synced: it is an MSP Flex customer.
    pub(super) sync_available: bool,
    /// Whether its account at Sophos is suspended. What Sophos bills for it all the same is synced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) suspended: bool,
    /// Where its usage is billed; absent where it is not mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mapping: Option<CustomerTarget>,
    /// Counts what a person edits; 0 where it is not mapped.
    pub(super) version: u64,
    /// How its last sync ended; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_sync: Option<LastSync>,
}

/// The one company and the one agreement of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerTarget {
    /// The id of the ConnectWise company.
    pub(super) company_id: u32,
    /// Its name, as it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) company_name: Option<String>,
    /// The id of the agreement.
    pub(super) agreement_id: u32,
    /// Its name, as it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agreement_name: Option<String>,
    /// How the agreement bills.
    #[serde(flatten)]
    pub(super) agreement_facts: AgreementShown,
    /// Whether its usage is carried over. Off: ConnectWise goes on billing the last quantities.
    pub(super) sync: bool,
    /// Whether a person has applied a preview for this agreement. Until then runs hold what they would write.
    pub(super) applied: bool,
}

/// How a customer's last sync ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastSync {
    /// The run.
    #[schema(value_type = String)]
    pub(super) run_id: RunId,
    /// The usage month.
    #[schema(example = "2026-11")]
    pub(super) month: String,
    /// When the customer was done.
    #[schema(format = DateTime)]
    pub(super) at: String,
    /// Whether nothing of it failed.
    pub(super) succeeded: bool,
    /// How many of its products wait for a decision.
    pub(super) held: u64,
    /// What failed first, where something failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<SyncFailure>,
}

/// What went wrong in a customer's sync, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncFailure {
    /// The Sophos product; absent for usage that names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    pub(super) product_code: Option<ProductCode>,
    /// The stable word of what went wrong.
    #[schema(example = "failed.agreementGone")]
    pub(super) code: String,
    /// What went wrong.
    pub(super) what: String,
    /// What to do next.
    pub(super) advice: String,
}

/// Whether a customer's usage can be synced.
pub(super) fn can_sync(customer: Option<&Customer>) -> bool {
    customer.is_some_and(|customer| customer.billing == MSP_FLEX)
}

impl CustomerRow {
    /// The row of a customer, by what Sophos and the partner say of it.
    pub(super) fn of(
        id: CustomerId,
        customer: Option<&Customer>,
        mapped: Option<&MappedCustomer>,
        stamp: Option<CustomerSyncStatus>,
        language: Language,
    ) -> Self {
        Self {
            customer_id: id,
            name: customer.map(|customer| customer.name.clone()),
            sync_available: can_sync(customer),
            suspended: customer.is_some_and(|customer| customer.suspended),
            mapping: mapped.map(CustomerTarget::of),
            version: mapped.map_or(0, |(mapping, _)| mapping.version),
            last_sync: stamp.map(|stamp| LastSync::of(stamp, language)),
        }
    }
}

impl CustomerTarget {
    /// What a stored mapping shows.
    pub(super) fn of((mapping, names): &MappedCustomer) -> Self {
        Self {
            company_id: mapping.company.get(),
            company_name: names.as_ref().map(|names| names.company.clone()),
            agreement_id: mapping.agreement.get(),
            agreement_name: names.as_ref().map(|names| names.agreement.clone()),
            agreement_facts: names.as_ref().map(|names| (&names.facts).into()).unwrap_or_default(),
            sync: mapping.sync,
            applied: mapping.is_applied(),
        }
    }
}

impl LastSync {
    fn of(stamp: CustomerSyncStatus, language: Language) -> Self {
        Self {
            succeeded: stamp.succeeded(),
            run_id: stamp.run,
            month: stamp.month.to_string(),
            at: stamp.at.to_string(),
            held: stamp.counts.held,
            failure: stamp.first_failure.map(|failed| {
                let outcome = Outcome::Failed(failed.failure);
                SyncFailure {
                    product_code: failed.product,
                    code: outcome.code(),
                    what: language.reason(&outcome),
                    advice: language.advice(&outcome),
                }
            }),
        }
    }
}
