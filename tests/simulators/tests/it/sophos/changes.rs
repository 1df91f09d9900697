//! Customers that are converted, suspended and unlinked, and products that are renamed, while the simulator serves.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::sophos::{BillingType, Firewall, Tenant, UsageRow};
use uuid::Uuid;

use crate::sophos::served::{NOVEMBER, PARTNER, Served, USAGE, customer};

const TENANTS: &str = "/partner/v1/tenants";

async fn with_a_customer() -> Served {
    let served = Served::with_usage(&[UsageRow::new(customer(), "CIXA-MSP", 20)]).await;
    served.sophos.add_tenant(PARTNER, Tenant::new(Uuid::from_u128(0xc002), "Yarrowdale Dairy"));
    served
}

/// Calls an admin route, and what it answers with.
async fn admin(served: &Served, method: Method, path: &str, body: Option<Value>) -> (StatusCode, String) {
    let request = served.client.request(method, format!("{}/_sim/{path}", served.url()));
    let request = body.into_iter().fold(request, |request, body| request.json(&body));
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_converted_customer_is_listed_with_its_new_billing_and_keeps_its_lines() {
    let served = with_a_customer().await;
    served.sophos.convert(customer(), BillingType::Term).unwrap();
    let page = served.get(TENANTS, StatusCode::OK).await;
    assert_eq!((&page["items"][0]["billingType"], &page["items"][1]["billingType"]), (&json!("term"), &json!("usage")));
    assert_eq!(served.get(USAGE, StatusCode::OK).await["items"][0]["accountId"], json!(customer()));
    served.get(&format!("{USAGE}?accountId={}", customer()), StatusCode::FORBIDDEN).await;
    served.sophos.convert(customer(), BillingType::Usage).unwrap();
    served.get(&format!("{USAGE}?accountId={}", customer()), StatusCode::OK).await;
}

#[tokio::test]
async fn a_suspended_customer_is_listed_as_such_and_keeps_its_lines() {
    let served = with_a_customer().await;
    served.sophos.suspend(customer()).unwrap();
    assert_eq!(served.get(TENANTS, StatusCode::OK).await["items"][0]["status"], "suspended");
    served.get(&format!("{USAGE}?accountId={}", customer()), StatusCode::OK).await;
}

#[tokio::test]
async fn an_unlinked_customer_is_not_listed_and_its_lines_stay() {
    let served = with_a_customer().await;
    served.sophos.unlink(customer()).unwrap();
    let page = served.get(&format!("{TENANTS}?pageTotal=true"), StatusCode::OK).await;
    assert_eq!((&page["pages"]["items"], &page["items"][0]["name"]), (&json!(1), &json!("Yarrowdale Dairy")));
    served.get(&format!("{TENANTS}/{}", customer()), StatusCode::NOT_FOUND).await;
    served.get(&format!("{TENANTS}/{}", Uuid::from_u128(0xc002)), StatusCode::OK).await;
    assert_eq!(served.get(USAGE, StatusCode::OK).await["items"][0]["billableQuantity"], 20);
    let refused = served.sophos.unlink(customer()).unwrap_err();
    assert!(refused.to_string().contains(&customer().to_string()), "{refused}");
}

#[tokio::test]
async fn a_renamed_product_has_its_new_description_in_every_month_and_licence() {
    let named = |description: &str| UsageRow {
        product_description: description.into(),
        ..UsageRow::new(customer(), "CIXA-MSP", 20)
    };
    let bent = named("Old").with("productDescription", "\"by hand\"");
    let rows = [named("Old"), named("Old \"quoted\""), UsageRow::new(customer(), "CEP", 1), bent];
    let served = Served::with_usage(&rows).await;
    served.sophos.add_firewall(PARTNER, Firewall::claimed_by(customer(), "C01", "CIXA-MSP"));
    let descriptions = async || {
        let page = served.get(USAGE, StatusCode::OK).await;
        let of_line = |line: &Value| line["productDescription"].as_str().unwrap().to_owned();
        page["items"].as_array().unwrap().iter().map(of_line).collect::<Vec<_>>()
    };
    assert_eq!(descriptions().await, ["Old", "Old \"quoted\"", "CEP - MSP Monthly", "by hand"]);
    served.sophos.rename_product("CIXA-MSP", "New \"name\"");
    let expected = ["New \"name\"", "New \"name\"", "CEP - MSP Monthly", "by hand"];
    assert_eq!(descriptions().await, expected);
    served.sophos.set_usage(PARTNER, NOVEMBER, &rows);
    assert_eq!(descriptions().await, expected, "lines that are set later, too");
    let licences = served.get("/licenses/v1/licenses/firewalls", StatusCode::OK).await;
    assert_eq!(licences["items"][0]["licenses"][0]["product"]["name"], "New \"name\"");
}

#[tokio::test]
async fn the_admin_routes_change_customers_products_and_pages() {
    let served = with_a_customer().await;
    let tenant = format!("tenants/{}", customer());
    let change = json!({ "billingType": "trial", "status": "suspended" });
    assert_eq!(admin(&served, Method::PUT, &tenant, Some(change)).await.0, StatusCode::NO_CONTENT);
    let listed = served.get(TENANTS, StatusCode::OK).await;
    assert_eq!(
        (&listed["items"][0]["billingType"], &listed["items"][0]["status"]),
        (&json!("trial"), &json!("suspended"))
    );

    let active = json!({ "status": "active" });
    assert_eq!(admin(&served, Method::PUT, &tenant, Some(active)).await.0, StatusCode::NO_CONTENT);
    let listed = served.get(TENANTS, StatusCode::OK).await;
    assert_eq!(
        (&listed["items"][0]["billingType"], &listed["items"][0]["status"]),
        (&json!("trial"), &json!("active"))
    );

    let name = json!({ "description": "Endpoint, renamed" });
    assert_eq!(admin(&served, Method::PUT, "products/CIXA-MSP", Some(name)).await.0, StatusCode::NO_CONTENT);
    let usage = served.get(USAGE, StatusCode::OK).await;
    assert_eq!(usage["items"][0]["productDescription"], "Endpoint, renamed");

    let uncounted = json!({ "tenantItems": false });
    assert_eq!(admin(&served, Method::PUT, "pages", Some(uncounted)).await.0, StatusCode::NO_CONTENT);
    let page = served.get(&format!("{TENANTS}?pageTotal=true"), StatusCode::OK).await;
    assert!(page["pages"].get("items").is_none());

    assert_eq!(admin(&served, Method::DELETE, &tenant, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(served.get(TENANTS, StatusCode::OK).await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_admin_call_that_makes_no_sense_is_refused_in_words() {
    let served = with_a_customer().await;
    let tenant = format!("tenants/{}", customer());
    let (status, text) = admin(&served, Method::DELETE, &format!("tenants/{}", Uuid::from_u128(9)), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text.starts_with("no partner has a customer"), "{text}");
    for body in [json!({ "billingType": "monthly" }), json!({ "state": "active" })] {
        let (status, text) = admin(&served, Method::PUT, &tenant, Some(body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(text.contains("unknown"), "{text}");
    }
    assert_eq!(served.get(TENANTS, StatusCode::OK).await["items"][0]["billingType"], "usage");
}
