//! Toggles per product, stored with *Save*.

use serde_json::json;

use crate::sentences::world::{ENDPOINT, INTERCEPT, World, november, used};

#[tokio::test(flavor = "multi_thread")]
async fn toggles_per_product_are_stored_with_save() {
    let world = World::billing().await;
    let (intercept, endpoint) = (world.mapped_to(INTERCEPT).await, world.mapped_to(ENDPOINT).await);
    let uses = |step: i64| {
        let lines = [used(INTERCEPT, [12 + step, 7 + step]), used(ENDPOINT, [5 + step, 3 + step])];
        world.uses(november(), &lines);
    };
    let both = || (world.billed(intercept), world.billed(endpoint));
    let toggles = async || [&world.row(INTERCEPT).await["sync"], &world.row(ENDPOINT).await["sync"]].map(|v| v == true);

    // Moved but not saved: nothing has changed.
    assert_eq!(world.stage(INTERCEPT, json!({"sync": false})).await["sync"], false);
    assert_eq!(toggles().await, [true, true]);
    uses(1);
    world.sync(november()).await;
    assert_eq!(both(), (vec![13.0, 8.0], vec![6.0, 4.0]));

    // Saved: that product stops, the other goes on.
    world.save(INTERCEPT, json!({"sync": false})).await.done();
    assert_eq!(toggles().await, [false, true]);
    uses(2);
    let outcomes = world.sync(november()).await;
    assert_eq!(outcomes[INTERCEPT], ["skipped.productOff"; 2]);
    assert_eq!(outcomes[ENDPOINT], ["updated"; 2]);
    assert_eq!(both(), (vec![13.0, 8.0], vec![7.0, 5.0]));
    assert_eq!(world.mapped_to(INTERCEPT).await, intercept, "off is not unmapped");

    // And on again: it catches up.
    world.save(INTERCEPT, json!({"sync": true})).await.done();
    assert_eq!(toggles().await, [true, true]);
    world.sync(november()).await;
    assert_eq!(both(), (vec![14.0, 9.0], vec![7.0, 5.0]));
}
