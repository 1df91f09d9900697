//! The vendor's own usage sync as well as ours: one warning a run, in both languages, and none for what a person does by hand.

use serde_json::{Value, json};
use simulators::connectwise::Collection;

use crate::runs_api::world::{World, id_of};

/// A line of the vendor's own integration on the first agreements, each changed by the same member.
fn changed_by_another(world: &World, agreements: usize) {
    let psa = &world.stack.psa;
    let first = psa.records(Collection::Catalog, 0)[0].clone();
    let reference = |name: &str| json!({"id": first[name]["id"]});
    let fields = json!({"subcategory": reference("subcategory"), "type": reference("type"), "productClass": "Service"});
    let product = psa.add_catalog_item("Sophos_Wireless_Perf_Standard", "Wireless", fields).unwrap();
    for agreement in psa.records(Collection::Agreements, 0).iter().take(agreements) {
        let agreement = u32::try_from(agreement["id"].as_u64().unwrap()).unwrap();
        let line = psa.add_addition(agreement, product, 3, json!({})).unwrap();
        psa.edit(Collection::Additions, agreement, line, &json!({"quantity": 4})).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learnt_that_the_vendors_own_sync_still_writes() {
    let world = World::open().await;
    changed_by_another(&world, 3);
    let shown = world.preview(&json!({})).await;
    let found = &shown["vendorSync"];
    assert_eq!((&found["lines"], &found["customers"], &found["member"]), (&json!(3), &json!(3), &json!("technician")));
    let what = found["what"].as_str().unwrap();
    let head = "The ConnectWise member 'technician' has changed 3 Sophos lines of 3 customers since ";
    assert!(what.starts_with(head) && what.ends_with("; the vendor's own usage sync may still be on."), "{what}");
    let overview = world.get_in("it", "/v1/sync/overview").await.body;
    let what = overview["lastPreview"]["vendorSync"]["what"].as_str().unwrap();
    assert!(
        what.starts_with("Il membro ConnectWise «technician» ha modificato 3 righe Sophos di 3 clienti dal "),
        "{what}"
    );
    assert!(overview["lastPreview"]["vendorSync"]["advice"].as_str().unwrap().starts_with("Chiedere"), "{overview}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_two_customers_that_a_person_changed_were_taken_for_the_vendors_sync() {
    let world = World::open().await;
    changed_by_another(&world, 2);
    let shown = world.preview(&json!({})).await;
    assert_eq!(shown["vendorSync"], Value::Null, "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_writes_were_taken_for_the_vendors_sync_and_its_writes_to_our_lines_for_ours() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    let run = world.sync_now(&json!({})).await;
    assert_eq!(run["vendorSync"], Value::Null, "{run}");
    let psa = &world.stack.psa;
    for agreement in psa.records(Collection::Agreements, 0).iter().take(3) {
        let agreement = u32::try_from(agreement["id"].as_u64().unwrap()).unwrap();
        let line = u32::try_from(psa.additions(agreement)[0]["id"].as_u64().unwrap()).unwrap();
        psa.edit(Collection::Additions, agreement, line, &json!({"unitPrice": 7})).unwrap();
    }
    let preview = world.preview(&json!({})).await;
    assert_eq!(preview["vendorSync"], Value::Null, "prices are the partner's: {preview}");
    for agreement in psa.records(Collection::Agreements, 0).iter().take(3) {
        let agreement = u32::try_from(agreement["id"].as_u64().unwrap()).unwrap();
        let line = psa.additions(agreement)[0].clone();
        let (id, more) =
            (u32::try_from(line["id"].as_u64().unwrap()).unwrap(), line["quantity"].as_f64().unwrap() + 1.0);
        psa.edit(Collection::Additions, agreement, id, &json!({"quantity": more})).unwrap();
    }
    let preview = world.preview(&json!({})).await;
    assert_eq!(preview["vendorSync"]["customers"], 3, "{preview}");
    let again = world.get(&format!("/v1/sync/runs/{}", id_of(&preview))).await.body;
    assert_eq!(again["vendorSync"], preview["vendorSync"]);
}
