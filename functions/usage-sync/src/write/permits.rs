//! When writes may leave: as many as are free of the slots that all customers share, at the rate of ConnectWise.

use std::time::Duration;

use shared::ports::Psa;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};

use crate::context::{ConnectedSlice, SliceContext};
use crate::errors::WorkError;
use crate::world::World;

/// Writes whose permits come within this time are stored together.
const RIGHT_AFTER: Duration = Duration::from_millis(250);

/// The slots for writes that are free, one at least and `most` at the most. Each is held until its write has a
/// response: what is stored has to leave soon.
pub(super) async fn acquire_slots<'a, W: World>(
    context: &'a SliceContext<'_, W>,
    most: usize,
) -> Vec<SemaphorePermit<'a>> {
    // `None` only if closed; it never is.
    let mut slots = Vec::from_iter(context.write_slots.acquire().await.ok());
    while slots.len() < most
        && let Ok(slot) = context.write_slots.try_acquire()
    {
        slots.push(slot);
    }
    slots
}

/// Waits until writes may leave, before anything is stored about them: the settle time counts from when it is stored.
/// How many of `most` may leave: one, and those whose permits come right after.
pub(super) async fn reserve_permits<W: World>(slice: &ConnectedSlice<'_, W>, most: usize) -> Result<usize, WorkError> {
    match slice.psa.reserve_permit().await {
        Err(error) if slice.context.gives_back(&error) => return Err(WorkError::LeaveAlone(error)),
        // Other errors: the write will fail by itself.
        Ok(()) | Err(_) => {}
    }
    let soon = Instant::now() + RIGHT_AFTER;
    let mut permits = 1;
    while permits < most && matches!(timeout_at(soon, slice.psa.reserve_permit()).await, Ok(Ok(()))) {
        permits += 1;
    }
    Ok(permits)
}
