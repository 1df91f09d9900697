//! From an HTTP request to its answer.

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Extract};
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::auth::{self, Area};
use super::invoices::make_automatic;
use super::operations::Session;
use super::path::{Addressed, Resource, Scope, read};
use super::query::{Address, Listing};
use super::records::Collection;
use super::refusal::Refusal;
use super::settings::wire::{LongestQuery, WireReadings};
use super::settings::{UnknownCompany, WrongKeys};
use super::{ConnectWise, Inner};

/// A request body larger than this is cut off; the vendor's own limit is not known.
const LARGEST_BODY: usize = 4 << 20;

pub(super) fn router(psa: ConnectWise) -> Router {
    Router::new().fallback(handle).with_state(psa)
}

async fn handle(Extract(psa): Extract<ConnectWise>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let scheme = parts.extensions.get::<Scheme>().cloned().unwrap_or(Scheme::HTTP);
    let call = Call { scheme, verb: parts.method, uri: parts.uri, headers: parts.headers, body };
    let mut answer = call.answer(&psa.inner).unwrap_or_else(Refusal::into_response);
    mark(&psa.inner, &mut answer);
    psa.inner.watch.over(&call.verb, call.uri.path(), answer).await
}

/// The headers that every answer of a real server has, as third parties quote them.
fn mark(psa: &Inner, answer: &mut Response) {
    let request_id = uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string();
    let version = psa.version();
    let headers = [
        (HeaderName::from_static("api-current-version"), version.trim_start_matches('v')),
        (HeaderName::from_static("x-cw-request-id"), request_id.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let values = headers.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(value).ok()?)));
    answer.headers_mut().extend(values);
}

struct Call {
    scheme: Scheme,
    verb: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    fn answer(&self, psa: &Inner) -> Result<Response, Refusal> {
        if self.query().len() > longest_query(&psa.settings.wire) {
            let page = "<html><body><h1>HTTP Error 404.15 - Not Found</h1>The query string is too long.</body></html>";
            return Ok((StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html")], page).into_response());
        }
        let Addressed { codebase, resource } = read(self.uri.path()).ok_or_else(no_such_path)?;
        if let Resource::CompanyInfo(company) = resource {
            return self.company_info(psa, &company);
        }
        if !psa.serves(&codebase) {
            return Err(no_such_path());
        }
        let mut state = psa.state();
        make_automatic(&mut state, psa.settings.billing, psa.now());
        let credential = auth::authenticate(&state.credentials, &self.headers);
        let credential = credential.map_err(|refusal| match psa.settings.wrong_keys {
            WrongKeys::Unauthorized => refusal,
            WrongKeys::NotFound => no_such_path(),
        })?;
        let (who, role) = (credential.member.clone(), credential.role.clone());
        let root = format!("{}/{codebase}apis/3.0", self.origin());
        let now = psa.now();
        let mut session = Session { state: &mut state, now, who: &who, root: &root, wire: psa.settings.wire };
        let permit = |area: Area, agreement| role.check(&self.verb, area, agreement);
        if !verbs(&resource).contains(&self.verb.as_str()) {
            return Ok(not_allowed(&resource));
        }
        match resource {
            Resource::CompanyInfo(_) => Err(no_such_path()),
            Resource::SystemInfo => Ok(system_info(psa)),
            Resource::List(scope) => {
                permit(scope.collection.profile().area, scope.agreement())?;
                self.collection(&mut session, scope)
            }
            Resource::Count(scope) => {
                permit(scope.collection.profile().area, scope.agreement())?;
                Ok(Json(session.count(scope, self.query(), &self.headers)?).into_response())
            }
            Resource::One(scope, id) => {
                let itself = (scope.collection == Collection::Agreements).then_some(id);
                permit(scope.collection.profile().area, itself.or(scope.agreement()))?;
                self.record(&mut session, scope, id)
            }
        }
    }

    fn collection(&self, session: &mut Session<'_>, scope: Scope) -> Result<Response, Refusal> {
        match self.verb.as_str() {
            "GET" => {
                let url = format!("{}{}", self.origin(), self.uri.path());
                let address = Address { url: &url, query: self.query() };
                Ok(page(session.list(scope, self.query(), &self.headers, &address)?))
            }
            "POST" => {
                let (id, record) = session.create(scope, self.query(), &self.body)?;
                let path = scope.collection.profile().path.replace("{}", &scope.owner.to_string());
                let at = [(header::LOCATION, format!("{}/{path}/{id}", session.root))];
                Ok((StatusCode::CREATED, at, Json(record)).into_response())
            }
            _ => Err(Refusal::verb()),
        }
    }

    fn record(&self, session: &mut Session<'_>, scope: Scope, id: u32) -> Result<Response, Refusal> {
        match self.verb.as_str() {
            "GET" => Ok(Json(session.get(scope, id, self.query(), &self.headers)?).into_response()),
            "PUT" => Ok(Json(session.replace(scope, id, &self.body)?).into_response()),
            "PATCH" => Ok(Json(session.patch(scope, id, &self.body)?).into_response()),
            "DELETE" => {
                session.delete(scope, id)?;
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            _ => Err(Refusal::verb()),
        }
    }

    fn company_info(&self, psa: &Inner, company: &str) -> Result<Response, Refusal> {
        if self.verb != Method::GET {
            return Ok(not_allowed(&Resource::CompanyInfo(company.to_owned())));
        }
        let known = psa.state().credentials.iter().find_map(|credential| {
            credential.company_id.eq_ignore_ascii_case(company).then(|| credential.company_id.clone())
        });
        match (known, psa.settings.unknown_company) {
            (Some(company), _) => Ok(Json(psa.company_info(&company, self.host())).into_response()),
            (None, UnknownCompany::Null) => Ok(Json(Value::Null).into_response()),
            (None, UnknownCompany::NotFound) => Err(Refusal::not_found("The company was not found.")),
        }
    }

    fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// The host that the caller addressed; over HTTP/2 it is part of the URI.
    fn host(&self) -> &str {
        let header = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = self.uri.authority().map(Authority::as_str);
        header.or(authority).unwrap_or("127.0.0.1")
    }

    fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host())
    }
}

fn system_info(psa: &Inner) -> Response {
    let version = psa.version();
    let info = json!({"version": version, "isCloud": true, "serverTimeZone": "UTC", "cloudRegion": "NA"});
    Json(info).into_response()
}

fn longest_query(wire: &WireReadings) -> usize {
    match wire.longest_query {
        LongestQuery::Guide => 10_000,
        LongestQuery::WebServer => 2_048,
    }
}

/// The verbs that a path has; HEAD and OPTIONS are none of them anywhere.
fn verbs(resource: &Resource) -> &'static [&'static str] {
    match resource {
        Resource::CompanyInfo(_) | Resource::SystemInfo | Resource::Count(_) => &["GET"],
        Resource::List(_) => &["GET", "POST"],
        Resource::One(..) => &["GET", "PUT", "PATCH", "DELETE"],
    }
}

fn not_allowed(resource: &Resource) -> Response {
    let allow = [(header::ALLOW, verbs(resource).join(", "))];
    (allow, Refusal::verb()).into_response()
}

fn no_such_path() -> Refusal {
    Refusal::not_found("The requested resource was not found.")
}

fn page(listing: Listing) -> Response {
    let mut answer = Json(listing.records).into_response();
    if let Some(link) = listing.link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        answer.headers_mut().insert(header::LINK, link);
    }
    answer
}
