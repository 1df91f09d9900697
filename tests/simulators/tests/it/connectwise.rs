//! The ConnectWise simulator met over HTTP: one test for each fact of the vendor's API that it models.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod addition_rules;
mod addressing;
mod billing_readings;
mod bodies;
mod conditions;
mod errors;
mod exchange;
mod faults;
mod grammar;
mod invoices;
mod keys_and_roles;
mod paging;
mod persistence;
mod protocol;
mod readings;
mod records;
mod schema;
mod standing;
mod strict_conditions;
mod tables;
mod world;
mod writing;
