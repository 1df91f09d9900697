//! The list as CSV, and CSV as a save.

use serde_json::{Value, json};

use shared::table::Table;

use crate::customers_api::world::{IMPORT, World, customer, errors, listed, map_to, partner};

async fn exported(world: &World<impl Table>, size: u32) -> String {
    let (mut text, mut key) = (String::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/customer-mappings.csv?pageSize={size}{key}")).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/csv; charset=utf-8"));
        // A page that holds nothing has no body.
        text.push_str(page.body.as_str().unwrap_or_default());
        match page.header("x-next-page-key") {
            "" => return text,
            next => key = format!("&pageFromKey={next}"),
        }
    }
}

#[tokio::test]
async fn pages_of_csv_are_one_file_in_which_no_cell_runs() {
    let world = World::new().await;
    let risky = [listed(1, "=HYPERLINK(\"x\")", "usage"), listed(2, "A, \"B\"", "usage"), listed(3, "C", "usage")];
    world.store.refresh_known_customers(partner(), "", &risky).await.unwrap();
    world.saved(&[world.map(1, 0, 0)]).await;
    let whole = exported(&world, 500).await;
    assert_eq!(exported(&world, 1).await, whole);
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 4, "{whole}");
    assert!(lines[0].starts_with("customerId,name,"), "{whole}");
    assert!(lines[1].contains("\"'=HYPERLINK(\"\"x\"\")\""), "{whole}");
    assert!(lines[2].contains("\"A, \"\"B\"\"\""), "{whole}");
}

#[tokio::test]
async fn an_exported_file_changes_nothing_when_it_is_imported_as_it_is() {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0), world.map(2, 0, 1)]).await;
    let csv = exported(&world, 2).await;
    let calls = world.psa_calls();
    let done = world.post(IMPORT, &json!({"csv": csv})).await;
    assert_eq!((done.status.as_u16(), &done.body["changes"]), (200, &json!([])), "{:#}", done.body);
    assert_eq!((&done.body["lookedAt"], world.psa_calls()), (&4.into(), calls));
    let place = |company: u32| format!(",{company},Adler Bakery Ltd,{},", world.agreements[0]);
    let moved = csv.replace(&place(world.companies[0]), &place(9999));
    assert_ne!(moved, csv);
    assert_eq!(world.post(IMPORT, &json!({"csv": moved})).await.code(), "agreementUnusable");
}

#[tokio::test]
async fn every_bad_line_is_told_at_once_by_its_number_before_anything_is_saved() {
    let world = World::new().await;
    let id = customer(1);
    let csv = format!(
        "customerId,companyId,agreementId,sync,version\n{id},1,1,on,0\nx,1,1,,\n{id},0,1,maybe,y\n{},,,on,\n",
        customer(2)
    );
    for validate_only in [true, false] {
        let refused = world.post(IMPORT, &json!({"csv": csv, "validateOnly": validate_only})).await;
        let places: Vec<String> = refused.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["detail"].as_str().unwrap().split(':').next().unwrap().to_owned())
            .collect();
        let expected = ["Line 3, customerId", "Line 4, version", "Line 4, sync", "Line 4, companyId", "Line 5, sync"];
        assert_eq!((refused.code(), places), ("invalidRequest", expected.map(str::to_owned).to_vec()));
        assert!(errors(&refused).iter().all(|(pointer, _)| pointer == "/csv"));
    }
    let refused = world.post(IMPORT, &json!({"csv": format!("customerId,companyId,agreementId,sync,version\n{id},{},{},,9\n", world.companies[0], world.agreements[0])})).await;
    assert_eq!(refused.code(), "versionMismatch");
    assert_eq!(world.row(1).await["version"], 0);
}

#[tokio::test]
async fn a_file_is_imported_in_chunks_and_may_be_taken_up_anywhere() {
    let world = World::new().await;
    let many: Vec<_> = (1..=70).map(|n| listed(n, &format!("Customer {n}"), "usage")).collect();
    world.store.refresh_known_customers(partner(), "", &many).await.unwrap();
    let mut csv = "customerId;companyId;agreementId;sync;version\n".to_owned();
    for customer in &many {
        let company = world.psa.add_company(&customer.name.replace(' ', "-"), &customer.name).unwrap();
        let agreement = world.psa.add_agreement(company, world.kind, "Security", json!({})).unwrap();
        csv.push_str(&format!("{};{company};{agreement};on;0\n", customer.id));
    }
    let shown = world.post(IMPORT, &json!({"csv": csv, "validateOnly": true})).await;
    assert_eq!((shown.body["changes"].as_array().unwrap().len(), &shown.body["nextLine"]), (30, &32.into()));
    assert_eq!(world.row(1).await["version"], 0, "only shown");
    // The second time over, a part is there already.
    for expected in [70, 0] {
        let (mut changed, mut from) = (0, Value::Null);
        loop {
            let done = world.post(IMPORT, &json!({"csv": csv, "fromLine": from})).await;
            assert_eq!(done.status, 200, "{:#}", done.body);
            changed += done.body["changes"].as_array().unwrap().len();
            from = done.body["nextLine"].clone();
            if from.is_null() {
                break;
            }
        }
        assert_eq!(changed, expected);
    }
    let row = map_to(70, 1, world.companies[0], world.agreements[0]);
    world.saved(&[row]).await;
}
