//! Runs about some customers, and previews of what is switched off.

use serde_json::{Value, json};

use crate::runs_api::world::{World, id_of};

fn customers(lines: &[Value]) -> std::collections::BTreeSet<&str> {
    lines.iter().filter_map(|line| line["customerId"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_chosen_customers_has_their_lines_alone_and_its_apply_writes_for_them_alone() {
    let world = World::open().await;
    let chosen = world.stack.demo.customer(1).to_string();
    let shown = world.preview(&json!({ "customers": [chosen] })).await;
    assert_eq!((&shown["customers"], &shown["tiesOut"]), (&json!([chosen]), &true.into()));
    let lines = world.lines(&shown, "").await;
    assert_eq!(customers(&lines).into_iter().collect::<Vec<_>>(), [chosen.as_str()]);
    let applied = world.apply(&shown).await;
    let created = applied["counts"]["additionsCreated"].as_u64().unwrap();
    assert!(created > 0 && world.stack.psa.writes().len() as u64 == created, "{applied}");
    let again = world.sync_now(&json!({ "customers": [chosen] })).await;
    assert_eq!(again["counts"]["unchanged"], applied["counts"]["created"], "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_customer_cannot_be_chosen() {
    let world = World::open().await;
    let stranger = "718b6047-2fbc-4f4b-a143-45ee42bf5d3b";
    for (wrong, pointer) in [
        (json!([]), "/customers"),
        (json!(vec![stranger; 101]), "/customers"),
        (json!([world.stack.demo.customer(0).to_string(), "ACME"]), "/customers/1"),
        (json!([stranger]), "/customers/0"),
    ] {
        let refused = world.post("/v1/sync/runs", &json!({ "customers": wrong })).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalidRequest"), "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_that_ignores_switches_shows_what_is_off_and_is_never_applied() {
    let world = World::open().await;
    let code = world.lines(&world.preview(&json!({})).await, "").await[0]["product"].as_str().unwrap().to_owned();
    world.toggle(&code, false).await;
    let (as_it_is, as_if_on) = (json!({}), json!({ "ignoreSwitches": true }));
    let shown = world.preview(&as_it_is).await;
    let off = world.lines(&shown, &format!("&product={code}")).await;
    assert!(!off.is_empty() && off.iter().all(|line| line["reason"] == "productOff"), "{off:?}");
    let shown = world.preview(&as_if_on).await;
    let on = world.lines(&shown, &format!("&product={code}")).await;
    assert!(!on.is_empty() && on.iter().all(|line| line["outcome"] == "created"), "{on:?}");
    let refused = world.post(&format!("/v1/sync/previews/{}/apply", id_of(&shown)), &json!({})).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "previewUnusable"));
    assert_eq!(world.stack.psa.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_writes_off_a_preview_works_and_a_sync_is_refused() {
    let world = World::open().await;
    let partner = world.stack.demo.partner();
    let settings = world.stack.store.find_settings(partner).await.unwrap().unwrap();
    let off = shared::domain::settings::Settings { writes: false, ..settings };
    world.stack.store.put_settings(partner, &off).await.unwrap();
    let shown = world.preview(&json!({})).await;
    assert_eq!(shown["state"], "succeeded");
    for path in [format!("/v1/sync/previews/{}/apply", id_of(&shown)), "/v1/sync/runs".to_owned()] {
        let refused = world.post(&path, &json!({})).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (409, "writesOff"), "{path}");
    }
    assert_eq!(world.stack.psa.writes().len(), 0);
}
