//! What a retry of a run is about.

use super::{CustomerFilter, Run, RunKind, RunScope, RunState};
use crate::domain::language::{Language, Text};

/// Why there is nothing to retry in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRetryable {
    /// It is a preview.
    Preview,
    /// It has not ended.
    UnderWay,
    /// All of it succeeded.
    NothingFailed,
    /// The run of the month before took its place.
    Superseded,
}

impl Run {
    /// The scope of a retry: the customers with a failed line; of a run that failed or was cancelled as a whole, the same
    /// as its own.
    ///
    /// # Errors
    /// Why there is nothing to retry.
    pub fn to_retry(&self) -> Result<RunScope, NotRetryable> {
        if self.request.kind == RunKind::Preview {
            return Err(NotRetryable::Preview);
        }
        match &self.state {
            RunState::Running => Err(NotRetryable::UnderWay),
            RunState::Failed(_) | RunState::Cancelled { .. } => {
                Ok(RunScope { month_alone: true, ..self.request.scope.clone() })
            }
            RunState::Partial if self.tally.counts.failed > 0 => Ok(RunScope {
                customers: CustomerFilter::FailedIn { run: self.id.clone() },
                month_alone: true,
                decided_alone: self.request.scope.decided_alone,
                ..RunScope::default()
            }),
            RunState::Partial | RunState::Succeeded => Err(NotRetryable::NothingFailed),
            RunState::Superseded { .. } => Err(NotRetryable::Superseded),
        }
    }
}

impl From<NotRetryable> for Text {
    fn from(why: NotRetryable) -> Self {
        match why {
            NotRetryable::Preview => Self::new("it is a preview; make a new one", "è un'anteprima; crearne una nuova"),
            NotRetryable::UnderWay => Self::new("it is still under way", "è ancora in corso"),
            NotRetryable::NothingFailed => Self::new("nothing failed in it", "non vi è alcun errore"),
            NotRetryable::Superseded => Self::new(
                "the run of the month before took its place",
                "la sincronizzazione del mese precedente ha preso il suo posto",
            ),
        }
    }
}

impl std::fmt::Display for NotRetryable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Text::from(*self).in_language(Language::English))
    }
}
