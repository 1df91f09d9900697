//! Offboarding: a partner leaves, and nothing of it stays.

use jiff::Timestamp;

use crate::domain::id::RunId;

/// What came of a step of removing a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The partner has an open run. Cancel it or wait for its end; nothing was removed by this step.
    RunOpen(RunId),
    /// A worker has the partner's lease until then. Nothing was removed by this step.
    Leased {
        /// When it may be taken.
        until: Timestamp,
    },
    /// Some of it was removed: call again.
    More,
    /// Nothing is left.
    Done,
}
