//! The middleware of all functions: it reads the caller and the language, sets the correlation id, logs one line a
//! request, and responds with a problem where no handler does.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tokio::time::Instant;
use tracing::Instrument;

use super::admission::Admission;
use super::catalogue::ProblemCode;
use super::language::Language;
use super::problem::Problem;
use crate::domain::id::PartnerId;

/// The header with the correlation id of every response: API Gateway's id of the request.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// How long a handler may take. API Gateway gives up after 30 s with a 500 of its own form; a cold start comes before.
const WHOLE_REQUEST: Duration = Duration::from_secs(20);

/// The settings of all HTTP functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiOptions {
    /// The claim of the token that holds the partner's id.
    pub partner_claim: String,
}

/// The routes of a function with the middleware, for Lambda and everywhere else.
///
/// `context` finds API Gateway's context in the extension of type `C` that the runtime adds to a request.
pub fn serve<C: Clone + Send + Sync + 'static>(
    routes: Router,
    options: ApiOptions,
    context: fn(&C) -> Option<&ApiGatewayV2httpRequestContext>,
) -> Router {
    let around = move |request: Request, next: Next| {
        let gateway_context = request.extensions().get::<C>().and_then(context);
        let admission = gateway_context.map(|context| Admission::from_context(context, &options.partner_claim));
        answer(admission, request, next)
    };
    routes.fallback(route_unknown).method_not_allowed_fallback(method_not_allowed).layer(from_fn(around))
}

async fn route_unknown() -> Problem {
    Problem::new(ProblemCode::RouteUnknown)
}

/// axum adds the header `Allow`.
async fn method_not_allowed() -> Problem {
    Problem::new(ProblemCode::MethodNotAllowed)
}

async fn answer(admission: Option<Admission>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let language = Language::from_headers(request.headers());
    let method = request.method().clone();
    // The route rather than the path: the log contains no id and no text of the caller.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let correlation_id = admission.as_ref().and_then(|admission| admission.request_id.clone());
    let claims = admission.as_ref().and_then(|admission| admission.claims.as_ref());
    let partner = claims.and_then(|claims| PartnerId::parse(claims.partner.as_deref()?).ok());
    if let Some(admission) = admission {
        request.extensions_mut().insert(admission);
    }
    let span = tracing::info_span!("request", correlationId = correlation_id.as_deref());
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone());
    let response = match tokio::time::timeout(WHOLE_REQUEST, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::new(ProblemCode::Internal).into_response(),
        Err(_) => Problem::new(ProblemCode::TookTooLong).into_response(),
    };
    let problem = response.extensions().get::<Problem>().cloned();
    let mut response = match &problem {
        Some(problem) => localize(response, problem, language, correlation_id.as_deref()),
        None => response,
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(id) = correlation_id.and_then(|id| HeaderValue::try_from(id).ok()) {
        headers.insert(CORRELATION_ID, id);
    }
    let _in = span.entered();
    tracing::info!(
        method = method.as_str(),
        route,
        status = response.status().as_u16(),
        code = problem.map(|problem| problem.code().as_str()),
        partner = partner.map(tracing::field::display),
        tookMs = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}

/// The problem in the caller's language, with the headers that were added to it on the way.
fn localize(response: Response, problem: &Problem, language: Language, correlation_id: Option<&str>) -> Response {
    let mut localized = problem.to_response(language, correlation_id);
    let added: HeaderMap = response.headers().clone();
    for (name, value) in added.iter().filter(|(name, _)| **name != CONTENT_LENGTH) {
        if !localized.headers().contains_key(name) {
            localized.headers_mut().insert(name, value.clone());
        }
    }
    localized
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_never_ends_is_answered_before_the_gateway_gives_up() {
        let routes = Router::new().route("/v1/slow", get(std::future::pending::<Response>));
        let options = ApiOptions { partner_claim: "custom:partner".to_owned() };
        let app = serve::<ApiGatewayV2httpRequestContext>(routes, options, |context| Some(context));
        let started = tokio::time::Instant::now();
        let response = app.oneshot(Request::get("/v1/slow").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert!(started.elapsed() < Duration::from_secs(29), "{:?}", started.elapsed());
    }
}
