//! What a sync that can be trusted with money must survive, over real HTTP, with the real worker, clients and table.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod creations;
mod endless;
mod killed;
mod moving_rows;
mod odd_usage;
mod verdict;
