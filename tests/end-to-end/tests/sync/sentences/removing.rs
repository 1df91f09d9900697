//! Removing a mapped product, and what alone makes its sync resume.

use serde_json::{Value, json};
use shared::domain::month::UsageMonth;

use crate::sentences::world::{ENDPOINT, INTERCEPT, Outcomes, World, november, used};

/// A partner who has removed the product that one of the two Sophos products was mapped to, and the ConnectWise product.
async fn removed() -> (World, u64) {
    let world = World::billing().await;
    let product = world.mapped_to(INTERCEPT).await;
    world.save(INTERCEPT, json!({"unmap": true})).await.done();
    (world, product)
}

/// Usage goes on: one unit more of each product and customer with each `step`.
fn uses_more(world: &World, month: UsageMonth, step: i64) {
    world.uses(month, &[used(INTERCEPT, [12 + step, 7 + step]), used(ENDPOINT, [5 + step, 3 + step])]);
}

/// What of a row says whether it syncs.
async fn standing(world: &World) -> (Value, Value, Value) {
    let row = world.row(INTERCEPT).await;
    (row["state"].clone(), row["sync"].clone(), row["psaProductId"].clone())
}

fn off() -> (Value, Value, Value) {
    (json!("removed"), json!(false), Value::Null)
}

fn assert_not_synced(outcomes: &Outcomes) {
    assert_eq!(outcomes[INTERCEPT], ["skipped.mappingRemoved"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_mapped_product_switches_that_sophos_products_usage_sync_off_automatically() {
    let world = World::billing().await;
    let (product, other) = (world.mapped_to(INTERCEPT).await, world.mapped_to(ENDPOINT).await);
    assert_eq!(standing(&world).await, (json!("mapped"), json!(true), json!(product)));

    // The request says nothing of the toggle.
    world.save(INTERCEPT, json!({"unmap": true})).await.done();
    assert_eq!(standing(&world).await, off());

    uses_more(&world, november(), 1);
    let (before, written) = (world.additions(product), world.written().len());
    assert_not_synced(&world.sync(november()).await);
    assert_eq!(world.additions(product), before, "its lines are as they were");
    assert_eq!(world.billed(product), [12.0, 7.0]);
    assert_eq!(world.billed(other), [6.0, 4.0], "the other product goes on");
    assert_eq!(world.written().len(), written + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sync_of_a_removed_product_does_not_resume_by_its_toggle() {
    let (world, product) = removed().await;
    let row = world.row(INTERCEPT).await;

    let refused = world.save(INTERCEPT, json!({"sync": true})).await;
    assert_eq!(
        (refused.refusal(), &refused.body["errors"][0]["pointer"]),
        ((422, "notMapped"), &json!("/rows/0/sync"))
    );
    assert_eq!(world.row(INTERCEPT).await, row, "nothing of it is stored");

    uses_more(&world, november(), 1);
    assert_not_synced(&world.sync(november()).await);
    assert_eq!(world.billed(product), [12.0, 7.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sync_of_a_removed_product_does_not_resume_by_new_usage_or_a_new_usage_month() {
    let (world, product) = removed().await;
    let other = world.mapped_to(ENDPOINT).await;
    let mut month = november();
    for step in 1..4 {
        uses_more(&world, month, step);
        assert_not_synced(&world.sync(month).await);
        assert_not_synced(&world.night(month).await);
        assert_not_synced(&world.apply(month).await);
        assert_eq!((standing(&world).await, world.billed(product)), (off(), vec![12.0, 7.0]), "{month}");
        let more = [5 + step, 3 + step].map(|units| json!(units).as_f64().unwrap());
        assert_eq!(world.billed(other), more, "the runs of {month} do write");
        month = month.next();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sync_of_a_removed_product_resumes_when_a_product_is_mapped_again() {
    let (world, product) = removed().await;
    uses_more(&world, november(), 2);
    assert_not_synced(&world.sync(november()).await);

    // That it is to sync need not be said.
    world.save(INTERCEPT, json!({"mapTo": product})).await.done();
    assert_eq!(standing(&world).await, (json!("mapped"), json!(true), json!(product)));
    let before = world.additions(product).len();
    let outcomes = world.sync(november()).await;

    assert_eq!(outcomes[INTERCEPT], ["updated"; 2]);
    assert_eq!((world.billed(product), world.additions(product).len()), (vec![14.0, 9.0], before));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sync_of_a_removed_product_resumes_on_another_connectwise_product_too() {
    let (world, former) = removed().await;
    assert_not_synced(&world.sync(november()).await);
    let another = world.identified("MSP-0002");

    world.save(INTERCEPT, json!({"mapTo": another})).await.done();
    let outcomes = world.sync(november()).await;
    assert_eq!(outcomes[INTERCEPT], ["held.stillBilled"; 2], "never billed twice");
    assert_eq!((world.billed(former), world.billed(another)), (vec![12.0, 7.0], vec![]));

    // The person ends what the former product bills; nothing waits then.
    world.edit_additions(former, &json!({"quantity": 0}));
    let outcomes = world.sync(november()).await;
    assert_eq!(outcomes[INTERCEPT], ["created"; 2]);
    assert_eq!((world.billed(former), world.billed(another)), (vec![0.0, 0.0], vec![12.0, 7.0]));
}
