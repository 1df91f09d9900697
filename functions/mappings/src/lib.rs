//! Product and customer mappings over HTTP: what the page *Configure usage sync* shows and saves.

mod edits;
mod products;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use lambda_http::request::RequestContext;
use shared::http::{ApiOptions, problems, serve};
use shared::ports::{
    Clock, Connections, EditStore, IdempotencyStore, Ids, KnownStore, MappingStore, PsaCatalogue, SnapshotStore,
};
use utoipa_axum::router::OpenApiRouter;

/// What the routes need of the world.
#[derive(Clone, Debug)]
pub struct World<S, N, C, I> {
    /// Where mappings are kept.
    pub store: S,
    /// Whence the partners' ConnectWise: what something is mapped to must be there.
    pub connections: N,
    /// When an edit was made.
    pub clock: C,
    /// What tells attempts apart.
    pub ids: I,
}

/// What the routes keep and read.
pub trait Store:
    MappingStore + EditStore + KnownStore + SnapshotStore + IdempotencyStore + Clone + Send + Sync + 'static
{
}
impl<T> Store for T where
    T: MappingStore + EditStore + KnownStore + SnapshotStore + IdempotencyStore + Clone + Send + Sync + 'static
{
}

/// The partners' connections; their ConnectWise can also be searched.
pub trait Links: Connections<Psa: PsaCatalogue> + Clone + 'static {}
impl<T: Connections<Psa: PsaCatalogue> + Clone + 'static> Links for T {}

/// The routes with what they say of themselves.
pub fn routes<S: Store, N: Links, C: Clock + Clone + 'static, I: Ids + Clone + 'static>()
-> OpenApiRouter<World<S, N, C, I>> {
    OpenApiRouter::new().merge(products::routes()).merge(edits::routes()).merge(problems())
}

/// The function as it is served, on Lambda, by the local gateway and in tests: all three hand over a request as
/// `lambda_http` makes it of API Gateway's event.
pub fn app<S: Store, N: Links, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    world: World<S, N, C, I>,
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
