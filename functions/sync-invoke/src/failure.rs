//! What goes wrong, by types that a state machine can match.

use std::fmt;

use lambda_runtime::Diagnostic;
use shared::error::StoreError;
use shared::start::StartError;

/// What kind of failure: the `errorType` of the invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureType {
    /// The event is of a version that is not known here.
    UnsupportedVersion,
    /// There is no such operation.
    UnsupportedOperation,
    /// Something in the event is missing or wrong.
    InvalidInput,
    /// The partner has set nothing up.
    NotSetUp,
    /// Another run of the partner is open: wait for its end.
    RunOpen,
    /// Writes to ConnectWise are switched off.
    WritesOff,
    /// The preview cannot be applied.
    PreviewUnusable,
    /// There is no such run.
    NotFound,
    /// The idempotency key was used for another event.
    IdempotencyKeyReused,
    /// The same event is being worked on: send it again.
    InProgress,
    /// The table or the queue is away: send it again.
    Unavailable,
    /// A defect of this program.
    Internal,
}

impl FailureType {
    /// The `errorType`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnsupportedVersion => "UnsupportedVersion",
            Self::UnsupportedOperation => "UnsupportedOperation",
            Self::InvalidInput => "InvalidInput",
            Self::NotSetUp => "NotSetUp",
            Self::RunOpen => "RunOpen",
            Self::WritesOff => "WritesOff",
            Self::PreviewUnusable => "PreviewUnusable",
            Self::NotFound => "NotFound",
            Self::IdempotencyKeyReused => "IdempotencyKeyReused",
            Self::InProgress => "InProgress",
            Self::Unavailable => "Unavailable",
            Self::Internal => "Internal",
        }
    }
}

/// Why an invocation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureType,
    /// What happened and what to do: the `errorMessage`.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(kind: FailureType, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn version(found: Option<&str>) -> Self {
        let detail = format!("Expected version \"1\" of the event; found {}.", shown(found));
        Self::new(FailureType::UnsupportedVersion, detail)
    }

    pub(crate) fn operation(found: Option<&str>) -> Self {
        let detail = format!("Expected the operation startSync, preview or getRun; found {}.", shown(found));
        Self::new(FailureType::UnsupportedOperation, detail)
    }

    pub(crate) fn input(place: &str, why: &impl fmt::Display) -> Self {
        Self::new(FailureType::InvalidInput, format!("{place}: {why}"))
    }

    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "an invocation failed on our side");
        Self::new(FailureType::Internal, "Something went wrong on our side; it is in the log.")
    }

    /// Whether a run may have been opened all the same.
    pub(crate) const fn may_have_taken_effect(&self) -> bool {
        matches!(self.kind, FailureType::Unavailable | FailureType::Internal)
    }
}

/// How much of a caller's input an error repeats.
fn shown(text: Option<&str>) -> String {
    text.map_or_else(|| "none".to_owned(), |text| format!("{:?}", text.chars().take(40).collect::<String>()))
}

fn busy(error: &dyn std::error::Error) -> Failure {
    tracing::error!(%error, "the table or the queue is away");
    Failure::new(FailureType::Unavailable, "The service is busy. Send the event again, with the same key.")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.message)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } | StoreError::Conflict { .. } | StoreError::LeaseLost => busy(&error),
            StoreError::Unreadable { .. } | StoreError::Refused { .. } => Self::internal(&error),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let kind = match error {
            StartError::Store(error) => return error.into(),
            StartError::Queue(error) => return busy(&error),
            StartError::Id(error) => return Self::internal(&error),
            StartError::NotSetUp => FailureType::NotSetUp,
            StartError::Busy(_) => FailureType::RunOpen,
            StartError::Future(_) | StartError::NothingToRetry { .. } | StartError::NothingDecided(_) => {
                FailureType::InvalidInput
            }
            StartError::WritesOff => FailureType::WritesOff,
            StartError::Unknown(_) => FailureType::NotFound,
            StartError::NotApplicable { .. } => FailureType::PreviewUnusable,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.kind.as_str().to_owned(), error_message: failure.message }
    }
}
