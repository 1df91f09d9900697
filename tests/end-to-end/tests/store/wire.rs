//! What only the wire can do to a store: lose answers, throttle, conflict. Conditional writes must not be fooled by any.

mod failures;
mod kept;
mod lost;
mod traffic;

use shared::store::DynamoStore;
use simulators::table::LocalTable;
use simulators::table::ids::CountedIds;
use simulators::table::wire::Wire;

/// Runs a test on a store that has a wire between itself and its table.
async fn wired(test: impl AsyncFnOnce(&Wire, DynamoStore<CountedIds>)) {
    let table = LocalTable::in_memory().await.unwrap();
    let wire = Wire::to(&table).await.unwrap();
    test(&wire, wire.store()).await;
    wire.stop().await;
    table.stop().await.unwrap();
}
