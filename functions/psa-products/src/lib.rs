//! Products in a partner's ConnectWise: viewed, created, edited, and what the form for that can choose from.
//!
//! ConnectWise has neither versions nor idempotency keys. An edit is held against a hash of what the caller saw, right
//! before it is sent; a create looks its identifier up first and remembers that it was free.

mod audit;
mod choices;
mod create;
mod edit;
mod form;
mod refusal;
mod view;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use lambda_http::request::RequestContext;
use shared::http::{ApiOptions, serve};
use shared::ports::{Clock, Connections, Ids, PsaCatalogue};
use shared::store::Store;
use shared::table::Table;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes need of the world.
#[derive(Clone, Debug)]
pub struct World<T, K, C, I> {
    /// Where idempotency keys, the audit and what runs wrote are kept.
    pub store: Store<T>,
    /// The way to a partner's ConnectWise.
    pub connections: K,
    /// What time it is.
    pub clock: C,
    /// Where ids come from.
    pub ids: I,
}

/// The routes with what they say of themselves.
pub fn routes<T, K, C, I>() -> OpenApiRouter<World<T, K, C, I>>
where
    T: Table,
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
    I: Ids + Clone + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(create::create_psa_product))
        .routes(routes!(choices::list_psa_product_choices))
        .routes(routes!(view::get_psa_product, edit::edit_psa_product))
}

/// The function as it is served, on Lambda, by the local gateway and in tests.
pub fn app<T, K, C, I>(world: World<T, K, C, I>, options: ApiOptions) -> Router
where
    T: Table,
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
    I: Ids + Clone + 'static,
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
