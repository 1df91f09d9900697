//! What the functions need of the world, as traits. Each has a real and a simulated implementation.
//!
//! Methods return `Send` futures; callers are generic, never `dyn`. The duties in the docs bind every implementation;
//! one test-suite holds the stores to them.

mod connect;
mod psa;
mod store;
mod usage_source;
mod world;

pub use connect::{Connections, Seal, Sealed};
pub use psa::{Page, Psa};
pub use store::{
    Answer, Attempt, Begun, Change, Chunk, ChunkKind, CustomerNames, DiscoveredProduct, Due, DueStore,
    IDEMPOTENCY_TTL_H, IdempotencyStore, Lease, LeaseTaken, LedgerPage, MappingStore, Opened, RunStore, SettingsStore,
};
pub use usage_source::{CustomerPage, UsagePage, UsageSource};
pub use world::{Clock, Ids, Queue, SyncMessage};
