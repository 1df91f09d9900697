//! Where everything is kept: one table, tenant first, read and written through the port [`crate::table`].
//!
//! The store is the same whether the table is DynamoDB's or in memory: what is simulated is what is shipped.

mod edits;
mod idempotency;
mod item;
mod known;
mod lease;
mod limits;
mod operations;
mod owner;
mod save;
mod setup;
mod values;
mod version;

use aws_sdk_dynamodb::Client;

pub use self::limits::{
    MAX_ANSWER_BYTES, MAX_CHANGES, MAX_CHUNK_BYTES, MAX_COMMIT_BYTES, MAX_CUSTOMER_ROWS, MAX_PRODUCT_ROWS,
};
pub use self::values::{
    AlertPage, Answer, Attempt, Author, Begun, Change, Chunk, ChunkKind, ChunkPage, ConnectionsSaved, CustomerConflict,
    CustomerEdit, CustomerNames, Databases, DiscoveredProduct, Due, DueFor, Edit, EditPage, HoldPage,
    IDEMPOTENCY_TTL_H, Keep, KnownPsaProduct, LastTest, Lease, LeaseTaken, LedgerPage, MappedCustomer, Opened,
    ProductConflict, PsaClaim, PsaDatabase, PsaHolder, PsaOwner, Rate, Removal, SavedAlertSettings, SavedBy,
    SavedConnections, SeenProduct, ShownConnectWise, ShownConnections, ShownSophos, Sighting, Subject, Versioned,
};
use crate::table::dynamodb::DynamoTable;
use crate::table::memory::MemoryTable;

/// What is kept, in a table. Clones share it.
///
/// The partner comes first in every call, and nothing of another partner is ever read or written. Reads that decide a
/// write are consistent. A write whose answer was lost and that is sent again succeeds. All fail with [`StoreError`].
#[derive(Clone, Debug, Default)]
pub struct Store<T> {
    table: T,
}

/// The store in DynamoDB's table.
pub type DynamoStore<I> = Store<DynamoTable<I>>;

/// A store in memory, for simulated worlds and tests.
pub type MemoryStore = Store<MemoryTable>;

impl<T> Store<T> {
    /// The store in a table.
    #[must_use]
    pub const fn on(table: T) -> Self {
        Self { table }
    }
}

impl<I> DynamoStore<I> {
    /// The store in the DynamoDB table of this name; `ids` names its writes.
    #[must_use]
    pub const fn new(client: Client, name: String, ids: I) -> Self {
        Self::on(DynamoTable::new(client, name, ids))
    }
}
