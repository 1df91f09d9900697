//! Viewing a product, and what its form can choose from.

use serde_json::json;
use simulators::connectwise::Collection;
use simulators::connectwise::auth::{Area, Rights, Role};

use super::world::{reader, served, served_with};

#[tokio::test]
async fn the_details_icon_shows_the_product_with_money_as_decimal_texts() {
    let (world, psa) = served().await;
    let id = psa.plant("Sophos_Intercept_X", "Intercept X", &json!({"price": 4.5, "cost": 2.25, "vendorSku": "CIX"}));
    let shown = world.view(id).await;
    assert_eq!(shown.status, 200, "{:?}", shown.body);
    assert_eq!((&shown.body["id"], &shown.body["identifier"]), (&json!(id), &json!("Sophos_Intercept_X")));
    assert_eq!((&shown.body["price"], &shown.body["cost"]), (&json!("4.5"), &json!("2.25")));
    assert_eq!(shown.body["subcategory"], json!({"id": 1, "name": "Subscriptions"}));
    assert_eq!((&shown.body["class"], &shown.body["available"]), (&json!("NonInventory"), &json!(true)));
    let known = [("if-none-match", shown.header("etag"))];
    let again = reader(1).ask(&world.products, &format!("GET /v1/psa/products/{id}"), &known, None).await;
    assert_eq!(again.status, 304);
    let gone = world.view(99_999).await;
    assert_eq!((gone.status.as_u16(), gone.code()), (404, "psaNotFound"));
    assert_eq!(reader(1).get(&world.products, "/v1/psa/products/0").await.status, 400);
}

#[tokio::test]
async fn the_form_can_choose_from_what_is_active() {
    let (world, psa) = served().await;
    psa.psa.add_unit_of_measure("Seat").unwrap();
    let retired = psa.psa.add_product_type("Retired").unwrap();
    psa.psa.edit(Collection::ProductTypes, 0, retired, &json!({"inactiveFlag": true})).unwrap();
    let choices = reader(1).get(&world.products, "/v1/psa/products/choices").await;
    let expected = json!({
        "categories": [{"id": 1, "name": "Security"}],
        "subcategories": [{"id": 1, "name": "Subscriptions", "categoryId": 1}],
        "types": [{"id": 1, "name": "Software"}],
        "units": [{"id": 1, "name": "Seat"}],
        "classes": ["Agreement", "Bundle", "Inventory", "NonInventory", "Service"],
    });
    assert_eq!(choices.body, expected);
}

#[tokio::test]
async fn without_the_right_to_the_setup_tables_the_choices_say_so() {
    let (world, _psa) = served_with(Role::with([(Area::ProductCatalog, Rights::READ)])).await;
    let denied = reader(1).get(&world.products, "/v1/psa/products/choices").await;
    assert_eq!((denied.status.as_u16(), denied.code()), (409, "psaRightMissing"));
}
