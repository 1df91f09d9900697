//! What mapping is for: each product is synced as the partner says, on the partner's own products and terms.

use serde_json::json;

use crate::sentences::world::{EMAIL, ENDPOINT, INTERCEPT, World, XDR, ids, november, used};

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_maps_sophos_products_to_connectwise_products_and_configures_usage_sync_per_product() {
    let world = World::billing().await;
    let known = [used(INTERCEPT, [12, 7]), used(ENDPOINT, [5, 3])];
    world.uses(november(), &[&known[..], &[used(XDR, [9, 4]), used(EMAIL, [20, 6])]].concat());
    world.sync(november()).await;
    let [first, second] = ["MSP-0002", "MSP-0003"].map(|identifier| world.identified(identifier));

    world.save(XDR, json!({"mapTo": first})).await.done();
    world.save(EMAIL, json!({"mapTo": second, "sync": false})).await.done();
    let outcomes = world.sync(november()).await;

    assert_eq!((world.billed(first), world.billed(second)), (vec![9.0, 4.0], vec![]), "{outcomes:?}");
    assert_eq!(outcomes[XDR], ["created"; 2]);
    assert_eq!(outcomes[EMAIL], ["skipped.productOff"; 2]);
    world.save(EMAIL, json!({"sync": true})).await.done();
    world.sync(november()).await;
    assert_eq!((world.billed(first), world.billed(second)), (vec![9.0, 4.0], vec![20.0, 6.0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_billed_for_bundled_services_under_the_partners_own_brand() {
    let world = World::billing().await;
    let parts = [used(XDR, [9, 4]).called("Sophos XDR"), used(EMAIL, [20, 6]).called("Sophos Email")];
    world.uses(november(), &[&[used(INTERCEPT, [12, 7]), used(ENDPOINT, [5, 3])][..], &parts].concat());
    world.sync(november()).await;
    let own = world.plant("ACME-CARE", "Acme Care", json!({"price": 11.5, "productClass": "Service"}));

    world.save(XDR, json!({"mapTo": own})).await.done();
    world.save(EMAIL, json!({"mapTo": own, "combine": "addUp"})).await.done();
    world.sync(november()).await;

    assert_eq!(world.billed(own), [29.0, 10.0], "one line a customer, for both");
    for (_, addition) in world.additions(own) {
        assert_eq!((&addition["description"], &addition["unitPrice"]), (&json!("Acme Care"), &json!(11.5)));
        let whole = json!(addition).to_string();
        assert!(!whole.contains("Sophos") && !whole.contains(XDR) && !whole.contains(EMAIL), "{whole}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_partners_own_accounting_preferences_are_kept() {
    let world = World::billing().await;
    let product = world.mapped_to(INTERCEPT).await;
    let preferred = json!({"unitPrice": 3.75, "lessIncluded": 2.0, "billCustomer": "NoCharge", "taxableFlag": true});
    world.edit_additions(product, &preferred);
    let before = world.additions(product);

    world.uses(november(), &[used(INTERCEPT, [14, 8]), used(ENDPOINT, [5, 3])]);
    world.sync(november()).await;

    assert_eq!(world.billed(product), [14.0, 8.0]);
    let after = world.additions(product);
    assert_eq!(ids(&after), ids(&before));
    for ((_, after), (_, before)) in after.iter().zip(&before) {
        for field in ["unitPrice", "unitCost", "lessIncluded", "billCustomer", "taxableFlag", "effectiveDate"] {
            assert_eq!(after[field], before[field], "{field}");
        }
        assert_eq!((&after["unitPrice"], &after["billCustomer"]), (&json!(3.75), &json!("NoCharge")));
    }
}
