//! Alerts over HTTP: which ones a partner wants, where they go, whether they arrive, and what became of each.
//!
//! Nothing is sent from here: a test alert goes the way of all others, through `alert-delivery`. The webhook's address and
//! its signing secret are sealed; the secret is shown once, in the response to the save that made it.

mod channel;
mod list;
mod settings;
mod test;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use lambda_http::request::RequestContext;
use shared::client::address::AddressPolicy;
use shared::http::{ApiOptions, Caller, serve};
use shared::ports::{AlertQueue, Clock, Ids, Seal};
use shared::store::{Author, Store};
use shared::table::Table;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The queue, as each request has it.
pub trait Sender: AlertQueue + Clone + 'static {}

impl<Q: AlertQueue + Clone + 'static> Sender for Q {}

/// What seals webhooks.
pub trait Sealer: Seal + Clone + 'static {}

impl<K: Seal + Clone + 'static> Sealer for K {}

/// The clock, as each request has it.
pub trait Time: Clock + Clone + 'static {}

impl<C: Clock + Clone + 'static> Time for C {}

/// Where ids come from, as each request has it.
pub trait Naming: Ids + Clone + 'static {}

impl<I: Ids + Clone + 'static> Naming for I {}

/// What the routes need of the world.
#[derive(Clone, Debug)]
pub struct World<T, Q, K, C, I> {
    /// Where alerts and their settings are kept.
    pub store: Store<T>,
    /// What the delivery of a test is asked for by.
    pub queue: Q,
    /// Seals webhooks.
    pub seal: K,
    /// What time it is.
    pub clock: C,
    /// Where ids come from.
    pub ids: I,
    /// Which addresses a webhook may have.
    pub policy: AddressPolicy,
    /// Whether this service sends mail.
    pub mails: bool,
}

impl<T, Q, K, C: Clock, I> World<T, Q, K, C, I> {
    fn author<W>(&self, caller: &Caller<W>) -> Author {
        Author { who: caller.name().to_owned(), at: self.clock.now(), note: None }
    }
}

/// The routes with what they say of themselves.
pub fn routes<T: Table, Q: Sender, K: Sealer, C: Time, I: Naming>() -> OpenApiRouter<World<T, Q, K, C, I>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_alerts))
        .routes(routes!(settings::get_alert_settings, settings::save_alert_settings))
        .routes(routes!(channel::save_webhook, channel::remove_webhook))
        .routes(routes!(test::test_alerts))
}

/// The function as it is served, on Lambda, by the local gateway and in tests.
pub fn app<T: Table, Q: Sender, K: Sealer, C: Time, I: Naming>(
    world: World<T, Q, K, C, I>,
    options: ApiOptions,
) -> Router {
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
