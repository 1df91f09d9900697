//! Which company a customer may be.

use serde_json::{Value, json};

use shared::table::Table;

use crate::customers_api::world::{World, customer, unmap};

async fn suggested(world: &World<impl Table>, n: u32) -> Vec<(String, String)> {
    let answered = world.get(&format!("/v1/customer-mappings/suggestions?customerId={}", customer(n))).await;
    assert_eq!(answered.status, 200, "{:#}", answered.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = answered.body["items"].as_array().unwrap().clone();
    items.iter().map(|item| (text(&item["name"]), text(&item["because"]))).collect()
}

fn pair(name: &str, because: &str) -> (String, String) {
    (name.to_owned(), because.to_owned())
}

#[tokio::test]
async fn companies_are_suggested_by_identifier_then_former_mapping_then_name_and_never_applied() {
    let world = World::new().await;
    world.psa.add_company("X1", "Adler").unwrap();
    world.psa.add_company("X2", "Adler and sons").unwrap();
    let calls = world.psa_calls();
    let expected =
        [pair("Adler Bakery Ltd", "identifier"), pair("Adler", "sameName"), pair("Adler and sons", "likeName")];
    assert_eq!(suggested(&world, 1).await, expected);
    assert!(world.psa_calls() - calls <= 1 + 3);
    assert_eq!(suggested(&world, 3).await, [pair("Cedar Logistics", "likeName")], "without the company's form");
    assert_eq!(suggested(&world, 4).await, []);
    assert_eq!(world.row(1).await["version"], 0);
    world.saved(&[world.map(3, 0, 2)]).await;
    world.saved(&[unmap(3, 1)]).await;
    assert_eq!(suggested(&world, 3).await, [pair("Cedar Logistics", "crossReference")]);
}

#[tokio::test]
async fn a_suggested_company_says_who_has_it() {
    let world = World::new().await;
    world.saved(&[world.map(2, 0, 0)]).await;
    let answered = world.get(&format!("/v1/customer-mappings/suggestions?customerId={}", customer(1))).await;
    assert_eq!(answered.body["items"][0]["takenBy"], json!("Brook Dental"));
    let unknown = world.get(&format!("/v1/customer-mappings/suggestions?customerId={}", customer(9))).await;
    assert_eq!(unknown.code(), "notFound");
}
