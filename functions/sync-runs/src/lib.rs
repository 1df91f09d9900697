//! Runs over HTTP: what would be done, doing it, following it, and what waits for a person.
//!
//! Nothing here calls ConnectWise or Sophos: a run is opened in the table and worked off by `usage-sync`; what is shown is
//! what runs wrote down. A request that follows a run reads one page of the table, however large the run.

mod cancel;
mod change;
mod decisions;
mod detail;
mod holds;
mod lines;
mod list;
mod matching;
mod names;
mod not_billed;
mod overrides;
mod overview;
mod progress;
mod readings;
mod settings;
mod start;
mod still_billing;
mod usage_lines;
mod verdict;
mod view;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lambda_http::request::RequestContext;
use shared::domain::id::PartnerId;
use shared::domain::schedule::local_day;
use shared::http::{ApiOptions, Problem, serve};
use shared::ports::{Clock, Ids, Queue};
use shared::store::Store;
use shared::table::Table;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The queue, as each request has it.
pub trait Sender: Queue + Clone + 'static {}

impl<Q: Queue + Clone + 'static> Sender for Q {}

/// The clock, as each request has it.
pub trait Time: Clock + Clone + 'static {}

impl<C: Clock + Clone + 'static> Time for C {}

/// Where ids come from, as each request has it.
pub trait Naming: Ids + Clone + 'static {}

impl<I: Ids + Clone + 'static> Naming for I {}

/// What the routes need of the world.
#[derive(Clone, Debug)]
pub struct World<T, Q, C, I> {
    /// Where runs and all that belongs to them are kept.
    pub store: Store<T>,
    /// What runs are asked for by.
    pub queue: Q,
    /// What time it is.
    pub clock: C,
    /// Where ids come from.
    pub ids: I,
}

impl<T: Table, Q, C: Clock, I> World<T, Q, C, I> {
    /// The day where the partner is; UTC's for one that has not said where.
    async fn today(&self, partner: PartnerId) -> Result<Date, Problem> {
        let (settings, now) = (self.store.find_settings(partner).await?, self.clock.now());
        Ok(settings.map_or_else(|| now.to_zoned(TimeZone::UTC).date(), |settings| local_day(&settings, now)))
    }
}

/// The routes with what they say of themselves.
pub fn routes<T: Table, Q: Sender, C: Time, I: Naming>() -> OpenApiRouter<World<T, Q, C, I>> {
    OpenApiRouter::new()
        .routes(routes!(start::start_preview))
        .routes(routes!(start::apply_preview))
        .routes(routes!(list::list_runs, start::sync_now))
        .routes(routes!(list::get_run))
        .routes(routes!(start::retry_run))
        .routes(routes!(start::write_decided))
        .routes(routes!(cancel::cancel_run))
        .routes(routes!(lines::list_lines))
        .routes(routes!(lines::csv::export_lines))
        .routes(routes!(usage_lines::list_usage_lines))
        .routes(routes!(usage_lines::csv::export_usage_lines))
        .routes(routes!(overview::get_overview))
        .routes(routes!(not_billed::list_not_billed))
        .routes(routes!(holds::list_holds))
        .routes(routes!(decisions::decide_holds))
        .routes(routes!(matching::decide_matching))
        .routes(routes!(overrides::list_overrides))
        .routes(routes!(overrides::remove_override))
        .routes(routes!(still_billing::list_still_billing))
        .routes(routes!(still_billing::end::end_still_billing))
        .routes(routes!(settings::get_sync_settings, settings::save_sync_settings))
}

/// The function as it is served, on Lambda, by the local gateway and in tests.
pub fn app<T: Table, Q: Sender, C: Time, I: Naming>(world: World<T, Q, C, I>, options: ApiOptions) -> Router {
    let (routes, _) = routes().split_for_parts();
    serve(routes.with_state(world), options, context)
}

/// API Gateway's context of a request.
fn context(found: &RequestContext) -> Option<&ApiGatewayV2httpRequestContext> {
    match found {
        RequestContext::ApiGatewayV2(context) => Some(context),
        _ => None,
    }
}
