//! What a run is about: everything that the partner has, or what a person chose of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::id::{CustomerId, RunId};

/// So many customers can be chosen for one run: they travel with each of its messages.
pub const MOST_CHOSEN: usize = 100;

/// Whose usage a run looks at. Of all others it reads nothing, writes nothing and has no line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "whose", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Whose {
    /// All customers, and the usage without one.
    #[default]
    Everyone,
    /// These, at most [`MOST_CHOSEN`].
    Chosen {
        /// They.
        customers: BTreeSet<CustomerId>,
    },
    /// Those of whom something failed in another run.
    FailedIn {
        /// That run.
        run: RunId,
    },
}

/// What a run is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunScope {
    /// Whose usage.
    #[serde(flatten)]
    pub whose: Whose,
    /// Takes every sync switch for on, to show what would be done if it were. For previews alone: what is switched off is
    /// never written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_switches: bool,
    /// The month was named: while Sophos has no usage of it, the month before does not stand for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub month_alone: bool,
}

impl RunScope {
    /// Whether it is everything as it stands.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}
