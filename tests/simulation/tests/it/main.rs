//! The write protocol in a simulated world: thousands of schedules in which everything goes wrong, and none bills wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod applied;
mod guards;
mod months;
mod overlaps;
mod points;
mod schedules;
