//! Sophos: the customers and their usage, which change while the world goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::ToSpan;
use shared::domain::customer::Customer;
use shared::domain::departure::Departure;
use shared::domain::id::{CustomerId, ProductCode};
use shared::domain::month::UsageMonth;
use shared::domain::usage::{LineQuantity, Pair, Periods, Readings, Repeats, UsageLine};
use shared::error::SourceError;
use shared::ports::{CustomerPage, UsagePage, UsageSource};

use super::environment::{Environment, locked};

/// A month's usage: units by customer and Sophos product.
pub(super) type Units = BTreeMap<(CustomerId, ProductCode), u64>;

/// How a pair's usage says more than one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// Its line comes twice.
    Twice,
    /// Its order was renewed in the middle of the month, at two units more.
    Renewed,
}

/// How many units more a renewed order has.
const MORE: u64 = 2;

/// Sophos.
#[derive(Clone)]
pub(super) struct Sophos {
    pub(super) environment: Environment,
    /// All customers, those who have left included.
    pub(super) customers: Arc<Vec<Customer>>,
    pub(super) left: Arc<Mutex<BTreeMap<CustomerId, Departure>>>,
    pub(super) odd: Arc<Mutex<BTreeMap<(CustomerId, ProductCode), Odd>>>,
    pub(super) usage: Arc<Mutex<BTreeMap<UsageMonth, Units>>>,
}

impl Sophos {
    /// A month's usage as it is now.
    pub(super) fn units(&self, month: UsageMonth) -> Units {
        locked(&self.usage).get(&month).cloned().unwrap_or_default()
    }

    /// How a customer has left, if it has.
    pub(super) fn departure_of(&self, customer: CustomerId) -> Option<Departure> {
        locked(&self.left).get(&customer).cloned()
    }

    /// The pair's quantity under these readings; None if they do not decide it.
    pub(super) fn read(&self, pair: &(CustomerId, ProductCode), units: u64, answers: &Readings) -> Option<u64> {
        match locked(&self.odd).get(pair).filter(|_| units > 0) {
            None => Some(units),
            Some(Odd::Twice) => answers.duplicate_usage.map(|answer| match answer {
                Repeats::CountOnce => units,
                Repeats::AddUp => 2 * units,
            }),
            Some(Odd::Renewed) => answers.consecutive_periods.map(|answer| match answer {
                Periods::AddUp => 2 * units + MORE,
                Periods::LargestOnOneDay | Periods::LastPeriod => units + MORE,
            }),
        }
    }

    fn lines(&self, month: UsageMonth, pair: &(CustomerId, ProductCode), units: u64) -> Vec<UsageLine> {
        let of = Pair { customer: Some(pair.0), product: Some(pair.1.clone()) };
        let line = UsageLine::new(of, LineQuantity::Units(units));
        let odd = locked(&self.odd).get(pair).copied();
        match odd.filter(|_| units > 0) {
            None => vec![line],
            Some(Odd::Twice) => vec![line.clone(), line],
            Some(Odd::Renewed) => {
                let (first, last) = (month.first_day(), month.last_day());
                let (until, from) = (first.saturating_add(13.days()), first.saturating_add(14.days()));
                let days = |first: jiff::civil::Date, last: jiff::civil::Date, units| UsageLine {
                    order: "L0001".into(),
                    billing_start: first.to_string(),
                    billing_end: last.to_string(),
                    quantity: LineQuantity::Units(units),
                    ..line.clone()
                };
                vec![days(first, until, units), days(from, last, units + MORE)]
            }
        }
    }

    /// The customers as Sophos lists them.
    fn listed(&self) -> Vec<Customer> {
        let left = locked(&self.left);
        let shown = |customer: &Customer| match left.get(&customer.id) {
            None => Some(customer.clone()),
            Some(Departure::NotListed) => None,
            Some(Departure::OtherBilling { billing }) => {
                Some(Customer { billing: billing.clone(), ..customer.clone() })
            }
        };
        self.customers.iter().filter_map(shown).collect()
    }

    async fn answer(&self) -> Result<(), SourceError> {
        self.environment.pass(20, 400).await;
        match self.environment.happens(self.environment.fault_profile().source_away) {
            true => Err(SourceError::Unavailable { why: "a storm".into() }),
            false => Ok(()),
        }
    }
}

impl UsageSource for Sophos {
    async fn list_customers(&self, _page: u32) -> Result<CustomerPage, SourceError> {
        self.answer().await?;
        let customers = self.listed();
        let total = Some(customers.len() as u64);
        Ok(CustomerPage { total, customers, unreadable: Vec::new(), pages: Some(1), is_full: false })
    }

    async fn list_usage(&self, month: UsageMonth, _key: Option<&str>) -> Result<Option<UsagePage>, SourceError> {
        self.answer().await?;
        let units = self.units(month);
        let lines: Vec<UsageLine> = units.iter().flat_map(|(pair, units)| self.lines(month, pair, *units)).collect();
        self.environment.note("usage read", &[lines.len() as u64]);
        Ok(Some(UsagePage { total: Some(lines.len() as u64), lines, next: None }))
    }
}
