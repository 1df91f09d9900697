//! Made-up customers and their usage, the same for the same seed, and coherent from month to month.
//!
//! Every customer uses every product. A quantity starts somewhere and then drifts: in most months it stays, in some
//! 15 of 100 it rises by 1 to 5, in a few it falls. So two months of one population differ as real months do.

mod names;
mod pair;
mod products;

use jiff::civil::{Date, date};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

pub use products::Product;

use super::tenant::Tenant;
use super::usage_row::UsageRow;

/// The month in which every quantity starts; the months before it are all like it.
const FIRST_MONTH: Date = date(2024, 1, 1);

/// A partner's customers and the products that they use.
#[derive(Clone, Debug)]
pub struct Population {
    seed: u64,
    partner_id: Uuid,
    tenants: Vec<Tenant>,
    products: Vec<Product>,
}

impl Population {
    /// As many customers and products as asked for; a larger population of the same seed begins with the smaller one.
    #[must_use]
    pub fn new(seed: u64, customers: usize, products: usize) -> Self {
        let mut draws = ChaCha8Rng::seed_from_u64(seed);
        let partner_id = random_uuid(&mut draws);
        let first_name = draws.random_range(0..names::COUNT);
        let products: Vec<Product> = (0..products).map(products::product).collect();
        let codes = || products.iter().map(|product| product.code.as_str());
        let tenant = |n| Tenant::new(random_uuid(&mut draws), names::company(first_name + n)).detailed(codes());
        Self { seed, partner_id, tenants: (0..customers).map(tenant).collect(), products }
    }

    /// The id of the partner that serves these customers.
    #[must_use]
    pub fn partner_id(&self) -> Uuid {
        self.partner_id
    }

    /// The customers, all of them MSP Flex and of the newer kind.
    #[must_use]
    pub fn tenants(&self) -> &[Tenant] {
        &self.tenants
    }

    /// The products, the known codes first.
    #[must_use]
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    /// The usage lines of the month that `month` lies in, customer by customer: one line for most pairs of customer
    /// and product, two or three for one pair in ten.
    #[must_use]
    pub fn usage(&self, month: Date) -> Vec<UsageRow> {
        let months = months_since_first(month);
        let mut rows = Vec::with_capacity(self.tenants.len() * self.products.len() * 9 / 8);
        let mut draws = ChaCha8Rng::seed_from_u64(self.seed);
        for (customer, tenant) in self.tenants.iter().enumerate() {
            for (number, product) in self.products.iter().enumerate() {
                draws.set_stream(1 + ((customer as u64) << 32) + number as u64);
                draws.set_word_pos(0);
                rows.extend(pair::lines(tenant, number, product, months, &mut draws));
            }
        }
        pair::total_up_order_lines(&mut rows);
        rows
    }
}

fn months_since_first(month: Date) -> u32 {
    let count = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
    u32::try_from(count(month) - count(FIRST_MONTH)).unwrap_or_default()
}

fn random_uuid(draws: &mut ChaCha8Rng) -> Uuid {
    uuid::Builder::from_random_bytes(draws.random()).into_uuid()
}
