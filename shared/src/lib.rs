//! The house in words: what every function shares.
//!
//! Arrows point one way only: [`domain`] ← [`ports`], [`error`] ← [`store`], `client`, `queue`, `seal` ← the functions.
//!
//! - [`domain`]: what a sync *is*: mappings, usage, months, plans, runs. Pure values and pure functions.
//! - [`ports`]: what the functions need of the world, as traits: store, PSA, usage source, queue, seal, clock, ids.
//! - [`error`]: how a port fails, told by what the caller can do next.
//! - [`store`]: the table, on DynamoDB and in memory.

pub mod domain;
pub mod error;
pub mod ports;
pub mod store;
