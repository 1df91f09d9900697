//! A ConnectWise PSA to talk to: a stateful server on the vendor's paths, with its shapes, its grammar and its oddities.
//!
//! It implements the API as documented, not only what our client uses. What the vendor documents is followed; where the
//! vendor is silent, a choice was made, listed below.
//!
//! A call goes through the [gate](crate::simulator::gate) (counters, faults), then `routes` → `auth` → `path` →
//! `operations` on the `state`: bodies are typed by `coerce`, completed by `complete`, judged by `validate`,
//! listed by `query` with its `conditions`, and shown by `view`.
//!
//! # Assumptions
//!
//! What no public source settles is a switch: [`WireReadings`] lists the readings and what speaks for them. Besides:
//!
//! - as in SQL, a comparison with an unset field is false, except with `null`.
//! - `AND` binds tighter than `OR`; `NOT` stands before an operator, not before a term.
//! - A page or page size that is no positive number counts as not given.
//! - A missing or malformed `clientId` is 401; a verb that a path does not have is 405 after the keys, before the rights.
//! - The guide documents 409 for what is in use, not its body. An agreement with additions can be deleted; they are
//!   deleted too.
//! - A value that its field's type cannot hold is `OutOfRange`; an unknown path of a PATCH is `NotFound`; an
//!   operation other than add, replace and remove is refused; a PATCH of `id`, `_info` or a computed field is ignored.
//! - Names of members in bodies and operations count without their capitals at every depth.
//! - A quoted number passes for a number in conditions, as public clients write ids. `childConditions` takes lists alone,
//!   and holds where one member of the list fits all of it. `in` is taken there, though the guide does not list it.
//! - `fields` works for GET and POST, as the guide says, and not for PUT and PATCH.
//! - There is no `/search`: the vendor's document has it for tickets alone.
//! - A product that cannot be an addition is reported as `NotFound` on `product`, in a POST as in a PATCH.
//! - Agreements that are cancelled or expired still take additions.
//! - `periodType` `Current` bills in arrears, anything else in advance. An agreement with `autoInvoiceFlag` is invoiced by
//!   the server itself when its date has come, any other on request. Each has an invoice of its own, also a child agreement.
//! - An addition that is `DoNotBill` is not on the invoice; one of `NoCharge` is, at no amount.

mod audit;
pub mod auth;
mod coerce;
mod complete;
pub mod conditions;
mod dates;
mod doubts;
mod file;
pub mod invoices;
mod operations;
mod patch;
mod path;
mod query;
mod reading;
mod records;
mod refusal;
mod routes;
pub mod schema;
mod seed;
pub mod settings;
mod setup_tables;
mod standing;
mod state;
mod validate;
mod vendor;
mod view;

use shared::clock::SystemClock;
use shared::ports::Clock as _;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use jiff::Timestamp;
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;

pub use audit::Write;
pub use file::StateFileError;
pub use records::{Collection, Row};
pub use refusal::Refusal;
pub use seed::merged;
pub use settings::{
    ArrearsDate, BegunInside, BillingReadings, CancelledDate, EndedInside, LateDates, Settings, UnknownCompany,
    WrongKeys,
};
pub use standing::{ANNUAL, EUR, QUARTERLY, USD, customer};
pub use standing::{STANDING_COMPANY, STANDING_PRIVATE_KEY, STANDING_PUBLIC_KEY};

use crate::simulator::gate::{Gate, guard};
use crate::simulator::serve::{Running, serve, serve_tls};
use crate::simulator::tls::Authority;
use invoices::make_automatic;
use schema::watch::Watch;
use schema::{SchemaReport, Validation};
use settings::wire::{Doubtful, IsCloud, SiteUrl, WireReadings};
use state::State;

/// A simulated PSA; clones are handles on the same one.
#[derive(Clone)]
pub struct ConnectWise {
    inner: Arc<Inner>,
    gate: Gate,
}

struct Inner {
    settings: Settings,
    codebase: Mutex<String>,
    clock: Mutex<Option<Timestamp>>,
    state: Mutex<State>,
    watch: Watch,
}

impl ConnectWise {
    /// A PSA with the setup tables that every server has, no credentials and no other records.
    pub fn new(settings: Settings) -> Self {
        let mut state = State::default();
        setup_tables::enter(&mut state);
        Self::with_state(settings, state)
    }

    fn with_state(settings: Settings, mut state: State) -> Self {
        state.older = is_older(&settings.codebase);
        let inner = Arc::new(Inner {
            codebase: Mutex::new(settings.codebase.clone()),
            clock: Mutex::new(settings.now),
            state: Mutex::new(state),
            watch: Watch::from_environment(),
            settings,
        });
        Self { gate: Gate::new(inner.clone()), inner }
    }

    /// Counters and faults.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The whole server as a router, gate and admin routes included. Answers are compressed for callers that ask for it,
    /// as whatever the gate made of them.
    pub fn router(&self) -> Router {
        let guarded = guard(routes::router(self.clone()), &self.gate);
        guarded.merge(invoices::admin::router(self.clone())).layer(CompressionLayer::new())
    }

    /// What becomes of an answer that is not as the vendor's OpenAPI document says; [`Validation::Strict`] at first.
    pub fn set_validation(&self, validation: Validation) {
        self.inner.watch.set_validation(validation);
    }

    /// How the answers so far compare with the vendor's OpenAPI document; see [`schema`].
    pub fn schema_report(&self) -> SchemaReport {
        self.inner.watch.report()
    }

    /// Serves it on 127.0.0.1 at `port`, or at a free port if that is 0.
    pub async fn start(&self, port: u16) -> io::Result<Running> {
        serve(self.router(), port).await
    }

    /// The same over https, with a certificate of `authority`.
    pub async fn start_tls(&self, port: u16, authority: &Authority) -> io::Result<Running> {
        serve_tls(self.router(), port, authority).await
    }

    /// Stops the server's clock at `now`, and makes the invoices that the server makes by itself by then.
    pub fn set_now(&self, now: Timestamp) {
        *lock(&self.inner.clock) = Some(now);
        make_automatic(&mut self.inner.state(), self.inner.settings.billing, now);
    }

    /// Moves the server to another codebase (`v2025_2/`), as a cloud upgrade does: paths of the old one are 404.
    pub fn upgrade(&self, codebase: &str) {
        codebase.clone_into(&mut lock(&self.inner.codebase));
        self.inner.state().older = is_older(codebase);
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn now(&self) -> Timestamp {
        lock(&self.clock).unwrap_or_else(|| SystemClock.now())
    }

    fn serves(&self, codebase: &str) -> bool {
        codebase == "v4_6_release/" || codebase.eq_ignore_ascii_case(&lock(&self.codebase))
    }

    /// `v2025.1` for the codebase `v2025_1/`.
    fn version(&self) -> String {
        lock(&self.codebase).trim_end_matches('/').replace('_', ".")
    }

    /// The readings for people at the PSA's own screens and for tests that set it up, who write dates as they like.
    fn in_house(&self) -> WireReadings {
        WireReadings { loose_dates: Doubtful::Taken, ..self.settings.wire }
    }

    fn company_info(&self, company: &str, host: &str) -> Value {
        let version = self.version();
        let is_cloud = match self.settings.wire.is_cloud {
            IsCloud::Flag => json!(true),
            IsCloud::Text => json!("True"),
        };
        let mut info = json!({
            "CompanyName": company,
            "Codebase": lock(&self.codebase).clone(),
            "VersionCode": version,
            "VersionNumber": format!("{version}.100000"),
            "CompanyID": company,
            "IsCloud": is_cloud,
        });
        if self.settings.wire.site_url == SiteUrl::Named {
            info["SiteUrl"] = json!(host);
        }
        info
    }
}

/// Whether a codebase (`v2022_1/`) is older than 2025.1, whose lengths the records have.
fn is_older(codebase: &str) -> bool {
    let year = codebase.trim_start_matches('v').split('_').next().and_then(|year| year.parse::<u32>().ok());
    year.is_some_and(|year| (2000..2025).contains(&year))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
