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
mod version;

use aws_sdk_dynamodb::Client;

pub use self::limits::{
    MAX_ANSWER_BYTES, MAX_CHANGES, MAX_CHUNK_BYTES, MAX_COMMIT_BYTES, MAX_CUSTOMER_ROWS, MAX_PRODUCT_ROWS,
};
use crate::ids::CountedIds;
use crate::ports::Ids;
use crate::table::dynamodb::DynamoTable;
use crate::table::memory::MemoryTable;

/// What is kept, in a table. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Store<T, I> {
    table: T,
    /// Names the saves in the audit.
    ids: I,
}

/// The store in DynamoDB's table.
pub type DynamoStore<I> = Store<DynamoTable<I>, I>;

/// A store in memory, for simulated worlds and tests.
pub type MemoryStore = Store<MemoryTable, CountedIds>;

impl<T, I> Store<T, I> {
    /// The store in a table; `ids` names its saves.
    #[must_use]
    pub const fn on(table: T, ids: I) -> Self {
        Self { table, ids }
    }
}

impl<I: Ids + Clone> DynamoStore<I> {
    /// The store in the DynamoDB table of this name.
    #[must_use]
    pub fn new(client: Client, name: String, ids: I) -> Self {
        Self::on(DynamoTable::new(client, name, ids.clone()), ids)
    }
}
