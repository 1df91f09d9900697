//! The routes of `psa-search` and `psa-products`, asked as API Gateway asks them, against simulated ConnectWises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod create;
mod edit;
mod hostile;
mod products;
mod search;
mod world;
