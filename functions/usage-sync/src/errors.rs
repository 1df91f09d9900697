//! The errors of a slice, and what the error of a service means for the run or for one customer.

use shared::domain::id::{AgreementId, IdError};
use shared::domain::outcome::Failure;
use shared::domain::run::{RunFailure, RunFailureCode};
use shared::error::{ConnectError, PsaError, QueueError, SourceError, StoreError};

/// A slice that could not be worked on. The message has to be delivered again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The next message could not be queued.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A request whose run id cannot be formed.
    #[error(transparent)]
    Request(#[from] IdError),
    /// It waited too often for another run: delivered again and again, it ends among the dead letters. Its run, if it
    /// is open, is taken up by the partner's next one.
    #[error("waited {0} times for another run of this partner to end")]
    NoPermit(u32),
    /// ConnectWise is throttling; the slice is given back.
    #[error(transparent)]
    LeaveAlone(PsaError),
    /// What the run keeps in the table cannot be written, or cannot be used as it was read.
    #[error("what the run keeps in the table is unusable: {0}")]
    Unusable(String),
}

/// A stage that could not be finished.
#[derive(Debug)]
pub(crate) enum StageError {
    /// It may go better later: wait at least that many seconds and take the stage up again.
    Later { at_least_s: u32, failure: RunFailure },
    /// It will not: the run ends here.
    Never(RunFailure),
    /// This worker cannot go on.
    Work(WorkError),
}

impl<E: Into<WorkError>> From<E> for StageError {
    fn from(error: E) -> Self {
        Self::Work(error.into())
    }
}

impl StageError {
    /// A ConnectWise that is throttling is not an error of the worker: it may go better later.
    pub(crate) fn or_later(self) -> Self {
        match self {
            Self::Work(WorkError::LeaveAlone(error)) => of_psa(&error),
            Self::Work(_) | Self::Later { .. } | Self::Never(_) => self,
        }
    }
}

/// Whether ConnectWise is throttling all calls: each customer would meet it.
pub(crate) const fn is_throttling(error: &PsaError) -> bool {
    match error {
        PsaError::Throttled { .. } | PsaError::Away { .. } => true,
        PsaError::Unauthorized
        | PsaError::Forbidden { .. }
        | PsaError::NotFound
        | PsaError::Refused { .. }
        | PsaError::Locked { .. }
        | PsaError::ListTooLong { .. }
        | PsaError::NotSent { .. }
        | PsaError::Unanswered { .. } => false,
    }
}

fn failure(code: RunFailureCode, what: impl ToString) -> RunFailure {
    RunFailure { code, what: format!("{}.", what.to_string().trim_end_matches('.')) }
}

/// An error that ends the run.
pub(crate) fn never(code: RunFailureCode, what: impl ToString) -> StageError {
    StageError::Never(failure(code, what))
}

fn seconds(wait: Option<std::time::Duration>) -> u32 {
    // A second begun is one more to wait.
    wait.map_or(0, |wait| u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX))
}

/// Reading Sophos failed.
pub(crate) fn of_source(error: &SourceError) -> StageError {
    match error {
        SourceError::Unauthorized | SourceError::NotAPartner { .. } | SourceError::Forbidden { .. } => {
            never(RunFailureCode::Connection, error)
        }
        SourceError::Malformed { .. } => never(RunFailureCode::UsageIncomplete, error),
        SourceError::TooLong { .. } => never(RunFailureCode::ListTooLong, error),
        SourceError::Throttled { retry_after } => StageError::Later {
            at_least_s: seconds(*retry_after),
            failure: failure(RunFailureCode::UsageIncomplete, error),
        },
        SourceError::Unavailable { .. } => {
            StageError::Later { at_least_s: 0, failure: failure(RunFailureCode::UsageIncomplete, error) }
        }
    }
}

/// Reading ConnectWise as a whole failed.
pub(crate) fn of_psa(error: &PsaError) -> StageError {
    match error {
        PsaError::Unauthorized => never(RunFailureCode::Connection, error),
        PsaError::Forbidden { .. } | PsaError::NotFound | PsaError::Refused { .. } => {
            never(RunFailureCode::PsaUnreadable, error)
        }
        PsaError::ListTooLong { .. } => never(RunFailureCode::ListTooLong, error),
        PsaError::Throttled { retry_after } => StageError::Later {
            at_least_s: seconds(*retry_after),
            failure: failure(RunFailureCode::PsaUnreadable, error),
        },
        PsaError::Away { retry_after } => StageError::Later {
            at_least_s: seconds(Some(*retry_after)),
            failure: failure(RunFailureCode::PsaUnreadable, error),
        },
        PsaError::Locked { .. } | PsaError::NotSent { .. } | PsaError::Unanswered { .. } => {
            StageError::Later { at_least_s: 0, failure: failure(RunFailureCode::PsaUnreadable, error) }
        }
    }
}

/// A connection could not be made.
pub(crate) fn of_connection(error: ConnectError) -> StageError {
    match error {
        ConnectError::Missing { .. }
        | ConnectError::Unusable { .. }
        | ConnectError::Unclaimed
        | ConnectError::TakenByAnother => never(RunFailureCode::Connection, error),
        ConnectError::Seal(error) if error.is_retryable() => {
            StageError::Later { at_least_s: 0, failure: failure(RunFailureCode::Connection, error) }
        }
        ConnectError::Seal(error) => never(RunFailureCode::Connection, error),
        ConnectError::Store(error) => StageError::Work(error.into()),
        // A wrong company id or site answers as an address that does not exist.
        ConnectError::Psa(PsaError::NotFound | PsaError::Refused { .. }) => never(RunFailureCode::Connection, error),
        ConnectError::Psa(error) => of_psa(&error),
        ConnectError::Source(error) => of_source(&error),
    }
}

/// Reading one customer's agreement failed: the others go on.
pub(crate) fn of_agreement(agreement: AgreementId, error: &PsaError) -> Failure {
    match error {
        PsaError::Forbidden { .. } => Failure::AgreementForbidden { agreement },
        PsaError::NotFound => Failure::AgreementGone { agreement },
        PsaError::ListTooLong { .. } => Failure::ListTooLong { what: error.to_string() },
        PsaError::Unauthorized
        | PsaError::Refused { .. }
        | PsaError::Locked { .. }
        | PsaError::Throttled { .. }
        | PsaError::Away { .. }
        | PsaError::NotSent { .. }
        | PsaError::Unanswered { .. } => Failure::Unreadable { answer: error.to_string() },
    }
}

/// A write failed.
pub(crate) fn of_write(agreement: AgreementId, error: &PsaError) -> Failure {
    match error {
        PsaError::Unanswered { .. } | PsaError::ListTooLong { .. } => Failure::Unknown,
        PsaError::Forbidden { .. } => Failure::AgreementForbidden { agreement },
        PsaError::NotSent { why } => Failure::NotSent { why: why.clone() },
        PsaError::Locked { .. } | PsaError::Throttled { .. } | PsaError::Away { .. } => {
            Failure::Busy { answer: error.to_string() }
        }
        PsaError::Unauthorized | PsaError::NotFound | PsaError::Refused { .. } => {
            Failure::Refused { answer: error.to_string() }
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::error::{SealError, SealOutlook};

    use super::*;

    #[test]
    fn a_key_service_that_is_away_is_waited_for_and_a_key_that_is_gone_ends_the_run() {
        let of = |outlook| {
            let error = SealError { action: "opened", why: "words".into(), outlook };
            of_connection(ConnectError::Seal(error))
        };
        let later = of(SealOutlook::MayPass);
        assert!(matches!(&later, StageError::Later { failure, .. } if failure.code == RunFailureCode::Connection));
        let never = of(SealOutlook::Lasting);
        assert!(matches!(&never, StageError::Never(failure) if failure.code == RunFailureCode::Connection));
    }
}
