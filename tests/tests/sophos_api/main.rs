//! The Sophos simulator, asked over HTTP: one test for each fact of the vendor's API that it models.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod faults;
mod generated;
mod malformed;
mod served;
mod sign_in;
mod tenants;
mod usage;
