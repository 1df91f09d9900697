//! How a planned pair ends: exactly one outcome, with a reason that a billing clerk can act on.
//!
//! Four things are kept apart: *waiting* ends by itself, *held* waits for a person's decision, *skipped* follows a decision
//! already taken (shown as "not synced"), *failed* needs something to be put right.

mod failure;
mod hold;
mod skip;
mod waiting;

use serde::{Deserialize, Serialize};

pub use failure::Failure;
pub use hold::{Hold, LineElsewhere, PartTrouble, Place, Would};
pub use skip::{Skip, SkipKind};
pub use waiting::Waiting;

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
    /// Waits by itself: a later run writes it.
    Waiting(Waiting),
    /// Waits for a person.
    Held(Hold),
    /// Not synced, by a decision.
    Skipped(Skip),
    /// Not synced, because something is wrong.
    Failed(Failure),
}

/// The ways in which a pair ends, without their reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutcomeKind {
    /// [`Outcome::Unchanged`].
    Unchanged,
    /// [`Outcome::Created`].
    Created,
    /// [`Outcome::Updated`].
    Updated,
    /// [`Outcome::Adopted`].
    Adopted,
    /// [`Outcome::Waiting`].
    Waiting,
    /// [`Outcome::Held`].
    Held,
    /// [`Outcome::Skipped`].
    Skipped,
    /// [`Outcome::Failed`].
    Failed,
}

impl OutcomeKind {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Unchanged,
        Self::Created,
        Self::Updated,
        Self::Adopted,
        Self::Waiting,
        Self::Held,
        Self::Skipped,
        Self::Failed,
    ];
}

/// Where the units of a pair are counted: the usage of a product is the sum of all of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Bucket {
    /// ConnectWise bills it.
    Synced,
    /// Waits by itself.
    Waiting,
    /// Waits for a person.
    Held,
    /// Something is wrong.
    Failed,
    /// The product's sync is off.
    Off,
    /// The customer's sync is off.
    CustomerOff,
    /// The partner decided not to bill it, or not to bill it here.
    Excluded,
    /// The product or the customer is not mapped.
    Unmapped,
    /// The line has no customer or no product.
    Unassigned,
    /// Sophos does not bill the customer by the month, or no longer.
    NotMonthlyBilling,
    /// A Sophos Firewall product outside the Sophos-invoice mode.
    FirewallMode,
    /// The largest part of a combined product is billed, and this is not it.
    CoveredByLargest,
}

impl Bucket {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::Synced,
        Self::Waiting,
        Self::Held,
        Self::Failed,
        Self::Off,
        Self::CustomerOff,
        Self::Excluded,
        Self::Unmapped,
        Self::Unassigned,
        Self::NotMonthlyBilling,
        Self::FirewallMode,
        Self::CoveredByLargest,
    ];

    /// What a person reads for it.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Waiting => "waiting by itself",
            Self::Held => "to decide",
            Self::Failed => "failed",
            Self::Off => "off",
            Self::CustomerOff => "customer off",
            Self::Excluded => "excluded",
            Self::Unmapped => "unmapped",
            Self::Unassigned => "unassigned",
            Self::NotMonthlyBilling => "not on monthly billing",
            Self::FirewallMode => "firewall outside its mode",
            Self::CoveredByLargest => "covered by the largest",
        }
    }
}

impl Outcome {
    /// The way in which it ended, without its reason.
    #[must_use]
    pub const fn kind(&self) -> OutcomeKind {
        match self {
            Self::Unchanged => OutcomeKind::Unchanged,
            Self::Created => OutcomeKind::Created,
            Self::Updated => OutcomeKind::Updated,
            Self::Adopted => OutcomeKind::Adopted,
            Self::Waiting(_) => OutcomeKind::Waiting,
            Self::Held(_) => OutcomeKind::Held,
            Self::Skipped(_) => OutcomeKind::Skipped,
            Self::Failed(_) => OutcomeKind::Failed,
        }
    }

    /// Where the units of this pair are counted.
    #[must_use]
    pub const fn bucket(&self) -> Bucket {
        match self {
            Self::Unchanged | Self::Created | Self::Updated | Self::Adopted => Bucket::Synced,
            Self::Waiting(_) => Bucket::Waiting,
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
            Self::Waiting(waiting) => format!("waiting.{}", waiting.code()),
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
            Self::Waiting(waiting) => waiting.to_string(),
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
            Self::Waiting(waiting) => waiting.advice(),
            Self::Held(hold) => hold.advice().to_owned(),
            Self::Skipped(skip) => skip.advice().to_owned(),
            Self::Failed(failure) => failure.advice(),
        }
    }
}
