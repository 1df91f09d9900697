//! What the API shows of an addition for the billing period of today: price and cost for its days alone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;

use super::terms;
use super::wire::number;
use crate::connectwise::records::{Collection, Row};
use crate::connectwise::settings::BillingReadings;
use crate::connectwise::state::State;

/// One of an addition's prorate fields; null where the agreement does not prorate or has no period today.
///
/// The vendor's schema names the fields and says no more: that they are of the current period is an assumption.
pub(in crate::connectwise) fn prorated(state: &State, agreement: u32, row: &Row, field: &str, now: Timestamp) -> Value {
    share(state, agreement, row, field, now).map_or(Value::Null, number)
}

fn share(state: &State, agreement: u32, row: &Row, field: &str, now: Timestamp) -> Option<Decimal> {
    // Listings ask this of every line: most agreements do not prorate, and their terms need not be read.
    state.row(Collection::Agreements, 0, agreement).filter(|row| terms::flag(row, "prorateFlag"))?;
    let own = terms::agreement(state, agreement)?;
    let top = terms::agreement(state, terms::root(state, agreement))?;
    let (cycle, next) = (top.cycle?, top.next?);
    let today = now.to_zoned(TimeZone::UTC).date();
    let period = if next > today { cycle.period_before(next) } else { cycle.period_at(next) };
    if today < period.first || period.last < today {
        return None;
    }
    let addition = terms::addition(0, row)?;
    let days = addition.billed_days(&BillingReadings::default(), &own.proration, period).map_or(0, |days| days.days());
    let whole = if field.ends_with("Cost") { terms::decimal(row, "unitCost")? } else { addition.price };
    let units = if field.starts_with("extended") { addition.units() } else { Decimal::ONE };
    let part = whole * units * Decimal::from(days) / Decimal::from(period.days());
    Some(part.round_dp(own.proration.decimals))
}
