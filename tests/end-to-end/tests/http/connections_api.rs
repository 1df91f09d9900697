//! The routes of `connections`, asked as API Gateway asks them, against both simulators.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod canaries;
mod hostile;
#[path = "../../../../shared/src/client/address/hostile/sites.rs"]
mod hostile_sites;
mod limits;
mod offboarding;
mod saving;
mod served;
mod takeover;
mod testing;
mod writes;
