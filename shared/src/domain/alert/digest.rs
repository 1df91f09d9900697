//! What an alert reports of one run.

use serde::{Deserialize, Serialize};

use crate::domain::id::RunId;
use crate::domain::month::UsageMonth;
use crate::domain::run::{Run, RunFailure, RunKind, RunState};
use crate::domain::vendor_sync::VendorSync;

/// What a run left to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    pub run: RunId,
    /// What asked for it.
    pub kind: RunKind,
    /// The month that it billed.
    pub month: UsageMonth,
    /// Pairs that failed.
    pub failed: u64,
    /// Pairs that wait for a person.
    pub held: u64,
    /// Why the run as a whole came to nothing, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunFailure>,
    /// Why the vendor's own usage sync may still be on. It is reported with what the run left and raises no alert by itself:
    /// every run finds it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_sync: Option<VendorSync>,
}

impl Digest {
    /// What there is to tell of a run that ends in a state; none where it left nothing to do, where a person watched it
    /// (a preview) or ended it, and where another run took its place.
    #[must_use]
    pub fn of(run: &Run, ends: &RunState) -> Option<Self> {
        if run.request.kind == RunKind::Preview {
            return None;
        }
        let failure = match ends {
            RunState::Failed(failure) => Some(failure.clone()),
            RunState::Succeeded | RunState::Partial => None,
            RunState::Running | RunState::Cancelled { .. } | RunState::Superseded { .. } => return None,
        };
        let counts = run.tally.counts;
        // While writes are off a scheduled run is a preview that nobody asked for: what it would hold waits for nobody.
        let (failed, held) = if run.writes { (counts.failed, counts.held) } else { (0, 0) };
        let (kind, month, vendor_sync) = (run.request.kind, run.request.month, run.members.vendor_sync());
        let digest = Self { run: run.id.clone(), kind, month, failed, held, failure, vendor_sync };
        (digest.failed > 0 || digest.held > 0 || digest.failure.is_some()).then_some(digest)
    }
}
