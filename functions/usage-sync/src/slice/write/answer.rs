//! What the answer to a write says: done, known to have had no effect, or not known.

use std::time::Duration;

use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, PsaProductId};
use shared::domain::outcome::{Failure, Outcome};
use shared::domain::psa::Addition;
use shared::error::PsaError;

/// How long such a write waits where nobody says how long.
pub(super) const SHORT_WAIT: Duration = Duration::from_millis(500);
/// How long it waits at the most: a customer must not keep a whole slice waiting.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Why a write did not leave.
pub(super) const TOO_LATE: &str = "what was stored for it was no longer fresh";

/// What came of one try to create.
pub(super) enum Tried {
    /// It is known how it ended, or known that it is not known.
    Ended(Outcome, Option<AdditionId>),
    /// It had no effect, and may have one after a while.
    NoEffect { failure: Failure, wait: Duration },
}

/// How long to wait before a write is tried again that had no effect; none where trying again is of no use.
pub(super) fn passing(error: &PsaError) -> Option<Duration> {
    match error {
        PsaError::Throttled { retry_after } => Some(retry_after.unwrap_or(SHORT_WAIT).clamp(SHORT_WAIT, LONGEST_WAIT)),
        PsaError::Away { retry_after } => Some((*retry_after).clamp(SHORT_WAIT, LONGEST_WAIT)),
        PsaError::NotSent { .. } => Some(SHORT_WAIT),
        PsaError::Unauthorized
        | PsaError::Forbidden { .. }
        | PsaError::NotFound
        | PsaError::Refused { .. }
        | PsaError::Unanswered { .. } => None,
    }
}

/// A write that was not sent because too much time had passed.
pub(super) fn too_late() -> PsaError {
    PsaError::NotSent { why: TOO_LATE.into() }
}

/// What is wrong with the answer to a write, if anything.
pub(super) fn differs(
    answer: &Addition,
    product: PsaProductId,
    quantity: Decimal,
    addition: Option<AdditionId>,
) -> Option<String> {
    let right = answer.product == product && answer.quantity == quantity && addition.is_none_or(|id| id == answer.id);
    (!right).then(|| format!("addition {} of product {} has quantity {}", answer.id, answer.product, answer.quantity))
}
