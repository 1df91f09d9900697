//! The simulators themselves: each against its vendor's documentation, and the product's clients against each.

mod clients;
mod connectwise;
mod sinks;
mod sophos;
