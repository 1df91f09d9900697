//! Where everything is kept: one DynamoDB table, tenant first, and the same in memory for simulated worlds.
//!
//! Both stores keep the duties of [`crate::ports`]; one test-suite holds them to it.

mod dynamodb;
mod edits;
mod idempotency;
mod item;
mod known;
mod lease;
mod limits;
mod memory;
mod owner;
mod save;
mod setup;
pub mod table;
mod version;

pub use dynamodb::DynamoStore;
pub use limits::{
    MAX_ANSWER_BYTES, MAX_CHANGES, MAX_CHUNK_BYTES, MAX_COMMIT_BYTES, MAX_CUSTOMER_ROWS, MAX_PRODUCT_ROWS,
};
pub use memory::MemoryStore;
