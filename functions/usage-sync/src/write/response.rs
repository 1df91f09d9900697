//! The result of a write by the response to it: done, known to have had no effect, or not known.

use std::time::Duration;

use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, PsaProductId};
use shared::domain::outcome::{Failure, Outcome};
use shared::domain::plan::AdditionPlan;
use shared::domain::psa::Addition;
use shared::domain::snapshot::{Intent, Pending};
use shared::error::PsaError;

use super::prepared::{PreparedUpdate, PreparedWrite};
use super::writer::Writer;
use crate::errors::of_write;
use crate::policy::Guard;
use crate::world::World;

/// How long a write waits at the most: where ConnectWise is throttling for longer, the slice is given back.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Why a write did not leave.
const TOO_LATE: &str = "our own records were too slow";

/// The result of one try.
pub(super) enum WriteResult {
    /// Final for this run; the outcome may be `Failed(Unknown)`.
    Ended(Outcome, Option<AdditionId>),
    /// It had no effect; another try may succeed.
    NoEffect {
        /// The outcome when it is given up.
        failure: Failure,
        /// How long it waits before the next try.
        wait: Duration,
        /// Whether ConnectWise was asked at all.
        sent: bool,
    },
}

impl<W: World> Writer<'_, W> {
    /// Takes in the response to a write, or that there is none.
    pub(super) fn result_of(&mut self, write: &PreparedWrite<'_>, response: Result<Addition, PsaError>) -> WriteResult {
        if let Ok(response) = &response {
            self.learn_member(response);
        }
        match write {
            PreparedWrite::Create { plan, intent, .. } => match response {
                Ok(response) => self.created(plan, intent, &response),
                Err(error) => {
                    if !error.may_have_taken_effect() {
                        self.basis.settlement.ended.push(intent.product);
                    }
                    self.result_of_error(&error, None)
                }
            },
            PreparedWrite::Update(update) => self.updated(update, response),
            PreparedWrite::Clear { product, addition, from, hold } => match response {
                Ok(response) => match self.differs(&response, *product, Decimal::ZERO, Some(*addition)) {
                    None => {
                        self.change_surplus(*product, *addition, |surplus| surplus.cleared = true);
                        if let Some(written) = self.written(*product) {
                            written.unreported.clear(*from);
                        }
                        WriteResult::Ended(Outcome::Held((*hold).clone()), Some(*addition))
                    }
                    Some(answer) => {
                        WriteResult::Ended(Outcome::Failed(Failure::WrongAnswer { answer }), Some(*addition))
                    }
                },
                Err(error) => {
                    if !error.may_have_taken_effect() {
                        self.change_surplus(*product, *addition, |surplus| surplus.sent = None);
                    }
                    self.result_of_error(&error, Some(*addition))
                }
            },
        }
    }

    fn updated(&mut self, update: &PreparedUpdate<'_>, response: Result<Addition, PsaError>) -> WriteResult {
        let &PreparedUpdate { product, plan, addition, from, ref before } = update;
        match response {
            Ok(response) => match self.differs(&response, product, plan.target, Some(addition)) {
                None => {
                    self.remember(product, plan, addition);
                    if let Some(written) = self.written(product) {
                        written.unreported.update(from);
                    }
                    WriteResult::Ended(Outcome::Updated, Some(addition))
                }
                // It may have taken effect: the change stays pending until it is read back.
                Some(answer) => WriteResult::Ended(Outcome::Failed(Failure::WrongAnswer { answer }), Some(addition)),
            },
            Err(error) => {
                if !error.may_have_taken_effect() {
                    // Also that an addition of somebody else's is ours from here on: it was not touched.
                    let written = &mut self.basis.settlement.snapshot.written;
                    match before {
                        Some(before) => written.insert(product, before.as_ref().clone()),
                        None => written.remove(&product),
                    };
                }
                self.result_of_error(&error, Some(addition))
            }
        }
    }

    fn created(&mut self, plan: &AdditionPlan, intent: &Intent, response: &Addition) -> WriteResult {
        let product = intent.product;
        let differs = self.differs(response, product, intent.quantity, None);
        if response.product != product
            && let Some(answer) = differs
        {
            // The result is unknown: the intent stays until it is read back.
            return WriteResult::Ended(Outcome::Failed(Failure::WrongAnswer { answer }), None);
        }
        self.basis.settlement.ended.push(product);
        self.remember(product, plan, response.id);
        let right = differs.is_none();
        if let Some(written) = self.written(product) {
            written.unreported.create(intent.effective);
            written.begins = intent.begins_later();
            written.settled.clone_from(&intent.earlier);
            if !right {
                // The addition is ours, with a quantity that nobody asked for: the next run sets it right.
                let (from, to) = (response.quantity, intent.quantity);
                written.confirmed = from;
                written.pending = Some(Pending { from, to, run: intent.run.clone(), at: intent.at });
            }
        }
        match differs {
            None => WriteResult::Ended(Outcome::Created, Some(response.id)),
            Some(words) => {
                WriteResult::Ended(Outcome::Failed(Failure::WrongAnswer { answer: words }), Some(response.id))
            }
        }
    }

    /// The result of a write that ended in an error.
    fn result_of_error(&self, error: &PsaError, addition: Option<AdditionId>) -> WriteResult {
        let failure = of_write(self.target.agreement, error);
        let sent = !matches!(error, PsaError::NotSent { .. } | PsaError::Away { .. });
        let short = Duration::from_millis(self.slice.context.limits.retry_ms).min(LONGEST_WAIT);
        match passing(error, short)
            .or_else(|| (!self.has(Guard::ReadBack) && error.may_have_taken_effect()).then_some(short))
        {
            Some(wait) => WriteResult::NoEffect { failure, wait, sent },
            None => WriteResult::Ended(Outcome::Failed(failure), addition),
        }
    }

    fn differs(
        &self,
        response: &Addition,
        product: PsaProductId,
        quantity: Decimal,
        addition: Option<AdditionId>,
    ) -> Option<String> {
        differs(response, product, quantity, addition).filter(|_| self.has(Guard::AnswerCheck))
    }
}

/// How long to wait before a write is tried again that had no effect, `short` where the response does not give a time;
/// none where trying again is of no use.
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

/// What is wrong with the response to a write, if anything.
fn differs(
    response: &Addition,
    product: PsaProductId,
    quantity: Decimal,
    addition: Option<AdditionId>,
) -> Option<String> {
    let right =
        response.product == product && response.quantity == quantity && addition.is_none_or(|id| id == response.id);
    (!right)
        .then(|| format!("addition {} of product {} has quantity {}", response.id, response.product, response.quantity))
}
