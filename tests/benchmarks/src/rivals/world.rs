//! The process that is the rivals' world: a partner in the middle of a month, whose usage changes between two runs.
//!
//! An earlier run had written two thirds of the additions and remembers them, so that ours too may set a quantity
//! without a person's leave; since then usage rose, and other products came into use. No usage falls: the fall of a
//! whole partner's usage is what ours holds back until a person has seen it.

use std::collections::BTreeMap;
use std::io::Write as _;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use shared::clock::SystemClock;
use shared::domain::id::{AdditionId, AgreementId, CustomerId, IdError, ProductCode, PsaProductId};
use shared::domain::month::UsageMonth;
use shared::domain::psa::CustomerNames;
use shared::domain::snapshot::{Snapshot, Written};
use shared::ids::UuidV7;
use shared::ports::Clock;
use shared::store::Change;
use shared::store::DynamoStore;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use super::super::ScaleError;
use super::super::args::Plain;
use super::wanted::{Ask, Changed, Found, Wanted, WantedCustomer, WantedProduct};
use local_stack::apart::Addresses;
use local_stack::demo::{Demo, PlantError, PlantedPsa};
use local_stack::stack::StackError;
use simulators::connectwise::schema::Validation;
use simulators::connectwise::{ConnectWise, Row, Settings};
use simulators::sophos::{self, Sophos, UsageRow};
use simulators::table::LocalTable;

/// From when an addition is billed that was there before.
const SINCE: &str = "2026-01-01T00:00:00Z";
/// How many agreements' memories are stored at once; the table takes a hundred changes at a time.
const AT_ONCE: usize = 50;
/// How long the table is the world's own while it is filled, in seconds.
const FILLING_S: u32 = 600;

/// Makes the world, prints where it answers, and answers what it is asked until standard input closes.
pub(crate) async fn serve(plain: Plain) -> Result<(), ScaleError> {
    let world = RivalsWorld::make(plain.demo())?;
    let table = LocalTable::in_memory().await.map_err(StackError::from)?;
    let store = DynamoStore::new(table.client(), table.name().to_owned(), UuidV7);
    world.fill(&store).await.map_err(StackError::from)?;
    let (psa_server, sophos_server) = (world.psa.start(0).await?, sophos::start(&world.sophos, 0).await?);
    print(&Addresses {
        connectwise: psa_server.url(),
        sophos: sophos_server.url(),
        table: table.url().to_owned(),
        table_name: table.name().to_owned(),
        partner: world.demo.partner(),
        month: world.month,
    })?;
    world.answer().await
}

/// A line on standard output.
fn print(what: &impl serde::Serialize) -> Result<(), ScaleError> {
    println!("{}", serde_json::to_string(what)?);
    Ok(std::io::stdout().flush()?)
}

/// One customer and one product.
struct Pair {
    /// The customer's number, and the product's among those that the customer uses.
    numbers: (usize, usize),
    code: ProductCode,
    product: u32,
    /// How many units the usage has.
    units: u64,
    /// How many an earlier run wrote on which addition; none where the addition is missing.
    written: Option<(u32, u64)>,
}

struct RivalsWorld {
    demo: Demo,
    month: UsageMonth,
    psa: ConnectWise,
    sophos: Sophos,
    planted: PlantedPsa,
    rows: Vec<UsageRow>,
    pairs: Vec<Pair>,
}

impl RivalsWorld {
    fn make(demo: Demo) -> Result<Self, ScaleError> {
        let zone = demo.settings().map_err(PlantError::from).map_err(StackError::from)?.time_zone;
        let month = UsageMonth::containing(SystemClock.now().to_zoned(zone.zone().clone()).date());
        let psa = ConnectWise::new(Settings::default());
        // Times are measured here; what is answered is judged by the tests.
        psa.set_validation(Validation::Off);
        let planted = demo.fill_psa(&psa, month).map_err(StackError::from)?;
        let sophos = Sophos::new(sophos::Config::default());
        demo.fill_sophos(&sophos, month);
        let rows = demo.usage_rows(month);
        let mut world = Self { demo, month, psa, sophos, planted, rows, pairs: Vec::new() };
        world.plant_pairs()?;
        Ok(world)
    }

    /// Of three pairs, one has its addition, one has it at a smaller quantity, and one has none.
    fn plant_pairs(&mut self) -> Result<(), ScaleError> {
        let mut units: BTreeMap<(CustomerId, ProductCode), u64> = BTreeMap::new();
        for row in &self.rows {
            *units.entry(self.pair_of(row)?).or_default() += row.billable_quantity.unsigned_abs();
        }
        for number in 0..self.planted.agreements.len() {
            let customer = self.demo.customer(number);
            let own = units.iter().filter(|((of, _), _)| *of == customer);
            for (place, ((_, code), &units)) in own.enumerate() {
                let product = self.planted.products[code.as_str()];
                let had = match (number + place) % 3 {
                    0 => None,
                    1 => Some(units),
                    _ => Some(units.saturating_sub(1 + (place % 4) as u64)),
                };
                let written = match had {
                    Some(had) => Some((self.plant(number, product, had)?, had)),
                    None => None,
                };
                self.pairs.push(Pair { numbers: (number, place), code: code.clone(), product, units, written });
            }
        }
        Ok(())
    }

    fn plant(&self, customer: usize, product: u32, units: u64) -> Result<u32, ScaleError> {
        let quantity = u32::try_from(units).unwrap_or(u32::MAX);
        let since = json!({ "effectiveDate": SINCE });
        let agreement = self.planted.agreements[customer];
        Ok(self.psa.add_addition(agreement, product, quantity, since).map_err(StackError::from)?)
    }

    fn pair_of(&self, row: &UsageRow) -> Result<(CustomerId, ProductCode), ScaleError> {
        let code = ProductCode::parse(&row.product_code).map_err(PlantError::from).map_err(StackError::from)?;
        let customer = row.account_id.map(CustomerId::from_uuid);
        Ok((customer.ok_or_else(|| ScaleError::Work("usage without a customer".into()))?, code))
    }

    /// Stores what the earlier run would have left: mappings whose preview a person applied, names, and what it wrote.
    async fn fill(&self, store: &DynamoStore<UuidV7>) -> Result<(), PlantError> {
        let (partner, now) = (self.demo.partner(), SystemClock.now());
        self.demo.fill_store(store, &self.planted, self.month, now).await?;
        let mut memories = Vec::new();
        for (number, &agreement) in self.planted.agreements.iter().enumerate() {
            let agreement = AgreementId::try_from(i64::from(agreement))?;
            let names = CustomerNames {
                company: format!("C{number:05}"),
                agreement: agreement.to_string(),
                ..CustomerNames::default()
            };
            store.touch_customer(partner, self.demo.customer(number), agreement, &names, true).await?;
            memories.push(Change::PutSnapshot(agreement, self.memory_of(number)?));
        }
        let lease = store.acquire_lease(partner, "world", now, FILLING_S).await?;
        let mut lease = lease.map_err(|_| PlantError::Leased)?;
        while !memories.is_empty() {
            let rest = memories.split_off(memories.len().min(AT_ONCE));
            lease = store.commit(&lease, lease.expires_at, memories).await?;
            memories = rest;
        }
        Ok(store.release_lease(&lease).await?)
    }

    fn memory_of(&self, customer: usize) -> Result<Snapshot, IdError> {
        let mut memory = Snapshot::default();
        for pair in self.pairs.iter().filter(|pair| pair.numbers.0 == customer) {
            let Some((addition, units)) = pair.written else { continue };
            let addition = AdditionId::try_from(i64::from(addition))?;
            let parts = BTreeMap::from([(pair.code.clone(), units)]);
            let written = Written::new(addition, Decimal::from(units), self.month, parts);
            memory.written.insert(PsaProductId::try_from(i64::from(pair.product))?, written);
        }
        Ok(memory)
    }

    async fn answer(mut self) -> Result<(), ScaleError> {
        let mut asked = BufReader::new(stdin()).lines();
        let mut writes_before = 0;
        // It also closes when the process that started this one dies.
        while let Some(line) = asked.next_line().await? {
            match serde_json::from_str(&line)? {
                Ask::Change(changed) => {
                    self.change(changed)?;
                    writes_before = self.psa.writes().len();
                    print(&self.wanted())?;
                }
                Ask::FollowUp => print(&self.found(writes_before))?,
            }
        }
        Ok(())
    }

    /// Each pair that is concerned is used by one more.
    fn change(&mut self, changed: Changed) -> Result<(), ScaleError> {
        let products = self.demo.size().products;
        let mut raised = BTreeMap::new();
        for pair in &mut self.pairs {
            let (customer, product) = pair.numbers;
            if changed.concerns(customer, product, products) {
                pair.units += 1;
                raised.insert((self.demo.customer(customer), pair.code.clone()), 1);
            }
        }
        for number in 0..self.rows.len() {
            // The first of the pair's lines has it.
            if let Some(more) = raised.remove(&self.pair_of(&self.rows[number])?) {
                let row = &mut self.rows[number];
                row.billable_quantity += more;
                row.actual_quantity += more;
                row.ordered_quantity = row.ordered_quantity.map(|ordered| ordered + more);
            }
        }
        self.demo.set_usage(&self.sophos, self.month, &self.rows);
        Ok(())
    }

    fn wanted(&self) -> Wanted {
        let of = |number: usize, agreement: u32| WantedCustomer {
            customer: self.demo.customer(number),
            agreement,
            products: self.pairs.iter().filter(|pair| pair.numbers.0 == number).map(Pair::wanted).collect(),
        };
        let customers = self.planted.agreements.iter().enumerate();
        Wanted {
            effective: format!("{}T00:00:00Z", self.month.first_day()),
            customers: customers.map(|(number, &agreement)| of(number, agreement)).collect(),
        }
    }

    fn found(&self, writes_before: usize) -> Vec<Found> {
        let mut found: BTreeMap<(u32, u32), Found> = BTreeMap::new();
        for &agreement in &self.planted.agreements {
            for addition in self.psa.additions(agreement) {
                let Some(product) = product_of(&addition) else { continue };
                if addition.get("cancelledDate").is_none_or(|date| date.as_str().is_none_or(str::is_empty)) {
                    entry(&mut found, agreement, product).quantities.extend(quantity_of(&addition));
                }
            }
        }
        for write in self.psa.writes().into_iter().skip(writes_before) {
            let (Some(agreement), Some(after)) = (agreement_of(&write.path), write.after) else { continue };
            let Some(product) = product_of(&after) else { continue };
            let one = entry(&mut found, agreement, product);
            match write.before {
                None => one.created += 1,
                Some(before) => one.updated += u32::from(quantity_of(&before) != quantity_of(&after)),
            }
        }
        found.into_values().collect()
    }
}

impl Pair {
    fn wanted(&self) -> WantedProduct {
        WantedProduct { code: self.code.to_string(), product: self.product, quantity: self.units }
    }
}

fn entry(found: &mut BTreeMap<(u32, u32), Found>, agreement: u32, product: u32) -> &mut Found {
    let none = || Found { agreement, product, quantities: Vec::new(), created: 0, updated: 0 };
    found.entry((agreement, product)).or_insert_with(none)
}

/// `/finance/agreements/{id}/additions/{id}`
fn agreement_of(path: &str) -> Option<u32> {
    path.strip_prefix("/finance/agreements/")?.split('/').next()?.parse().ok()
}

fn product_of(addition: &Row) -> Option<u32> {
    u32::try_from(addition.get("product")?.get("id")?.as_u64()?).ok()
}

fn quantity_of(addition: &Row) -> Option<Decimal> {
    addition.get("quantity").map(Value::to_string)?.parse().ok()
}
