//! The Sophos simulator, asked over HTTP: one test for each fact of the vendor's API that it models.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changes;
mod faults;
mod firewalls;
mod generated;
mod limits;
mod malformed;
mod refresh;
mod served;
mod sign_in;
mod standing;
mod tenant_kinds;
mod tenants;
mod usage;
