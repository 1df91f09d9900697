//! S4: a token renewed by the refresh grant, as Sophos' request collection sends it and as a form.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use simulators::sophos::AccountType;
use uuid::Uuid;

use crate::sophos::served::{PARTNER, SECRET, Served, json};

const TOKEN: &str = "/api/v2/oauth2/token";

/// S4's body, in the collection's own order.
fn grant(client_id: &str, secret: &str, refresh_token: &Value) -> Value {
    json!({
        "client_id": client_id, "client_secret": secret, "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    })
}

async fn refresh(served: &Served, body: &Value) -> Response {
    served.client.post(served.url() + TOKEN).json(body).send().await.unwrap()
}

/// S4. DOC: JSON `{client_id, client_secret, grant_type: "refresh_token", refresh_token}`.
#[tokio::test]
async fn the_refresh_grant_as_json_gives_another_token() {
    let served = Served::new().await;
    let first = served.sign_in("first", SECRET, StatusCode::OK).await;
    let answer = refresh(&served, &grant("first", SECRET, &first["refresh_token"])).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let second = json(answer).await;
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!((&second["errorCode"], &second["token_type"]), (&json!("success"), &json!("bearer")));
    let token = second["access_token"].as_str().unwrap();
    served.get_as(token, Some(PARTNER), "/partner/v1/tenants", StatusCode::OK).await;
    let again = refresh(&served, &grant("first", SECRET, &second["refresh_token"])).await;
    assert_eq!(again.status(), StatusCode::OK);
}

/// S4. The first sign-in is a form, so the refresh grant is taken as one too.
#[tokio::test]
async fn the_refresh_grant_as_a_form_gives_another_token() {
    let served = Served::new().await;
    let first = served.sign_in("first", SECRET, StatusCode::OK).await;
    let body = grant("first", SECRET, &first["refresh_token"]);
    let answer = served.client.post(served.url() + TOKEN).form(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(json(answer).await["access_token"].is_string());
}

/// S4. What is refused, in the token service's own shape.
#[tokio::test]
async fn a_refresh_token_is_good_for_its_own_credentials_only() {
    let served = Served::new().await;
    let first = served.sign_in("first", SECRET, StatusCode::OK).await;
    let token = &first["refresh_token"];
    served.sophos.add_account(AccountType::Partner, Uuid::from_u128(3), "third", SECRET);
    let refusals = [
        (grant("third", SECRET, token), "oauth.invalid_refresh_token"),
        (grant("first", SECRET, &json!("invented")), "oauth.invalid_refresh_token"),
        (grant("first", "wrong", token), "oauth.invalid_client_secret"),
        (grant("nobody", SECRET, token), "oauth.client_app_does_not_exist"),
    ];
    for (body, code) in refusals {
        let refused = refresh(&served, &body).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        let refused = json(refused).await;
        assert_eq!(refused["errorCode"], code);
        assert!(refused["trackingId"].is_string() && refused.get("access_token").is_none());
    }
}

/// S4. Credentials that are rotated end the refresh tokens as well.
#[tokio::test]
async fn a_revoked_refresh_token_is_refused() {
    let served = Served::new().await;
    let first = served.sign_in("first", SECRET, StatusCode::OK).await;
    served.sophos.revoke_tokens();
    let refused = refresh(&served, &grant("first", SECRET, &first["refresh_token"])).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}
