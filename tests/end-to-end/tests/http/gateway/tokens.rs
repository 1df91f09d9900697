//! The tokens that are accepted, and the key that signs them.

use std::os::unix::fs::PermissionsExt;

use local_stack::gateway::token::{Issuer, IssuerError};
use local_stack::gateway::{Gateway, GatewayOptions, Routes};
use serde_json::json;

use crate::gateway::echo::{Echo, ISSUER, TEMPLATE, minted, token};

#[tokio::test]
async fn a_token_is_accepted_in_every_form_that_the_service_takes() {
    let echo = Echo::start().await;
    let good = token(&["psa/read"]);
    for given in [
        minted(&good),
        minted(&token(&["other", "psa/read"])),
        minted(&good.clone().without("scope").claim("scp", json!(["psa/read", "b"]))),
        minted(&good.clone().without("aud").claim("client_id", "psa-usage-sync")),
        minted(&good.clone().claim("aud", json!(["x", "psa-usage-sync"])).claim("client_id", "other")),
        minted(&good.clone().without("nbf").without("iat")),
    ] {
        for header in [format!("Bearer {given}"), format!("bearer {given}"), given.clone()] {
            let answer = echo.get("/v1/echo").header("authorization", &header).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{header}");
        }
    }
}

#[tokio::test]
async fn one_of_the_routes_scopes_is_enough() {
    let echo = Echo::start().await;
    for (scope, status) in [("psa/write", 200), ("psa/admin", 200), ("psa/read", 403)] {
        let answer = echo.request("POST", "/v1/echo").bearer_auth(minted(&token(&[scope]))).send().await.unwrap();
        assert_eq!(answer.status(), status, "{scope}");
    }
}

#[tokio::test]
async fn a_key_that_is_kept_signs_for_the_next_start_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.key");
    let first = Issuer::from_file(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = Issuer::from_file(&path).unwrap();
    assert_eq!(first.kid(), again.kid());
    assert_ne!(first.kid(), ISSUER.kid());
    assert!(!format!("{first:?}").contains(std::fs::read_to_string(&path).unwrap().trim()));
    let routes = Routes::from_template(TEMPLATE).unwrap().only(&["Echo"]);
    let options = GatewayOptions::new(again.authorizer());
    let ok = axum::Router::new().fallback(async || "seen");
    let gateway = Gateway::start(options, routes, [("Echo", ok)]).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(30)).build().unwrap();
    let given = first.mint(&token(&["psa/read"])).unwrap();
    let answer = client.get(format!("{}/v1/echo", gateway.url())).bearer_auth(given).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "seen");
    gateway.stop().await;
    assert!(!path.with_extension("new").exists(), "no draft is left");
}

#[test]
fn a_file_that_holds_no_key_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer.key");
    for text in ["", "no base64!", "AAAA"] {
        std::fs::write(&path, text).unwrap();
        assert!(matches!(Issuer::from_file(&path), Err(IssuerError::NoKey { .. })), "{text:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}
