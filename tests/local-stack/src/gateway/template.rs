//! The API as `template.yaml` deploys it: its routes, who may take them, and how long their functions may take.

use std::collections::BTreeSet;
use std::time::Duration;

use yaml_serde::Value;

use super::routes::{Access, Route, Routes};

/// The API's logical id.
const API: &str = "HttpApi";
/// What Lambda gives a function whose template names no time-out.
const DEFAULT_TIMEOUT_S: u64 = 3;

/// The template's API cannot be read unambiguously.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("the template is no YAML: {0}")]
    Yaml(#[from] yaml_serde::Error),
    /// A route cannot be served, or not safely.
    #[error("{place}: {problem}")]
    Route {
        /// Function and event.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two functions or events share a route.
    #[error("{0} is routed twice")]
    Twice(String),
}

impl Routes {
    /// The routes of all `HttpApi` events of a SAM template.
    ///
    /// Read as SAM reads them: an event without `Auth` has the API's default authorizer, and only `Authorizer: NONE`
    /// opens a route. Settings that SAM accepts but that are certainly mistakes are rejected: an event of no API or
    /// another one (SAM makes an API without an authorizer for it), an authorizer that does not exist, the catch-all
    /// `$default`, the older format of the payload, a route named twice.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn from_template(text: &str) -> Result<Self, TemplateError> {
        let template: Value = yaml_serde::from_str(text)?;
        let resources = template["Resources"].as_mapping().into_iter().flatten();
        let (mut routes, mut keys) = (Vec::new(), BTreeSet::new());
        for (name, resource) in resources.filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function") {
            let function = name.as_str().unwrap_or_default();
            for (event, declared) in resource["Properties"]["Events"].as_mapping().into_iter().flatten() {
                if declared["Type"] != "HttpApi" {
                    continue;
                }
                let route = read(&template, function, resource, &declared["Properties"]).map_err(|problem| {
                    let place = format!("{function}, event {}", event.as_str().unwrap_or_default());
                    TemplateError::Route { place, problem }
                })?;
                if !keys.insert(route.key()) {
                    return Err(TemplateError::Twice(route.key()));
                }
                routes.push(route);
            }
        }
        Ok(Self(routes))
    }
}

fn read(template: &Value, function: &str, resource: &Value, event: &Value) -> Result<Route, String> {
    if !is_reference_to_api(&event["ApiId"]) {
        return Err(format!("ApiId must be !Ref {API}: SAM makes an API without an authorizer for any other"));
    }
    let path = event["Path"].as_str().filter(|path| path.starts_with('/')).ok_or("Path must begin with a slash")?;
    let method = event["Method"].as_str().ok_or("Method is missing")?.to_ascii_uppercase();
    let version = &event["PayloadFormatVersion"];
    if !version.is_null() && version != "2.0" {
        return Err("PayloadFormatVersion must be \"2.0\"".into());
    }
    let own = &resource["Properties"]["Timeout"];
    let common = &template["Globals"]["Function"]["Timeout"];
    let timeout_s = own.as_u64().or_else(|| common.as_u64()).unwrap_or(DEFAULT_TIMEOUT_S);
    Ok(Route {
        function: function.to_owned(),
        method,
        path: path.to_owned(),
        access: access(template, &event["Auth"])?,
        function_timeout: Duration::from_secs(timeout_s),
        integration_timeout: event["TimeoutInMillis"].as_u64().map(Duration::from_millis),
    })
}

fn is_reference_to_api(value: &Value) -> bool {
    matches!(value, Value::Tagged(tagged) if tagged.tag == "!Ref" && tagged.value == API)
}

fn access(template: &Value, auth: &Value) -> Result<Access, String> {
    let known = &template["Resources"][API]["Properties"]["Auth"];
    let named = auth["Authorizer"].as_str().or_else(|| known["DefaultAuthorizer"].as_str());
    let named = named.ok_or("the API has no DefaultAuthorizer; a route for everybody says Authorizer: NONE")?;
    let own = scopes(&auth["AuthorizationScopes"])?;
    if named == "NONE" {
        return if own.is_none() { Ok(Access::Open) } else { Err("scopes without an authorizer".into()) };
    }
    let authorizer = &known["Authorizers"][named];
    if authorizer["JwtConfiguration"].is_null() {
        return Err(format!("{API} has no JWT authorizer {named}"));
    }
    let scopes = own.map_or_else(|| scopes(&authorizer["AuthorizationScopes"]), |own| Ok(Some(own)))?;
    Ok(Access::Token { scopes: scopes.unwrap_or_default() })
}

fn scopes(list: &Value) -> Result<Option<Vec<String>>, String> {
    if list.is_null() {
        return Ok(None);
    }
    let scopes = list.as_sequence().ok_or("AuthorizationScopes must be a list")?.iter();
    let scopes: Option<Vec<String>> = scopes.map(|scope| scope.as_str().map(str::to_owned)).collect();
    scopes.map(Some).ok_or_else(|| "AuthorizationScopes must be texts".into())
}
