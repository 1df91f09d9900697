//! The list of product mappings.

use serde_json::{Value, json};

use super::{reader, served};

/// The codes of all rows that a query gives.
async fn codes(query: &str) -> Vec<String> {
    let answered = reader(1).get(&served().await, &format!("/v1/product-mappings{query}")).await;
    assert_eq!(answered.status, 200, "{:?}", answered.body);
    codes_of(&answered.body)
}

fn codes_of(body: &Value) -> Vec<String> {
    body["items"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_product_that_usage_named_or_that_was_saved_is_a_row() {
    let answered = reader(1).get(&served().await, "/v1/product-mappings").await;
    let mut expected = json!([
        {"code": "CIXA", "description": "Intercept X Advanced", "group": "User", "state": "mapped", "psaProductId": 7,
            "sync": true, "combine": "addUp", "firewall": false, "version": 1},
        {"code": "EMAIL", "description": "Email Ünlimited", "group": "User", "state": "excluded",
            "reason": "sold as a bundle", "sync": false, "firewall": false, "version": 1},
        {"code": "FW-1", "description": "Firewall XGS 87", "group": "User", "state": "unmapped", "sync": false,
            "firewall": true, "version": 0},
        {"code": "SRVC", "state": "mapped", "psaProductId": 7, "sync": false, "firewall": false, "version": 1},
        {"code": "ZTNA", "state": "removed", "sync": false, "firewall": false, "version": 1},
    ]);
    let ask = json!({"duplicateUsage": "ask", "otherPeriod": "ask", "consecutivePeriods": "ask"});
    expected.as_array_mut().unwrap().iter_mut().for_each(|row| row["readings"] = ask.clone());
    assert_eq!(answered.body["items"], expected);
    assert_eq!(answered.body["pages"], json!({"size": 50, "maxSize": 500}));
}

#[tokio::test]
async fn filters_choose_by_state_by_toggle_and_by_text() {
    assert_eq!(codes("?state=mapped").await, ["CIXA", "SRVC"]);
    assert_eq!(codes("?state=unmapped").await, ["FW-1"]);
    assert_eq!(codes("?state=excluded").await, ["EMAIL"]);
    assert_eq!(codes("?state=removed").await, ["ZTNA"]);
    assert_eq!(codes("?sync=on").await, ["CIXA"]);
    assert_eq!(codes("?state=mapped&sync=off").await, ["SRVC"]);
    assert_eq!(codes("?text=%C3%BCNLIM").await, ["EMAIL"], "in either case, of any letter");
    assert_eq!(codes("?text=fw").await, ["FW-1"], "by code too");
    assert_eq!(codes("?text=nothing").await, Vec::<String>::new());
}

#[tokio::test]
async fn pages_follow_one_another_and_a_key_is_of_its_own_filter_and_partner_only() {
    let app = served().await;
    let first = reader(1).get(&app, "/v1/product-mappings?pageSize=3").await;
    let key = first.body["pages"]["nextKey"].as_str().unwrap();
    let second = reader(1).get(&app, &format!("/v1/product-mappings?pageSize=3&pageFromKey={key}")).await;
    assert_eq!((codes_of(&first.body).len(), codes_of(&second.body)), (3, vec!["SRVC".into(), "ZTNA".into()]));
    assert_eq!(second.body["pages"], json!({"size": 3, "maxSize": 500}));
    for (asking, query) in [(reader(1), "state=mapped&"), (reader(0x11), "")] {
        let refused = asking.get(&app, &format!("/v1/product-mappings?{query}pageFromKey={key}")).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalidPageKey"));
    }
}

#[tokio::test]
async fn unknown_and_unreadable_parameters_are_refused_all_at_once() {
    for (query, names) in [
        ("partnerId=x&state=maybe", vec!["partnerId", "state"]),
        ("pageSize=0", vec!["pageSize"]),
        ("pageSize=501", vec!["pageSize"]),
        ("sync=on&sync=off", vec!["sync"]),
    ] {
        let refused = reader(1).get(&served().await, &format!("/v1/product-mappings?{query}")).await;
        let told: Vec<&str> =
            refused.body["errors"].as_array().unwrap().iter().map(|e| e["parameter"].as_str().unwrap()).collect();
        assert_eq!((refused.status.as_u16(), told), (400, names), "{query}");
    }
}

#[tokio::test]
async fn what_the_caller_has_already_is_a_304() {
    let app = served().await;
    let first = reader(1).get(&app, "/v1/product-mappings").await;
    let known = [("if-none-match", first.header("etag"))];
    let again = reader(1).ask(&app, "GET /v1/product-mappings", &known, None).await;
    assert_eq!((again.status.as_u16(), &again.body), (304, &Value::Null));
    let other = reader(1).ask(&app, "GET /v1/product-mappings?sync=on", &known, None).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn partners_whose_ids_start_alike_never_see_one_another() {
    let answered = reader(0x11).get(&served().await, "/v1/product-mappings").await;
    assert_eq!(answered.body["items"], json!([]));
}
