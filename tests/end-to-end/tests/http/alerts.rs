//! Alerts from the run that raises them to receivers of every kind: what is told, when, how often, and to whom.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod delivered;
mod hostile;
mod quiet;
mod rights;
mod runs;
mod settings;
mod world;
