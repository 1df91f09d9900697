//! The partner's customers.

use reqwest::StatusCode;
use serde_json::json;
use simulators::sophos::{BillingType, Tenant};
use uuid::Uuid;

use crate::sophos::served::{OTHER_PARTNER, PARTNER, Served, customer, json};

async fn with_customers(count: u128) -> Served {
    let served = Served::new().await;
    for number in 1..=count {
        served.sophos.add_tenant(PARTNER, Tenant::new(Uuid::from_u128(number), format!("Customer {number}")));
    }
    served
}

#[tokio::test]
async fn tenants_come_by_page_number_with_totals_when_asked_for() {
    let served = with_customers(121).await;
    let third = served.get("/partner/v1/tenants?pageTotal=true&page=3", StatusCode::OK).await;
    let pages = json!({ "current": 3, "size": 50, "total": 3, "items": 121, "maxSize": 100 });
    assert_eq!(third["pages"], pages);
    assert_eq!(third["items"].as_array().unwrap().len(), 21);
    assert_eq!(third["items"][0]["name"], "Customer 101");
}

#[tokio::test]
async fn without_page_total_there_are_no_totals() {
    let served = with_customers(3).await;
    let page = served.get("/partner/v1/tenants", StatusCode::OK).await;
    assert_eq!(page["pages"], json!({ "current": 1, "size": 50, "maxSize": 100 }));
}

#[tokio::test]
async fn no_page_of_tenants_is_larger_than_100_and_pages_past_the_end_are_empty() {
    let served = with_customers(121).await;
    let first = served.get("/partner/v1/tenants?pageSize=1000", StatusCode::OK).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 100);
    assert_eq!(first["pages"]["size"], 100);
    let past = served.get("/partner/v1/tenants?pageSize=100&page=3", StatusCode::OK).await;
    assert_eq!(past["items"], json!([]));
}

#[tokio::test]
async fn a_page_number_that_is_none_is_400() {
    let served = with_customers(1).await;
    for query in ["page=0", "page=one", "pageSize=-1"] {
        let body = served.get(&format!("/partner/v1/tenants?{query}"), StatusCode::BAD_REQUEST).await;
        assert_eq!(body["error"], "BadRequest");
    }
}

#[tokio::test]
async fn a_tenant_shows_its_billing_type_region_and_partner() {
    let served = Served::new().await;
    let tenant = Tenant { region: "eu01".into(), ..Tenant::new(customer(), "Yarrowdale Dairy") };
    served.sophos.add_tenant(PARTNER, tenant.billed_by(BillingType::Term));
    let page = served.get("/partner/v1/tenants", StatusCode::OK).await;
    let expected = json!({
        "id": customer(), "showAs": "Yarrowdale Dairy", "name": "Yarrowdale Dairy", "dataGeography": "IE",
        "dataRegion": "eu01", "billingType": "term", "partner": { "id": PARTNER }, "apiHost": served.url(),
        "status": "active",
    });
    assert_eq!(page["items"], json!([expected]));
}

#[tokio::test]
async fn each_partner_sees_its_own_tenants_only() {
    let served = with_customers(2).await;
    let token = served.token("second").await;
    let answer = served.get_as(&token, Some(OTHER_PARTNER), "/partner/v1/tenants", StatusCode::OK).await;
    assert_eq!(json(answer).await["items"], json!([]));
}
