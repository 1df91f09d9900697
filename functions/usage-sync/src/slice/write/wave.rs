//! The writes of one customer, a few at once: stored in one commit, sent side by side, each answer read by itself.
//!
//! How many is a matter of what is free: all customers of a slice share so many places, so that a write which is stored
//! can also leave. Many customers with writes take a place each; a customer that writes alone takes several.

use std::collections::{BTreeMap, VecDeque};
use std::iter::repeat_with;
use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, PsaProductId};
use shared::domain::outcome::{Failure, Hold, Outcome};
use shared::domain::plan::{AdditionPlan, CustomerPlan, Step};
use shared::domain::psa::{Addition, NewAddition};
use shared::domain::snapshot::{Intent, Pending, Written};
use shared::error::{PsaError, StoreError};
use shared::ports::{Clock, Psa};
use shared::store::{Change, Lease};
use tokio::sync::SemaphorePermit;

use super::Writer;
use super::answer::{LONGEST_WAIT, Tried, too_late};
use crate::policy::Guard;
use crate::slice::held::Done;
use crate::worker::{WorkError, World};

/// How often a write is tried whose answer says that it had no effect; then the customer is set aside.
const TRIES: u32 = 6;
/// How often one is tried that does not get to ConnectWise: others come first there, and that passes.
const UNSENT_TRIES: u32 = 30;
/// Nothing is written on a list of additions that is older: a person may have changed them since.
const LIST_GOOD_FOR: SignedDuration = SignedDuration::from_mins(2);
/// So many writes of a customer go out at once at the most; what is stored for them fits into one commit.
const AT_ONCE: usize = 16;

/// A write that is to be made.
struct Attempt<'p> {
    product: PsaProductId,
    plan: &'p AdditionPlan,
    /// How often it was tried before.
    tries: u32,
    /// How often it did not even leave.
    unsent: u32,
}

/// How far the writes of a customer came.
pub(in crate::slice) enum Carried {
    /// All that was planned is done.
    Whole(Done),
    /// The deadline came first: the rest is the next slice's.
    Late,
    /// It took so long that the plan has to be made anew.
    Stale,
}

/// A write about which everything is stored.
pub(super) enum Stored<'p> {
    /// Creates an addition.
    Create { plan: &'p AdditionPlan, new: NewAddition, intent: Box<Intent> },
    /// Sets a quantity; what was remembered of the addition before.
    Update {
        product: PsaProductId,
        plan: &'p AdditionPlan,
        addition: AdditionId,
        from: Decimal,
        before: Option<Box<Written>>,
    },
    /// Sets a surplus addition to 0.
    Clear { product: PsaProductId, addition: AdditionId, from: Decimal, hold: &'p Hold },
}

impl<W: World> Writer<'_, W> {
    /// Does what was planned, product by product.
    pub(in crate::slice) async fn carry_out(&mut self, planned: &CustomerPlan) -> Result<Carried, WorkError> {
        let mut done = BTreeMap::new();
        let mut todo = VecDeque::new();
        for (product, plan) in &planned.additions {
            match self.without_writing(*product, plan) {
                Some(ended) => note(&mut done, *product, plan, ended),
                None => todo.push_back(Attempt { product: *product, plan, tries: 0, unsent: 0 }),
            }
        }
        let mut most = AT_ONCE;
        while !todo.is_empty() {
            if self.stages.must_stop() {
                return Ok(Carried::Late);
            }
            let places = self.stages.places_to_write(most.min(todo.len())).await;
            let turns = self.stages.turns_to_write(places.len()).await?;
            // Once more: places and turns may have taken their time.
            if self.stages.must_stop() {
                return Ok(Carried::Late);
            }
            if self.is_out_of_date() {
                return Ok(Carried::Stale);
            }
            let wave: Vec<Attempt<'_>> = todo.drain(..turns.min(todo.len())).collect();
            let Some(tried) = self.write_together(&wave, places).await? else {
                // Nothing of it was sent. One by one it shows whose product is being written by somebody else.
                wave.into_iter().rev().for_each(|attempt| todo.push_front(attempt));
                most = 1;
                continue;
            };
            let mut pause = Duration::ZERO;
            for (attempt, tried) in wave.into_iter().zip(tried) {
                let Attempt { product, plan, mut tries, mut unsent } = attempt;
                match tried {
                    Tried::Ended(outcome, addition) => note(&mut done, product, plan, (outcome, addition)),
                    Tried::NoEffect { wait, sent, .. } if tries + 1 < TRIES && unsent + 1 < UNSENT_TRIES => {
                        pause = pause.max(longer_each_time(wait, tries));
                        let count = if sent { &mut tries } else { &mut unsent };
                        *count += 1;
                        todo.push_back(Attempt { product, plan, tries, unsent });
                    }
                    Tried::NoEffect { failure, .. } => {
                        note(&mut done, product, plan, (Outcome::Failed(failure), None));
                    }
                }
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        self.tell_what_was_done(&mut done);
        Ok(Carried::Whole(done))
    }

    /// What came of each write; none when nothing was sent, for one of several met another write to the same product.
    async fn write_together(
        &mut self,
        wave: &[Attempt<'_>],
        places: Vec<SemaphorePermit<'_>>,
    ) -> Result<Option<Vec<Tried>>, WorkError> {
        if wave.iter().any(|attempt| self.settlement.ended.contains(&attempt.product)) {
            // An older intent came to nothing: it goes before the new one comes.
            self.flush(Vec::new()).await?;
        }
        // What was seen of the agreement is out of date from here on.
        self.settlement.snapshot.seen = None;
        let at = self.stages.world.clock().now();
        let as_it_stands = self.settlement.snapshot.clone();
        let mut about_to = Vec::new();
        let writes: Vec<Stored<'_>> =
            wave.iter().filter_map(|attempt| self.about_to(attempt, at, &mut about_to)).collect();
        let lease = match self.flush(about_to).await {
            Ok(lease) => lease,
            Err(StoreError::Conflict { .. }) => {
                // Nothing of it is under way.
                self.settlement.snapshot = as_it_stands;
                // Who began the other write brings it to its end.
                let unsettled = Tried::Ended(Outcome::Failed(Failure::Unsettled), None);
                return Ok((wave.len() == 1).then(|| vec![unsettled]));
            }
            Err(error) => return Err(error.into()),
        };
        let (this, lease) = (&*self, &lease);
        let send = |(write, place)| async move {
            let answer = this.send(write, lease, at).await;
            // Another customer's write may be stored while this one's neighbours still wait for their answers.
            drop(place);
            answer
        };
        let places = places.into_iter().map(Some).chain(repeat_with(|| None));
        let answers = join_all(writes.iter().zip(places).map(send)).await;
        Ok(Some(writes.iter().zip(answers).map(|(write, answer)| self.answered(write, answer)).collect()))
    }

    /// Notes what is about to be sent, in the snapshot or among the changes that are committed with it. None for a plan
    /// without a write.
    fn about_to<'p>(&mut self, attempt: &Attempt<'p>, at: Timestamp, changes: &mut Vec<Change>) -> Option<Stored<'p>> {
        let Attempt { product, plan, .. } = *attempt;
        match &plan.step {
            Step::Create { effective, seen, terms } => {
                let (effective, terms) = (*effective, terms.clone());
                let new = NewAddition { product, quantity: plan.target, effective, terms };
                let intent = Box::new(self.intent(plan, &new, seen, at));
                if self.has(Guard::Intent) {
                    changes.push(Change::PutIntent(intent.clone()));
                }
                Some(Stored::Create { plan, new, intent })
            }
            Step::Update { addition, from } => {
                let pending = Pending { from: *from, to: plan.target, run: self.run.id.clone(), at };
                let guarded = self.has(Guard::Pending);
                let before = self.written(product).cloned().map(Box::new);
                let written = self.about_to_set(product, *addition, *from);
                if guarded {
                    written.pending = Some(pending);
                }
                Some(Stored::Update { product, plan, addition: *addition, from: *from, before })
            }
            Step::Clear { addition, from, hold } => {
                self.surplus(product, *addition, |surplus| surplus.sent = Some(at));
                Some(Stored::Clear { product, addition: *addition, from: *from, hold })
            }
            Step::Nothing
            | Step::Keep { .. }
            | Step::Adopt { .. }
            | Step::Wait(_)
            | Step::Hold(_)
            | Step::Skip(_)
            | Step::Fail(_) => None,
        }
    }

    fn intent(&self, plan: &AdditionPlan, new: &NewAddition, seen: &[AdditionId], at: Timestamp) -> Intent {
        Intent {
            agreement: self.agreement,
            product: new.product,
            quantity: new.quantity,
            effective: new.effective,
            parts: plan.parts.clone(),
            month: self.run.request.month,
            seen: seen.to_vec(),
            run: self.run.id.clone(),
            at,
            earlier: self.settlement.lapsed.get(&new.product).cloned().unwrap_or_default(),
        }
    }

    /// Whether what the plan was made on is too old to write by.
    pub(super) fn is_out_of_date(&self) -> bool {
        self.stages.world.clock().now().duration_since(self.listed_at) > LIST_GOOD_FOR
    }

    async fn send(&self, write: &Stored<'_>, lease: &Lease, at: Timestamp) -> Result<Addition, PsaError> {
        if !self.may_send(lease, at) {
            return Err(too_late());
        }
        self.stages.has_progressed();
        let psa = self.stages.psa;
        match write {
            Stored::Create { new, .. } => psa.create_addition(self.agreement, new).await,
            Stored::Update { plan, addition, .. } => psa.set_quantity(self.agreement, *addition, plan.target).await,
            Stored::Clear { addition, .. } => psa.set_quantity(self.agreement, *addition, Decimal::ZERO).await,
        }
    }
}

/// A wait that doubles with each try, up to [`LONGEST_WAIT`]; one that is longer by itself stays as it is.
fn longer_each_time(wait: Duration, tries: u32) -> Duration {
    wait.saturating_mul(1 << tries.min(TRIES)).min(LONGEST_WAIT).max(wait)
}

fn note(
    done: &mut Done,
    product: PsaProductId,
    plan: &AdditionPlan,
    (outcome, addition): (Outcome, Option<AdditionId>),
) {
    let billed = plan.billed(product, addition, &outcome);
    done.insert(product, (outcome, billed));
}
