//! How a planned pair ends: exactly one outcome, with a reason that a billing clerk can act on.
//!
//! Three things are kept apart: *held* waits for a person's decision, *skipped* follows a decision already taken
//! (shown as "not synced"), *failed* needs something to be put right.

mod failure;
mod hold;
mod skip;

use serde::{Deserialize, Serialize};

pub use failure::Failure;
pub use hold::{Hold, LineElsewhere, PartTrouble, Place, Would};
pub use skip::{Skip, SkipKind};

/// How a pair (Sophos customer, Sophos product) ended in a run. In a preview: how it would end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "camelCase")]
pub enum Outcome {
    /// ConnectWise has the right quantity already, or there is nothing to bill.
    Unchanged,
    /// A new addition carries it.
    Created,
    /// The addition's quantity was set.
    Updated,
    /// An addition that existed at the right quantity is looked after from now on.
    Adopted,
    /// Waits for a person.
    Held(Hold),
    /// Not synced, by a decision.
    Skipped(Skip),
    /// Not synced, because something is wrong.
    Failed(Failure),
}

/// Where a pair's units stand in the tie-out: usage = synced + held + failed + off + unmapped + unassigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Bucket {
    /// ConnectWise bills it.
    Synced,
    /// Waits for a person.
    Held,
    /// Something is wrong.
    Failed,
    /// Switched off or excluded by the partner.
    Off,
    /// The product or the customer is not mapped.
    Unmapped,
    /// The line has no customer or no product.
    Unassigned,
}

impl Outcome {
    /// Where the units of this pair are counted.
    #[must_use]
    pub const fn bucket(&self) -> Bucket {
        match self {
            Self::Unchanged | Self::Created | Self::Updated | Self::Adopted => Bucket::Synced,
            Self::Held(_) => Bucket::Held,
            Self::Failed(_) => Bucket::Failed,
            Self::Skipped(skip) => skip.kind().bucket(),
        }
    }

    /// A stable word: the outcome, and the reason after a dot (`held.decrease`).
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Unchanged => "unchanged".into(),
            Self::Created => "created".into(),
            Self::Updated => "updated".into(),
            Self::Adopted => "adopted".into(),
            Self::Held(hold) => format!("held.{}", hold.code()),
            Self::Skipped(skip) => format!("skipped.{}", skip.kind().word()),
            Self::Failed(failure) => format!("failed.{}", failure.code()),
        }
    }

    /// What happened, in the words of the page; empty where the outcome says it all.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Unchanged | Self::Created | Self::Updated | Self::Adopted => String::new(),
            Self::Held(hold) => hold.to_string(),
            Self::Skipped(skip) => skip.to_string(),
            Self::Failed(failure) => failure.to_string(),
        }
    }

    /// What to do next; empty where there is nothing to do.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Unchanged | Self::Created | Self::Updated | Self::Adopted => String::new(),
            Self::Held(hold) => hold.advice().to_owned(),
            Self::Skipped(skip) => skip.advice().to_owned(),
            Self::Failed(failure) => failure.advice(),
        }
    }
}
