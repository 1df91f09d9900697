//! Credentials, tokens, identity.

use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::json;
use simulators::sophos::AccountType;
use uuid::Uuid;

use crate::sophos::served::{OTHER_PARTNER, PARTNER, Served, json};

#[tokio::test]
async fn right_credentials_get_a_bearer_token_for_an_hour() {
    let served = Served::new().await;
    let answer = served.sign_in("first", "right-secret", StatusCode::OK).await;
    assert_eq!(answer["token_type"], "bearer");
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["errorCode"], "success");
    assert_eq!(answer["message"], "OK");
    assert!(answer["access_token"].is_string() && answer["refresh_token"].is_string());
    assert!(answer["trackingId"].is_string());
}

#[tokio::test]
async fn a_wrong_secret_is_401_in_the_token_service_own_shape() {
    let served = Served::new().await;
    let answer = served.sign_in("first", "wrong-secret", StatusCode::UNAUTHORIZED).await;
    assert_eq!(answer["errorCode"], "oauth.invalid_client_secret");
    assert_eq!(answer["message"], "Unauthorized");
    assert!(answer["trackingId"].is_string());
    assert!(answer.get("error").is_none());
}

#[tokio::test]
async fn an_unknown_client_id_is_401_with_a_code_of_its_own() {
    let served = Served::new().await;
    let answer = served.sign_in("nobody", "right-secret", StatusCode::UNAUTHORIZED).await;
    assert_eq!(answer["errorCode"], "oauth.client_app_does_not_exist");
}

#[tokio::test]
async fn a_token_request_that_is_not_for_client_credentials_is_400() {
    let served = Served::new().await;
    let form = [("grant_type", "password"), ("scope", "token"), ("client_id", "first")];
    let url = served.url() + "/api/v2/oauth2/token";
    let answer = served.client.post(url).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn whoami_tells_a_partner_its_id_and_the_simulator_as_the_global_host() {
    let served = Served::new().await;
    let identity = served.get("/whoami/v1", StatusCode::OK).await;
    let expected = json!({ "id": PARTNER, "idType": "partner", "apiHosts": { "global": served.url() } });
    assert_eq!(identity, expected);
}

#[tokio::test]
async fn credentials_of_an_organization_or_a_tenant_say_so_and_reach_no_partner_data() {
    let served = Served::new().await;
    for (account_type, name) in [(AccountType::Organization, "organization"), (AccountType::Tenant, "tenant")] {
        let id = Uuid::from_u128(0xacc);
        served.sophos.add_account(account_type, id, name, "right-secret");
        let token = served.token(name).await;
        let identity = json(served.get_as(&token, None, "/whoami/v1", StatusCode::OK).await).await;
        assert_eq!(identity["idType"], name);
        served.get_as(&token, Some(id), "/partner/v1/tenants", StatusCode::FORBIDDEN).await;
    }
}

#[tokio::test]
async fn a_token_works_until_its_hour_is_over_and_is_401_from_then_on() {
    let served = Served::new().await;
    let token = served.token("first").await;
    served.sophos.clock().advance(SignedDuration::from_secs(3599));
    served.get_as(&token, Some(PARTNER), "/partner/v1/tenants", StatusCode::OK).await;
    served.sophos.clock().advance(SignedDuration::from_secs(1));
    let refused = served.get_as(&token, Some(PARTNER), "/partner/v1/tenants", StatusCode::UNAUTHORIZED).await;
    let body = json(refused).await;
    assert_eq!(body["error"], "Unauthorized");
    assert!(body["correlationId"].is_string() && body["requestId"].is_string());
}

#[tokio::test]
async fn a_revoked_token_is_401_and_a_new_one_works() {
    let served = Served::new().await;
    let token = served.token("first").await;
    served.sophos.revoke_tokens();
    served.get_as(&token, None, "/whoami/v1", StatusCode::UNAUTHORIZED).await;
    served.get("/whoami/v1", StatusCode::OK).await;
}

#[tokio::test]
async fn no_partner_id_is_401_and_another_partners_is_403() {
    let served = Served::new().await;
    let token = served.token("first").await;
    served.get_as(&token, None, "/partner/v1/tenants", StatusCode::UNAUTHORIZED).await;
    let refused = served.get_as(&token, Some(OTHER_PARTNER), "/partner/v1/tenants", StatusCode::FORBIDDEN).await;
    let body = json(refused).await;
    assert_eq!(body["error"], "Forbidden");
    assert!(body["correlationId"].is_string() && body["requestId"].is_string() && body["createdAt"].is_string());
}

#[tokio::test]
async fn a_path_that_the_vendor_does_not_have_is_404() {
    let served = Served::new().await;
    assert_eq!(served.get("/partner/v1/invoices", StatusCode::NOT_FOUND).await["error"], "NotFound");
}
