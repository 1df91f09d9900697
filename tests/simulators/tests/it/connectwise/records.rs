//! Lengths, computed fields and the tables behind references, as in the vendor's 2025.1 document (fidelity C7, C8, C12).

use serde_json::json;

use crate::connectwise::world::World;

/// C7, documented: 75 characters in 2025.1, 60 in 2022.1.
#[tokio::test]
async fn an_identifier_of_a_catalog_item_has_up_to_75_characters() {
    let world = World::new().await;
    let item = |length: usize| {
        json!({"identifier": "x".repeat(length), "description": "d", "customerDescription": "d",
            "subcategory": {"id": world.subcategory}, "type": {"id": world.product_type}})
    };
    world.post("/procurement/catalog", item(75)).await.expect(201);
    let refused = world.post("/procurement/catalog", item(76)).await;
    assert_eq!(refused.field_errors(), ["MaxLengthField identifier"]);
    world.psa.upgrade("v2022_1/");
    assert_eq!(world.post("/procurement/catalog", item(61)).await.field_errors(), ["MaxLengthField identifier"]);
    world.post("/procurement/catalog", item(60)).await.expect(201);
}

/// C8: the schema has them, and two public programs read `extPrice`.
#[tokio::test]
async fn an_addition_shows_what_the_server_works_out() {
    let world = World::new().await;
    let body = json!({"product": {"id": 1}, "billCustomer": "Billable", "quantity": 9, "lessIncluded": 2,
        "extPrice": 77, "effectiveDate": "2025-11-11"});
    let added = world.post("/finance/agreements/1/additions", body.clone()).await.expect(201);
    let shown = ["extPrice", "extCost", "margin", "sequenceNumber"].map(|field| added[field].clone());
    assert_eq!(shown, [json!(31.5), json!(14.0), json!(17.5), json!(1.0)]);
    assert_eq!(added.get("proratePrice"), None, "the agreement does not prorate");
    let second = world.post("/finance/agreements/1/additions", body).await.expect(201);
    assert_eq!(second["sequenceNumber"], 2.0);

    let changes = json!([
        {"op": "replace", "path": "prorateFlag", "value": true},
        {"op": "replace", "path": "nextInvoiceDate", "value": "2025-12-01"},
    ]);
    world.patch("/finance/agreements/1", changes).await.expect(200);
    let path = "/finance/agreements/1/additions/1?fields=id,proratePrice,prorateCost,extendedProratePrice";
    let prorated = world.get(path).await.expect(200);
    // 20 of 30 days.
    assert_eq!(prorated, json!({"id": 1, "proratePrice": 3.0, "prorateCost": 1.33, "extendedProratePrice": 21.0}));
    let found = world.ids_where("/finance/agreements/1/additions", "extPrice = 31.5 and proratePrice < 4").await;
    assert_eq!(found, [1, 2]);
}

/// C12: `companies?conditions=status/name="Active"` found nothing.
#[tokio::test]
async fn a_company_has_a_status_and_its_types_are_of_the_table() {
    let world = World::new().await;
    assert_eq!(world.ids_where("/company/companies", "status/name = 'Active'").await, [1]);
    let body = json!({"identifier": "NEW", "name": "New", "types": [{"id": 1}], "territory": {"id": 1}});
    let made = world.post("/company/companies", body).await.expect(201);
    assert_eq!((&made["types"][0]["name"], &made["territory"]["name"]), (&json!("Prospect"), &json!("Headquarters")));
    assert_eq!(made["status"]["name"], "Active");
    for (field, value) in [
        ("types", json!([{"id": 99}])),
        ("status", json!({"id": 99})),
        ("territory", json!({"id": 99})),
        ("currency", json!({"id": 99})),
    ] {
        let mut body = json!({"identifier": "OTHER", "name": "Other"});
        body[field] = value;
        let refused = world.post("/company/companies", body).await;
        assert_eq!(refused.field_errors(), [format!("NotFound {field}")]);
    }
}

/// C12: references of an agreement lead to records, and an id that is none is refused.
#[tokio::test]
async fn the_references_of_an_agreement_are_checked_and_shown_with_name_and_link() {
    let world = World::new().await;
    let site = world.post("/company/companies/1/sites", json!({"name": "Bakehouse"})).await.expect(201);
    assert_eq!(site["company"]["name"], "Adler Bakery");
    let contact = json!({"firstName": "Dana", "lastName": "Whitlock", "company": {"id": 1}});
    let contact = world.post("/company/contacts", contact).await.expect(201);
    let body = json!({"name": "New", "type": {"id": world.agreement_type}, "company": {"id": 1},
        "contact": {"id": contact["id"]}, "site": {"id": site["id"]}, "location": {"id": 1}, "department": {"id": 2},
        "billingCycle": {"id": 3}, "billingTerms": {"id": 3}, "currency": {"id": 2}});
    let made = world.post("/finance/agreements", body.clone()).await.expect(201);
    for (field, name, path) in [
        ("contact", "Dana Whitlock", "/company/contacts/2"),
        ("site", "Bakehouse", "/company/companies/1/sites/1"),
        ("location", "Headquarters", "/system/locations/1"),
        ("department", "Managed services", "/system/departments/2"),
        ("billingCycle", "Quarterly", "/finance/billingCycles/3"),
        ("billingTerms", "Net 30", "/finance/billingTerms/3"),
        ("currency", "Euro", "/finance/currencies/2"),
    ] {
        assert_eq!(made[field]["name"], name, "{field}");
        let links = made[field]["_info"].as_object().unwrap();
        assert!(links.values().any(|link| link.as_str().unwrap().ends_with(path)), "{field}: {links:?}");
        let one = world.get(path).await.expect(200);
        assert_eq!(one["id"], made[field]["id"]);
        let mut wrong = body.clone();
        wrong[field] = json!({"id": 99});
        assert_eq!(world.post("/finance/agreements", wrong).await.field_errors(), [format!("NotFound {field}")]);
    }
    assert_eq!((&made["currency"]["currencyCode"], &made["invoicingCycle"]), (&json!("EUR"), &json!("CalendarYear")));
    assert_eq!(world.ids_where("/finance/agreements", "billingCycle/name = 'Quarterly'").await, [2]);
}

#[tokio::test]
async fn the_tables_behind_references_can_be_listed_and_counted() {
    let world = World::new().await;
    for (path, least) in [
        ("/company/companies/statuses", 4),
        ("/company/companies/types", 8),
        ("/company/contacts", 1),
        ("/company/companies/1/sites", 0),
        ("/system/locations", 2),
        ("/system/departments", 2),
        ("/finance/billingCycles", 8),
        ("/finance/billingTerms", 3),
        ("/finance/currencies", 2),
    ] {
        let count = world.get(&format!("{path}/count")).await.expect(200)["count"].as_u64();
        assert_eq!(count, Some(least), "{path}");
        assert_eq!(world.get(path).await.expect(200).as_array().map(Vec::len), Some(least as usize));
    }
    world.get("/company/companies/9/sites").await.expect(404);
}

/// The client guides: a child agreement's invoice date comes from its parent.
#[tokio::test]
async fn a_child_shows_its_parents_next_invoice_date() {
    let world = World::new().await;
    let child = json!({"parentAgreement": {"id": 1}, "nextInvoiceDate": "2030-01-01"});
    let child = world.psa.add_agreement(1, world.agreement_type, "Child", child).unwrap();
    let date = json!([{"op": "replace", "path": "nextInvoiceDate", "value": "2025-12-01"}]);
    world.patch("/finance/agreements/1", date).await.expect(200);
    let shown = world.get(&format!("/finance/agreements/{child}")).await.expect(200);
    assert_eq!(shown["nextInvoiceDate"], "2025-12-01T00:00:00Z");
}
