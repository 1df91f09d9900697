//! Whether a month's usage looks unfinished: too much of what was written for the month before is gone.
//!
//! First product by product. One that is gone for many customers at once is one question ("has Sophos renamed it?"), and says
//! nothing of the others. Only what is left without such products is judged as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::{AdditionPlan, Basis, Hold, ProductCode, PsaProductId, Step};
use crate::domain::mapping::ProductMappings;
use crate::domain::month::UsageMonth;
use crate::domain::outcome::PartTrouble;
use crate::domain::settings::UnfinishedGuard;
use crate::domain::snapshot::Snapshot;
use crate::domain::usage::CustomerUsage;

/// Usage against what was written for the month before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfinished {
    /// The pairs written for an earlier month.
    pub pairs: u64,
    /// Those among them that vanished or are newly 0.
    #[serde(alias = "lower")]
    pub gone: u64,
    /// The units written for an earlier month.
    #[serde(default)]
    pub before: u64,
    /// The units of the same products now.
    #[serde(default)]
    pub now: u64,
}

/// The Sophos products whose usage looks unfinished; those that are not here look finished.
pub type UnfinishedProducts = BTreeMap<ProductCode, Unfinished>;

/// Counts, product by product, what became of the pairs that were written for an earlier month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastMonth(BTreeMap<ProductCode, Unfinished>);

impl AddAssign for Unfinished {
    fn add_assign(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.gone += other.gone;
        self.before += other.before;
        self.now += other.now;
    }
}

impl Unfinished {
    fn has_gone(self, most: UnfinishedGuard) -> bool {
        let percent = u128::from(self.gone) * 100 > u128::from(self.pairs) * u128::from(most.percent);
        percent && self.gone >= u64::from(most.pairs)
    }

    /// Whether the units fell by more than the limit; ignored for few pairs.
    fn is_less(self, most: UnfinishedGuard) -> bool {
        let lower = self.before.saturating_sub(self.now);
        let percent = u128::from(lower) * 100 > u128::from(self.before) * u128::from(most.units_percent);
        percent && self.pairs >= u64::from(most.pairs)
    }
}

impl LastMonth {
    /// Counts one customer, by what was written to its agreement, if anything, and its usage of `month`. What was written for
    /// `month` itself says nothing. A line that cannot be read is held by itself, and counts as it was.
    pub fn add(
        &mut self,
        written: Option<&Snapshot>,
        usage: &CustomerUsage,
        mappings: &ProductMappings,
        month: UsageMonth,
    ) {
        let mut known = BTreeSet::new();
        for written in written.into_iter().flat_map(|snapshot| snapshot.written.values()) {
            for (code, before) in written.parts.iter().filter(|(_, units)| **units > 0) {
                known.insert(code);
                if written.month >= month {
                    continue;
                }
                let found = usage.find(code);
                let now = found.map_or(0, |now| if now.unreadable.is_empty() { now.units } else { *before });
                let pair = Unfinished { pairs: 1, gone: u64::from(now == 0), before: *before, now };
                *self.0.entry(code.clone()).or_default() += pair;
            }
        }
        // New customers of a product make up for those that left it.
        for (code, usage) in usage.0.iter().filter_map(|(code, usage)| Some((code.as_ref()?, usage))) {
            let syncs = || mappings.find(code).is_some_and(|mapping| mapping.syncs_to().is_some());
            if !known.contains(code) && syncs() {
                *self.0.entry(code.clone()).or_default() += Unfinished { now: usage.units, ..Unfinished::default() };
            }
        }
    }

    /// The products with too much lost usage, and the total of the others if that is too low.
    #[must_use]
    pub fn judge(self, most: UnfinishedGuard) -> (UnfinishedProducts, Option<Unfinished>) {
        let before = self.0.into_iter().filter(|(_, product)| product.pairs > 0);
        let (gone, others): (UnfinishedProducts, UnfinishedProducts) =
            before.partition(|(_, product)| product.has_gone(most));
        let mut rest = Unfinished::default();
        others.into_values().for_each(|product| rest += product);
        let whole = (rest.has_gone(most) || rest.is_less(most)).then_some(rest);
        (gone, whole)
    }
}

/// Holds what such a product makes up, and what is held only because its usage is gone: for one reason, so that one decision
/// answers all of it. What waits for a reason of its own goes on waiting for that.
pub(super) fn hold_products(basis: &Basis<'_>, plans: &mut BTreeMap<PsaProductId, AdditionPlan>) {
    for plan in plans.values_mut() {
        let found = plan.parts.keys().find_map(|code| Some((code.clone(), *basis.unfinished_products.get(code)?)));
        let Some((product, Unfinished { pairs, gone, .. })) = found else { continue };
        let release = match &plan.step {
            Step::Hold(hold) if is_of_gone_usage(hold) => plan.release.clone(),
            Step::Update { .. } | Step::Create { .. } => Some(plan.as_release()),
            Step::Hold(_)
            | Step::Wait(_)
            | Step::Nothing
            | Step::Keep { .. }
            | Step::Adopt { .. }
            | Step::Clear { .. }
            | Step::Skip(_)
            | Step::Fail(_) => None,
        };
        if let Some(release) = release {
            let would = release.would();
            plan.step = Step::Hold(Hold::ProductUnfinished { product, pairs, gone, would });
            plan.release = Some(release);
        }
    }
}

/// Whether a hold says no more than that units are missing.
const fn is_of_gone_usage(hold: &Hold) -> bool {
    matches!(
        hold,
        Hold::Vanished { .. }
            | Hold::ToZero { .. }
            | Hold::Decrease { .. }
            | Hold::Part { trouble: PartTrouble::Vanished, .. }
    )
}
