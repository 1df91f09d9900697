//! Who may call what.

use reqwest::Method;
use serde_json::json;
use simulators::connectwise::auth::{Area, Rights, Role};
use simulators::connectwise::{Settings, WrongKeys};

use crate::connectwise::world::{World, credential, http, send};

#[tokio::test]
async fn a_call_without_keys_is_not_authenticated() {
    let world = World::new().await;
    let refused = send(http().get(world.url("/system/info"))).await.expect(401);
    assert_eq!(refused, json!({"code": "ConnectWiseApi", "message": "UserNotAuthenticated", "errors": null}));
}

#[tokio::test]
async fn wrong_keys_are_401_or_on_the_cloud_404() {
    for (wrong_keys, status) in [(WrongKeys::Unauthorized, 401), (WrongKeys::NotFound, 404)] {
        let world = World::with(Settings { wrong_keys, ..Settings::default() }).await;
        for user in ["acme+other", "other+public", "acme"] {
            let call = http().get(world.url("/system/info")).basic_auth(user, Some("secret"));
            send(call.header("clientId", uuid::Uuid::nil().to_string())).await.expect(status);
        }
        let call = http().get(world.url("/system/info")).basic_auth("acme+public", Some("wrong"));
        send(call.header("clientId", uuid::Uuid::nil().to_string())).await.expect(status);
    }
}

#[tokio::test]
async fn every_call_needs_a_client_id_that_is_a_guid() {
    let world = World::new().await;
    let call = || http().get(world.url("/system/info")).basic_auth("acme+public", Some("secret"));
    assert_eq!(send(call()).await.expect(401)["code"], "Unauthorized");
    send(call().header("clientId", "mine")).await.expect(401);
    send(call().header("clientId", uuid::Uuid::nil().to_string())).await.expect(200);
}

#[tokio::test]
async fn a_role_without_the_right_is_403_security() {
    let world = World::new().await;
    world.psa.add_credential(credential("reader", Role::reader()));
    world.psa.add_credential(credential("billing", Role::with([(Area::Agreements, Rights::WRITE)])));
    world.psa.add_credential(credential("sync", Role::integrator()));
    let refused = json!({
        "code": "Security",
        "message": "You do not have security permission to perform this action.",
        "errors": null,
    });
    for (who, method, path, status) in [
        ("reader", Method::GET, "/procurement/catalog", 200),
        ("reader", Method::POST, "/procurement/catalog", 403),
        ("reader", Method::PATCH, "/procurement/catalog/1", 403),
        ("billing", Method::GET, "/finance/agreements/1/additions", 200),
        ("billing", Method::GET, "/procurement/catalog", 403),
        ("billing", Method::GET, "/company/companies/count", 403),
        ("billing", Method::DELETE, "/finance/agreements/1", 403),
        ("sync", Method::GET, "/procurement/categories", 200),
        ("sync", Method::POST, "/procurement/categories", 403),
        ("sync", Method::POST, "/company/companies", 403),
    ] {
        let body = send(world.call_as(who, method.clone(), path).json(&json!({}))).await.expect(status);
        assert!(status == 200 || body == refused, "{who} {method} {path}: {body}");
    }
}

#[tokio::test]
async fn one_agreement_can_be_denied_to_a_role_while_the_others_stay_open() {
    let world = World::new().await;
    let second = world.psa.add_agreement(1, world.agreement_type, "Second", json!({})).unwrap();
    world.psa.add_credential(credential("sync", Role::integrator().denied(1)));
    let get = |path: String| send(world.call_as("sync", Method::GET, &path));
    assert_eq!(get("/finance/agreements/1/additions".to_owned()).await.expect(403)["code"], "Security");
    get("/finance/agreements/1".to_owned()).await.expect(403);
    get(format!("/finance/agreements/{second}/additions")).await.expect(200);
}
