//! The house in words: what every function shares.
//!
//! Arrows point one way only: [`domain`] ← [`ports`], [`error`] ← [`table`] ← [`store`], [`client`], [`queue`], [`seal`], [`http`] ← the
//! functions.
//!
//! - [`domain`]: what a sync *is*: mappings, usage, months, plans, runs. Pure values and pure functions.
//! - [`ports`]: what the functions need of the world, as traits: store, PSA, usage source, queue, mail, seal, clock, ids.
//! - [`error`]: how a port fails, told by what the caller can do next.
//! - [`client`]: ConnectWise and Sophos Central over HTTP, and how a partner's saved credentials become their clients.
//! - [`http`]: what all functions behind API Gateway share: who asks, requests, problems, pages, versions, the document.
//! - [`table`]: the port to the one table, on DynamoDB and in memory.
//! - [`store`]: what is kept in it, one store for both.
//! - [`queue`], [`mail`], [`seal`], [`clock`], [`ids`]: the adapters of the ports of the same names, real and local.
//! - [`start`], [`cancel`]: asking for a run and ending one, the same way for people, other services and the command line.
//! - [`remember`]: what a decision teaches, whoever takes it.
//! - [`aws`]: what the adapters of AWS share: timeouts, repetition, words.
//! - [`config`]: the settings of each function; the only place that reads the environment.
//! - [`telemetry`]: the log of a function or of the local stack.

pub mod aws;
pub mod cancel;
pub mod client;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod http;
pub mod ids;
pub mod mail;
pub mod ports;
pub mod queue;
pub mod remember;
pub mod seal;
pub mod start;
pub mod store;
pub mod table;
pub mod telemetry;
