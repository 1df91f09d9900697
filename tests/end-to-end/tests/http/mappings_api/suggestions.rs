//! Suggestions: ranked, and never applied by themselves.

use serde_json::{Value, json};

use super::shop::Shop;
use super::{reader, row};

#[tokio::test]
async fn suggestions_come_by_identifier_number_cross_reference_then_name_and_are_never_applied() {
    let shop = Shop::open().await;
    let name = shop.product("BR-1", "Brand Intercept Advanced", &json!({}));
    let xref = shop.product("BR-2", "Second", &json!({"integrationXRef": "CIXA"}));
    let sku = shop.product("BR-3", "Third", &json!({"vendorSku": "cixa"}));
    let identifier = shop.product("Sophos_Intercept_X_Advanced", "Fourth", &json!({}));
    shop.product("BR-4", "Intercept X Advanced", &json!({"inactiveFlag": true}));
    shop.product("BR-5", "Intercept X Advanced", &json!({"productClass": "Bundle"}));
    shop.product("BR-6", "Chair", &json!({}));
    let before = row(&shop.app, "CIXA").await;
    let found = reader(1).get(&shop.app, "/v1/product-mappings/suggestions?code=CIXA").await;
    assert_eq!(found.status, 200, "{:?}", found.body);
    let told = |item: &Value| (item["psaProductId"].as_u64().unwrap(), item["because"].as_str().unwrap().to_owned());
    let told: Vec<_> = found.body["items"].as_array().unwrap().iter().map(told).collect();
    let expected = [(identifier, "identifier"), (sku, "sku"), (xref, "crossReference"), (name, "name")];
    assert_eq!(told, expected.map(|(id, because)| (u64::from(id), because.to_owned())));
    assert_eq!(row(&shop.app, "CIXA").await, before);
    assert_eq!(reader(1).get(&shop.app, "/v1/product-mappings/suggestions?code=NOPE").await.status, 404);
    shop.close().await;
}
