//! S7: firewall licences and whose they are; and what else public clients ask of one customer.

use reqwest::{Response, StatusCode};
use serde_json::json;
use simulators::sophos::{AccountType, Firewall, FirewallOwner, OwnerKind, Tenant};
use uuid::Uuid;

use crate::sophos::served::{OTHER_PARTNER, PARTNER, SECRET, Served, customer, json};

const FIREWALLS: &str = "/licenses/v1/licenses/firewalls";

async fn with_firewalls() -> Served {
    let served = Served::with_usage(&[]).await;
    served.sophos.add_firewall(PARTNER, Firewall::claimed_by(customer(), "C01001AAAAAAAA1", "XGS-FW"));
    served.sophos.add_firewall(PARTNER, Firewall::managed_by(PARTNER, "C01001AAAAAAAA2", "XGS-FW"));
    served
}

/// Asks for the customer's firewalls alone, as whoever the token belongs to.
async fn of_tenant(served: &Served, token: &str, tenant: Uuid) -> Response {
    about_tenant(served, token, tenant, FIREWALLS).await
}

async fn about_tenant(served: &Served, token: &str, tenant: Uuid, path: &str) -> Response {
    let request = served.client.get(served.url() + path).bearer_auth(token);
    request.header("X-Tenant-ID", tenant.to_string()).send().await.unwrap()
}

/// S7. DOC: `serialNumber`, `owner` {id, type}, `model`, `modelType`, `licenses`; the others: `sfos-central-sdk` 0.9.11,
/// which refuses a licence without them.
#[tokio::test]
async fn a_firewall_tells_serial_number_owner_model_and_licences() {
    let served = with_firewalls().await;
    let page = served.get(&format!("{FIREWALLS}?pageTotal=true"), StatusCode::OK).await;
    assert_eq!(page["pages"], json!({ "current": 1, "size": 50, "total": 1, "items": 2, "maxSize": 100 }));
    let claimed = &page["items"][0];
    assert_eq!(claimed["serialNumber"], "C01001AAAAAAAA1");
    assert_eq!(claimed["owner"], json!({ "id": customer(), "type": "tenant" }));
    assert_eq!((&claimed["model"], &claimed["modelType"]), (&json!("XGS 116"), &json!("hardware")));
    let of_customer = json!({ "id": customer() });
    assert_eq!((&claimed["tenant"], &claimed["billingTenant"]), (&of_customer, &of_customer));
    assert_eq!(claimed["partner"], json!({ "id": PARTNER }));
    let license = &claimed["licenses"][0];
    assert_eq!(license["product"]["code"], "XGS-FW");
    assert_eq!((&license["type"], &license["perpetual"]), (&json!("usage"), &json!(false)));
    assert_eq!(license["usage"], json!({ "current": { "count": 1 } }));
    for member in ["id", "licenseIdentifier", "startDate"] {
        assert!(license[member].is_string(), "{member}");
    }
    let managed = &page["items"][1];
    assert_eq!(managed["owner"], json!({ "id": PARTNER, "type": "partner" }));
    assert_eq!(managed["tenant"], json!({}), "assigned to no customer");
    assert_ne!(managed["licenses"][0]["id"], license["id"]);
}

/// S7. DOC: the route takes either header, and "gets firewalls claimed by tenant or managed by the partner".
#[tokio::test]
async fn one_customers_firewalls_are_served_to_its_partner_and_to_itself() {
    let served = with_firewalls().await;
    served.sophos.add_account(AccountType::Tenant, customer(), "itself", SECRET);
    for client_id in ["first", "itself"] {
        let answer = of_tenant(&served, &served.token(client_id).await, customer()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let page = json(answer).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(page["items"][0]["serialNumber"], "C01001AAAAAAAA1");
    }
}

/// S7. Refused as everywhere else.
#[tokio::test]
async fn a_call_without_either_header_is_401_and_somebody_elses_customer_403() {
    let served = with_firewalls().await;
    let token = served.token("first").await;
    served.get_as(&token, None, FIREWALLS, StatusCode::UNAUTHORIZED).await;
    served.get_as(&token, Some(OTHER_PARTNER), FIREWALLS, StatusCode::FORBIDDEN).await;
    let stranger = served.token("second").await;
    assert_eq!(of_tenant(&served, &stranger, customer()).await.status(), StatusCode::FORBIDDEN);
    let none = served.get_as(&stranger, Some(OTHER_PARTNER), FIREWALLS, StatusCode::OK).await;
    assert_eq!(json(none).await["items"], json!([]));
}

/// S7. CLIENT: owners are partners, organizations or tenants.
#[tokio::test]
async fn an_organization_can_own_a_firewall_of_its_customer() {
    let served = Served::new().await;
    served.sophos.add_tenant(PARTNER, Tenant::new(customer(), "Yarrowdale Dairy").detailed([]));
    let owner = FirewallOwner { id: Uuid::from_u128(0x0e6), kind: OwnerKind::Organization };
    let firewall = Firewall { owner, ..Firewall::claimed_by(customer(), "C01001AAAAAAAA3", "XGS-FW") };
    served.sophos.add_firewall(PARTNER, firewall);
    let page = served.get(FIREWALLS, StatusCode::OK).await;
    assert_eq!(page["items"][0]["owner"], json!({ "id": owner.id, "type": "organization" }));
    assert_eq!(page["items"][0]["tenant"], json!({ "id": customer() }));
    assert!(page["pages"].get("items").is_none(), "totals only where they are asked for");
}

/// CLIENT: published clients read a customer's licences. DOC: the members.
#[tokio::test]
async fn a_customers_licences_name_its_products() {
    let served = Served::new().await;
    served.sophos.add_tenant(PARTNER, Tenant::new(customer(), "Yarrowdale Dairy").detailed(["CIXA-MSP", "CEMA-MSP"]));
    let path = "/licenses/v1/licenses";
    let token = served.token("first").await;
    let answer = about_tenant(&served, &token, customer(), path).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = json(answer).await;
    assert_eq!(answer["tenant"], json!({ "id": customer() }));
    assert!(answer["organization"]["id"].is_string());
    let licenses = answer["licenses"].as_array().unwrap();
    let codes: Vec<_> = licenses.iter().map(|license| &license["product"]["code"]).collect();
    assert_eq!(codes, ["CIXA-MSP", "CEMA-MSP"]);
    assert!(licenses.iter().all(|license| license["type"] == "usage" && license["id"].is_string()));
    assert_ne!(licenses[0]["id"], licenses[1]["id"]);
    served.get_as(&token, Some(PARTNER), path, StatusCode::UNAUTHORIZED).await;
}

/// CLIENT: after S2, Sophos' own SIEM script asks for the customer's events, and ends where it is refused.
#[tokio::test]
async fn a_customer_has_no_events_and_no_alerts() {
    let served = with_firewalls().await;
    let token = served.token("first").await;
    for path in ["/siem/v1/events?limit=1000&from_date=1", "/siem/v1/alerts?limit=1000&from_date=1"] {
        let answer = about_tenant(&served, &token, customer(), path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let page = json(answer).await;
        assert_eq!((&page["items"], &page["has_more"]), (&json!([]), &json!(false)));
        assert!(page["next_cursor"].is_string());
        served.get_as(&token, Some(PARTNER), path, StatusCode::UNAUTHORIZED).await;
    }
}
