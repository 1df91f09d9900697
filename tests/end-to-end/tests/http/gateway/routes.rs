//! The routes that are read from a template, and the templates that are refused.

use axum::Router;
use local_stack::gateway::{Access, Gateway, GatewayError, GatewayOptions, Routes};

use crate::gateway::echo::{ISSUER, TEMPLATE};

#[test]
fn routes_scopes_and_time_outs_are_the_templates() {
    let routes = Routes::from_template(TEMPLATE).unwrap();
    let scopes = |scopes: &[&str]| Access::Token { scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect() };
    let read: Vec<_> = routes
        .iter()
        .map(|route| {
            let given_up_ms = route.integration_timeout.map(|timeout| timeout.as_millis());
            (route.function.as_str(), route.key(), route.access.clone(), route.function_timeout.as_secs(), given_up_ms)
        })
        .collect();
    let expected = [
        ("Echo", "GET /v1/echo", scopes(&["psa/read"]), 20, None),
        ("Echo", "POST /v1/echo", scopes(&["psa/write", "psa/admin"]), 20, None),
        ("Echo", "GET /v1/echo/{name}", scopes(&[]), 20, None),
        ("Echo", "ANY /open/{proxy+}", Access::Open, 20, None),
        ("Echo", "GET /never", Access::Open, 20, Some(50)),
        ("Brief", "GET /brief", Access::Open, 1, None),
    ];
    let expected = expected.map(|(function, key, access, s, ms)| (function, key.to_owned(), access, s, ms));
    assert_eq!(read, expected);
}

#[test]
fn a_template_that_cannot_be_meant_is_refused() {
    for (what, instead, why) in [
        ("ApiId: !Ref HttpApi, Method: GET, Path: \"/v1", "Method: GET, Path: \"/v1", "ApiId must be !Ref HttpApi"),
        ("ApiId: !Ref HttpApi, Method: GET, Path: \"/v1", "ApiId: HttpApi, Method: GET, Path: \"/v1", "ApiId must be"),
        ("Path: /brief", "Path: brief", "Path must begin with a slash"),
        ("Method: GET, Path: /brief", "Path: /brief", "Method is missing"),
        ("Path: /brief, Auth: {Authorizer: NONE}", "Path: /brief, Auth: {Authorizer: Jwd}", "no JWT authorizer Jwd"),
        ("AuthorizationScopes: [psa/read]", "AuthorizationScopes: psa/read", "must be a list"),
        ("{Authorizer: NONE}}\n", "{Authorizer: NONE, AuthorizationScopes: [a]}}\n", "scopes without an authorizer"),
        ("        DefaultAuthorizer: Jwt\n", "", "no DefaultAuthorizer"),
        ("TimeoutInMillis: 50", "PayloadFormatVersion: \"1.0\"", "PayloadFormatVersion"),
        ("Path: /brief", "Path: /never", "GET /never is routed twice"),
        ("Resources:", "Resources: [", "no YAML"),
    ] {
        let changed = TEMPLATE.replacen(what, instead, 1);
        assert_ne!(changed, TEMPLATE, "{what}");
        let refused = Routes::from_template(&changed).expect_err(what).to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

#[tokio::test]
async fn routes_and_routers_are_of_the_same_functions() {
    let start = async |routers: Vec<(&'static str, Router)>| {
        let routes = Routes::from_template(TEMPLATE).unwrap();
        Gateway::start(GatewayOptions::new(ISSUER.authorizer()), routes, routers).await.err()
    };
    let missing = start(vec![("Echo", Router::new())]).await;
    assert!(matches!(missing, Some(GatewayError::NoRouter(function)) if function == "Brief"));
    let idle = start(vec![("Echo", Router::new()), ("Brief", Router::new()), ("UsageSync", Router::new())]).await;
    assert!(matches!(idle, Some(GatewayError::NoRoute(function)) if function == "UsageSync"));
}
