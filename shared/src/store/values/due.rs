//! When partners are due.

use jiff::Timestamp;

use crate::domain::follow_up::Look;
use crate::domain::id::PartnerId;

/// What a partner is due for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueFor {
    /// The next occasion of its schedule.
    Occasion,
    /// A look at its newest runs.
    Look(Look),
}

/// A partner that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub partner: PartnerId,
    /// For what.
    pub due_for: DueFor,
    /// Since when: the schedule's own time.
    pub next_run_at: Timestamp,
}
