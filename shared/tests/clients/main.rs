//! Tests the clients against servers that answer as the vendors do, and as no server should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broken;
mod connections;
mod connectwise;
mod connectwise_lists;
mod connectwise_status;
mod connectwise_writes;
mod secrets;
mod served;
mod sophos;
