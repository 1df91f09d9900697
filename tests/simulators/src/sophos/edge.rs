//! What the shared gate must know of Sophos: how calls are told apart, and how the vendor refuses.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::Sophos;
use super::billing_usage::parse_month;
use super::clock::SimulatedClock;
use super::problem::Problem;
use super::world::World;
use crate::simulator::gate::Vendor;

const TENANTS_PATH: &str = "/partner/v1/tenants";
const USAGE_PATH: &str = "/partner/v1/billing/usage/";

/// Any path that the vendor does not have.
pub(super) async fn no_such_path(State(sophos): State<Sophos>, uri: Uri) -> Problem {
    Problem::not_found(sophos.clock.now(), format!("No resource at {}", uri.path()))
}

/// The simulator as its gate sees it.
pub(super) struct Edge {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) clock: SimulatedClock,
}

impl Vendor for Edge {
    fn template(&self, _: &Method, path: &str) -> String {
        if path.starts_with(USAGE_PATH) {
            return format!("{USAGE_PATH}{{year}}/{{month}}");
        }
        let one_tenant = path.strip_prefix(TENANTS_PATH).is_some_and(|rest| rest.starts_with('/'));
        if one_tenant { format!("{TENANTS_PATH}/{{id}}") } else { path.to_owned() }
    }

    /// The partner that the call claims to come from, or the customer that it is about; sign-ins, which name neither,
    /// count together.
    fn caller(&self, headers: &HeaderMap) -> String {
        let named = |header| headers.get(header).and_then(|id| id.to_str().ok());
        named("x-partner-id").or_else(|| named("x-tenant-id")).unwrap_or("signing in").to_owned()
    }

    fn too_many_calls(&self, _: u64) -> Response {
        Problem::too_many_requests(self.clock.now()).into_response()
    }

    fn server_error(&self, status: StatusCode) -> Response {
        Problem::failure(status, self.clock.now()).into_response()
    }

    /// Lines come and go in the month at `path`, of every partner that has it: a correction in the middle of a fetch.
    /// So do customers in the list of them.
    fn disturb(&self, path: &str, insert: u32, delete: u32, draw: u64) {
        if path == TENANTS_PATH {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.tenants.values_mut().for_each(|tenants| tenants.disturb(insert, delete, draw));
            return;
        }
        let Some(month) = path.strip_prefix(USAGE_PATH).and_then(|month| month.split_once('/')) else {
            return;
        };
        let Ok(month_start) = parse_month(month.0, month.1) else {
            return;
        };
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        for ((_, start), month) in &mut world.months {
            if *start == month_start {
                month.disturb(self.clock.now(), insert as usize, delete as usize, draw);
            }
        }
    }
}
