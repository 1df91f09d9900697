//! Type-ahead: what is offered, in which order, and what it costs.

use local_stack::api::asking::Asking;
use serde_json::{Value, json};
use simulators::connectwise::auth::{Area, Rights, Role};

use super::world::{Psa, World, partner, reader, served, served_with};

/// What is offered, by identifier.
fn identifiers(body: &Value) -> Vec<&str> {
    body["items"].as_array().unwrap().iter().map(|row| row["identifier"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn from_two_characters_on_a_list_of_the_existing_products_is_offered() {
    let (world, psa) = served().await;
    psa.plant("Éx", "Letters are counted, not bytes", &json!({}));
    psa.plant("Sophos_Intercept_X", "Endpoint", &json!({}));
    for short in ["", " ", "i", " i ", "é", "e\u{301}", "日"] {
        let refused = world.find(&reader(1), "products", short).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "searchTooShort"), "{short:?}");
    }
    assert_eq!(psa.calls(), 0, "nothing of it was asked of ConnectWise");
    for (typed, identifier) in [("éx", "Éx"), (" in ", "Sophos_Intercept_X")] {
        let found = world.find(&reader(1), "products", typed).await;
        assert_eq!((found.status.as_u16(), identifiers(&found.body)), (200, vec![identifier]), "{typed}");
    }
}

#[tokio::test]
async fn the_list_is_of_products_available_for_mapping_best_first() {
    let (world, psa) = served().await;
    for (identifier, description) in [("Acme_Intercept", "Shield"), ("Preinterceptor", "x"), ("Intercept_X", "y")] {
        psa.plant(identifier, description, &json!({}));
    }
    psa.plant("Zeta", "Intercept", &json!({}));
    psa.plant("Intercept_Bundle", "x", &json!({"productClass": "Bundle"}));
    psa.plant("Intercept_Old", "x", &json!({"inactiveFlag": true}));
    let found = world.find(&reader(1), "products", "intercept").await;
    let ranked: Vec<(&str, &str)> = found.body["items"].as_array().unwrap().iter().map(shown).collect();
    let expected =
        [("Zeta", "exact"), ("Intercept_X", "prefix"), ("Acme_Intercept", "word"), ("Preinterceptor", "substring")];
    assert_eq!((ranked.as_slice(), &found.body["complete"]), (&expected[..], &json!(true)));
    assert_eq!(found.body["items"][0]["price"], "4.5", "money is a decimal text");
}

fn shown(row: &Value) -> (&str, &str) {
    (row["identifier"].as_str().unwrap(), row["match"].as_str().unwrap())
}

#[tokio::test]
async fn a_full_name_that_matches_exactly_one_available_product_is_told() {
    let (world, psa) = served().await;
    let only = psa.plant("Intercept_X", "Endpoint protection", &json!({}));
    psa.plant("Intercept_X_Advanced", "Twin", &json!({}));
    psa.plant("Other", "Twin", &json!({}));
    psa.plant("Retired", "Endpoint Protection", &json!({"inactiveFlag": true}));
    for name in ["Intercept_X", " intercept_x ", "endpoint PROTECTION"] {
        let found = world.find(&reader(1), "products", name).await.body;
        assert_eq!((&found["exactId"], &found["items"][0]["exact"]), (&json!(only), &json!(true)), "{name}");
    }
    let twins = world.find(&reader(1), "products", "twin").await.body;
    assert_eq!(
        (&twins["exactId"], &twins["items"][0]["exact"], &twins["items"][1]["exact"]),
        (&Value::Null, &json!(true), &json!(true))
    );
    let part = world.find(&reader(1), "products", "Intercept_").await.body;
    assert_eq!((&part["exactId"], &part["items"][0]["exact"]), (&Value::Null, &json!(false)));
}

#[tokio::test]
async fn a_longer_text_or_a_repetition_asks_nothing_of_connectwise_for_half_a_minute() {
    let (world, psa) = served().await;
    for n in 0..40 {
        psa.plant(&format!("Intercept_{n:02}"), "Endpoint", &json!({}));
    }
    let first = world.find(&reader(1), "products", "in").await.body;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["complete"]), (25, &json!(false)));
    let asked = psa.calls();
    assert_eq!(asked, 2, "where the API is, and one search");
    for typed in ["in", "int", "inter", "intercept_3", "INTERCEPT_39", "in"] {
        world.find(&reader(1), "products", typed).await;
    }
    let last = world.find(&reader(1), "products", "intercept_39").await.body;
    assert_eq!((identifiers(&last), psa.calls()), (vec!["Intercept_39"], asked));
    world.find(&reader(1), "products", "end").await;
    assert_eq!(psa.calls(), asked + 2, "another text");
    world.pass(30);
    world.find(&reader(1), "products", "inter").await;
    assert_eq!(psa.calls(), asked + 4, "half a minute later");
}

#[tokio::test]
async fn what_was_found_for_one_partner_is_never_shown_to_another() {
    let (world, psa) = served().await;
    psa.plant("Intercept_of_one", "x", &json!({}));
    psa.psa.add_company("ONE", "Intercept customer").unwrap();
    let other = Psa::new(Role::integrator()).await;
    other.plant("Intercept_of_the_other", "x", &json!({}));
    world.connect(partner(0x11), other.running.url()).await;
    for _ in 0..2 {
        let found = world.find(&reader(1), "products", "intercept").await.body;
        assert_eq!(identifiers(&found), ["Intercept_of_one"]);
        let found = world.find(&reader(0x11), "products", "intercept").await.body;
        assert_eq!(identifiers(&found), ["Intercept_of_the_other"]);
        let found = world.find(&reader(0x11), "companies", "intercept").await.body;
        assert_eq!(identifiers(&found), Vec::<&str>::new());
    }
    let unconnected = world.find(&reader(2), "products", "intercept").await;
    assert_eq!((unconnected.status.as_u16(), unconnected.code()), (409, "connectionMissing"));
}

#[tokio::test]
async fn signs_that_mean_something_elsewhere_are_only_letters_of_a_search() {
    let (world, psa) = served().await;
    for (identifier, description) in
        [("100% cover", "a"), ("1000 cover", "b"), ("O'Neill", "c"), ("24\" screen", "d"), ("a_b", "e"), ("[ab]*", "f")]
    {
        psa.plant(identifier, description, &json!({}));
    }
    for (typed, identifier) in
        [("00%", "100% cover"), ("o'n", "O'Neill"), ("24\"", "24\" screen"), ("A_B", "a_b"), ("[ab]*", "[ab]*")]
    {
        assert_eq!(identifiers(&world.find(&reader(1), "products", typed).await.body), [identifier], "{typed}");
    }
    for typed in ["a\\b", "5'11\"", "a\u{0}b"] {
        let refused = world.find(&reader(1), "products", typed).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "searchTextUnusable"), "{typed:?}");
    }
}

#[tokio::test]
async fn companies_are_found_by_name_and_their_agreements_listed_active_ones_first() {
    let (world, psa) = served().await;
    let brook = psa.psa.add_company("BROOK", "Brook Dental").unwrap();
    let other = psa.psa.add_company("ADLER", "Adler Bakery").unwrap();
    let kind = psa.psa.add_agreement_type("Managed services").unwrap();
    let ended = json!({"cancelledFlag": true, "dateCancelled": "2026-01-31T00:00:00Z", "reasonCancelled": "Renewed"});
    let ended = psa.psa.add_agreement(brook, kind, "Brook 2025", ended).unwrap();
    let active = psa.psa.add_agreement(brook, kind, "Brook 2026", json!({})).unwrap();
    psa.psa.add_agreement(other, kind, "Adler", json!({})).unwrap();
    let found = world.find(&reader(1), "companies", "den").await.body;
    let expected = json!({
        "items": [{"id": brook, "identifier": "BROOK", "name": "Brook Dental", "match": "word", "exact": false}],
        "complete": true,
    });
    assert_eq!(found, expected);
    let listed = reader(1).get(&world.search, &format!("/v1/psa/companies/{brook}/agreements")).await;
    let rows = listed.body["items"].as_array().unwrap();
    let shown: Vec<_> = rows.iter().map(|row| (row["id"].as_u64().unwrap(), row["status"].as_str().unwrap())).collect();
    assert_eq!(shown, [(active.into(), "active"), (ended.into(), "cancelled")]);
    assert_eq!((&rows[0]["billingCycle"], &rows[0]["type"]), (&json!("Monthly"), &json!("Managed services")));
    let nobody = reader(1).get(&world.search, "/v1/psa/companies/99999/agreements").await;
    assert_eq!(nobody.body, json!({"items": [], "unreadable": []}));
}

#[tokio::test]
async fn a_right_that_connectwise_denies_is_told_with_its_words() {
    let (world, _psa) = served_with(Role::with([(Area::ProductCatalog, Rights::READ)])).await;
    assert_eq!(world.find(&reader(1), "products", "so").await.status, 200);
    let denied = world.find(&reader(1), "companies", "so").await;
    assert_eq!((denied.status.as_u16(), denied.code()), (409, "psaRightMissing"));
    assert!(denied.body["psa"]["message"].as_str().unwrap().contains("permission"), "{:?}", denied.body);
}

#[tokio::test]
async fn searching_takes_the_right_to_read_and_asks_nothing_without() {
    let (world, psa) = served().await;
    let refused = world.find(&Asking::new(partner(1), "psa/write psa/admin"), "products", "so").await;
    assert_eq!((refused.status.as_u16(), refused.code(), psa.calls()), (403, "scopeMissing", 0));
    let world = World::new();
    for query in ["", "?text=ab&text=cd", "?text=ab&partnerId=1"] {
        let refused = reader(1).get(&world.search, &format!("/v1/psa/products/search{query}")).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalidRequest"), "{query}");
    }
}
