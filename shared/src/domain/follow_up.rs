//! What is done about a partner after its runs: by the schedule, at a time of its own.

use serde::{Deserialize, Serialize};

/// Why a partner's newest runs, or what comes of them, are looked at. Each has a time of its own: a preview that ends in between must not take
/// away the retry of the last scheduled run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FollowUp {
    /// An open run may have stopped without a word.
    ResumeStalledRun,
    /// The last scheduled run left something undone and is to be retried.
    RetryFailedRun,
    /// An alert is on its way.
    DeliverAlerts,
    /// Something may have come to pass without any run: nothing was synced for long, or an invoice was made.
    CheckSilence,
}
