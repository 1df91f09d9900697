//! Map to an existing product: what is offered to who types, and what becomes of the choice.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sentences::world::{ENDPOINT, INTERCEPT, World, XDR, november, used};

/// A third Sophos product is there and nobody has mapped it.
async fn with_an_unmapped_product() -> World {
    let world = World::billing().await;
    world.uses(november(), &[used(INTERCEPT, [12, 7]), used(ENDPOINT, [5, 3]), used(XDR, [9, 4])]);
    world.sync(november()).await;
    assert_eq!(world.row(XDR).await["state"], "unmapped");
    world
}

fn offered(body: &Value) -> BTreeSet<u64> {
    body["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_two_characters_on_a_list_of_the_existing_products_available_for_mapping_is_offered() {
    let world = World::open().await;
    let bundle = world.plant("MSP-BUNDLE", "Managed bundle", json!({"productClass": "Bundle"}));
    let retired = world.plant("MSP-RETIRED", "Managed until last year", json!({"inactiveFlag": true}));

    world.stack.psa.gate().counters().reset();
    for short in ["", "M", " M "] {
        assert_eq!(world.typed(short).await.refusal(), (400, "searchTooShort"), "{short:?}");
    }
    assert_eq!(world.stack.psa.gate().counters().tally().total, 0, "nothing of it was asked of ConnectWise");

    for typed in ["Ma", "Managed", "managed service", "MSP-0003", "sec-"] {
        let found = world.typed(typed).await.done();
        let holds = |text: &Value| text.as_str().unwrap().to_lowercase().contains(&typed.to_lowercase());
        let existing = world.catalogue().into_iter().filter(|product| {
            let id = product["id"].as_u64().unwrap();
            (holds(&product["identifier"]) || holds(&product["description"])) && id != bundle && id != retired
        });
        let existing: BTreeSet<u64> = existing.map(|product| product["id"].as_u64().unwrap()).collect();
        assert!(!existing.is_empty(), "{typed}");
        assert_eq!((offered(&found), &found["complete"]), (existing, &json!(true)), "{typed}");
    }
    for typed in ["MSP-BUNDLE", "MSP-RETIRED", "until last year", "no such product"] {
        let found = world.typed(typed).await.done();
        assert_eq!((&found["items"], &found["exactId"]), (&json!([]), &Value::Null), "{typed}");
    }
    for unavailable in [bundle, retired, 999_999] {
        let refused = world.save(INTERCEPT, json!({"mapTo": unavailable})).await;
        assert_eq!(refused.refusal(), (422, "productUnavailable"), "nor can it be had unoffered");
    }
    assert_eq!(world.mapped_to(INTERCEPT).await, world.identified("SEC-CIXA-MSP"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_product_that_was_chosen_is_mapped_by_save_and_the_next_run_bills_on_it() {
    let world = with_an_unmapped_product().await;
    let found = world.typed("service 4").await.done();
    let choice = found["items"][0]["id"].as_u64().unwrap();
    assert_eq!(world.product(choice)["identifier"], "MSP-0004");

    let staged = world.stage(XDR, json!({"mapTo": choice})).await;
    assert_eq!((&staged["psaProductId"], &staged["sync"]), (&json!(choice), &json!(true)));
    let outcomes = world.sync(november()).await;
    assert_eq!(world.row(XDR).await["state"], "unmapped", "applied to the row, not saved");
    assert_eq!(world.billed(choice), [] as [f64; 0], "{outcomes:?}");

    world.save(XDR, json!({"mapTo": choice})).await.done();
    let row = world.row(XDR).await;
    assert_eq!((&row["state"], &row["psaProductId"]), (&json!("mapped"), &json!(choice)));
    let outcomes = world.sync(november()).await;
    assert_eq!(world.billed(choice), [9.0, 4.0], "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_name_that_matches_exactly_one_available_product_is_accepted_without_choosing_from_the_list() {
    let world = with_an_unmapped_product().await;
    let only = world.plant("CARE-1", "Acme Care", json!({"price": 8.0}));
    world.plant("CARE-2", "Acme Care Plus", json!({"price": 9.0}));
    world.plant("CARE-3", "Acme Care", json!({"price": 9.0, "inactiveFlag": true}));
    world.plant("TWIN-1", "Acme Twin", json!({"price": 9.0}));
    world.plant("TWIN-2", "Acme Twin", json!({"price": 9.0}));

    let found = world.typed("acme care").await.done();
    assert_eq!((&found["exactId"], offered(&found).len()), (&json!(only), 2), "one is called so, the list has two");
    for part in ["Acme Car", "Acme Twin"] {
        assert_eq!(world.typed(part).await.done()["exactId"], Value::Null, "{part}");
    }

    world.save(XDR, json!({"mapTo": found["exactId"]})).await.done();
    let outcomes = world.sync(november()).await;
    assert_eq!(world.billed(only), [9.0, 4.0], "{outcomes:?}");
}
