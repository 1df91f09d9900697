//! The plan, told as stories: one test for each rule of a usage sync, then the same rules over generated worlds.
//!
//! The generated ones are proptest's: a failure prints its seed as a `cc …` line and keeps it in a file that is replayed
//! first the next time. `PROPTEST_CASES` says how many worlds, `PROPTEST_RNG_SEED` where they start.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod additions;
mod agreements;
mod combined;
mod connectwise;
mod customers;
mod departed;
mod generated;
mod guards;
mod new_month;
mod other_quantities;
mod overlap;
mod products;
mod properties;
mod remapped;
mod sentences;
mod settling;
mod surplus;
mod tie_out;
mod totals;
mod unfinished;
mod usage_lines;
mod vanished;
mod world;
