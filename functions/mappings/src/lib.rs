//! Product and customer mappings over HTTP: what the page *Configure usage sync* shows and saves.

mod customers;
mod document;
mod edits;
mod products;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use lambda_http::request::RequestContext;
use shared::http::{ApiOptions, problems, serve};
use shared::ports::{Clock, Connections, Ids, PsaCatalogue};
use shared::store::Store;
use shared::table::Table;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes need of the world. A clone goes to each request.
#[derive(Clone, Debug)]
pub struct World<T, N, C, I> {
    /// Where mappings are kept.
    pub store: Store<T>,
    /// How a partner's ConnectWise is reached: what something is mapped to must be there.
    pub connections: N,
    /// The time.
    pub clock: C,
    /// Where ids come from.
    pub ids: I,
}

/// What the routes need of ConnectWise: what a person at a form needs.
pub trait Link: Connections<Psa: PsaCatalogue> + Clone + 'static {}

impl<N: Connections<Psa: PsaCatalogue> + Clone + 'static> Link for N {}

/// The routes with what they say of themselves.
pub fn routes<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>()
-> OpenApiRouter<World<T, N, C, I>> {
    OpenApiRouter::new()
        .merge(products::routes())
        .merge(customer_routes())
        .merge(edits::routes())
        .routes(routes!(document::get_document))
        .merge(problems())
}

fn customer_routes<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>()
-> OpenApiRouter<World<T, N, C, I>> {
    OpenApiRouter::new()
        .routes(routes!(customers::list::list_customer_mappings))
        .routes(routes!(customers::list::export_customer_mappings))
        .routes(routes!(customers::list::get_customer_mapping))
        .routes(routes!(customers::save::save_customer_mappings))
        .routes(routes!(customers::import::import_customer_mappings))
        .routes(routes!(customers::renewals::list_agreement_renewals))
        .routes(routes!(customers::suggestions::suggest_companies))
}

/// The function as it is served, on Lambda, by the local gateway and in tests: all three hand over a request as
/// `lambda_http` makes it of API Gateway's event.
pub fn app<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    world: World<T, N, C, I>,
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
