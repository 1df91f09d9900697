//! What the customers of all buckets of a slice share: the way to the committer, the permits to ask ConnectWise, and
//! what was not known to be finished when the slice began.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use shared::domain::id::{AgreementId, CustomerId};
use shared::domain::snapshot::Intent;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::committer::Commits;
use crate::context::SliceContext;
use crate::world::World;

/// What the customers of all buckets share.
pub(crate) struct Flow {
    pub(crate) commits: Commits,
    /// Limits how many customers call ConnectWise at once.
    permits: Semaphore,
    /// Nothing new may be started: the deadline is near, or something failed.
    halted: AtomicBool,
    /// The intents that are left from earlier slices and runs.
    intents: BTreeMap<AgreementId, Vec<Intent>>,
    /// The customers with additions that a person decided to end.
    endings: BTreeSet<CustomerId>,
}

impl Flow {
    pub(crate) fn new(
        commits: Commits,
        at_once: usize,
        unfinished: Vec<Intent>,
        endings: BTreeSet<CustomerId>,
    ) -> Self {
        let mut intents: BTreeMap<AgreementId, Vec<Intent>> = BTreeMap::new();
        for intent in unfinished {
            intents.entry(intent.agreement).or_default().push(intent);
        }
        Self { commits, permits: Semaphore::new(at_once), halted: AtomicBool::new(false), intents, endings }
    }

    /// The customers with additions that a person decided to end.
    pub(crate) fn endings(&self) -> impl Iterator<Item = CustomerId> {
        self.endings.iter().copied()
    }

    /// Whether a person decided to end additions of a customer.
    pub(crate) fn has_endings(&self, customer: CustomerId) -> bool {
        self.endings.contains(&customer)
    }

    /// The intents on one agreement.
    pub(crate) fn intents_of(&self, agreement: AgreementId) -> &[Intent] {
        self.intents.get(&agreement).map(Vec::as_slice).unwrap_or_default()
    }

    /// A permit to ask ConnectWise about a customer; none when that is left to the next slice.
    pub(crate) async fn permit_to_ask<W: World>(&self, context: &SliceContext<'_, W>) -> Option<SemaphorePermit<'_>> {
        let permit = self.permits.acquire().await.ok()?;
        // A slice that has not progressed yet leaves nothing to the next one.
        let leave = context.has_progressed() && (self.is_halted() || context.is_near_the_end());
        (!leave).then_some(permit)
    }

    pub(crate) fn halt(&self) {
        self.halted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Relaxed)
    }
}
