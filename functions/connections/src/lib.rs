//! A partner's connections to ConnectWise and Sophos over HTTP: saved, tested, shown without their secrets, removed. The
//! only function that seals secrets.
//!
//! Saving stores what passed its test, and nothing else. Both halves are sealed as one text: each save opens what is
//! there, changes its half, and writes over exactly what it read.

mod advice;
mod change;
mod connectwise;
mod input;
mod partner;
mod row;
mod sophos;
mod takeover;
mod verdict;
mod writes;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use lambda_http::request::RequestContext;
use shared::client::connections::ConnectionOptions;
use shared::client::probe::Probe;
use shared::http::{ApiOptions, Caller, serve};
use shared::ports::{Clock, Seal};
use shared::store::{Author, Store};
use shared::table::Table;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What seals credentials here.
pub trait Sealer: Seal + Clone + 'static {}

impl<K: Seal + Clone + 'static> Sealer for K {}

/// The clock, as each request has it.
pub trait Time: Clock + Clone + 'static {}

impl<C: Clock + Clone + 'static> Time for C {}

/// What the routes need of the world.
#[derive(Clone, Debug)]
pub struct World<T, K, C> {
    /// Where connections, settings, due times and owners are kept.
    pub store: Store<T>,
    /// Seals credentials.
    pub seal: K,
    /// The time of saves and tests.
    pub clock: C,
    /// How both services are called in a test.
    pub options: ConnectionOptions,
}

impl<T, K, C: Clock> World<T, K, C> {
    fn probe(&self) -> Probe {
        Probe::new(self.options.clone())
    }

    fn author<W>(&self, caller: &Caller<W>) -> Author {
        Author { who: caller.name().to_owned(), at: self.clock.now(), note: None }
    }
}

/// The routes with what they say of themselves.
pub fn routes<T: Table, K: Sealer, C: Time>() -> OpenApiRouter<World<T, K, C>> {
    OpenApiRouter::new()
        .routes(routes!(row::get_connections))
        .routes(routes!(connectwise::save_connectwise, connectwise::remove_connectwise))
        .routes(routes!(connectwise::test_connectwise))
        .routes(routes!(sophos::save_sophos, sophos::remove_sophos))
        .routes(routes!(sophos::test_sophos))
        .routes(routes!(writes::get_writes, writes::switch_writes))
        .routes(routes!(partner::remove_partner))
}

/// The function as it is served, on Lambda, by the local gateway and in tests. A person waits for each test: its calls give
/// up in seconds.
pub fn app<T: Table, K: Sealer, C: Time>(world: World<T, K, C>, options: ApiOptions) -> Router {
    let (routes, _) = routes().split_for_parts();
    let world = World { options: world.options.interactive(), ..world };
    serve(routes.with_state(world), options, context)
}

/// API Gateway's context of a request.
fn context(found: &RequestContext) -> Option<&ApiGatewayV2httpRequestContext> {
    match found {
        RequestContext::ApiGatewayV2(context) => Some(context),
        _ => None,
    }
}
