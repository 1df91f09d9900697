//! A ConnectWise PSA to talk to: a stateful server on the vendor's paths, with its shapes, its grammar and its oddities.
//!
//! It is what any client of that API would meet, not what ours happens to send. What the vendor documents is followed;
//! where the vendor is silent, a choice was made, listed below.
//!
//! A call goes through the [gate](crate::simulator::gate) (counters, faults), then `routes` → `auth` → `path` →
//! `operations` on the `state`: bodies are typed by `coerce`, completed by `complete`, judged by `validate`,
//! listed by `query` with its `conditions`, and shown by `view`.
//!
//! # Assumptions
//!
//! - Texts compare without their capitals. Nothing is equal to, or different from, an unset field but `null`.
//! - `AND` binds tighter than `OR`; `NOT` stands before an operator, not before a term.
//! - In a quoted text, a backslash before a quote or a backslash, and a doubled quote, stand for the sign itself.
//! - A page or page size that is no positive number counts as not given. `rel="last"` is on every page of several.
//! - A query above 2,048 bytes meets the web server's own 404.15, in HTML.
//! - A missing or malformed `clientId` is 401.
//! - A value that its field's type cannot hold is `OutOfRange`; an unknown path of a PATCH is `NotFound`; an
//!   operation other than add, replace and remove is refused; a PATCH of `id`, `_info` or a computed field is ignored.
//! - An identifier of a catalog item or company is unique without its capitals.
//! - A product that cannot be an addition is reported as `NotFound` on `product`, in a POST as in a PATCH.
//! - Agreements that are cancelled or expired still take additions.
//! - A record that others refer to cannot be deleted; an agreement's additions go with it.

mod audit;
pub mod auth;
mod coerce;
mod complete;
pub mod conditions;
mod dates;
mod file;
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
mod settings;
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

pub use audit::Write;
pub use file::StateFileError;
pub use records::{Collection, Row};
pub use refusal::Refusal;
pub use settings::{Settings, UnknownCompany, WrongKeys};
pub use standing::{STANDING_COMPANY, STANDING_PRIVATE_KEY, STANDING_PUBLIC_KEY};

use crate::simulator::gate::{Gate, guard};
use crate::simulator::serve::{Running, serve, serve_tls};
use crate::simulator::tls::Authority;
use schema::watch::Watch;
use schema::{SchemaReport, Validation};
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
    /// An empty PSA: no credentials, no records.
    pub fn new(settings: Settings) -> Self {
        Self::with_state(settings, State::default())
    }

    fn with_state(settings: Settings, state: State) -> Self {
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

    /// The whole server as a router, gate and admin routes included.
    pub fn router(&self) -> Router {
        guard(routes::router(self.clone()), &self.gate)
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

    /// Stops the server's clock at `now`.
    pub fn set_now(&self, now: Timestamp) {
        *lock(&self.inner.clock) = Some(now);
    }

    /// Moves the server to another codebase (`v2025_2/`), as a cloud upgrade does: paths of the old one are 404.
    pub fn upgrade(&self, codebase: &str) {
        codebase.clone_into(&mut lock(&self.inner.codebase));
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

    fn company_info(&self, company: &str) -> Value {
        let version = self.version();
        json!({
            "CompanyName": company,
            "Codebase": lock(&self.codebase).clone(),
            "VersionCode": version,
            "VersionNumber": format!("{version}.100000"),
            "CompanyID": company,
            "IsCloud": true,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
