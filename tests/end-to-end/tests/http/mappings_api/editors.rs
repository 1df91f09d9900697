//! Several people who edit the same products: seeded histories of reads and saves, some of them at the same moment.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use futures::future::join;
use futures::stream::{self, StreamExt};
use local_stack::api::asking::Asking;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use shared::domain::mapping::ProductState;
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use shared::store::Store;
use shared::table::Table;
use simulators::table::LocalTable;

use super::{partner, save, serving};

const PRODUCTS: usize = 3;
const EDITORS: usize = 3;
const STEPS: usize = 4;

/// What is stored: the version and the reason of each product.
type Stored = BTreeMap<usize, (u64, String)>;

/// Rows of a save: the product, the version that its editor has read, and a reason that no other save gives.
type Rows = Vec<(usize, u64, String)>;

/// One history of one partner.
struct History<'a> {
    app: &'a Router,
    asking: Asking,
    random: ChaCha8Rng,
    stored: Stored,
    /// What each editor has last read.
    read: Vec<Stored>,
    saves: u64,
    refused: u64,
}

impl<'a> History<'a> {
    fn of(app: &'a Router, seed: u64) -> Self {
        let stored: Stored = (0..PRODUCTS).map(|product| (product, (0, String::new()))).collect();
        Self {
            app,
            asking: Asking::new(partner(u128::from(seed)), "psa/write"),
            random: ChaCha8Rng::seed_from_u64(seed),
            read: vec![stored.clone(); EDITORS],
            stored,
            saves: 0,
            refused: 0,
        }
    }

    fn rows(&mut self, editor: usize) -> Rows {
        let products: BTreeSet<usize> = (0..2).map(|_| self.random.random_range(0..PRODUCTS)).collect();
        self.saves += 1;
        let reason = |product: &usize| format!("{editor} {} {product}", self.saves);
        products.iter().map(|product| (*product, self.read[editor][product].0, reason(product))).collect()
    }

    async fn ask(&self, rows: &Rows) -> u16 {
        let row = |(product, version, reason): &(usize, u64, String)| json!({"code": format!("P{product}"), "version": version, "exclude": reason});
        let body = json!({"rows": rows.iter().map(row).collect::<Vec<Value>>()});
        save(self.app, &self.asking, &body).await.status.as_u16()
    }

    fn is_current(&self, rows: &Rows) -> bool {
        rows.iter().all(|(product, version, _)| self.stored[product].0 == *version)
    }

    fn apply(&mut self, rows: &Rows, status: u16) {
        match status {
            200 => {
                self.stored.extend(rows.iter().map(|(product, version, why)| (*product, (version + 1, why.clone()))))
            }
            412 => self.refused += 1,
            other => panic!("{other} for {rows:?}"),
        }
    }

    async fn live(mut self) -> Self {
        for _ in 0..STEPS {
            let (one, other) = (self.random.random_range(0..EDITORS), self.random.random_range(0..EDITORS));
            if self.random.random_bool(0.6) {
                self.read[one] = self.stored.clone();
            }
            let rows = self.rows(one);
            if one == other {
                let expected = if self.is_current(&rows) { 200 } else { 412 };
                let status = self.ask(&rows).await;
                assert_eq!(status, expected, "{rows:?}");
                self.apply(&rows, status);
                continue;
            }
            let others = self.rows(other);
            let overlap = rows.iter().any(|(product, ..)| others.iter().any(|(same, ..)| same == product));
            let current = (self.is_current(&rows), self.is_current(&others));
            let (status, others_status) = join(self.ask(&rows), self.ask(&others)).await;
            match (current, overlap) {
                ((true, true), true) => {
                    assert!(matches!((status, others_status), (200, 412) | (412, 200)), "{status} {others_status}");
                }
                ((mine, theirs), _) => {
                    let expected = |current| if current { 200 } else { 412 };
                    assert_eq!((status, others_status), (expected(mine), expected(theirs)), "{rows:?} {others:?}");
                }
            }
            self.apply(&rows, status);
            self.apply(&others, others_status);
        }
        self
    }

    /// What is stored is what the accepted saves made: none was lost.
    async fn check(self, store: &Store<impl Table>, seed: u64) -> u64 {
        let mappings = store.list_product_mappings(partner(u128::from(seed))).await.unwrap();
        for (product, (version, why)) in &self.stored {
            let mapping = mappings.find(&super::code(&format!("P{product}")));
            let reason = mapping.map(|mapping| {
                let ProductState::Excluded { reason } = &mapping.state else {
                    panic!("seed {seed}: {:?}", mapping.state)
                };
                (mapping.version, reason.clone())
            });
            assert_eq!(reason.unwrap_or_default(), (*version, why.clone()), "seed {seed}");
        }
        self.refused
    }
}

/// Lives the histories of these seeds in memory.
async fn live(seeds: std::ops::Range<u64>) {
    let store = MemoryStore::default();
    let app = serving(store.clone(), LocalSeal::ephemeral());
    let (lived, mut refused) = (seeds.end - seeds.start, 0);
    for seed in seeds {
        refused += History::of(&app, seed).live().await.check(&store, seed).await;
    }
    assert!(refused > lived / 10, "too few collisions to prove anything: {refused}");
}

/// 10,000 histories in parts, so that no single test takes minutes.
mod of_many_editors_none_loses_an_edit_and_a_412_comes_exactly_where_versions_collide {
    #[tokio::test]
    async fn first_quarter() {
        super::live(0..2_500).await;
    }

    #[tokio::test]
    async fn second_quarter() {
        super::live(2_500..5_000).await;
    }

    #[tokio::test]
    async fn third_quarter() {
        super::live(5_000..7_500).await;
    }

    #[tokio::test]
    async fn last_quarter() {
        super::live(7_500..10_000).await;
    }
}

#[tokio::test]
async fn of_many_editors_none_loses_an_edit_in_the_table_either() {
    let table = LocalTable::in_memory().await.unwrap();
    let store = table.store();
    let app = &serving(store.clone(), LocalSeal::ephemeral());
    let store = &store;
    let lived =
        stream::iter(0..500).map(|seed| async move { History::of(app, seed).live().await.check(store, seed).await });
    let refused: u64 = lived.buffer_unordered(8).fold(0, |sum, refused| async move { sum + refused }).await;
    assert!(refused > 50, "too few collisions to prove anything: {refused}");
}
