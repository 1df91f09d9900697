//! Who may ask what: every operation of the document × every kind of caller, through the gateway and without it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use local_stack::api::asking::{Asking, answer, request};
use local_stack::api::operation::{Call, Operation, Parameter};
use local_stack::gateway::token::{Issuer, PARTNER_CLAIM, Token};
use local_stack::gateway::{Access, Gateway};
use local_stack::stack::{Api, Stack};
use serde_json::{Value, json};
use shared::clock::SystemClock;
use shared::domain::id::PartnerId;
use shared::http::SCOPES;
use shared::ports::Clock;
use uuid::Uuid;

use crate::api::{client, operations, stack};

/// A kind of caller: what it is called, its `Authorization`, and which statuses and codes it gets.
struct Case {
    name: &'static str,
    token: Option<String>,
    expected: Expected,
}

enum Expected {
    /// This status, and this code where a function answered.
    Refused(u16, &'static str),
    /// Neither 401 nor 403, and nothing that the document lacks or that is our own fault.
    LetIn,
    /// Not found, where the path names something; [`Expected::LetIn`] elsewhere. Who has no connection yet is told so
    /// before anything is looked for.
    NotFound,
}

impl Expected {
    fn is_met(&self, operation: &Operation, status: u16, body: &Value) -> bool {
        let code = body["code"].as_str().unwrap_or_default();
        let let_in = !matches!(status, 401 | 403 | 500) && operation.statuses.contains(&status);
        match self {
            Self::Refused(expected, named) => status == *expected && (code.is_empty() || code == *named),
            Self::LetIn => let_in,
            Self::NotFound if operation.ids().next().is_some() => {
                matches!((status, code), (404, "notFound") | (409, "connectionMissing"))
            }
            Self::NotFound => let_in,
        }
    }
}

/// A partner whose id differs from another's in its last digit only.
fn twin(partner: PartnerId) -> PartnerId {
    let id = Uuid::try_parse(&partner.to_string()).unwrap();
    PartnerId::from_uuid(Uuid::from_u128(id.as_u128() ^ 1))
}

/// The scopes beside this one.
fn others(scope: &str) -> Vec<&'static str> {
    SCOPES.iter().map(|(name, _)| *name).filter(|name| *name != scope).collect()
}

/// Every kind of caller of an operation that asks for `scope`.
fn cases(issuer: &Issuer, partner: PartnerId, scope: &str, now: Timestamp) -> Vec<Case> {
    let good = Token::new(partner, &[scope], now);
    let mint = |token: &Token| issuer.mint(token).unwrap();
    let stranger = Issuer::ephemeral().unwrap();
    let claims = Value::Object(good.claims().clone());
    let own_name = json!({ "alg": "RS256", "kid": issuer.kid(), "typ": "JWT" });
    let unsigned = issuer.sign(&json!({ "alg": "none", "kid": issuer.kid() }), &claims).unwrap();
    let (head, _) = unsigned.rsplit_once('.').unwrap();
    let signed = mint(&good);
    let (_, signature) = signed.rsplit_once('.').unwrap();
    let elevated = mint(&Token::new(twin(partner), &[scope], now));
    let (elevated, _) = elevated.rsplit_once('.').unwrap();
    let case = |name, token, expected| Case { name, token, expected };
    let out = || Expected::Refused(401, "notSignedIn");
    vec![
        case("no token", None, out()),
        case("nonsense", Some("nonsense".to_owned()), out()),
        case("expired", Some(mint(&good.clone().lasting(SignedDuration::from_secs(-1), now))), out()),
        case("without an end", Some(mint(&good.clone().without("exp"))), out()),
        case("wrong audience", Some(mint(&good.clone().audience("somebody-else"))), out()),
        case("wrong issuer", Some(mint(&good.clone().claim("iss", "https://issuer.example"))), out()),
        case("a stranger's key", Some(stranger.mint(&good).unwrap()), out()),
        case("a stranger's key under our name", Some(stranger.sign(&own_name, &claims).unwrap()), out()),
        case("unsigned", Some(format!("{head}.")), out()),
        case("another token's signature", Some(format!("{elevated}.{signature}")), out()),
        case("no scope", Some(mint(&good.clone().without("scope"))), Expected::Refused(403, "scopeMissing")),
        case("the other scopes", Some(mint(&Token::new(partner, &others(scope), now))), {
            Expected::Refused(403, "scopeMissing")
        }),
        case("no partner", Some(mint(&good.clone().without(PARTNER_CLAIM))), Expected::Refused(403, "noPartner")),
        case("half a partner", Some(mint(&good.clone().claim(PARTNER_CLAIM, &partner.to_string()[..35]))), {
            Expected::Refused(403, "noPartner")
        }),
        case("the nil partner", Some(mint(&good.clone().claim(PARTNER_CLAIM, Uuid::nil().to_string()))), {
            Expected::Refused(403, "noPartner")
        }),
        case("the largest id", Some(mint(&good.clone().claim(PARTNER_CLAIM, Uuid::max().to_string()))), {
            Expected::Refused(403, "noPartner")
        }),
        case("another partner", Some(mint(&Token::new(twin(partner), &[scope], now))), Expected::NotFound),
        case("the partner", Some(signed), Expected::LetIn),
    ]
}

/// The partner's own things, by what the paths call them; other variables have their sample.
async fn own(stack: &Stack) -> impl Fn(&Parameter) -> Option<String> {
    let partner = stack.demo.partner();
    let products = stack.store.list_product_mappings(partner).await.unwrap();
    let code = products.iter().next().unwrap().code.to_string();
    let customer = stack.demo.customer(0).to_string();
    move |parameter| match (parameter.place.as_str(), parameter.name.as_str()) {
        ("path", "code") => Some(code.clone()),
        ("path", "customer" | "customerId" | "tenantId") => Some(customer.clone()),
        _ => parameter.required.then(|| parameter.sample.clone()),
    }
}

async fn ask(gateway: &Gateway, call: &Call, token: Option<&str>) -> (u16, Value) {
    let (method, path) = call.head.split_once(' ').unwrap();
    let mut asked = client().request(method.parse().unwrap(), format!("{}{path}", gateway.url()));
    for (name, value) in &call.headers {
        asked = asked.header(name, value);
    }
    if let Some(token) = token {
        asked = asked.bearer_auth(token);
    }
    if let Some(body) = &call.body {
        asked = asked.body(body.clone());
    }
    let answered = asked.send().await.unwrap();
    (answered.status().as_u16(), serde_json::from_str(&answered.text().await.unwrap()).unwrap_or_default())
}

/// Each operation asked by each kind of caller; the partner itself comes last, for it may remove what others must not see.
async fn wrong_answers(stack: &Stack, api: &Api, operations: &[Operation]) -> (usize, Vec<String>) {
    let own = own(stack).await;
    let (mut asked, mut wrong) = (0, Vec::new());
    let by_scope = |scope: &str| cases(&api.issuer, stack.demo.partner(), scope, SystemClock.now());
    let strangers = operations.iter().flat_map(|operation| {
        by_scope(&operation.scope)
            .into_iter()
            .filter(|case| !matches!(case.expected, Expected::LetIn))
            .map(move |case| (operation, case))
    });
    let partner = operations.iter().flat_map(|operation| {
        by_scope(&operation.scope)
            .into_iter()
            .filter(|case| matches!(case.expected, Expected::LetIn))
            .map(move |case| (operation, case))
    });
    for (operation, case) in strangers.chain(partner) {
        let (status, body) = ask(&api.gateway, &operation.call_with(&own), case.token.as_deref()).await;
        asked += 1;
        if !case.expected.is_met(operation, status, &body) {
            wrong.push(format!("{}, {}: {status} {body}", operation.key(), case.name));
        }
    }
    (asked, wrong)
}

#[tokio::test]
async fn every_operation_answers_every_kind_of_caller_as_it_must() {
    let stack = stack().await;
    let api = stack.serve_functions(0).await.unwrap();
    let operations = operations();
    let (asked, wrong) = wrong_answers(&stack, &api, &operations).await;
    assert_eq!(wrong, Vec::<String>::new(), "of {asked} calls");
    assert_eq!(asked, operations.len() * 18, "each operation by each kind of caller");
    println!("{asked} calls of {} operations", operations.len());
    api.gateway.stop().await;
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn the_gateway_has_the_documents_routes_and_no_other() {
    let stack = stack().await;
    let api = stack.serve_functions(0).await.unwrap();
    // The page's files are open to everybody and no operation; tests/end-to-end/tests/http/template.rs names them.
    let closed = api.gateway.routes().iter().filter(|route| route.access != Access::Open);
    let served: BTreeSet<String> = closed.map(|route| route.key()).collect();
    let documented: BTreeSet<String> = operations().iter().map(Operation::key).collect();
    assert_eq!(served, documented);
    api.gateway.stop().await;
    stack.stop().await.unwrap();
}

/// Scopes are checked by the gateway and by the handler; here only by the handler.
#[tokio::test]
async fn without_the_gateways_lock_every_operation_still_asks_for_its_own_scope() {
    let stack = stack().await;
    let routers = stack.local_api().unwrap().by_folder();
    let documents = local_stack::api::functions();
    let mut asked = 0;
    for ((folder, router), (_, document)) in routers.iter().zip(documents) {
        for operation in local_stack::api::operation::operations(&local_stack::api::document_of([document])) {
            let call = operation.call();
            let headers: Vec<_> = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let asking = Asking::new(stack.demo.partner(), &others(&operation.scope).join(" "));
            let refused = asking.ask(router, &call.head, &headers, operation.body.as_ref().map(|(_, body)| body)).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (403, "scopeMissing"), "{folder}: {}", call.head);
            let nobody = answer(router, request(&call.head, &headers, None)).await;
            assert_eq!((nobody.status.as_u16(), nobody.code()), (401, "notSignedIn"), "{folder}: {}", call.head);
            asked += 1;
        }
    }
    assert_eq!(asked, operations().len());
    stack.stop().await.unwrap();
}
