//! New usage data does nothing by itself: a product that was unknown so far is shown, and waits for a person.

use serde_json::{Value, json};

use crate::sentences::world::{EMAIL, ENDPOINT, INTERCEPT, Outcomes, World, XDR, november, used};

/// Two unknown products appear in the usage, and every kind of run sees them: a person's and the schedule's, in this month
/// and the next.
async fn every_run_sees_unknown_products(world: &World) -> Vec<Outcomes> {
    let mut all = Vec::new();
    for month in [november(), november().next()] {
        let lines = [
            used(INTERCEPT, [12, 7]),
            used(ENDPOINT, [5, 3]),
            used(XDR, [9, 4]).called("Central Intercept X Advanced with XDR"),
            used(EMAIL, [20, 6]).called("Central Email Advanced"),
        ];
        world.uses(month, &lines);
        all.push(world.apply(month).await);
        all.push(world.sync(month).await);
        all.push(world.night(month).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn new_usage_data_never_creates_default_products_by_itself() {
    let world = World::billing().await;
    let (catalogue, written) = (world.catalogue(), world.written());
    every_run_sees_unknown_products(&world).await;
    assert_eq!(world.catalogue(), catalogue);
    assert_eq!(world.written(), written, "nothing at all was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_usage_data_never_maps_default_products_by_itself() {
    let world = World::billing().await;
    // What would suggest itself: the vendor's own identifier, the code itself, the very same name.
    let tempting = [
        world.plant("Sophos_Intercept_X_Advanced_XDR", "Intercept X Advanced with XDR", json!({"price": 5.0})),
        world.plant(EMAIL, "Central Email Advanced", json!({"price": 2.0, "integrationXRef": EMAIL})),
    ];
    let mapped = [world.row(INTERCEPT).await, world.row(ENDPOINT).await].map(|row| row["psaProductId"].clone());

    every_run_sees_unknown_products(&world).await;

    for (code, tempting) in [XDR, EMAIL].into_iter().zip(tempting) {
        let suggested = world.get(&format!("/v1/product-mappings/suggestions?code={code}")).await.done();
        let ids: Vec<&Value> =
            suggested["items"].as_array().unwrap().iter().map(|item| &item["psaProductId"]).collect();
        assert!(ids.contains(&&json!(tempting)), "it does suggest itself: {suggested}");
        let row = world.row(code).await;
        assert_eq!((&row["state"], &row["psaProductId"]), (&json!("unmapped"), &Value::Null), "{row}");
        assert_eq!(world.billed(tempting), [] as [f64; 0]);
    }
    let now = [world.row(INTERCEPT).await, world.row(ENDPOINT).await].map(|row| row["psaProductId"].clone());
    assert_eq!(now, mapped, "and what was mapped is mapped as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_usage_data_never_syncs_default_products_by_itself() {
    let world = World::billing().await;
    let additions = world.all_additions();
    assert_eq!(additions, 4, "two customers, two mapped products");

    for outcomes in every_run_sees_unknown_products(&world).await {
        for code in [XDR, EMAIL] {
            assert_eq!(outcomes[code], ["skipped.productUnmapped"; 2]);
        }
    }

    assert_eq!(world.all_additions(), additions);
    let billed = [world.mapped_to(INTERCEPT).await, world.mapped_to(ENDPOINT).await].map(|id| world.billed(id));
    assert_eq!(billed, [[12.0, 7.0], [5.0, 3.0]], "nor was it added to what is billed");
    for code in [XDR, EMAIL] {
        assert_eq!(world.row(code).await["sync"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_product_shows_up_as_unmapped_and_waits() {
    let world = World::billing().await;
    let codes = async || {
        let rows = world.rows().await.into_iter();
        rows.map(|row| row["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes().await, [ENDPOINT, INTERCEPT]);

    world.uses(november(), &[used(INTERCEPT, [12, 7]), used(ENDPOINT, [5, 3]), used(XDR, [9, 4])]);
    world.sync(november()).await;
    assert_eq!(codes().await, [ENDPOINT, INTERCEPT, XDR]);
    for _ in 0..2 {
        let row = world.row(XDR).await;
        assert_eq!((&row["state"], &row["sync"], &row["version"]), (&json!("unmapped"), &json!(false), &json!(0)));
        assert_eq!((&row["unsyncedUnits"], &row["lastSeen"]["month"]), (&json!(13), &json!("2026-11")));
        world.night(november()).await;
    }

    // What waited is billed in full once a person has mapped it.
    let choice = world.identified("MSP-0002");
    world.save(XDR, json!({"mapTo": choice})).await.done();
    world.sync(november()).await;
    assert_eq!((world.billed(choice), &world.row(XDR).await["unsyncedUnits"]), (vec![9.0, 4.0], &Value::Null));
}
