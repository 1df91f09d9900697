//! Where everything is kept: one DynamoDB table, tenant first, and the same in memory for simulated worlds.
//!
//! Both stores keep the duties of [`crate::ports`]; one test-suite holds them to it.

mod dynamodb;
mod idempotency;
mod item;
mod lease;
mod limits;
mod memory;
pub mod table;
mod version;

pub use dynamodb::DynamoStore;
pub use limits::{MAX_CHANGES, MAX_CHUNK_BYTES, MAX_COMMIT_BYTES};
pub use memory::MemoryStore;
