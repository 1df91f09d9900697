//! The customer half of `mappings`, asked as API Gateway asks it, with a simulated ConnectWise behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod editors;
mod list;
mod pages;
mod renewals;
mod repeated;
mod save;
mod sheet;
mod suggestions;
mod world;
