//! What waits for a person: written by runs, decided by people, each in an entry of its own so that neither overwrites
//! the other.

use crate::domain::decision::StandingHold;

/// One page of holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldPage {
    /// The holds with their decisions, by customer and ConnectWise product.
    pub holds: Vec<StandingHold>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}
