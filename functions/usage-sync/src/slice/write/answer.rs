//! What the answer to a write says: done, known to have had no effect, or not known.

use std::time::Duration;

use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, PsaProductId};
use shared::domain::outcome::{Failure, Outcome};
use shared::domain::plan::AdditionPlan;
use shared::domain::psa::Addition;
use shared::domain::snapshot::{Intent, Pending, Written};
use shared::error::PsaError;

use super::Writer;
use super::wave::Stored;
use crate::policy::Guard;
use crate::trouble::of_write;
use crate::worker::World;

/// How long it waits at the most: a ConnectWise that has to be left alone for longer gives the slice back.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Why a write did not leave.
const TOO_LATE: &str = "our own records were too slow";

/// What came of one try.
pub(super) enum Tried {
    /// It is known how it ended, or known that it is not known.
    Ended(Outcome, Option<AdditionId>),
    /// It had no effect, and may have one after a while.
    NoEffect {
        /// What it is told as when it is given up.
        failure: Failure,
        /// How long it waits before the next try.
        wait: Duration,
        /// Whether ConnectWise was asked at all.
        sent: bool,
    },
}

impl<W: World> Writer<'_, W> {
    /// Takes in the answer to a write, or that there is none.
    pub(super) fn answered(&mut self, write: &Stored<'_>, answer: Result<Addition, PsaError>) -> Tried {
        if let Ok(answer) = &answer {
            self.learn_member(answer);
        }
        match write {
            Stored::Create { plan, intent, .. } => match answer {
                Ok(answer) => self.created(plan, intent, &answer),
                Err(error) => {
                    if !error.may_have_taken_effect() {
                        self.settlement.ended.push(intent.product);
                    }
                    self.unanswered(&error, None)
                }
            },
            Stored::Update { product, plan, addition, from, before } => {
                self.updated(*product, plan, (*addition, *from, before.as_deref()), answer)
            }
            Stored::Clear { product, addition, from, hold } => match answer {
                Ok(answer) => match self.differs(&answer, *product, Decimal::ZERO, Some(*addition)) {
                    None => {
                        self.surplus(*product, *addition, |surplus| surplus.cleared = true);
                        if let Some(written) = self.written(*product) {
                            written.unreported.clear(*from);
                        }
                        Tried::Ended(Outcome::Held((*hold).clone()), Some(*addition))
                    }
                    Some(answer) => Tried::Ended(Outcome::Failed(Failure::WrongAnswer { answer }), Some(*addition)),
                },
                Err(error) => {
                    if !error.may_have_taken_effect() {
                        self.surplus(*product, *addition, |surplus| surplus.sent = None);
                    }
                    self.unanswered(&error, Some(*addition))
                }
            },
        }
    }

    fn updated(
        &mut self,
        product: PsaProductId,
        plan: &AdditionPlan,
        (addition, from, before): (AdditionId, Decimal, Option<&Written>),
        answer: Result<Addition, PsaError>,
    ) -> Tried {
        match answer {
            Ok(answer) => match self.differs(&answer, product, plan.target, Some(addition)) {
                None => {
                    self.remember(product, plan, addition);
                    if let Some(written) = self.written(product) {
                        written.unreported.update(from);
                    }
                    Tried::Ended(Outcome::Updated, Some(addition))
                }
                // It may have taken effect all the same: the change stays on its way until it is read back.
                Some(answer) => Tried::Ended(Outcome::Failed(Failure::WrongAnswer { answer }), Some(addition)),
            },
            Err(error) => {
                if !error.may_have_taken_effect() {
                    // Also that an addition of somebody else's is ours from here on: it was not touched.
                    let written = &mut self.settlement.snapshot.written;
                    match before {
                        Some(before) => written.insert(product, before.clone()),
                        None => written.remove(&product),
                    };
                }
                self.unanswered(&error, Some(addition))
            }
        }
    }

    fn created(&mut self, plan: &AdditionPlan, intent: &Intent, answer: &Addition) -> Tried {
        let product = intent.product;
        let differs = self.differs(answer, product, intent.quantity, None);
        if answer.product != product
            && let Some(answer) = differs
        {
            // Nobody knows what came of it: the intent stands until it is read back.
            return Tried::Ended(Outcome::Failed(Failure::WrongAnswer { answer }), None);
        }
        self.settlement.ended.push(product);
        self.remember(product, plan, answer.id);
        let right = differs.is_none();
        if let Some(written) = self.written(product) {
            written.unreported.create(intent.effective);
            written.begins = intent.begins_later();
            written.settled.clone_from(&intent.earlier);
            if !right {
                // The addition is ours, with a quantity that nobody asked for: the next run sets it right.
                let (from, to) = (answer.quantity, intent.quantity);
                written.confirmed = from;
                written.pending = Some(Pending { from, to, run: intent.run.clone(), at: intent.at });
            }
        }
        match differs {
            None => Tried::Ended(Outcome::Created, Some(answer.id)),
            Some(words) => Tried::Ended(Outcome::Failed(Failure::WrongAnswer { answer: words }), Some(answer.id)),
        }
    }

    /// What an error says of a write.
    fn unanswered(&self, error: &PsaError, addition: Option<AdditionId>) -> Tried {
        let failure = of_write(self.agreement, error);
        let sent = !matches!(error, PsaError::NotSent { .. } | PsaError::Away { .. });
        let short = Duration::from_millis(self.stages.limits.retry_ms).min(LONGEST_WAIT);
        match passing(error, short)
            .or_else(|| (!self.has(Guard::ReadBack) && error.may_have_taken_effect()).then_some(short))
        {
            Some(wait) => Tried::NoEffect { failure, wait, sent },
            None => Tried::Ended(Outcome::Failed(failure), addition),
        }
    }

    fn differs(
        &self,
        answer: &Addition,
        product: PsaProductId,
        quantity: Decimal,
        addition: Option<AdditionId>,
    ) -> Option<String> {
        differs(answer, product, quantity, addition).filter(|_| self.has(Guard::AnswerCheck))
    }
}

/// How long to wait before a write is tried again that had no effect, `short` where nobody says how long; none where
/// trying again is of no use.
fn passing(error: &PsaError, short: Duration) -> Option<Duration> {
    match error {
        PsaError::Throttled { retry_after } => Some(retry_after.unwrap_or(short).clamp(short, LONGEST_WAIT)),
        PsaError::Away { retry_after } => Some((*retry_after).clamp(short, LONGEST_WAIT)),
        PsaError::Locked { .. } | PsaError::NotSent { .. } => Some(short),
        PsaError::Unauthorized
        | PsaError::Forbidden { .. }
        | PsaError::NotFound
        | PsaError::Refused { .. }
        | PsaError::ListTooLong { .. }
        | PsaError::Unanswered { .. } => None,
    }
}

/// A write that was not sent because too much time had passed.
pub(super) fn too_late() -> PsaError {
    PsaError::NotSent { why: TOO_LATE.into() }
}

/// What is wrong with the answer to a write, if anything.
fn differs(
    answer: &Addition,
    product: PsaProductId,
    quantity: Decimal,
    addition: Option<AdditionId>,
) -> Option<String> {
    let right = answer.product == product && answer.quantity == quantity && addition.is_none_or(|id| id == answer.id);
    (!right).then(|| format!("addition {} of product {} has quantity {}", answer.id, answer.product, answer.quantity))
}
