//! S1, S2, S3: customers of the newer and the older kind of answer, one by its id, and partial answers.

use reqwest::StatusCode;
use serde_json::{Value, json};
use simulators::sophos::{BillingType, Tenant, UsageRow};
use uuid::Uuid;

use crate::sophos::served::{NOVEMBER, OTHER_PARTNER, PARTNER, Served, USAGE, customer, quantities};

const TENANTS: &str = "/partner/v1/tenants";

fn other() -> Uuid {
    Uuid::from_u128(0xc002)
}

/// A customer of the newer kind and one of the older kind.
async fn with_both_kinds() -> Served {
    let served = Served::new().await;
    let mut newer = Tenant::new(customer(), "Yarrowdale Dairy").detailed(["CIXA-MSP", "CPHISH-MSP"]);
    newer.details.as_mut().unwrap().managed = Some(true);
    served.sophos.add_tenant(PARTNER, newer);
    served.sophos.add_tenant(PARTNER, Tenant::new(other(), "Pebblewick Dental"));
    served
}

/// S1. `organization` and `contact`: required by `sfos-central-sdk` 0.9.11; `products` and `managed`: public clients of
/// real partners.
#[tokio::test]
async fn a_tenant_of_the_newer_kind_has_organization_contact_products_and_managed() {
    let served = with_both_kinds().await;
    let page = served.get(TENANTS, StatusCode::OK).await;
    let newer = &page["items"][0];
    assert!(newer["organization"]["id"].as_str().unwrap().parse::<Uuid>().is_ok());
    let contact = &newer["contact"];
    assert_eq!(contact["email"], "office@yarrowdale-dairy.example");
    assert!(contact["firstName"].is_string() && contact["lastName"].is_string());
    for member in ["address1", "city", "state", "countryCode", "postalCode"] {
        assert!(contact["address"][member].is_string(), "{member}");
    }
    assert_eq!(newer["products"], json!([{ "code": "CIXA-MSP" }, { "code": "CPHISH-MSP" }]));
    assert_eq!(newer["managed"], true);
}

/// S1. Live answers that a third party quotes had none of it.
#[tokio::test]
async fn a_tenant_of_the_older_kind_has_none_of_it() {
    let served = with_both_kinds().await;
    let page = served.get(TENANTS, StatusCode::OK).await;
    for member in ["organization", "contact", "products", "managed"] {
        assert!(page["items"][1].get(member).is_none(), "{member}");
    }
}

/// S1. `sfos-central-sdk` refuses a tenant with a member that it does not know, and `managed` is one.
#[tokio::test]
async fn managed_is_served_only_where_it_is_set() {
    let served = Served::new().await;
    served.sophos.add_tenant(PARTNER, Tenant::new(customer(), "Yarrowdale Dairy").detailed([]));
    let page = served.get(TENANTS, StatusCode::OK).await;
    assert!(page["items"][0].get("managed").is_none());
    assert_eq!(page["items"][0]["products"], json!([]));
}

/// S1. `status` is `active` or `suspended` in public clients.
#[tokio::test]
async fn a_tenant_can_be_suspended() {
    let served = Served::new().await;
    let suspended = Tenant { status: "suspended".into(), ..Tenant::new(customer(), "Yarrowdale Dairy") };
    served.sophos.add_tenant(PARTNER, suspended);
    assert_eq!(served.get(TENANTS, StatusCode::OK).await["items"][0]["status"], "suspended");
}

/// S2. In Sophos' request collection; its SIEM script asks for the one customer that it is set up for.
#[tokio::test]
async fn one_tenant_is_served_by_its_id_as_the_list_shows_it() {
    let served = with_both_kinds().await;
    let listed = served.get(TENANTS, StatusCode::OK).await;
    for (place, id) in [customer(), other()].into_iter().enumerate() {
        assert_eq!(served.get(&format!("{TENANTS}/{id}"), StatusCode::OK).await, listed["items"][place]);
    }
}

/// S2. The errors are those of the other routes: which of them Sophos sends is assumed.
#[tokio::test]
async fn a_tenant_of_nobody_is_404_of_another_partner_403_and_no_id_400() {
    let served = with_both_kinds().await;
    served.sophos.add_tenant(OTHER_PARTNER, Tenant::new(Uuid::from_u128(7), "Foreign"));
    let expected = [
        (Uuid::from_u128(9).to_string(), StatusCode::NOT_FOUND, "NotFound"),
        (Uuid::from_u128(7).to_string(), StatusCode::FORBIDDEN, "Forbidden"),
        ("none".to_owned(), StatusCode::BAD_REQUEST, "BadRequest"),
    ];
    for (id, status, error) in expected {
        assert_eq!(served.get(&format!("{TENANTS}/{id}"), status).await["error"], error);
    }
    let tally = served.sophos.gate().counters().tally();
    assert_eq!(tally.calls("GET", "/partner/v1/tenants/{id}"), 3);
}

/// S3. `fields`: "the fields to return in a partial response" of both routes in Sophos' collection.
#[tokio::test]
async fn fields_trims_tenants_to_the_members_named() {
    let served = with_both_kinds().await;
    let page = served.get(&format!("{TENANTS}?fields=id,%20products,nothing&pageTotal=true"), StatusCode::OK).await;
    let products = json!([{ "code": "CIXA-MSP" }, { "code": "CPHISH-MSP" }]);
    assert_eq!(page["items"], json!([{ "id": customer(), "products": products }, { "id": other() }]));
    assert_eq!(page["pages"]["items"], 2);
    let one = served.get(&format!("{TENANTS}/{}?fields=name", other()), StatusCode::OK).await;
    assert_eq!(one, json!({ "name": "Pebblewick Dental" }));
}

/// S3. `contactEmail`: "tenant email for contact" of billing usage in Sophos' collection.
#[tokio::test]
async fn contact_email_filters_usage_and_its_totals() {
    let served = with_both_kinds().await;
    let row = |id, units| UsageRow::new(id, "CIXA-MSP", units);
    let mine = [row(customer(), 1), row(other(), 2), UsageRow::unassigned("CIXA-MSP", 3), row(customer(), 4)];
    served.sophos.set_usage(PARTNER, NOVEMBER, &mine);
    let filtered = format!("{USAGE}?contactEmail=Office@yarrowdale-dairy.example&pageTotal=true&pageSize=1");
    let (lines, pages) = served.all_pages(&filtered).await;
    assert_eq!((quantities(&lines), pages), (vec![1, 4], 2));
    assert_eq!(served.get(&filtered, StatusCode::OK).await["pages"]["items"], 2);
    let nobody = served.get(&format!("{USAGE}?contactEmail=nobody@x.example"), StatusCode::OK).await;
    assert_eq!(nobody["items"], json!([]));
    let contradiction = format!("{filtered}&accountId={}", other());
    assert_eq!(served.get(&contradiction, StatusCode::OK).await["items"], json!([]));
}

/// S3. A key is good for its own filter only.
#[tokio::test]
async fn a_page_key_of_one_contact_is_refused_without_it() {
    let served = with_both_kinds().await;
    served.sophos.set_usage(PARTNER, NOVEMBER, &[UsageRow::new(customer(), "A", 1), UsageRow::new(customer(), "B", 2)]);
    let filtered = format!("{USAGE}?contactEmail=office@yarrowdale-dairy.example&pageSize=1");
    let page: Value = served.get(&filtered, StatusCode::OK).await;
    let key = page["pages"]["nextKey"].as_str().unwrap();
    served.get(&format!("{USAGE}?pageFromKey={key}"), StatusCode::BAD_REQUEST).await;
}

/// Fixtures of published clients have pages of tenants that count no items.
#[tokio::test]
async fn a_page_of_tenants_can_lack_the_number_of_items() {
    let served = with_both_kinds().await;
    served.sophos.count_tenants(false);
    let page = served.get(&format!("{TENANTS}?pageTotal=true"), StatusCode::OK).await;
    assert_eq!(page["pages"], json!({ "current": 1, "size": 50, "total": 1, "maxSize": 100 }));
    served.sophos.count_tenants(true);
    assert_eq!(served.get(&format!("{TENANTS}?pageTotal=true"), StatusCode::OK).await["pages"]["items"], 2);
}

/// `sfos-central-sdk` 0.9.11 asks for totals by `pageTotal=True`.
#[tokio::test]
async fn totals_are_asked_for_in_any_case_of_letters() {
    let served = with_both_kinds().await;
    served.sophos.add_tenant(PARTNER, Tenant::new(Uuid::from_u128(5), "Third").billed_by(BillingType::Term));
    let page = served.get(&format!("{TENANTS}?page=1&pageTotal=True&pageSize=100"), StatusCode::OK).await;
    assert_eq!((&page["pages"]["items"], &page["pages"]["total"]), (&json!(3), &json!(1)));
}
