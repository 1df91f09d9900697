//! What all who call one PSA share about how much it takes.

use jiff::Timestamp;

/// How much a PSA takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Nobody calls before this time.
    pub not_before: Option<Timestamp>,
    /// How many calls a minute it was last seen to take.
    pub learnt: Option<u32>,
}
