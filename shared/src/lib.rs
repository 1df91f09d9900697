//! The house in words: what every function shares.
//!
//! Arrows point one way only: [`domain`] ← [`ports`], [`error`] ← `store`, `client`, `queue`, `seal` ← the functions.
//!
//! - [`domain`]: what a sync *is*: mappings, usage, months, plans, runs. Pure values and pure functions.
//! - [`ports`]: what the functions need of the world, as traits: store, PSA, usage source, queue, seal, clock, ids.
//! - [`error`]: how a port fails, told by what the caller can do next.
//! - [`client`]: ConnectWise and Sophos Central over HTTP, and how a partner's saved credentials become their clients.

pub mod client;
pub mod domain;
pub mod error;
pub mod ports;
