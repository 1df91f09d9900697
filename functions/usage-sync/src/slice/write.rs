//! Writing to one agreement: what is about to be sent is stored first, and an answer that never came is never guessed.

mod answer;
mod keep;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, PsaProductId};
use shared::domain::outcome::{Failure, Hold, Outcome};
use shared::domain::plan::{AdditionPlan, Step};
use shared::domain::psa::{Addition, NewAddition};
use shared::domain::run::Run;
use shared::domain::settle::Settlement;
use shared::domain::snapshot::{Intent, Parts, Pending, Snapshot, Surplus, Written};
use shared::error::{PsaError, StoreError};
use shared::ports::{Change, Clock, Lease, Psa};

use self::answer::{SHORT_WAIT, TOO_LATE, Tried, differs, passing, too_late};
use super::Stages;
use crate::committer::Commits;
use crate::policy::Guard;
use crate::trouble::of_write;
use crate::worker::{WorkError, World};

/// A write is sent within this time after it was stored, or not at all: the settle time counts from what was stored.
const FRESH: SignedDuration = SignedDuration::from_secs(2);
/// How often a write is tried whose answer says that it had no effect.
const TRIES: u32 = 3;
/// The ends of intents that fit into one commit beside a snapshot and a ledger entry.
const MOST_AT_ONCE: usize = 30;
/// What has to be left of the lease beyond the longest request, in seconds.
const LEASE_SPARE_S: i64 = 5;

/// The writes of one run to one agreement, one after the other.
pub(super) struct Writer<'a, W: World> {
    stages: &'a Stages<'a, W>,
    commits: &'a Commits,
    run: &'a Run,
    agreement: AgreementId,
    settlement: Settlement,
    /// The snapshot as the table has it.
    stored: Snapshot,
}

impl<'a, W: World> Writer<'a, W> {
    pub(super) fn new(
        stages: &'a Stages<'a, W>,
        run: &'a Run,
        agreement: AgreementId,
        (stored, settlement): (Snapshot, Settlement),
        commits: &'a Commits,
    ) -> Self {
        Self { stages, commits, run, agreement, settlement, stored }
    }

    /// Does what was planned for one product; in a run that may not write, says what would be done.
    pub(super) async fn carry_out(
        &mut self,
        product: PsaProductId,
        plan: &AdditionPlan,
    ) -> Result<(Outcome, Option<AdditionId>), WorkError> {
        Ok(match &plan.step {
            Step::Nothing => (Outcome::Unchanged, None),
            Step::Hold(hold) => (Outcome::Held(hold.clone()), None),
            Step::Skip(skip) => (Outcome::Skipped(skip.clone()), None),
            Step::Fail(failure) => (Outcome::Failed(failure.clone()), None),
            Step::Keep { addition } => {
                self.remember(product, plan, *addition);
                (self.kept(product), Some(*addition))
            }
            Step::Adopt { addition } => {
                self.remember(product, plan, *addition);
                if let Some(written) = self.written(product) {
                    written.untold.adopted += 1;
                }
                (Outcome::Adopted, Some(*addition))
            }
            Step::Update { addition, .. } if !self.run.writes => (Outcome::Updated, Some(*addition)),
            Step::Create { .. } if !self.run.writes => (Outcome::Created, None),
            Step::Clear { addition, hold, .. } if !self.run.writes => (Outcome::Held(hold.clone()), Some(*addition)),
            Step::Update { .. } | Step::Create { .. } | Step::Clear { .. } => self.write(product, plan).await?,
        })
    }

    /// What is right already may be our own doing that stands in no ledger yet: of a slice, or a run, that did not live to
    /// see its answer.
    fn kept(&self, product: PsaProductId) -> Outcome {
        let untold = self.settlement.snapshot.written.get(&product).map(|written| written.untold);
        match untold.filter(|_| self.run.writes) {
            Some(untold) if untold.created > 0 => Outcome::Created,
            Some(untold) if untold.updated > 0 => Outcome::Updated,
            Some(untold) if untold.adopted > 0 => Outcome::Adopted,
            Some(_) | None => Outcome::Unchanged,
        }
    }

    fn remember(&mut self, product: PsaProductId, plan: &AdditionPlan, addition: AdditionId) {
        let written = &mut self.settlement.snapshot.written;
        let now = plan.as_written(addition, self.run.request.month, written.get(&product));
        written.insert(product, now);
    }

    fn written(&mut self, product: PsaProductId) -> Option<&mut Written> {
        self.settlement.snapshot.written.get_mut(&product)
    }

    /// Writes. What is certain to have had no effect is tried again, each time stored anew.
    async fn write(
        &mut self,
        product: PsaProductId,
        plan: &AdditionPlan,
    ) -> Result<(Outcome, Option<AdditionId>), WorkError> {
        let mut tries = 1;
        loop {
            let tried = match &plan.step {
                Step::Create { effective, seen } => {
                    let new = NewAddition { product, quantity: plan.target, effective: *effective };
                    self.try_create(plan, &new, seen).await?
                }
                Step::Update { addition, from } => self.try_update(product, plan, *addition, *from).await?,
                Step::Clear { addition, hold, .. } => self.try_clear(product, *addition, hold).await?,
                Step::Nothing
                | Step::Keep { .. }
                | Step::Adopt { .. }
                | Step::Hold(_)
                | Step::Skip(_)
                | Step::Fail(_) => {
                    return Ok((Outcome::Unchanged, None));
                }
            };
            match tried {
                Tried::Ended(outcome, addition) => return Ok((outcome, addition)),
                Tried::NoEffect { wait, .. } if tries < TRIES && !self.stages.is_near_the_end() => {
                    tokio::time::sleep(wait).await;
                }
                Tried::NoEffect { failure, .. } => return Ok((Outcome::Failed(failure), None)),
            }
            tries += 1;
        }
    }

    /// Waits until a write may leave, and from when it counts. What was seen of the agreement is out of date from here on.
    async fn begin(&mut self) -> Result<Timestamp, WorkError> {
        self.stages.turn_to_write().await?;
        self.settlement.snapshot.seen = None;
        Ok(self.stages.world.clock().now())
    }

    /// What is remembered of an addition whose quantity is about to be set. One that was somebody else's is ours from here
    /// on, because a person has released it.
    fn about_to_set(&mut self, product: PsaProductId, addition: AdditionId, from: Decimal) -> &mut Written {
        let ours = Written::new(addition, from, self.run.request.month, Parts::new());
        let written = self.settlement.snapshot.written.entry(product).or_insert_with(|| ours.clone());
        if written.addition != addition {
            *written = ours.after(Some(written));
        }
        written
    }

    async fn try_update(
        &mut self,
        product: PsaProductId,
        plan: &AdditionPlan,
        addition: AdditionId,
        from: Decimal,
    ) -> Result<Tried, WorkError> {
        let at = self.begin().await?;
        let pending = Pending { from, to: plan.target, run: self.run.id.clone(), at };
        let guarded = self.has(Guard::Pending);
        let written = self.about_to_set(product, addition, from);
        if guarded {
            written.pending = Some(pending);
        }
        let lease = self.flush(Vec::new()).await?;
        let answer = match self.may_send(&lease, at) {
            true => self.set(addition, plan.target).await,
            false => Err(too_late()),
        };
        Ok(match answer {
            Ok(answer) => match self.differs(&answer, product, plan.target, Some(addition)) {
                None => {
                    self.remember(product, plan, addition);
                    if let Some(written) = self.written(product) {
                        written.untold.updated += 1;
                    }
                    Tried::Ended(Outcome::Updated, Some(addition))
                }
                // It may have taken effect all the same: the change stays on its way until it is read back.
                Some(answer) => Tried::Ended(Outcome::Failed(Failure::WrongAnswer { answer }), Some(addition)),
            },
            Err(error) => {
                if !error.may_have_taken_effect()
                    && let Some(written) = self.written(product)
                {
                    written.pending = None;
                }
                self.unanswered(&error, Some(addition))
            }
        })
    }

    /// Sets a surplus addition to 0.
    async fn try_clear(
        &mut self,
        product: PsaProductId,
        addition: AdditionId,
        hold: &Hold,
    ) -> Result<Tried, WorkError> {
        let at = self.begin().await?;
        self.surplus(product, addition, |surplus| surplus.sent = Some(at));
        let lease = self.flush(Vec::new()).await?;
        let answer = match self.may_send(&lease, at) {
            true => self.set(addition, Decimal::ZERO).await,
            false => Err(too_late()),
        };
        Ok(match answer {
            Ok(answer) => match self.differs(&answer, product, Decimal::ZERO, Some(addition)) {
                None => {
                    self.surplus(product, addition, |surplus| surplus.cleared = true);
                    if let Some(written) = self.written(product) {
                        written.untold.updated += 1;
                    }
                    Tried::Ended(Outcome::Held(hold.clone()), Some(addition))
                }
                Some(answer) => Tried::Ended(Outcome::Failed(Failure::WrongAnswer { answer }), Some(addition)),
            },
            Err(error) => {
                if !error.may_have_taken_effect() {
                    self.surplus(product, addition, |surplus| surplus.sent = None);
                }
                self.unanswered(&error, Some(addition))
            }
        })
    }

    fn surplus(&mut self, product: PsaProductId, addition: AdditionId, change: impl FnOnce(&mut Surplus)) {
        if let Some(surplus) = self.written(product).and_then(|w| w.surplus.iter_mut().find(|s| s.addition == addition))
        {
            change(surplus);
        }
    }

    async fn set(&self, addition: AdditionId, quantity: Decimal) -> Result<Addition, PsaError> {
        self.stages.has_progressed();
        self.stages.psa.set_quantity(self.agreement, addition, quantity).await
    }

    async fn try_create(
        &mut self,
        plan: &AdditionPlan,
        new: &NewAddition,
        seen: &[AdditionId],
    ) -> Result<Tried, WorkError> {
        let product = new.product;
        if self.settlement.ended.contains(&product) {
            // An older intent came to nothing: it goes before the new one comes.
            self.flush(Vec::new()).await?;
        }
        let at = self.begin().await?;
        let intent = Intent {
            agreement: self.agreement,
            product,
            quantity: new.quantity,
            effective: new.effective,
            parts: plan.parts.clone(),
            month: self.run.request.month,
            seen: seen.to_vec(),
            run: self.run.id.clone(),
            at,
            earlier: self.settlement.lapsed.get(&product).cloned().unwrap_or_default(),
        };
        let about_to = match self.has(Guard::Intent) {
            true => vec![Change::PutIntent(Box::new(intent.clone()))],
            false => Vec::new(),
        };
        let lease = match self.flush(about_to).await {
            Ok(lease) => lease,
            // Another write to this product is under way; who began it brings it to its end.
            Err(StoreError::Conflict { .. }) => return Ok(Tried::Ended(Outcome::Failed(Failure::Unsettled), None)),
            Err(error) => return Err(error.into()),
        };
        let answer = match self.may_send(&lease, at) {
            true => {
                self.stages.has_progressed();
                self.stages.psa.create_addition(self.agreement, new).await
            }
            false => Err(too_late()),
        };
        Ok(match answer {
            Ok(answer) => self.created(plan, &intent, &answer),
            Err(error) => {
                if !error.may_have_taken_effect() {
                    self.settlement.ended.push(product);
                }
                self.unanswered(&error, None)
            }
        })
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
            written.untold.created += 1;
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
        let late = matches!(error, PsaError::NotSent { why } if *why == TOO_LATE);
        let failure = if late { Failure::NotSent } else { of_write(self.agreement, error) };
        match passing(error)
            .or_else(|| (!self.has(Guard::ReadBack) && error.may_have_taken_effect()).then_some(SHORT_WAIT))
        {
            Some(wait) => Tried::NoEffect { failure, wait },
            None => Tried::Ended(Outcome::Failed(failure), addition),
        }
    }

    fn has(&self, guard: Guard) -> bool {
        self.stages.policy.has(guard)
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

    /// Whether a write may leave now: what was stored for it is fresh, and the lease outlives the request. A worker that
    /// was frozen in between must not send what another one may have settled by now.
    fn may_send(&self, lease: &Lease, stored_at: Timestamp) -> bool {
        let now = self.stages.world.clock().now();
        let left = lease.expires_at.duration_since(now);
        let needed = SignedDuration::from_secs(self.stages.limits.request_s + LEASE_SPARE_S);
        let in_time = now.duration_since(stored_at) < FRESH && left >= needed;
        in_time || !self.has(Guard::LeaseCheck)
    }
}
