//! One partner's small world: a few customers and products, what ConnectWise has at the beginning, and the fault profile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use rust_decimal::Decimal;
use shared::domain::customer::Customer;
use shared::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::{Combine, CustomerMapping, ProductMapping};
use shared::domain::month::UsageMonth;
use shared::domain::psa::{Agreement, AgreementStatus, PsaProduct};
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName, UnfinishedGuard};
use shared::error::ConnectError;
use shared::ports::Connections;
use usage_sync::Limits;

use super::SimulationError;
use super::books::{Books, line};
use super::environment::{Environment, FaultProfile, locked};
use super::fate::Effects;
use super::invoicing::Terms;
use super::psa::ConnectWise;
use super::queue::Messages;
use super::source::{Sophos, Units};
use super::table::WorldTable;
use simulators::connectwise::BillingReadings;

/// How long an effect takes at most after its request was stored, in seconds: the engine's own number.
pub(super) const SETTLE_S: i64 = 120;
/// A request leaves within so many milliseconds after it was stored; the rest of the settle time is ConnectWise's.
const LEAVES_WITHIN_MS: u64 = 2_000;

/// A partner's world.
pub(super) struct World {
    pub(super) environment: Environment,
    pub(super) partner: PartnerId,
    pub(super) table: WorldTable,
    pub(super) sophos: Sophos,
    pub(super) books: Arc<Mutex<Books>>,
    pub(super) messages: Messages,
    pub(super) limits: Limits,
    pub(super) month: UsageMonth,
    pub(super) codes: Vec<ProductCode>,
    pub(super) products: Vec<PsaProductId>,
    /// How many days the partner's calendar is ahead of the clock: a month goes by between two events.
    pub(super) days_ahead: i32,
    /// Customers on whose agreement a person has done something.
    pub(super) touched: BTreeSet<AgreementId>,
    /// Whether a person has mapped something elsewhere.
    pub(super) remapped: bool,
    /// Whether it has what a real partner has besides the ordinary, and people who decide.
    pub(super) is_real: bool,
    /// Whether people also bill other quantities than the usage, and have decided lines written alone.
    pub(super) has_overrides: bool,
}

/// Both services as one invocation connects to them.
#[derive(Clone)]
pub(super) struct Services {
    pub(super) psa: ConnectWise,
    pub(super) sophos: Sophos,
}

impl Connections for Services {
    type Psa = ConnectWise;
    type UsageSource = Sophos;

    async fn psa(&self, _partner: PartnerId) -> Result<ConnectWise, ConnectError> {
        Ok(self.psa.clone())
    }

    async fn usage_source(&self, _partner: PartnerId) -> Result<Sophos, ConnectError> {
        Ok(self.sophos.clone())
    }
}

/// How large a world is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) customers: u64,
    pub(super) products: u64,
}

pub(super) fn agreement_of(customer: usize) -> Result<AgreementId, SimulationError> {
    Ok(AgreementId::try_from(101 + i64::try_from(customer).unwrap_or(0))?)
}

impl World {
    /// A calm world in which every customer and product is mapped and nothing was ever written.
    pub(super) async fn make(environment: Environment, size: Size) -> Result<Self, SimulationError> {
        let partner = PartnerId::parse("00000000-0000-4000-8000-000000000001")?;
        let table = WorldTable::new(environment.clone());
        let settings = Settings {
            time_zone: TimeZoneName::parse("Europe/Rome")?,
            frequency: Frequency::SophosInvoice,
            writes: true,
            // In a world this small, a few pairs that are gone are more than a tenth of all.
            guards: Guards {
                unfinished: UnfinishedGuard { percent: 1000, pairs: 1000, units_percent: 1000 },
                ..Guards::default()
            },
        };
        table.memory.put_settings(partner, &settings).await?;
        let mut books = Books::default();
        let month = UsageMonth::parse("2026-11")?;
        let mut customers = Vec::new();
        for number in 0..usize::try_from(size.customers).unwrap_or(1) {
            let (first, last) = (number * 5 % 16, 0x5d3b + number / 16);
            let id = CustomerId::parse(&format!("{first:x}18b6047-2fbc-4f4b-a143-45ee42bf{last:04x}"))?;
            let (agreement, company) = (agreement_of(number)?, CompanyId::try_from(1 + number as i64)?);
            customers.push(Customer {
                id,
                name: format!("Customer {number}"),
                billing: "usage".into(),
                suspended: false,
            });
            books.agreements.push(Agreement {
                id: agreement,
                name: format!("Agreement {number}"),
                company,
                company_name: format!("Company {number}"),
                kind: "Managed".into(),
                status: AgreementStatus::Active,
                start: None,
                end: None,
                next_invoice: None,
                billing_cycle: None,
                prorated: false,
                currency: None,
                parent: None,
            });
            books.invoicing.terms.insert(agreement, Terms::monthly(company.get(), month.first_day()));
            let mapping = CustomerMapping { applied: Some(agreement), ..CustomerMapping::new(id, company, agreement) };
            table.memory.put_customer_mapping(partner, &mapping).await?;
        }
        let (mut codes, mut products) = (Vec::new(), Vec::new());
        for number in 0..size.products {
            let product = PsaProductId::try_from(7 + i64::try_from(number).unwrap_or(0))?;
            let code = ProductCode::parse(&format!("CODE-{number}"))?;
            books.products.push(PsaProduct {
                id: product,
                identifier: format!("Product {number}"),
                description: format!("Product {number}"),
                class: String::new(),
                bundle: false,
                inactive: false,
                price: Some(Decimal::TEN),
            });
            let mapping = ProductMapping::discovered(code.clone(), false).map_to(product, Some(Combine::AddUp));
            table.memory.put_product_mapping(partner, &mapping).await?;
            codes.push(code);
            products.push(product);
        }
        let (customers, usage, odd) = (Arc::new(customers), Arc::default(), Arc::default());
        let sophos = Sophos { environment: environment.clone(), customers, left: Arc::default(), odd, usage };
        let limits = Limits { settle_s: SETTLE_S, ..Limits::default() };
        let messages = Messages::new(environment.clone());
        let books = Arc::new(Mutex::new(books));
        let touched = BTreeSet::new();
        Ok(Self {
            environment,
            partner,
            table,
            sophos,
            books,
            messages,
            limits,
            month,
            days_ahead: 0,
            codes,
            products,
            touched,
            remapped: false,
            is_real: false,
            has_overrides: false,
        })
    }

    /// A world of the seed's choice, in the seed's fault profile. Every fourth is one of ordinary lines alone.
    pub(super) async fn of_seed(seed: u64, environment: Environment) -> Result<Self, SimulationError> {
        let mut size =
            Size { customers: environment.one_of(&[1, 1, 1, 2, 2, 3, 4]), products: environment.between(1, 3) };
        if environment.happens(8) {
            // More than leave at once, and more than one commit takes.
            size = Size { customers: 1, products: environment.between(12, 45) };
        }
        let mut world = Self::make(environment.clone(), size).await?;
        world.limits.in_flight = usize::try_from(environment.between(1, 4)).unwrap_or(1);
        if size.products > 1 && environment.happens(200) {
            world.combine_the_first_two().await?;
        }
        world.first_usage();
        world.is_real = !seed.is_multiple_of(4);
        // Two of four, so that the guards are also tried on schedules without them.
        world.has_overrides = matches!(seed % 4, 1 | 2);
        locked(&world.books).invoicing.readings = BillingReadings::drawn(seed);
        if world.is_real {
            world.as_a_real_one()?;
        }
        environment.set_fault_profile(fault_profile_of(&environment));
        Ok(world)
    }

    /// The second Sophos product goes to the first one's ConnectWise product.
    pub(super) async fn combine_the_first_two(&self) -> Result<(), SimulationError> {
        let mappings = self.table.memory.list_product_mappings(self.partner).await?;
        if let (Some(second), Some(first)) =
            (self.codes.get(1).and_then(|code| mappings.find(code)), self.products.first())
        {
            let combined = second.clone().map_to(*first, Some(Combine::AddUp));
            self.table.memory.put_product_mapping(self.partner, &combined).await?;
        }
        Ok(())
    }

    /// Usage of most pairs, and additions that were there before us for some of them.
    pub(super) fn first_usage(&self) {
        let mut units = Units::new();
        for (number, customer) in self.sophos.customers.iter().enumerate() {
            for (code, product) in self.codes.iter().zip(&self.products) {
                if !self.environment.happens(850) {
                    continue;
                }
                let used = self.environment.between(5, 40);
                units.insert((customer.id, code.clone()), used);
                if self.environment.happens(300)
                    && let Ok(agreement) = agreement_of(number)
                {
                    let there = if self.environment.happens(850) { used } else { used + 1 };
                    locked(&self.books).add(agreement, line(*product, Decimal::from(there)));
                }
            }
        }
        locked(&self.sophos.usage).insert(self.month, units);
    }

    /// Both services as a new invocation sees them.
    pub(super) fn services(&self, invocation: u64, effects: Effects) -> Services {
        let request_ms = u64::try_from(self.limits.request_s).unwrap_or(0) * 1_000;
        let settle_ms = u64::try_from(SETTLE_S).unwrap_or(0) * 1_000 - LEAVES_WITHIN_MS;
        let (environment, books) = (self.environment.clone(), self.books.clone());
        let psa = ConnectWise { environment, books, effects, invocation, request_ms, settle_ms };
        Services { psa, sophos: self.sophos.clone() }
    }

    /// Usage by month, as it stands.
    pub(super) fn usage(&self) -> std::sync::MutexGuard<'_, BTreeMap<UsageMonth, Units>> {
        locked(&self.sophos.usage)
    }
}

/// Some kinds of faults, each more or less often.
fn fault_profile_of(environment: &Environment) -> FaultProfile {
    let some =
        |most: u64| if environment.happens(400) { u32::try_from(environment.between(5, most)).unwrap_or(0) } else { 0 };
    FaultProfile {
        crash: some(500),
        freeze: some(500),
        slow_psa: some(300),
        kept_waiting: some(300),
        slow_table: some(100),
        lost_after: some(500),
        lost_before: some(300),
        late: some(500),
        refused: some(100),
        throttled: some(200),
        wrong_answer: some(200),
        doubled: if environment.happens(200) { some(200) } else { 0 },
        table_away: some(20),
        table_lost: some(40),
        table_late: some(40),
        doubled_message: some(500),
        reordered: some(500),
        queue_lost: some(100),
        source_away: some(100),
        psa_unread: some(100),
        turn_ms: 0,
    }
}
