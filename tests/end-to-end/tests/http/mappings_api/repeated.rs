//! Saves and imports that are repeated with their key after what interrupted them: a crash, a lost answer, a slow attempt.

use axum::Router;
use local_stack::api::asking::{Answered, options};
use local_stack::api::held::{Held, Standing};
use mappings::{World, app};
use serde_json::{Value, json};
use shared::ids::UuidV7;
use shared::seal::LocalSeal;
use shared::store::{DiscoveredProduct, Store};
use shared::store::{DynamoStore, MemoryStore};
use shared::table::Table;
use simulators::table::LocalTable;
use simulators::table::ids::CountedIds;
use simulators::table::wire::{Fault, Wire, crash, times};

use super::sheets::import_by;
use super::shop::Shop;
use super::{code, connections, partner, row, serving, writer};

/// A table behind a wire, and the function on it.
async fn wired(test: impl AsyncFnOnce(&Wire, &DynamoStore<CountedIds>, &Router)) {
    let table = LocalTable::in_memory().await.unwrap();
    let wire = Wire::to(&table).await.unwrap();
    let store = wire.store();
    test(&wire, &store, &serving(store.clone(), LocalSeal::ephemeral())).await;
    wire.stop().await;
    table.stop().await.unwrap();
}

async fn save(app: &Router, key: &str, body: &Value) -> Answered {
    writer(1).ask(app, "POST /v1/product-mappings/save", &[("idempotency-key", key)], Some(body)).await
}

fn exclude(code: &str, reason: &str) -> Value {
    json!({"rows": [{"code": code, "version": 0, "exclude": reason}]})
}

async fn edits(store: &Store<impl Table>) -> usize {
    store.list_edits(partner(1), None, None, 1_000).await.unwrap().edits.len()
}

fn is_replayed(answered: &Answered) -> bool {
    answered.header("idempotency-replayed") == "true"
}

#[tokio::test]
async fn a_save_that_crashed_between_its_effect_and_its_answer_is_answered_alike_and_done_once() {
    wired(async |wire, store, app| {
        let body = exclude("FW-1", "sold as a bundle");
        wire.meets(crash("TransactWriteItems", Fault::LoseAnswer));
        assert_eq!(save(app, "k-1", &body).await.status, 503);
        wire.heals();
        for _ in 0..2 {
            let again = save(app, "k-1", &body).await;
            assert_eq!((again.status.as_u16(), is_replayed(&again)), (200, true), "{:#}", again.body);
            let after = &again.body["changes"][0]["after"];
            assert_eq!((&again.body["applied"], &after["version"]), (&json!(true), &json!(1)));
        }
        assert_eq!((edits(store).await, &row(app, "FW-1").await["version"]), (1, &json!(1)));
        let other = save(app, "k-1", &exclude("FW-1", "not sold")).await;
        assert_eq!((other.status.as_u16(), other.code()), (422, "idempotencyKeyReused"));
        assert_eq!(edits(store).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_save_that_crashed_before_its_effect_has_stored_nothing_and_its_repetition_waits_for_it() {
    wired(async |wire, store, app| {
        let body = exclude("FW-1", "sold as a bundle");
        wire.meets(crash("TransactWriteItems", Fault::LoseCall));
        assert_eq!(save(app, "k-1", &body).await.status, 503);
        wire.heals();
        let again = save(app, "k-1", &body).await;
        assert_eq!((again.status.as_u16(), again.code()), (409, "idempotencyInProgress"));
        assert_eq!(edits(store).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_save_whose_answer_the_table_lost_each_time_is_answered_all_the_same() {
    wired(async |wire, store, app| {
        wire.meets(times(usize::MAX, "TransactWriteItems", Fault::LoseAnswerAndToken));
        let saved = save(app, "k-1", &exclude("FW-1", "sold as a bundle")).await;
        assert_eq!((saved.status.as_u16(), &saved.body["applied"]), (200, &json!(true)), "{:#}", saved.body);
        assert_eq!(edits(store).await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_only_looked_at_is_answered_alike_too_and_stores_no_effect() {
    wired(async |wire, store, app| {
        let mut body = exclude("FW-1", "sold as a bundle");
        body["validateOnly"] = true.into();
        let (first, again) = (save(app, "k-1", &body).await, save(app, "k-1", &body).await);
        assert_eq!((first.status.as_u16(), &first.body), (200, &again.body));
        assert_eq!((is_replayed(&first), is_replayed(&again)), (false, true));
        assert_eq!((edits(store).await, wire.count("TransactWriteItems")), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_save_keeps_its_answer_in_the_one_transaction_of_its_effect() {
    wired(async |wire, _, app| {
        assert_eq!(save(app, "k-1", &exclude("FW-1", "sold as a bundle")).await.status, 200);
        // The key is claimed, and counted as a new one.
        assert_eq!((wire.count("PutItem"), wire.count("TransactWriteItems")), (2, 1), "{:?}", wire.calls());
    })
    .await;
}

/// A slow attempt whose request another one has taken over meanwhile.
async fn taken_over<T: Table>(store: Store<T>) {
    for is_second_done in [false, true] {
        let (clock, key) = (Standing::at("2026-11-23T10:00:00Z".parse().unwrap()), format!("k-{is_second_done}"));
        let mut held = None;
        let shop = Shop::on(store.clone(), |store, seal| {
            let connections = held.insert(Held::new(connections(store.clone(), seal))).clone();
            app(World { store, connections, clock: clock.clone(), ids: UuidV7 }, options())
        })
        .await;
        let held = held.unwrap();
        let id = shop.product("SEC-1", "One", &json!({}));
        let code = format!("FW-{is_second_done}");
        let body = json!({"rows": [{"code": code, "version": 0, "mapTo": id, "combine": "addUp"}]});
        let asked = || {
            let (app, key, body) = (shop.app.clone(), key.clone(), body.clone());
            tokio::spawn(async move { save(&app, &key, &body).await })
        };
        let before = edits(&store).await;
        let slow = asked();
        held.arrived().await;
        clock.pass(60);
        let second = asked();
        held.arrived().await;
        let told_of_second = if is_second_done {
            held.let_go(1);
            let told_of_second = second.await.unwrap();
            held.let_go(0);
            let told = slow.await.unwrap();
            assert_eq!((told.status.as_u16(), is_replayed(&told)), (200, true), "{:#}", told.body);
            assert_eq!(told.body, told_of_second.body);
            told_of_second
        } else {
            held.let_go(0);
            let told = slow.await.unwrap();
            assert_eq!((told.status.as_u16(), told.code()), (409, "idempotencyInProgress"), "{:#}", told.body);
            assert!(!told.header("retry-after").is_empty());
            assert_eq!(edits(&store).await, before, "it stored nothing");
            held.let_go(1);
            second.await.unwrap()
        };
        assert_eq!((told_of_second.status.as_u16(), is_replayed(&told_of_second)), (200, false));
        assert_eq!(edits(&store).await, before + 1);
        let again = save(&shop.app, &key, &body).await;
        assert_eq!((&again.body, is_replayed(&again)), (&told_of_second.body, true));
        shop.close().await;
    }
}

#[tokio::test]
async fn a_slow_attempt_that_was_taken_over_stores_nothing_and_is_answered_as_a_repetition_in_memory() {
    taken_over(MemoryStore::default()).await;
}

#[tokio::test]
async fn a_slow_attempt_that_was_taken_over_stores_nothing_and_is_answered_as_a_repetition_in_the_table() {
    let table = LocalTable::in_memory().await.unwrap();
    taken_over(table.store()).await;
    table.stop().await.unwrap();
}

#[tokio::test]
async fn an_import_that_crashes_after_each_chunk_goes_on_with_its_keys_to_the_end() {
    wired(async |wire, store, app| {
        let mut sheet = "code,state,reason,version\n".to_owned();
        sheet.extend((0..100).map(|n| format!("X{n:03},excluded,not sold,0\n")));
        let (mut query, mut lines) = (String::new(), Vec::new());
        for chunk in 0..3 {
            let key = format!("chunk-{chunk}");
            wire.meets(crash("TransactWriteItems", Fault::LoseAnswer));
            assert_eq!(import_by(app, &key, &query, &sheet).await.status, 503);
            wire.heals();
            let again = import_by(app, &key, &query, &sheet).await;
            assert_eq!((again.status.as_u16(), is_replayed(&again)), (200, true), "{:#}", again.body);
            lines.push((again.body["changed"].clone(), again.body["nextLine"].clone()));
            query = format!("?fromLine={}", again.body["nextLine"]);
        }
        let expected = [(45, json!(47)), (45, json!(92)), (10, Value::Null)];
        assert_eq!(lines, expected.map(|(changed, line)| (json!(changed), line)));
        let versions: Vec<u64> =
            store.list_product_mappings(partner(1)).await.unwrap().iter().map(|mapping| mapping.version).collect();
        assert_eq!((versions, edits(store).await), (vec![1; 100], 100));
        let other = import_by(app, "chunk-0", "?fromLine=47", &sheet).await;
        assert_eq!(other.code(), "idempotencyKeyReused", "a chunk is a request of its own");
    })
    .await;
}

#[tokio::test]
async fn ninety_rows_with_the_longest_texts_are_saved_and_answered_alike() {
    wired(async |wire, store, app| {
        // A control character takes six bytes in JSON, the most that any does; texts of Sophos have at most 300 characters.
        let (long, name) = ("\u{1}".repeat(499), |n: usize| format!("{n:0>64}"));
        let discovered = |n| DiscoveredProduct {
            code: code(&name(n)),
            description: "\u{1}".repeat(300),
            group: "\u{1}".repeat(300),
        };
        store.add_discovered_products(partner(1), &(0..90).map(discovered).collect::<Vec<_>>()).await.unwrap();
        for version in 0..2 {
            let row = |n| json!({"code": name(n), "version": version, "exclude": format!("{long}{version}")});
            let rows: Vec<Value> = (0..90).map(row).collect();
            let body = json!({"rows": rows, "note": "\u{1}".repeat(500)});
            let key = format!("k-{version}");
            wire.meets(crash("TransactWriteItems", Fault::LoseAnswer));
            assert_eq!(save(app, &key, &body).await.status, 503);
            wire.heals();
            let again = save(app, &key, &body).await;
            assert_eq!((again.status.as_u16(), is_replayed(&again)), (200, true), "{}", again.code());
            assert_eq!(again.body["changes"].as_array().unwrap().len(), 90);
            let bytes = again.body.to_string().len();
            assert!(bytes <= shared::store::MAX_ANSWER_BYTES, "{bytes}");
        }
        assert_eq!(edits(store).await, 180);
    })
    .await;
}
