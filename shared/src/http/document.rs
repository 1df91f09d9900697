//! The API's document: the routes of the functions, completed with what is true of all of them.
//!
//! A handler documents its successful responses. The common errors, and those of every body, `If-Match` and
//! `Idempotency-Key`, are added here, so that no route can forget them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi, ToSchema};

use super::caller::SCOPES;
use super::problem::ProblemBody;

/// What API Gateway itself answers with.
#[derive(ToSchema)]
#[allow(dead_code, reason = "API Gateway makes it; only its schema is wanted here")]
struct GatewayMessage {
    /// In API Gateway's words.
    message: String,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "PSA usage sync",
        version = "1",
        description = "Maps Sophos products and customers to ConnectWise PSA, and carries their usage over.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "Where this document is served.")),
    tags(
        (name = "product mappings", description = "Which ConnectWise product each Sophos product is billed as."),
        (name = "search", description = "Finding products, companies and agreements in the partner's ConnectWise."),
        (name = "ConnectWise products", description = "Viewing, creating and editing products in the partner's ConnectWise."),
        (name = "connections", description = "How the partner's ConnectWise and Sophos are reached, and whether is written."),
        (name = "document", description = "This document."),
        (name = "customer mappings", description = "Which ConnectWise company and agreement each Sophos customer is billed to."),
        (name = "runs", description = "Previews and runs of the sync: started, followed, cancelled, and their settings."),
        (name = "alerts", description = "What a partner is alerted to: settings, webhook, test, and the delivery of each alert."),
        (name = "holds", description = "What waits for a person, and decisions on it."),
        (name = "edits", description = "Who changed what, and what it was before."),
        (name = "problems", description = "What can go wrong, and what to do about it."),
    ),
    components(schemas(ProblemBody, GatewayMessage)),
)]
struct Base;

/// The additional responses of a route that calls ConnectWise, for its `responses(…)`.
#[derive(Clone, Copy, Debug)]
pub struct PsaProblems;

impl IntoResponses for PsaProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let refused = [
            (
                "409",
                "The saved connection does not work, lacks a right, or what is asked for is at odds with what there is.",
            ),
            ("422", "Refused, by ConnectWise (psa has its own words) or before it was asked."),
            ("502", "ConnectWise cannot be reached, or gave no usable answer; come again after Retry-After."),
        ];
        let response = |description: &str| {
            let problem = Ref::from_schema_name("Problem");
            let content = ContentBuilder::new().schema(Some(problem)).build();
            ResponseBuilder::new().description(description).content("application/problem+json", content).build()
        };
        refused.into_iter().map(|(status, what)| (status.to_owned(), response(what).into())).collect()
    }
}

/// The document of the whole API, from those of its functions.
#[must_use]
pub fn document(functions: impl IntoIterator<Item = Document>) -> Value {
    let mut whole = Base::openapi();
    for function in functions {
        whole.merge(function);
    }
    // A document of utoipa consists of texts and numbers, which serialize without errors.
    let mut whole = serde_json::to_value(whole).unwrap_or_default();
    whole["components"]["securitySchemes"] = json!({ "token": token() });
    let mut used = Map::new();
    let paths = whole["paths"].as_object_mut().into_iter().flatten();
    for (path, operations) in paths {
        for (_, operation) in operations.as_object_mut().into_iter().flatten() {
            complete(path, operation, &mut used);
        }
    }
    whole["components"]["responses"] = Value::Object(used);
    drop_unused_schemas(&mut whole);
    whole
}

/// A header parameter of a request.
pub(super) fn header_parameter(name: &str, description: &str, required: bool) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(if required { Required::True } else { Required::False })
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

fn token() -> Value {
    let scopes: Vec<String> = SCOPES.iter().map(|(name, allows)| format!("`{name}`: {allows}")).collect();
    let description = format!(
        "A token of the identity provider that the deployment names. It names one partner, and lists scopes of which none \
         implies another: {}.",
        scopes.join("; ")
    );
    json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": description })
}

/// A response that several operations have in common.
struct Common {
    name: &'static str,
    status: &'static str,
    description: &'static str,
    when: When,
    /// Whether API Gateway also gives this response, in its own form.
    gateway: bool,
}

/// The operations that have a common response.
enum When {
    Always,
    /// Operations with a parameter in the path.
    PathParameter,
    Body,
    /// Operations with this header.
    Header(&'static str),
}

const fn common(
    name: &'static str,
    status: &'static str,
    when: When,
    gateway: bool,
    description: &'static str,
) -> Common {
    Common { name, status, description, when, gateway }
}

const COMMON: [Common; 14] = [
    common("NotModified", "304", When::Header("If-None-Match"), false, "The caller's representation still holds."),
    common("InvalidRequest", "400", When::Always, false, "The request cannot be read; errors says what and where."),
    common("NotSignedIn", "401", When::Always, true, "No token, or one that is not valid."),
    common("NotAllowed", "403", When::Always, true, "The token lacks the scope, or names no partner."),
    common("NotFound", "404", When::PathParameter, false, "There is no such thing, or it is another partner's."),
    common(
        "InProgress",
        "409",
        When::Header("Idempotency-Key"),
        false,
        "At odds with what there is, or still worked on.",
    ),
    common("VersionMismatch", "412", When::Header("If-Match"), false, "Changed meanwhile; present is what it is now."),
    common("BodyTooLarge", "413", When::Body, true, "The body is too large."),
    common("UnsupportedMediaType", "415", When::Body, false, "The content type is not taken here."),
    common(
        "KeyReused",
        "422",
        When::Header("Idempotency-Key"),
        false,
        "Refused as it stands, or the key is another request's.",
    ),
    common("VersionMissing", "428", When::Header("If-Match"), false, "The header If-Match is missing."),
    common("TooManyRequests", "429", When::Always, true, "Too many requests at a time."),
    common("Failed", "500", When::Always, true, "A defect of this service."),
    common("Unavailable", "503", When::Always, true, "Busy; come again after Retry-After."),
];

impl Common {
    fn response(&self) -> Value {
        if self.status == "304" {
            return json!({ "description": self.description });
        }
        let schema = |name: &str| json!({ "schema": { "$ref": format!("#/components/schemas/{name}") } });
        let mut content = Map::from_iter([("application/problem+json".to_owned(), schema("Problem"))]);
        if self.gateway {
            content.insert("application/json".to_owned(), schema("GatewayMessage"));
        }
        json!({ "description": self.description, "content": content })
    }

    fn is_answered_by(&self, path: &str, operation: &Value) -> bool {
        match self.when {
            When::Always => true,
            When::PathParameter => path.contains('{'),
            When::Body => operation.get("requestBody").is_some(),
            When::Header(wanted) => {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                parameters.into_iter().any(|p| p["in"] == "header" && p["name"] == wanted)
            }
        }
    }
}

/// Removes unused schemas: the rows of a list are inlined, and their own schemas are left over.
fn drop_unused_schemas(whole: &mut Value) {
    loop {
        let text = whole.to_string();
        let Some(schemas) = whole["components"]["schemas"].as_object_mut() else {
            return;
        };
        let before = schemas.len();
        schemas.retain(|name, _| text.contains(&format!("\"#/components/schemas/{name}\"")));
        if schemas.len() == before {
            return;
        }
    }
}

/// Adds the common responses that an operation does not describe itself, and records which of them are `used`.
fn complete(path: &str, operation: &mut Value, used: &mut Map<String, Value>) {
    let fitting: Vec<&Common> = COMMON.iter().filter(|common| common.is_answered_by(path, operation)).collect();
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    // The description of a handler is more precise.
    for common in fitting.into_iter().filter(|common| !responses.contains_key(common.status)).collect::<Vec<_>>() {
        let reference = json!({ "$ref": format!("#/components/responses/{}", common.name) });
        responses.insert(common.status.to_owned(), reference);
        used.insert(common.name.to_owned(), common.response());
    }
}
