//! What the simulator serves when it is started alone.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use super::generate::Population;
use super::{Config, Sophos};

/// The client id of the partner in [`Sophos::standing_data`].
pub const CLIENT_ID: &str = "simulated-client";
/// Its secret, which guards made-up figures only.
pub const CLIENT_SECRET: &str = "simulated-secret";

impl Sophos {
    /// A simulator with one partner, 40 customers and 24 products, and usage of this month (UTC) and the two before.
    #[must_use]
    pub fn standing_data() -> Self {
        let sophos = Self::new(Config::default());
        let population = Population::new(1, 40, 24);
        sophos.add_population(&population, CLIENT_ID, CLIENT_SECRET);
        let today = sophos.clock.now().to_zoned(TimeZone::UTC).date();
        for months_back in 0..3 {
            let month = today.first_of_month().saturating_sub(months_back.months());
            sophos.set_usage(population.partner_id(), month, &population.usage(month));
        }
        sophos
    }
}
