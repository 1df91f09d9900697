//! A customer's holds: stored, refreshed, and removed once it is settled.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::domain::decision::{Decision, HoldFacts, HoldKey, StandingHold};
use shared::domain::id::{CustomerId, PsaProductId};
use shared::domain::outcome::{Hold, Outcome, Skip};
use shared::domain::plan::{CustomerPlan, Step};
use shared::domain::psa::Agreement;
use shared::domain::quantity_override::QuantityOverride;
use shared::domain::run::Run;
use shared::store::Change;

use crate::write::{AdditionOutcome, AdditionOutcomes};

/// A customer's holds of the month as they were before the run.
pub(super) type HoldsBefore = BTreeMap<PsaProductId, StandingHold>;

/// What a person decided on them.
pub(super) fn decisions(before: &HoldsBefore) -> BTreeMap<PsaProductId, Decision> {
    before.iter().filter_map(|(product, hold)| Some((*product, hold.decision.clone()?))).collect()
}

/// The customer and the agreement whose holds are written.
pub(super) struct AgreementHolds<'a> {
    pub(super) run: &'a Run,
    pub(super) customer: CustomerId,
    pub(super) name: &'a str,
    pub(super) agreement: &'a Agreement,
    pub(super) now: Timestamp,
}

impl AgreementHolds<'_> {
    /// The changes from the holds as they were to those of the plan. A rejected one stays, with the decision that keeps
    /// it from being written for the rest of the month.
    /// What failed leaves its hold as it was: nothing is settled.
    pub(super) fn changes(
        &self,
        holds_before: &HoldsBefore,
        planned: &CustomerPlan,
        done: &AdditionOutcomes,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut left = holds_before.clone();
        for (product, plan) in &planned.additions {
            let before = left.remove(product);
            if matches!(done.get(product), Some(AdditionOutcome { outcome: Outcome::Failed(_), .. }) | None) {
                continue;
            }
            let key = HoldKey { month: self.run.request.month, customer: self.customer, product: *product };
            match &plan.step {
                // Asked once for the partner (`is_asked_for_all`), not per hold.
                Step::Hold(hold) if hold.is_asked_for_all() => {
                    changes.extend(before.into_iter().flat_map(|before| settled(&before)));
                }
                Step::Hold(hold) | Step::Clear { hold, .. } => {
                    let now = StandingHold {
                        key,
                        name: self.name.to_owned(),
                        parts: plan.parts.keys().cloned().collect(),
                        hold: hold.clone(),
                        basis: plan.hold_basis(self.agreement.id),
                        invoice: if let Hold::Late { on, .. } = hold { Some(*on) } else { self.agreement.next_invoice },
                        next_invoice: self.agreement.next_invoice,
                        run: self.run.id.clone(),
                        since: self.now,
                        seen_at: self.now,
                        facts: HoldFacts {
                            names: self.agreement.names(),
                            terms: done.get(product).and_then(|done| done.billed.terms.clone()),
                            overridden: plan.overridden().map(Box::new),
                            ended: plan.ended.clone(),
                        },
                        decision: None,
                    };
                    let now = now.refreshed_from(before.as_ref());
                    if before.is_some_and(|before| before.decision.is_some()) && now.decision.is_none() {
                        changes.push(Change::RemoveDecision(key));
                    }
                    changes.push(Change::PutHold(Box::new(now)));
                }
                Step::Skip(Skip::Rejected { .. }) => {}
                // Keeps the hold and its decision until the wait is over.
                Step::Wait(_) if before.as_ref().is_some_and(|before| before.decision.is_some()) => {}
                Step::Nothing
                | Step::Keep { .. }
                | Step::Adopt { .. }
                | Step::Create { .. }
                | Step::Update { .. }
                | Step::Wait(_)
                | Step::Skip(_)
                | Step::Fail(_) => {
                    changes.extend(before.into_iter().flat_map(|before| settled(&before)));
                }
            }
        }
        changes.extend(all_settled(&left));
        changes
    }
}

/// With the snapshot and the ends of intents they have to fit into the commit of the ledger. Others are reported by the
/// next run.
const MOST_ENDS: usize = 7;

/// What says that a ledger has reported the end of overrides: in the commit that has the ledger, so that each end is
/// reported once.
pub(super) fn ends_reported(overrides: &[QuantityOverride], done: &AdditionOutcomes, run: &Run) -> Vec<Change> {
    let reported = |one: &&QuantityOverride| {
        let is_in_ledger = done.get(&one.key.product).is_some_and(|done| done.billed.ended.is_some());
        is_in_ledger && one.is_unreported_end(run.request.month)
    };
    let ended = overrides.iter().filter(reported).take(MOST_ENDS);
    ended
        .map(|one| Change::PutOverride(Box::new(QuantityOverride { reported: Some(run.id.clone()), ..one.clone() })))
        .collect()
}

/// Removes all holds of a customer that is no longer planned.
pub(super) fn all_settled(before: &HoldsBefore) -> Vec<Change> {
    before.values().flat_map(settled).collect()
}

fn settled(hold: &StandingHold) -> Vec<Change> {
    let decided = hold.decision.as_ref().map(|_| Change::RemoveDecision(hold.key));
    std::iter::once(Change::RemoveHold(hold.key)).chain(decided).collect()
}
