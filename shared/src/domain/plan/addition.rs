//! What to do for one (customer, ConnectWise product), and what a release does instead.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{
    AdditionId, AgreementId, CopiedTerms, Failure, Hold, HoldBasis, Offer, Outcome, Parts, ProductCode, PsaProductId,
    Reading, Skip, Terms, UsageMonth, Waiting, Would, Written,
};
use crate::domain::ledger::Billed;
use crate::domain::outcome::LineElsewhere;
use crate::domain::quantity_override::{Overridden, QuantityOverride};

/// What to do for one (customer, ConnectWise product).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdditionPlan {
    /// What makes up the quantity.
    pub parts: Parts,
    /// What the usage asks for; none where it cannot be read, or nobody has said how.
    pub used: Option<Decimal>,
    /// The quantity to bill: what the usage asks for, or what a person has put in its place.
    pub target: Decimal,
    /// Which decision put it in its place, if one did.
    pub overridden: Option<Box<QuantityOverride>>,
    /// The override that has ended before this month and that no run has reported.
    pub ended: Option<Box<QuantityOverride>>,
    /// The one addition in force and its quantity.
    pub current: Option<(AdditionId, Decimal)>,
    pub step: Step,
    /// Whether what is billed is still the quantity of the month before, because a new month has to wait.
    pub is_early: bool,
    /// What a release does instead: none where nothing waits, or where it cannot be released.
    pub release: Option<Release>,
    /// What a release does by each reading of its usage lines, where these are in doubt.
    pub readings: Vec<(Reading, Release)>,
    /// What its quantity comes to in money: as the addition in force is billed, or as a new one would be.
    pub terms: Option<Terms>,
}

/// What is done once a person releases a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub step: Step,
    /// What the usage asks for, as of the plan.
    pub used: Option<Decimal>,
    /// Its quantity.
    pub target: Decimal,
    /// What makes up the quantity.
    pub parts: Parts,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is no usage and no addition.
    Nothing,
    /// The addition has the right quantity and is ours.
    Keep { addition: AdditionId },
    /// The addition has the right quantity and is ours from now on.
    Adopt { addition: AdditionId },
    /// There is none: create it.
    Create {
        /// Its first day.
        effective: Date,
        /// The agreement's additions of this product, none of them in force.
        seen: Vec<AdditionId>,
        /// The terms of the line that it replaces, if it replaces one.
        terms: Option<CopiedTerms>,
    },
    /// Set its quantity.
    Update {
        addition: AdditionId,
        /// Its quantity now.
        from: Decimal,
    },
    /// An addition beside the one that is kept: set it to 0, and hold.
    Clear {
        /// The surplus addition.
        addition: AdditionId,
        /// Its quantity now.
        from: Decimal,
        /// What a person has to know.
        hold: Hold,
    },
    /// Wait: a later run writes it by itself.
    Wait(Waiting),
    /// Wait for a person.
    Hold(Hold),
    /// Leave it, because a person said so.
    Skip(Skip),
    /// Something is wrong.
    Fail(Failure),
}

impl Step {
    pub(super) fn would(&self, target: Decimal) -> Would {
        match self {
            Self::Adopt { .. } => Would::Adopt { at: target },
            Self::Create { effective, .. } => Would::Create { to: target, begins: Some(*effective) },
            Self::Update { from, .. } => Would::Update { from: *from, to: target },
            Self::Clear { from, .. } => Would::Update { from: *from, to: Decimal::ZERO },
            Self::Nothing | Self::Keep { .. } | Self::Wait(_) | Self::Hold(_) | Self::Skip(_) | Self::Fail(_) => {
                Would::Nothing
            }
        }
    }

    /// The terms that a new addition takes over from the one that it replaces.
    pub(super) const fn copied_terms(&self) -> Option<&CopiedTerms> {
        if let Self::Create { terms, .. } = self { terms.as_ref() } else { None }
    }

    /// Whether it sends something that changes ConnectWise.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self {
            Self::Create { .. } | Self::Update { .. } | Self::Clear { .. } => true,
            Self::Nothing
            | Self::Keep { .. }
            | Self::Adopt { .. }
            | Self::Wait(_)
            | Self::Hold(_)
            | Self::Skip(_)
            | Self::Fail(_) => false,
        }
    }
}

impl Release {
    /// What a person releases.
    #[must_use]
    pub fn would(&self) -> Would {
        match self.step {
            // A released `Keep`: the person confirms the present quantity.
            Step::Keep { .. } => Would::Keep { at: self.target },
            Step::Nothing
            | Step::Adopt { .. }
            | Step::Create { .. }
            | Step::Update { .. }
            | Step::Clear { .. }
            | Step::Wait(_)
            | Step::Hold(_)
            | Step::Skip(_)
            | Step::Fail(_) => self.step.would(self.target),
        }
    }
}

impl AdditionPlan {
    /// What this plan would do, for a person to compare.
    #[must_use]
    pub fn would(&self) -> Would {
        self.step.would(self.target)
    }

    /// The plan's own step as what a release would do.
    pub(super) fn as_release(&self) -> Release {
        Release { step: self.step.clone(), used: self.used, target: self.target, parts: self.parts.clone() }
    }

    /// Does what a person has released.
    pub(super) fn carry_out(&mut self, release: Release) {
        let Release { step, used, target, parts } = release;
        (self.step, self.used, self.target, self.parts) = (step, used, target, parts);
    }

    /// What a person's decision on it would be about.
    #[must_use]
    pub fn hold_basis(&self, agreement: AgreementId) -> HoldBasis {
        HoldBasis {
            agreement,
            addition: self.current.map(|(addition, _)| addition),
            quantity: self.current.map_or(Decimal::ZERO, |(_, quantity)| quantity),
            release: self.release.as_ref().map_or(Would::Nothing, Release::would),
            readings: self
                .readings
                .iter()
                .map(|(reading, does)| Offer { reading: *reading, does: does.would() })
                .collect(),
            elsewhere: self.lines_elsewhere().iter().map(|line| (line.addition, line.quantity)).collect(),
        }
    }

    /// What is used and what is billed, where a person has put another quantity in place of the usage.
    #[must_use]
    pub fn overridden(&self) -> Option<Overridden> {
        let by = self.overridden.as_deref()?.clone();
        Some(Overridden { used: self.used, billed: self.target, by })
    }

    /// Where not the sum of several parts is counted but the largest of them: which one.
    #[must_use]
    pub fn largest(&self) -> Option<&ProductCode> {
        let used = self.used?;
        let is_sum = Decimal::from(self.parts.values().sum::<u64>()) == used;
        let is_target = |(_, units): &(&ProductCode, &u64)| Decimal::from(**units) == used;
        self.parts.iter().find(is_target).map(|(code, _)| code).filter(|_| !is_sum)
    }

    /// The ledger entry for this outcome.
    #[must_use]
    pub fn billed(&self, product: PsaProductId, addition: Option<AdditionId>, outcome: &Outcome) -> Billed {
        let waiting = match outcome {
            Outcome::Held(
                Hold::FirstRun { would } | Hold::Unfinished { would, .. } | Hold::Moved { now: would, .. },
            ) => Some(*would),
            Outcome::Held(_) => self.release.as_ref().map(Release::would),
            Outcome::Waiting(Waiting::NewMonth { from, to, .. }) => Some(Would::Update { from: *from, to: *to }),
            Outcome::Waiting(Waiting::NextRun { would }) => Some(*would),
            Outcome::Unchanged
            | Outcome::Created
            | Outcome::Updated
            | Outcome::Adopted
            | Outcome::Skipped(_)
            | Outcome::Failed(_) => None,
        };
        Billed {
            product,
            addition,
            target: self.target,
            would: self.would(),
            did: None,
            waiting,
            terms: self.terms.clone(),
            largest: self.largest().cloned(),
            overridden: self.overridden().map(Box::new),
            ended: self.ended.clone().filter(|_| self.reports_end(outcome)),
            writes: 0,
        }
    }

    /// Whether the end of an override is reported with this outcome: while the month before is kept, or nothing could be
    /// done, a later run reports it.
    const fn reports_end(&self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Unchanged
            | Outcome::Created
            | Outcome::Updated
            | Outcome::Adopted
            | Outcome::Held(_)
            | Outcome::Skipped(_) => !self.is_early,
            Outcome::Waiting(_) | Outcome::Failed(_) => false,
        }
    }

    fn lines_elsewhere(&self) -> &[LineElsewhere] {
        if let Step::Hold(hold) = &self.step { hold.lines_elsewhere() } else { &[] }
    }

    /// What the snapshot remembers once the step is done on `addition`. The newest month written never goes back, and
    /// its addition stays the one that is remembered. An addition kept because of a new month keeps the earlier month's
    /// record.
    #[must_use]
    pub fn as_written(&self, addition: AdditionId, month: UsageMonth, before: Option<&Written>) -> Written {
        let stays = self.is_early && matches!(self.step, Step::Keep { .. });
        match before.filter(|written| written.month > month || stays) {
            Some(stays) if stays.addition == addition => {
                Written { pending: None, confirmed: self.target, ..stays.clone() }
            }
            Some(stays) => stays.clone(),
            None => {
                let new = Written::new(addition, self.target, month, self.parts.clone());
                Written { terms: self.terms.clone(), ..new }.after(before)
            }
        }
    }
}
