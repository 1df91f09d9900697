//! The guards on the wire: what they are, and which values they may have.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::settings::{DecreaseGuard, Guards, Jump, UnfinishedGuard};
use shared::http::Text;
use utoipa::ToSchema;

/// The largest percentage of a guard.
const MAX_PERCENT: u32 = 1000;
/// The largest number of units of a guard.
const MAX_UNITS: u32 = 1_000_000;
/// The largest amount of a guard.
const MAX_AMOUNT: u32 = 100_000_000;
/// The most digits behind the point of an amount: ConnectWise has prices of four.
const MAX_DIGITS: u32 = 4;
/// The most days of a new month in which nothing is lowered.
const MAX_NEW_MONTH_DAYS: i8 = 28;

/// What waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SyncGuards {
    /// Decreases of more than this; every one where it is null.
    #[serde(default)]
    decrease: Option<SyncJump>,
    /// Increases of more than this.
    increase: SyncJump,
    /// Falls to zero from more units than this; smaller ones are written, unless nothing else is billed to the customer.
    #[serde(default = "to_zero_units")]
    #[schema(maximum = 1_000_000)]
    to_zero_units: u32,
    /// Changes of more money than this on one ConnectWise invoice, in the agreement's currency; none where it is null.
    #[serde(default)]
    #[schema(example = "500.00", max_length = 20)]
    amount: Option<String>,
    /// When the month's usage looks unfinished: first that of one Sophos product, whose additions then wait for one decision,
    /// else all of it, and the whole run waits.
    unfinished: SyncUnfinished,
    /// For how many days of a new month nothing is lowered because of it.
    #[schema(minimum = 0, maximum = 28)]
    new_month_days: i8,
}

/// More than both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SyncJump {
    /// Percent.
    #[schema(maximum = 1000)]
    percent: u32,
    /// Units.
    #[schema(maximum = 1_000_000)]
    units: u32,
}

/// When usage looks unfinished, against the month before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SyncUnfinished {
    /// More percent than this of its pairs are gone or newly 0,
    #[schema(maximum = 1000)]
    percent: u32,
    /// and at least this number of them.
    #[schema(maximum = 1_000_000)]
    pairs: u32,
    /// Or its units are more percent lower than this.
    #[schema(maximum = 1000)]
    units_percent: u32,
}

fn to_zero_units() -> u32 {
    Guards::default().to_zero_units
}

impl SyncGuards {
    pub(super) fn of(guards: &Guards) -> Self {
        let jump = |jump: Jump| SyncJump { percent: jump.percent, units: jump.units };
        let UnfinishedGuard { percent, pairs, units_percent } = guards.unfinished;
        Self {
            decrease: match guards.decrease {
                DecreaseGuard::Every => None,
                DecreaseGuard::Above(most) => Some(jump(most)),
            },
            increase: jump(guards.increase),
            to_zero_units: guards.to_zero_units,
            amount: guards.amount.map(|amount| amount.to_string()),
            unfinished: SyncUnfinished { percent, pairs, units_percent },
            new_month_days: guards.new_month_days,
        }
    }

    /// These guards; `wrong` gets the pointer of each field that is out of range, and why.
    pub(super) fn read(&self, wrong: &mut impl FnMut(&str, Text)) -> Guards {
        let Self { decrease, increase, to_zero_units, amount, unfinished, new_month_days } = self;
        for (name, jump) in [("decrease", *decrease), ("increase", Some(*increase))] {
            if jump.is_some_and(|jump| jump.percent > MAX_PERCENT || jump.units > MAX_UNITS) {
                let detail = Text::new(
                    format!("Expected at most {MAX_PERCENT} percent and {MAX_UNITS} units."),
                    format!("Indicare al massimo {MAX_PERCENT} per cento e {MAX_UNITS} unità."),
                );
                wrong(&format!("/guards/{name}"), detail);
            }
        }
        let SyncUnfinished { percent, pairs, units_percent } = *unfinished;
        if percent.max(units_percent) > MAX_PERCENT || pairs > MAX_UNITS {
            let detail = Text::new(
                format!("Expected at most {MAX_PERCENT} percent and {MAX_UNITS} pairs."),
                format!("Indicare al massimo {MAX_PERCENT} per cento e {MAX_UNITS} voci."),
            );
            wrong("/guards/unfinished", detail);
        }
        if *to_zero_units > MAX_UNITS {
            let detail = Text::new(
                format!("Expected at most {MAX_UNITS} units."),
                format!("Indicare al massimo {MAX_UNITS} unità."),
            );
            wrong("/guards/toZeroUnits", detail);
        }
        let amount = amount.as_deref().map(|text| Decimal::from_str_exact(text.trim()).ok().filter(is_amount));
        if amount == Some(None) {
            let detail = Text::new(
                format!("Expected an amount from 0 to {MAX_AMOUNT}, such as 500.00, or null."),
                format!("Indicare un importo da 0 a {MAX_AMOUNT}, come 500.00, oppure null."),
            );
            wrong("/guards/amount", detail);
        }
        if !(0..=MAX_NEW_MONTH_DAYS).contains(new_month_days) {
            let detail = Text::new(
                format!("Expected 0 to {MAX_NEW_MONTH_DAYS} days."),
                format!("Indicare da 0 a {MAX_NEW_MONTH_DAYS} giorni."),
            );
            wrong("/guards/newMonthDays", detail);
        }
        let jump = |jump: SyncJump| Jump { percent: jump.percent, units: jump.units };
        Guards {
            decrease: decrease.map_or(DecreaseGuard::Every, |most| DecreaseGuard::Above(jump(most))),
            increase: jump(*increase),
            to_zero_units: *to_zero_units,
            amount: amount.flatten(),
            unfinished: UnfinishedGuard { percent, pairs, units_percent },
            new_month_days: *new_month_days,
            ..Guards::default()
        }
    }
}

/// Whether it is an amount as an invoice has it.
fn is_amount(amount: &Decimal) -> bool {
    let in_range = !amount.is_sign_negative() && *amount <= Decimal::from(MAX_AMOUNT);
    in_range && amount.scale() <= MAX_DIGITS
}
