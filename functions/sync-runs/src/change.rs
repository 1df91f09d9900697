//! A change of what ConnectWise bills, in units and in money, as holds and lines show it.

use rust_decimal::Decimal;
use serde::Serialize;
use shared::domain::outcome::Would;
use shared::domain::psa::AgreementFacts;
use shared::domain::tally::{Amounts, Difference};
use shared::domain::terms::Terms;
use utoipa::ToSchema;

/// A change of what ConnectWise bills. Amounts are those of one invoice in the agreement's currency, net of the units that
/// the agreement includes; they are absent where ConnectWise tells no price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuantityChange {
    /// What: `create`, `update`, `adopt`, `keep` or `end`.
    pub(crate) does: &'static str,
    /// The quantity before.
    pub(crate) from: String,
    /// The quantity after.
    pub(crate) to: String,
    /// The first day of an addition that is created, or the cancelled date of one that is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub(crate) date: Option<String>,
    /// Units more; less below zero.
    pub(crate) units: String,
    /// What is billed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount_from: Option<String>,
    /// What is billed after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount_to: Option<String>,
    /// How much more is billed; less below zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<String>,
    /// The same for one month; absent where the agreement's billing cycle is not one of months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount_per_month: Option<String>,
}

impl QuantityChange {
    /// None where nothing is done.
    pub(crate) fn of(would: Would, terms: Option<&Terms>, facts: &AgreementFacts) -> Option<Self> {
        let does = match would {
            Would::Create { .. } => "create",
            Would::Update { .. } => "update",
            Would::Adopt { .. } => "adopt",
            Would::Keep { .. } => "keep",
            Would::End { .. } => "end",
            Would::Nothing => return None,
        };
        let (from, to) = would.quantities();
        let amount = |quantity: Decimal| terms.and_then(|terms| terms.amount(quantity));
        let difference = terms.and_then(|terms| terms.difference(would));
        Some(Self {
            does,
            from: decimal(from),
            to: decimal(to),
            date: would.date().map(|day| day.to_string()),
            units: decimal(would.units()),
            amount_from: amount(from).map(decimal),
            amount_to: amount(to).map(decimal),
            amount: difference.map(decimal),
            amount_per_month: difference.and_then(|amount| per_month(amount, facts)).map(decimal),
        })
    }
}

/// What an amount of one invoice comes to for a month, to the cent.
pub(crate) fn per_month(amount: Decimal, facts: &AgreementFacts) -> Option<Decimal> {
    let months = facts.months()?;
    if months == 1 { Some(amount) } else { Some(amount.checked_div(months.into())?.round_dp(2)) }
}

/// How much more is billed, each addition counted once; less below zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingChange {
    /// Units.
    units: String,
    /// What one invoice of each agreement bills more, net of what agreements include: one amount a currency.
    amounts: Vec<CurrencyAmount>,
    /// Additions whose price ConnectWise does not tell; they are in no amount.
    without_price: u64,
}

/// An amount in one currency. Amounts in two currencies are never added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrencyAmount {
    /// The currency's code; absent where ConnectWise does not tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "EUR")]
    pub(crate) currency: Option<String>,
    /// The amount.
    #[schema(example = "1204.00")]
    pub(crate) amount: String,
}

impl CurrencyAmount {
    pub(crate) fn all(amounts: &Amounts) -> Vec<Self> {
        let shown = |(currency, amount): (&String, &Decimal)| Self {
            currency: Some(currency.clone()).filter(|currency| !currency.is_empty()),
            amount: decimal(*amount),
        };
        amounts.iter().map(shown).collect()
    }
}

impl BillingChange {
    pub(crate) fn of(difference: &Difference) -> Self {
        let Difference { units, amounts, without_price } = difference;
        Self { units: decimal(*units), amounts: CurrencyAmount::all(amounts), without_price: *without_price }
    }
}

/// A number as it is shown: without zeros behind the point that say nothing.
pub(crate) fn decimal(number: Decimal) -> String {
    number.normalize().to_string()
}
