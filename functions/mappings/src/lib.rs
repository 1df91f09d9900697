//! Product and customer mappings over HTTP: what the page *Configure usage sync* shows and saves.

mod document;
mod products;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use lambda_http::request::RequestContext;
use shared::http::{ApiOptions, problems, serve};
use shared::ports::MappingStore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes need of the world.
#[derive(Clone, Debug)]
pub struct World<S> {
    /// Where mappings are kept.
    pub store: S,
}

/// The routes with what they say of themselves.
pub fn routes<S: MappingStore + Clone + 'static>() -> OpenApiRouter<World<S>> {
    OpenApiRouter::new()
        .routes(routes!(products::list_product_mappings))
        .routes(routes!(document::get_document))
        .merge(problems())
}

/// The function as it is served, on Lambda, by the local gateway and in tests: all three hand over a request as
/// `lambda_http` makes it of API Gateway's event.
pub fn app<S: MappingStore + Clone + 'static>(world: World<S>, options: ApiOptions) -> Router {
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
