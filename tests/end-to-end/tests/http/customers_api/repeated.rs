//! Saves and imports of customers that are repeated with their key after a crash between the effect and its answer.

use local_stack::api::asking::{Answered, Asking};
use serde_json::{Value, json};
use shared::table::dynamodb::DynamoTable;
use simulators::table::LocalTable;
use simulators::table::ids::CountedIds;
use simulators::table::wire::{Fault, Wire, crash};

use crate::customers_api::world::{IMPORT, SAVE, World, listed, partner, unmap};

/// A world on a table behind a wire.
async fn wired(test: impl AsyncFnOnce(&Wire, World<DynamoTable<CountedIds>>)) {
    let table = LocalTable::in_memory().await.unwrap();
    let wire = Wire::to(&table).await.unwrap();
    test(&wire, World::on(wire.store()).await).await;
    wire.stop().await;
    table.stop().await.unwrap();
}

async fn ask(world: &World<DynamoTable<CountedIds>>, head: &str, key: &str, body: &Value) -> Answered {
    Asking::new(partner(), "psa/write").ask(&world.app, head, &[("idempotency-key", key)], Some(body)).await
}

/// Asks, crashes behind the effect, and asks again with the same key.
async fn ask_crash_and_ask(
    wire: &Wire,
    world: &World<DynamoTable<CountedIds>>,
    (head, key): (&str, &str),
    body: &Value,
) -> Answered {
    wire.meets(crash("TransactWriteItems", Fault::LoseAnswer));
    assert_eq!(ask(world, head, key, body).await.status, 503);
    wire.heals();
    let again = ask(world, head, key, body).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (200, "true"), "{:#}", again.body);
    again
}

async fn edits(world: &World<DynamoTable<CountedIds>>) -> usize {
    world.store.list_edits(partner(), None, None, 1_000).await.unwrap().edits.len()
}

#[tokio::test]
async fn a_save_that_crashed_between_its_effect_and_its_answer_is_answered_alike_and_done_once() {
    wired(async |wire, world| {
        // A mapping that is made anew goes on from the version of the removed one, and the answer says so.
        world.saved(&[world.map(1, 0, 0)]).await;
        world.saved(&[unmap(1, 1)]).await;
        let body = json!({"rows": [world.map(1, 0, 1), world.map(2, 0, 2)], "note": "by phone"});
        let again = ask_crash_and_ask(wire, &world, (SAVE, "k-1"), &body).await;
        let changes = again.body["changes"].as_array().unwrap();
        assert_eq!(changes.iter().map(|change| &change["version"]).collect::<Vec<_>>(), [&json!(3), &json!(1)]);
        assert_eq!((&again.body["saved"], edits(&world).await), (&json!(true), 4));
        assert_eq!(world.row(1).await["version"], 3);
        let other = ask(&world, SAVE, "k-1", &json!({"rows": [world.map(1, 3, 0)]})).await;
        assert_eq!((other.status.as_u16(), other.code(), edits(&world).await), (422, "idempotencyKeyReused", 4));
    })
    .await;
}

#[tokio::test]
async fn a_switch_whose_answer_was_lost_is_no_conflict_with_itself() {
    wired(async |wire, world| {
        world.saved(&[world.map(1, 0, 0)]).await;
        let body = json!({"rows": [crate::customers_api::world::switch(1, 1, false)]});
        let again = ask_crash_and_ask(wire, &world, (SAVE, "k-1"), &body).await;
        assert_eq!((&again.body["changes"][0]["version"], edits(&world).await), (&json!(2), 2));
    })
    .await;
}

#[tokio::test]
async fn an_import_that_crashes_after_each_chunk_goes_on_with_its_keys_to_the_end() {
    wired(async |wire, world| {
        let many: Vec<_> = (1..=40).map(|n| listed(n, &format!("Customer {n}"), "usage")).collect();
        world.store.refresh_known_customers(partner(), "", &many).await.unwrap();
        let mut csv = "customerId,companyId,agreementId,sync,version\n".to_owned();
        for customer in &many {
            let company = world.psa.add_company(&customer.name.replace(' ', "-"), &customer.name).unwrap();
            let agreement = world.psa.add_agreement(company, world.kind, "Security", json!({})).unwrap();
            csv.push_str(&format!("{},{company},{agreement},on,0\n", customer.id));
        }
        let first = ask_crash_and_ask(wire, &world, (IMPORT, "k-1"), &json!({"csv": csv})).await;
        assert_eq!((&first.body["lookedAt"], &first.body["nextLine"]), (&json!(30), &json!(32)));
        assert_eq!(first.body["changes"].as_array().unwrap().len(), 30);
        let body = json!({"csv": csv, "fromLine": first.body["nextLine"]});
        assert_eq!(ask(&world, IMPORT, "k-1", &body).await.code(), "idempotencyKeyReused");
        let second = ask_crash_and_ask(wire, &world, (IMPORT, "k-2"), &body).await;
        assert_eq!((second.body["changes"].as_array().unwrap().len(), second.body.get("nextLine")), (10, None));
        assert_eq!(edits(&world).await, 40);
        // From its start with new keys it finds all as it wants it.
        let over = ask(&world, IMPORT, "k-3", &json!({"csv": csv})).await;
        assert_eq!((over.status.as_u16(), &over.body["changes"]), (200, &json!([])));
        assert_eq!((edits(&world).await, &world.row(40).await["version"]), (40, &json!(1)));
    })
    .await;
}
