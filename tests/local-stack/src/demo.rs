//! A partner to try the product on: made from a seed, with every awkward case that a real one has.
//!
//! [`Demo`] fills both simulators and the table. Each case has its expected outcome, which the local stack and the
//! tests compare.

mod cases;
mod catalogue;
mod expected;
mod partner;
mod psa;
mod spec;
mod terms;
mod usage;

use std::collections::HashMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use shared::domain::id::{CustomerId, PartnerId, ProductCode};
use shared::domain::month::UsageMonth;

use cases::CASES;
use catalogue::Role;
pub use expected::{Expectation, Missed, Place};
pub use partner::PlantError;
pub use psa::{DEMO_COMPANY, PlantedPsa};
use simulators::connectwise::Settings;
use simulators::sophos::generate::Population;
use simulators::sophos::{Sophos, UsageRow};
use spec::Spec;

/// From this many customers on, the awkward cases are planted; a smaller partner has none.
pub const LEAST_CUSTOMERS: usize = CASES.len() + usage::EVERY;
/// From this many Sophos products on, the awkward cases are planted.
pub const LEAST_PRODUCTS: usize = 24;

/// The client id and secret by which the demo partner signs in to Sophos. They open nothing but a simulator.
pub const SOPHOS_CLIENT: (&str, &str) = ("demo-client", "demo-secret");

/// What a demo partner is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Size {
    /// The seed of all random values.
    pub seed: u64,
    /// How many Sophos customers.
    pub customers: usize,
    /// How many Sophos products.
    pub products: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { seed: 7, customers: 60, products: 24 }
    }
}

/// How many of an ordinary customer's additions somebody typed into ConnectWise before the first run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TypedIn {
    /// None: a first run creates them all.
    Nothing,
    /// About half of them.
    #[default]
    Half,
    /// Every one, at the quantity of the usage: a first run has nothing to write.
    Everything,
}

/// A demo partner.
#[derive(Clone, Debug)]
pub struct Demo {
    size: Size,
    population: Population,
    /// The place of each customer and of each product code among the population's.
    customers: HashMap<CustomerId, usize>,
    products: HashMap<String, usize>,
    awkward: bool,
    typed_in: TypedIn,
    psa_settings: Settings,
}

impl Demo {
    /// A partner of a size; the same size is the same partner.
    #[must_use]
    pub fn new(size: Size) -> Self {
        let population = Population::new(size.seed, size.customers, size.products);
        let customers = population.tenants().iter().map(|tenant| CustomerId::from_uuid(tenant.id)).zip(0..).collect();
        let products = population.products().iter().map(|product| product.code.clone()).zip(0..).collect();
        let awkward = size.customers >= LEAST_CUSTOMERS && size.products >= LEAST_PRODUCTS;
        let (typed_in, psa_settings) = (TypedIn::default(), Settings::default());
        Self { size, population, customers, products, awkward, typed_in, psa_settings }
    }

    /// A partner of ordinary customers only, however large, each of whom uses every product.
    #[must_use]
    pub fn plain(size: Size, typed_in: TypedIn) -> Self {
        Self { awkward: false, typed_in, ..Self::new(size) }
    }

    /// The same partner on a ConnectWise that reads what its vendor leaves open as `settings` says.
    #[must_use]
    pub fn on(self, settings: Settings) -> Self {
        Self { psa_settings: settings, ..self }
    }

    /// How the partner's ConnectWise reads what its vendor leaves open.
    #[must_use]
    pub const fn psa_settings(&self) -> &Settings {
        &self.psa_settings
    }

    /// What it is made from.
    #[must_use]
    pub const fn size(&self) -> Size {
        self.size
    }

    /// Whether it has the awkward cases; else every customer and product is an ordinary one.
    #[must_use]
    pub const fn is_awkward(&self) -> bool {
        self.awkward
    }

    /// The partner.
    #[must_use]
    pub fn partner(&self) -> PartnerId {
        PartnerId::from_uuid(self.population.partner_id())
    }

    /// The customer of a number, from 0.
    #[must_use]
    pub fn customer(&self, number: usize) -> CustomerId {
        CustomerId::from_uuid(self.population.tenants()[number].id)
    }

    /// Puts the partner's credentials, customers and a month's usage into Sophos. Another month may be added later.
    pub fn fill_sophos(&self, sophos: &Sophos, month: UsageMonth) {
        sophos.add_partner(self.population.partner_id(), SOPHOS_CLIENT.0, SOPHOS_CLIENT.1);
        for (number, tenant) in self.population.tenants().iter().enumerate() {
            if self.spec(number).is_some_and(|spec| !spec.listed) {
                continue;
            }
            let billed = self.spec(number).map_or(tenant.billing_type, |spec| spec.billing);
            sophos.add_tenant(self.population.partner_id(), tenant.clone().billed_by(billed));
        }
        self.set_usage(sophos, month, &self.usage_rows(month));
    }

    /// Puts these lines in the place of a month's usage.
    pub fn set_usage(&self, sophos: &Sophos, month: UsageMonth, rows: &[UsageRow]) {
        sophos.set_usage(self.population.partner_id(), month.first_day(), rows);
    }

    /// The awkward case that a customer is, if it is one.
    fn spec(&self, customer: usize) -> Option<&'static Spec> {
        if self.is_awkward() { CASES.get(customer) } else { None }
    }

    /// The role of a product.
    fn role(&self, product: usize) -> Role {
        if self.is_awkward() { catalogue::role_of(self.code(product).as_str()) } else { Role::Ordinary }
    }

    fn code(&self, product: usize) -> ProductCode {
        let product = &self.population.products()[product];
        ProductCode::parse(&product.code).unwrap_or_else(|_| unreachable!("generated codes are valid"))
    }

    fn number_of(&self, code: &str) -> Option<usize> {
        self.products.get(code).copied()
    }
}

/// A day counted from 1 for the first of a month; a negative one lies before the month, one past its end after it.
fn day_of(month: UsageMonth, day: i8) -> Date {
    let days = if day > 0 { day - 1 } else { day };
    month.first_day().checked_add(i64::from(days).days()).unwrap_or(month.first_day())
}
