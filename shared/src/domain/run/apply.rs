//! Whether a run is a preview that can be applied.

use jiff::{SignedDuration, Timestamp};

use super::{GOOD_FOR_H, Run, RunKind, RunScope, RunState};
use crate::domain::language::{Language, Text};

/// Why a run cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotApplicable {
    /// It is not a preview.
    NoPreview,
    /// It has not ended.
    UnderWay,
    /// It failed, was cancelled, or was superseded.
    Unfinished,
    /// It took products and customers for switched on that are off.
    IgnoredSwitches,
    /// It did not show all customers that are to be written.
    OtherCustomers,
    /// It ended more than [`GOOD_FOR_H`] hours ago.
    TooOld,
}

impl Run {
    /// Whether the run is a preview that can be applied to `scope` at the time `now`.
    ///
    /// # Errors
    /// The first reason why it cannot.
    pub fn check_applicable(&self, scope: &RunScope, now: Timestamp) -> Result<(), NotApplicable> {
        let too_old = |ended: Timestamp| now.duration_since(ended) > SignedDuration::from_hours(GOOD_FOR_H);
        if self.request.kind != RunKind::Preview {
            Err(NotApplicable::NoPreview)
        } else if !self.state.is_over() {
            Err(NotApplicable::UnderWay)
        } else if !matches!(self.state, RunState::Succeeded | RunState::Partial) {
            Err(NotApplicable::Unfinished)
        } else if self.request.scope.ignores_switches {
            Err(NotApplicable::IgnoredSwitches)
        } else if !scope.applies(&self.request.scope) {
            Err(NotApplicable::OtherCustomers)
        } else if self.ended_at.is_none_or(too_old) {
            Err(NotApplicable::TooOld)
        } else {
            Ok(())
        }
    }
}

impl From<NotApplicable> for Text {
    fn from(why: NotApplicable) -> Self {
        match why {
            NotApplicable::NoPreview => Self::new("it is no preview", "non è un'anteprima"),
            NotApplicable::UnderWay => Self::new("it is still under way", "è ancora in corso"),
            NotApplicable::Unfinished => Self::new("it did not come to its end", "non è arrivata alla fine"),
            NotApplicable::IgnoredSwitches => Self::new(
                "it took products and customers for switched on that are off",
                "considerava attivi prodotti e clienti che sono disattivati",
            ),
            NotApplicable::OtherCustomers => {
                Self::new("it did not show all of the customers", "non mostrava tutti i clienti")
            }
            NotApplicable::TooOld => Self::new("it is older than a day", "ha più di un giorno"),
        }
    }
}

impl std::fmt::Display for NotApplicable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Text::from(*self).in_language(Language::English))
    }
}
