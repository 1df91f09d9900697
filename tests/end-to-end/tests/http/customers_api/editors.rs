//! People who save the same customers at once: 100 seeded histories on each store.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use futures::future::join_all;
use futures::{StreamExt, stream};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use shared::store::MemoryStore;
use shared::store::Store;
use shared::table::Table;
use simulators::table::LocalTable;

use crate::customers_api::world::{World, customer, partner, switch, unmap};

const SEEDS: u64 = 100;
const EDITORS: u64 = 3;
const TRIES: u32 = 3;
/// Histories side by side: each has a table of its own, and mostly waits.
const AT_ONCE: usize = 8;

/// One editor's tries: it reads the customers, and saves what the seed says of two of them. Returns its saves that
/// changed something, by customer with the version read.
async fn edit<T: Table>(world: &World<T>, seed: u64) -> Vec<(u32, u64)> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut saved = Vec::new();
    for _ in 0..TRIES {
        let listed = world.get("/v1/customer-mappings").await;
        let version = |n: u32| listed.body["items"][n as usize - 1]["version"].as_u64().unwrap();
        let first = chance.random_range(1..=3);
        let second = first % 3 + 1;
        let rows = [first, second].map(|n| match chance.random_range(0..6) {
            0 if version(n) > 0 => (n, unmap(n, version(n))),
            1 if version(n) > 0 => (n, switch(n, version(n), chance.random())),
            _ => (n, world.map(n, version(n), chance.random_range(0..3))),
        });
        let values: Vec<Value> = rows.iter().map(|(_, row)| row.clone()).collect();
        let answered = world.save(&values).await;
        match answered.status.as_u16() {
            200 => {
                let changed = answered.body["changes"].as_array().unwrap().clone();
                let is_changed = |n: &u32| changed.iter().any(|change| change["customerId"] == json!(customer(*n)));
                saved.extend(rows.iter().map(|(n, _)| *n).filter(is_changed).map(|n| (n, version(n))));
            }
            // Both are told, where one row was changed and the other's company is taken.
            400 | 409 | 412 => {
                let errors =
                    answered.body["errors"].as_array().unwrap_or_else(|| panic!("{seed}: {:#}", answered.body));
                let codes: BTreeSet<&str> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
                assert!(codes.is_subset(&["versionMismatch", "companyTaken"].into()), "seed {seed}: {codes:?}");
            }
            other => panic!("seed {seed}: {other} {:#}", answered.body),
        }
    }
    saved
}

async fn history<T: Table>(store: Store<T>, seed: u64) {
    let world = World::on(store).await;
    let editing = (0..EDITORS).map(|editor| edit(&world, seed * EDITORS + editor));
    let saved: Vec<(u32, u64)> = join_all(editing).await.into_iter().flatten().collect();
    let edits = world.store.list_edits(partner(), None, None, 1_000).await.unwrap().edits;
    assert_eq!(edits.len(), saved.len(), "seed {seed}: each change has its edit");
    let based: Vec<&(u32, u64)> = saved.iter().filter(|(_, version)| *version > 0).collect();
    assert_eq!(based.iter().collect::<BTreeSet<_>>().len(), based.len(), "seed {seed}: two saves over one version");
    let listed = world.get("/v1/customer-mappings").await;
    let mut holders = BTreeMap::new();
    for row in listed.body["items"].as_array().unwrap() {
        let Some(mapping) = row.get("mapping") else { continue };
        let former = holders.insert(mapping["companyId"].as_u64().unwrap(), row["customerId"].clone());
        assert_eq!(former, None, "seed {seed}: a company with two customers");
    }
}

#[tokio::test]
async fn concurrent_editors_lose_no_edit_and_share_no_company_in_memory() {
    let histories = (0..SEEDS).map(|seed| history(MemoryStore::default(), seed));
    stream::iter(histories).buffer_unordered(AT_ONCE).collect::<()>().await;
}

async fn on_dynamodb(seeds: Range<u64>) {
    let histories = seeds.map(|seed| async move {
        let table = LocalTable::in_memory().await.unwrap();
        history(table.store(), seed).await;
        table.stop().await.unwrap();
    });
    stream::iter(histories).buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// In quarters, because a busy machine takes minutes for all of them.
macro_rules! quarters {
    ($($name:ident $seeds:expr),+ $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            on_dynamodb($seeds).await;
        })+
    };
}
quarters!(
    concurrent_editors_lose_no_edit_and_share_no_company_on_dynamodb_1 0..SEEDS / 4,
    concurrent_editors_lose_no_edit_and_share_no_company_on_dynamodb_2 SEEDS / 4..SEEDS / 2,
    concurrent_editors_lose_no_edit_and_share_no_company_on_dynamodb_3 SEEDS / 2..SEEDS / 4 * 3,
    concurrent_editors_lose_no_edit_and_share_no_company_on_dynamodb_4 SEEDS / 4 * 3..SEEDS,
);
