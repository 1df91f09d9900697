//! The Sophos Central partner API, simulated: a server of its own on the vendor's paths and shapes.
//!
//! One server plays `id.sophos.com` and `api.central.sophos.com`, for any number of partners at once. Its state is set
//! through the [`Sophos`] handle, before or while it serves; all clones of a handle share it.

mod account;
mod admin;
mod bent_answer;
mod billing_usage;
mod changes;
mod clock;
mod cut;
mod edge;
mod firewalls;
pub mod generate;
mod licenses;
mod page_key;
mod problem;
mod query;
mod siem;
mod sign_in;
mod standing;
mod tenant;
mod tenant_list;
mod usage_month;
mod usage_row;
mod world;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::Uri;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::simulator::gate::{Gate, guard};
use crate::simulator::serve::{Running, serve};
use account::Account;
pub use account::AccountType;
use bent_answer::bend;
pub use bent_answer::{BentAnswer, End};
pub use clock::SimulatedClock;
pub use cut::Cut;
use cut::PlannedCut;
use edge::Edge;
pub use firewalls::{Firewall, FirewallLicense, FirewallOwner, ModelType, OwnerKind};
use generate::Population;
pub use standing::{CLIENT_ID, CLIENT_SECRET, LIMIT, MIXED_CLIENT_ID, StandingCase};
pub use tenant::{Address, BillingType, Contact, Details, Tenant};
use usage_month::{Lines, UsageMonth};
pub use usage_row::{ProductGroup, UsageRow};
use world::World;

/// What can be chosen once, when a simulator is made.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long a token is good for; the vendor's own hour unless told.
    pub token_lifetime: SignedDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { token_lifetime: SignedDuration::from_hours(1) }
    }
}

/// A customer that no partner has.
#[derive(Debug, thiserror::Error)]
#[error("no partner has a customer {0}; GET /partner/v1/tenants lists them")]
pub struct UnknownTenant(pub Uuid);

/// A simulator: its state, its clock and its faults.
#[derive(Clone)]
pub struct Sophos {
    config: Config,
    clock: SimulatedClock,
    world: Arc<Mutex<World>>,
    gate: Gate,
}

impl Sophos {
    /// A simulator that knows nobody yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let world = Arc::new(Mutex::new(World::default()));
        let clock = SimulatedClock::default();
        let gate = Gate::new(Arc::new(Edge { world: Arc::clone(&world), clock: clock.clone() }));
        Self { config, clock, world, gate }
    }

    /// The clock by which tokens expire and corrections arrive.
    #[must_use]
    pub fn clock(&self) -> &SimulatedClock {
        &self.clock
    }

    /// Counters, latency, limits and faults; also under `/_sim/`.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// A partner and the credentials by which it signs in.
    pub fn add_partner(&self, id: Uuid, client_id: &str, client_secret: &str) {
        self.add_account(AccountType::Partner, id, client_id, client_secret);
        self.world().tenants.entry(id).or_default();
    }

    /// An account of any type; adding a known `client_id` again changes its secret.
    pub fn add_account(&self, account_type: AccountType, id: Uuid, client_id: &str, client_secret: &str) {
        let account = Account { id, account_type, client_secret: client_secret.to_owned() };
        self.world().accounts.insert(client_id.to_owned(), account);
    }

    /// A partner's customer; one of the same id is replaced.
    pub fn add_tenant(&self, partner_id: Uuid, tenant: Tenant) {
        self.world().tenants.entry(partner_id).or_default().put(tenant);
    }

    /// A generated partner with its customers; its usage is set month by month.
    pub fn add_population(&self, population: &Population, client_id: &str, client_secret: &str) {
        self.add_partner(population.partner_id(), client_id, client_secret);
        for tenant in population.tenants() {
            self.add_tenant(population.partner_id(), tenant.clone());
        }
    }

    /// The lines of the month that `month` lies in, from now on and for all times before; pending corrections are
    /// dropped. No rows at all is a month with data that lists nothing, which is not a month without data (404).
    pub fn set_usage(&self, partner_id: Uuid, month: Date, rows: &[UsageRow]) {
        let month_start = month.first_of_month();
        let lines = Lines::new(partner_id, month_start, rows);
        self.world().months.insert((partner_id, month_start), UsageMonth::new(lines));
    }

    /// A late correction: from `at` on, the month has these lines instead of those before.
    pub fn correct_usage(&self, partner_id: Uuid, month: Date, at: Timestamp, rows: &[UsageRow]) {
        let month_start = month.first_of_month();
        let lines = Lines::new(partner_id, month_start, rows);
        self.world().months.entry((partner_id, month_start)).or_default().correct(at, lines);
    }

    /// Takes the month away: Sophos has no data for it.
    pub fn remove_usage(&self, partner_id: Uuid, month: Date) {
        self.world().months.remove(&(partner_id, month.first_of_month()));
    }

    /// Makes the next `times` fetches of this usage page (counted from 1, in any month) go wrong.
    pub fn cut_usage(&self, partner_id: Uuid, page: usize, cut: Cut, times: u32) {
        self.world().cuts.entry(partner_id).or_default().push(PlannedCut { page, cut, times_left: times });
    }

    /// Takes from a partner's credentials the right to read billing usage: 403.
    pub fn forbid_billing(&self, partner_id: Uuid) {
        self.world().without_billing.insert(partner_id);
    }

    /// From now on no page of usage has more lines than `most`, whatever is asked for: many pages without many lines.
    pub fn cap_usage_pages(&self, most: usize) {
        self.world().usage_page_cap = Some(most.max(1));
    }

    /// From now on each answer of the API, a sign-in's too, is what `change` makes of it; `|_, _| {}` ends it.
    pub fn bend_answers(&self, change: impl Fn(&Uri, &mut BentAnswer) + Send + Sync + 'static) {
        self.world().bend = Some(Arc::new(change));
    }

    /// Makes every token that was given out worthless, as a rotation of the credentials does.
    pub fn revoke_tokens(&self) {
        let mut world = self.world();
        world.tokens.clear();
        world.refresh_tokens.clear();
    }

    /// The routes, behind the gate; for a caller that serves them itself.
    pub fn router(&self) -> Router {
        let routes = Router::new()
            .route("/api/v2/oauth2/token", post(sign_in::token))
            .route("/whoami/v1", get(sign_in::whoami))
            .route("/partner/v1/tenants", get(tenant_list::list))
            .route("/partner/v1/tenants/{id}", get(tenant_list::one))
            .route("/partner/v1/billing/usage/{year}/{month}", get(billing_usage::list))
            .route("/licenses/v1/licenses", get(licenses::list))
            .route("/licenses/v1/licenses/firewalls", get(firewalls::list))
            .route("/siem/v1/events", get(siem::list))
            .route("/siem/v1/alerts", get(siem::list))
            .fallback(edge::no_such_path)
            .with_state(self.clone())
            .layer(from_fn_with_state(self.clone(), bend));
        guard(routes, &self.gate).merge(admin::router(self.clone()))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the simulator on 127.0.0.1 at `port`, or at a free port if that is 0, until the result is dropped.
///
/// # Errors
/// When the port is taken or not allowed.
pub async fn start(sophos: &Sophos, port: u16) -> io::Result<Running> {
    serve(sophos.router(), port).await
}
