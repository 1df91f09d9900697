//! Renamed products never break the sync: a mapping holds ids, and a name is only ever shown.

use serde_json::json;
use simulators::connectwise::Collection;

use crate::sentences::world::{ENDPOINT, INTERCEPT, World, ids, november, used};

#[tokio::test(flavor = "multi_thread")]
async fn renamed_connectwise_products_never_break_the_sync() {
    let world = World::billing().await;
    let (intercept, endpoint) = (world.mapped_to(INTERCEPT).await, world.mapped_to(ENDPOINT).await);
    let mapped = [world.row(INTERCEPT).await, world.row(ENDPOINT).await];
    let (lines, products) = ([intercept, endpoint].map(|id| ids(&world.additions(id))), world.catalogue().len());

    // One is renamed here, the other in ConnectWise itself; and its old name goes to a new product, which must not get
    // the usage.
    let path = format!("/v1/psa/products/{intercept}");
    let seen = world.get(&path).await;
    let name = json!({"identifier": "SHIELD-PLUS", "description": "Shield Plus", "customerDescription": "Shield Plus"});
    world.patch(&path, &seen.etag, &name).await.done();
    let name = json!({"identifier": "SHIELD", "description": "Shield", "customerDescription": "Shield"});
    world.stack.psa.edit(Collection::Catalog, 0, u32::try_from(endpoint).unwrap(), &name).unwrap();
    let heir = world.plant("SEC-CEP", "Managed Endpoint Protection", json!({"price": 99.0}));
    let named = |id| world.product(id)["identifier"].clone();
    assert_eq!((named(intercept), named(endpoint)), (json!("SHIELD-PLUS"), json!("SHIELD")));

    world.uses(november(), &[used(INTERCEPT, [14, 8]), used(ENDPOINT, [6, 4])]);
    let before = world.written().len();
    let outcomes = world.sync(november()).await;

    assert_eq!((world.billed(intercept), world.billed(endpoint)), (vec![14.0, 8.0], vec![6.0, 4.0]), "{outcomes:?}");
    assert_eq!([intercept, endpoint].map(|id| ids(&world.additions(id))), lines, "the very same lines");
    assert_eq!(world.billed(heir), [] as [f64; 0]);
    assert_eq!(world.catalogue().len(), products + 1, "nothing was created for the old name");
    let written = world.written().split_off(before);
    assert!(written.len() == 4 && written.iter().all(|write| write.starts_with("PATCH ")), "{written:?}");
    for (before, code) in mapped.iter().zip([INTERCEPT, ENDPOINT]) {
        let mut row = world.row(code).await;
        for field in ["state", "psaProductId", "sync", "version"] {
            assert_eq!(row[field], before[field], "{code}: {field}");
        }
        // What it is called is shown beside the id.
        row.as_object_mut().unwrap().remove("psaProduct");
        assert!(!row.to_string().contains("SHIELD"), "a row holds the id, not a name: {row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed_sophos_products_never_break_the_sync() {
    let world = World::billing().await;
    let (intercept, endpoint) = (world.mapped_to(INTERCEPT).await, world.mapped_to(ENDPOINT).await);
    let lines = [intercept, endpoint].map(|id| ids(&world.additions(id)));

    // They exchange their names, which must not exchange where they are billed.
    world.uses(
        november(),
        &[used(INTERCEPT, [14, 8]).called("Endpoint Protection"), used(ENDPOINT, [6, 4]).called("Intercept X")],
    );
    let before = world.written().len();
    let outcomes = world.sync(november()).await;

    let rows = [world.row(INTERCEPT).await, world.row(ENDPOINT).await];
    let shown = rows.map(|row| (row["description"].clone(), row["psaProductId"].clone()));
    let expected = [(json!("Endpoint Protection"), json!(intercept)), (json!("Intercept X"), json!(endpoint))];
    assert_eq!(shown, expected, "the rows show what Sophos calls them now");
    assert_eq!((world.billed(intercept), world.billed(endpoint)), (vec![14.0, 8.0], vec![6.0, 4.0]), "{outcomes:?}");
    assert_eq!([intercept, endpoint].map(|id| ids(&world.additions(id))), lines, "the very same lines");
    assert_eq!(world.written().len(), before + 4);
    assert_eq!(world.rows().await.len(), 2, "a new name is no new product");
}
