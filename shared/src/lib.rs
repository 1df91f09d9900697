//! What all functions share.
//!
//! Dependencies go one way (a ← b: b uses a): [`domain`] ← [`error`], [`ports`] ← [`table`] ← [`store`] ← [`client`],
//! [`queue`], [`seal`], [`http`] ← the functions.
//!
//! - [`domain`]: the types and pure functions of a usage sync: mappings, usage, months, plans, runs.
//! - [`ports`]: the services that the functions need, as traits: PSA, usage source, queue, mail, seal, clock, ids.
//! - [`error`]: the errors of the ports, grouped by what the caller can do next.
//! - [`client`]: ConnectWise and Sophos Central over HTTP, and the way from saved credentials to a client.
//! - [`http`]: what all functions behind API Gateway share: callers, requests, problems, pages, versions, the document.
//! - [`table`]: the port to the single table, on DynamoDB and in memory.
//! - [`store`]: the entries of the table; one store for both.
//! - [`queue`], [`mail`], [`seal`], [`clock`], [`ids`]: the adapters of the ports with these names, real and local.
//! - [`start`], [`cancel`]: starting and cancelling runs for people, other services and the command line.
//! - [`remember`]: stores decisions in mappings.
//! - [`aws`]: what the AWS adapters share: timeouts, retries, messages.
//! - [`config`]: the settings of each function; no other code reads the environment.
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
