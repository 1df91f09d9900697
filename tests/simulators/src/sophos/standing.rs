//! What the simulator serves when it is started alone.

mod cases;
mod codes;

use std::num::NonZeroU32;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::firewalls::Firewall;
use super::generate::Population;
use super::tenant::Tenant;
use super::usage_row::UsageRow;
use super::{Config, Sophos};
use crate::simulator::faults::Bucket;
pub use cases::StandingCase;
use cases::{FIREWALL_CODE, unassigned_firewall};

/// The client id of the partner in [`Sophos::standing_data`].
pub const CLIENT_ID: &str = "simulated-client";
/// Its secret, which guards made-up figures only.
pub const CLIENT_SECRET: &str = "simulated-secret";
/// The client id, with the same secret, of a small second partner whose answers are not all of one kind: some of its
/// customers are of the older kind, some say whether they are `managed`. Published clients refuse the one or the other.
pub const MIXED_CLIENT_ID: &str = "simulated-client-mixed";

const PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(299);

/// What Sophos enforces: 100 calls a minute with bursts to 300. Read as a bucket, and not as a window of 300 calls: only
/// a bucket keeps to 100 a minute in the long run and lets 300 through after a pause.
pub const LIMIT: Bucket = Bucket { per_minute: PER_MINUTE, burst: BURST };

/// So many customers are ordinary; one for each [`StandingCase`] comes after them.
const ORDINARY: usize = 40;
const PRODUCTS: usize = 24;
const SEED: u64 = 1;
const MONTHS: i32 = 3;

impl Sophos {
    /// A simulator with usage of this month (UTC) and the two before, which keeps to [`LIMIT`]. Its first partner has 40
    /// ordinary customers of 24 products, one customer for each [`StandingCase`], and lines without a customer.
    #[must_use]
    pub fn standing_data() -> Self {
        let sophos = Self::new(Config::default());
        sophos.gate.limit(LIMIT);
        let this_month = sophos.clock.now().to_zoned(TimeZone::UTC).date().first_of_month();
        sophos.fill_first_partner(this_month);
        sophos.fill_mixed_partner(this_month);
        sophos
    }

    fn fill_first_partner(&self, this_month: Date) {
        let ordinary = Population::new(SEED, ORDINARY, PRODUCTS);
        let everybody = Population::new(SEED, ORDINARY + StandingCase::ALL.len(), PRODUCTS);
        let partner_id = ordinary.partner_id();
        let cases = || StandingCase::ALL.into_iter().zip(&everybody.tenants()[ORDINARY..]);
        self.add_population(&ordinary, CLIENT_ID, CLIENT_SECRET);
        for tenant in cases().filter_map(|(case, tenant)| case.listed(tenant)) {
            self.add_tenant(partner_id, tenant);
        }
        for firewall in cases().flat_map(|(case, tenant)| case.firewalls(tenant)) {
            self.add_firewall(partner_id, firewall);
        }
        self.add_firewall(partner_id, Firewall::managed_by(partner_id, "C01001FWALL0003", FIREWALL_CODE));
        for month in (0..MONTHS).map(|back| this_month.saturating_sub(back.months())) {
            let mut rows = ordinary.usage(month);
            rows.extend(cases().flat_map(|(case, tenant)| case.lines(tenant, month, this_month)));
            // The partner's own, one that no licence knows, and licences that nobody was assigned.
            rows.extend(["C01001FWALL0003", "C01001FWALL0004"].map(unassigned_firewall));
            rows.push(UsageRow::unassigned("CIXA", 4));
            self.set_usage(partner_id, month, &rows);
        }
    }

    fn fill_mixed_partner(&self, this_month: Date) {
        let partner_id = Uuid::from_u128(0x5050_0000_0000_4000_8000_0000_0000_0001);
        let tenant = |number: u128, name: &str| Tenant::new(Uuid::from_u128(partner_id.as_u128() + number), name);
        let managed = |managed, tenant: Tenant| {
            let mut tenant = tenant.detailed(["CIXA-MSP"]);
            tenant.details.iter_mut().for_each(|details| details.managed = Some(managed));
            tenant
        };
        self.add_partner(partner_id, MIXED_CLIENT_ID, CLIENT_SECRET);
        let tenants = [
            tenant(1, "Older Answer Bakery"),
            tenant(2, "Newer Answer Dairy").detailed(["CIXA-MSP"]),
            managed(true, tenant(3, "Managed Dental")),
            managed(false, tenant(4, "Unmanaged Printing")),
            Tenant { status: "suspended".into(), ..tenant(5, "Older Suspended Clinic") },
        ];
        let rows: Vec<UsageRow> = tenants.iter().map(|tenant| UsageRow::new(tenant.id, "CIXA-MSP", 10)).collect();
        for tenant in tenants {
            self.add_tenant(partner_id, tenant);
        }
        self.set_usage(partner_id, this_month, &rows);
    }
}
