//! A run with its totals: where the units of each Sophos product went, and what each outcome comes to in money.

use serde::Serialize;
use shared::domain::outcome::{Bucket, OutcomeKind};
use shared::domain::run::{Run, RunFailureCode, RunState};
use shared::domain::tally::{ProductTally, Total};
use shared::http::Language;
use utoipa::ToSchema;

use crate::change::{BillingChange, CurrencyAmount};
use crate::lines::OutcomeShown;
use crate::view::{RunView, is_complete};

/// One run with its totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunDetail {
    /// The run.
    #[serde(flatten)]
    run: RunView,
    /// What each outcome comes to; absent while the run's figures are not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Vec<OutcomeTotal>>,
    /// The tie-out by Sophos product: once the run is over, usage is the sum of all that follows it.
    products: Vec<ProductTieOut>,
    /// Whether no unit and no usage line was lost on the way; absent while the run is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    ties_out: Option<bool>,
}

/// All that ended in one way; each addition counts once, however many Sophos products it bills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutcomeTotal {
    /// How it ended.
    outcome: OutcomeShown,
    /// Pairs of customer and Sophos product.
    pairs: u64,
    /// Their units in Sophos' usage.
    units: u64,
    /// Writes to ConnectWise on their additions.
    writes: u64,
    /// What was done; of what waits, is to be decided or has failed: what would be done.
    change: BillingChange,
    /// What one invoice bills for the usage of their additions, net of what agreements include: one amount a currency.
    amounts: Vec<CurrencyAmount>,
    /// Additions that are in no amount: ConnectWise does not tell their price.
    without_price: u64,
}

/// Where the units of a Sophos product went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductTieOut {
    /// Its code; empty for usage without one.
    code: String,
    /// What Sophos calls it.
    description: String,
    /// Units in Sophos' usage.
    usage: u64,
    /// Usage lines.
    lines: u64,
    /// Usage lines whose quantity cannot be read; they count no units.
    unreadable: u64,
    /// Units that ConnectWise bills.
    synced: u64,
    /// Units that wait by themselves.
    waiting: u64,
    /// Units that wait for a person.
    held: u64,
    /// Units that could not be synced.
    failed: u64,
    /// Units of a product whose sync is off.
    off: u64,
    /// Units of customers whose sync is off.
    customer_off: u64,
    /// Units that somebody decided not to bill, or not to bill here.
    excluded: u64,
    /// Units of products or customers that are not mapped.
    unmapped: u64,
    /// Units without a customer or a product.
    unassigned: u64,
    /// Units of customers that Sophos does not bill by the month.
    not_monthly_billing: u64,
    /// Units of Sophos Firewall products outside the Sophos-invoice frequency.
    firewall_mode: u64,
    /// Units of a combined product that bills the largest of its parts, and this is not it.
    covered_by_largest: u64,
}

impl RunDetail {
    pub(crate) fn of(run: &Run, language: Language) -> Self {
        let whole = match &run.state {
            RunState::Succeeded | RunState::Partial => true,
            RunState::Failed(failure) => failure.code == RunFailureCode::TieOut,
            RunState::Running | RunState::Cancelled { .. } | RunState::Superseded { .. } => false,
        };
        let billing = &run.tally.billing;
        let total = |kind: OutcomeKind| OutcomeTotal::of(kind, &billing.total(kind));
        Self {
            run: RunView::of(run, language),
            totals: is_complete(run).then(|| OutcomeKind::ALL.into_iter().map(total).collect()),
            products: run.tally.products.iter().map(|(code, tally)| ProductTieOut::of(code, tally)).collect(),
            ties_out: whole.then(|| run.tally.tie_out().is_ok()),
        }
    }
}

impl OutcomeTotal {
    fn of(kind: OutcomeKind, total: &Total) -> Self {
        Self {
            outcome: OutcomeShown::of(kind),
            pairs: total.pairs,
            units: total.units,
            writes: total.writes,
            change: BillingChange::of(&total.change),
            amounts: CurrencyAmount::all(&total.amounts),
            without_price: total.without_price,
        }
    }
}

impl ProductTieOut {
    fn of(code: &str, tally: &ProductTally) -> Self {
        Self {
            code: code.to_owned(),
            description: tally.description.clone(),
            usage: tally.usage,
            lines: tally.lines,
            unreadable: tally.unreadable,
            synced: tally.units(Bucket::Synced),
            waiting: tally.units(Bucket::Waiting),
            held: tally.units(Bucket::Held),
            failed: tally.units(Bucket::Failed),
            off: tally.units(Bucket::Off),
            customer_off: tally.units(Bucket::CustomerOff),
            excluded: tally.units(Bucket::Excluded),
            unmapped: tally.units(Bucket::Unmapped),
            unassigned: tally.units(Bucket::Unassigned),
            not_monthly_billing: tally.units(Bucket::NotMonthlyBilling),
            firewall_mode: tally.units(Bucket::FirewallMode),
            covered_by_largest: tally.units(Bucket::CoveredByLargest),
        }
    }
}
