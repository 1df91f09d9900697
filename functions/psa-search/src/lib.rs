//! Type-ahead over a partner's ConnectWise: products, companies, and the agreements of a company. It reads only.
//!
//! From two characters on. What was found is kept for half a minute in the memory of the warm function, so that a longer
//! text or a repetition asks nothing of ConnectWise; see `kept`.

mod agreements;
mod kept;
mod search;

use std::sync::Arc;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use lambda_http::request::RequestContext;
use shared::domain::psa::{Company, PsaProduct};
use shared::http::{ApiOptions, serve};
use shared::ports::{Clock, Connections, PsaCatalogue};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::kept::Kept;

/// What the routes need of the world. Clones share what is kept of searches.
#[derive(Clone, Debug)]
pub struct World<K, C> {
    connections: K,
    clock: C,
    products: Arc<Kept<PsaProduct>>,
    companies: Arc<Kept<Company>>,
}

impl<K, C> World<K, C> {
    /// A world in which nothing was searched for yet.
    pub fn new(connections: K, clock: C) -> Self {
        Self { connections, clock, products: Arc::default(), companies: Arc::default() }
    }
}

/// The routes with what they say of themselves.
pub fn routes<K, C>() -> OpenApiRouter<World<K, C>>
where
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(search::search_psa_products))
        .routes(routes!(search::search_psa_companies))
        .routes(routes!(agreements::list_psa_agreements))
}

/// The function as it is served, on Lambda, by the local gateway and in tests.
pub fn app<K, C>(world: World<K, C>, options: ApiOptions) -> Router
where
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
{
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
