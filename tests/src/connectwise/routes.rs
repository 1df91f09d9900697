//! From an HTTP request to its answer.

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Extract};
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::auth::{self, Area};
use super::operations::Session;
use super::path::{Addressed, Resource, Scope, read};
use super::query::{Address, Listing};
use super::records::Collection;
use super::refusal::Refusal;
use super::settings::{UnknownCompany, WrongKeys};
use super::{ConnectWise, Inner};

/// A request body larger than this is cut off; the vendor's own limit is not known.
const LARGEST_BODY: usize = 4 << 20;

/// IIS's default limit for a query; the vendor's guide asks for URLs below 2,000 characters.
const LONGEST_QUERY: usize = 2048;

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
    let answer = call.answer(&psa.inner).unwrap_or_else(Refusal::into_response);
    psa.inner.watch.over(&call.verb, call.uri.path(), answer).await
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
        if self.query().len() > LONGEST_QUERY {
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
        let credential = auth::authenticate(&state.credentials, &self.headers);
        let credential = credential.map_err(|refusal| match psa.settings.wrong_keys {
            WrongKeys::Unauthorized => refusal,
            WrongKeys::NotFound => no_such_path(),
        })?;
        let (who, role) = (credential.member.clone(), credential.role.clone());
        let root = format!("{}/{codebase}apis/3.0", self.origin());
        let now = psa.now();
        let mut session = Session { state: &mut state, now, who: &who, root: &root };
        let permit = |area: Area, agreement| role.check(&self.verb, area, agreement);
        match resource {
            Resource::CompanyInfo(_) => Err(no_such_path()),
            Resource::SystemInfo => self.system_info(psa),
            Resource::List(scope) => {
                permit(scope.collection.profile().area, scope.agreement())?;
                self.collection(&mut session, scope)
            }
            Resource::Count(scope) => {
                permit(scope.collection.profile().area, scope.agreement())?;
                self.only_get()?;
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
            "POST" => Ok((StatusCode::CREATED, Json(session.create(scope, &self.body)?)).into_response()),
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

    fn system_info(&self, psa: &Inner) -> Result<Response, Refusal> {
        self.only_get()?;
        let version = psa.version();
        let info = json!({"version": version, "isCloud": true, "serverTimeZone": "UTC", "cloudRegion": "NA"});
        Ok(Json(info).into_response())
    }

    fn company_info(&self, psa: &Inner, company: &str) -> Result<Response, Refusal> {
        self.only_get()?;
        let known = psa.state().credentials.iter().find_map(|credential| {
            credential.company_id.eq_ignore_ascii_case(company).then(|| credential.company_id.clone())
        });
        match (known, psa.settings.unknown_company) {
            (Some(company), _) => Ok(Json(psa.company_info(&company)).into_response()),
            (None, UnknownCompany::Null) => Ok(Json(Value::Null).into_response()),
            (None, UnknownCompany::NotFound) => Err(Refusal::not_found("The company was not found.")),
        }
    }

    fn only_get(&self) -> Result<(), Refusal> {
        if self.verb == Method::GET { Ok(()) } else { Err(Refusal::verb()) }
    }

    fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    fn origin(&self) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
        format!("{}://{host}", self.scheme)
    }
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
