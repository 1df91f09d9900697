//! What is stored about a write before it is sent.

use jiff::Timestamp;
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, PsaProductId};
use shared::domain::outcome::Hold;
use shared::domain::plan::{AdditionPlan, Step};
use shared::domain::psa::NewAddition;
use shared::domain::snapshot::{Intent, Pending, Written};
use shared::store::Change;

use super::writer::Writer;
use crate::policy::Guard;
use crate::world::World;

/// A write and what has to be stored before it is sent.
pub(super) enum PreparedWrite<'p> {
    Create {
        plan: &'p AdditionPlan,
        new: NewAddition,
        intent: Box<Intent>,
    },
    /// Sets a quantity.
    Update(PreparedUpdate<'p>),
    /// Sets a surplus addition to 0.
    Clear {
        product: PsaProductId,
        addition: AdditionId,
        from: Decimal,
        hold: &'p Hold,
    },
}

/// A quantity that is set.
pub(super) struct PreparedUpdate<'p> {
    pub(super) product: PsaProductId,
    pub(super) plan: &'p AdditionPlan,
    pub(super) addition: AdditionId,
    pub(super) from: Decimal,
    /// What was remembered of the addition before.
    pub(super) before: Option<Box<Written>>,
}

impl<W: World> Writer<'_, W> {
    /// Puts what is about to be sent into the snapshot, or among the `changes` that are committed with it. None for a
    /// plan without a write.
    pub(super) fn prepare<'p>(
        &mut self,
        product: PsaProductId,
        plan: &'p AdditionPlan,
        at: Timestamp,
        changes: &mut Vec<Change>,
    ) -> Option<PreparedWrite<'p>> {
        match &plan.step {
            Step::Create { effective, seen, terms } => {
                let (effective, terms) = (*effective, terms.clone());
                let new = NewAddition { product, quantity: plan.target, effective, terms };
                let intent = Box::new(self.intent(plan, &new, seen, at));
                if self.has(Guard::Intent) {
                    changes.push(Change::PutIntent(intent.clone()));
                }
                Some(PreparedWrite::Create { plan, new, intent })
            }
            Step::Update { addition, from } => {
                let pending = Pending { from: *from, to: plan.target, run: self.run.id.clone(), at };
                let guarded = self.has(Guard::Pending);
                let before = self.written(product).cloned().map(Box::new);
                let written = self.take_over(product, *addition, *from);
                if guarded {
                    written.pending = Some(pending);
                }
                Some(PreparedWrite::Update(PreparedUpdate { product, plan, addition: *addition, from: *from, before }))
            }
            Step::Clear { addition, from, hold } => {
                self.change_surplus(product, *addition, |surplus| surplus.sent = Some(at));
                Some(PreparedWrite::Clear { product, addition: *addition, from: *from, hold })
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
            agreement: self.target.agreement,
            product: new.product,
            quantity: new.quantity,
            effective: new.effective,
            parts: plan.parts.clone(),
            month: self.run.request.month,
            seen: seen.to_vec(),
            run: self.run.id.clone(),
            at,
            earlier: self.basis.settlement.lapsed.get(&new.product).cloned().unwrap_or_default(),
        }
    }
}
