//! What a contender did, from ConnectWise's own records, beside what it believes to have done.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::wanted::{Found, Wanted};

/// What a contender says of one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// An addition was created.
    Created,
    /// The quantity was set.
    Updated,
    /// All was as it should be.
    Unchanged,
    /// It was not known to be done, and a later look found that all is as it should be.
    Settled,
    /// It is not known to be done, and somebody has to look.
    Failed,
}

impl Outcome {
    /// What is said of a pair after a later run, given what was said before.
    pub(super) fn after(self, before: Option<Self>) -> Self {
        match (before, self) {
            (Some(Self::Failed | Self::Settled), Self::Unchanged) => Self::Settled,
            (Some(before @ (Self::Created | Self::Updated)), Self::Unchanged) => before,
            (_, now) => now,
        }
    }
}

/// One pair's end, as the contender tells it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ended {
    pub(super) agreement: u32,
    pub(super) product: u32,
    pub(super) outcome: Outcome,
}

/// How far a contender's work is from what was wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Additions in force beyond the one that a pair has: each is billed once more.
    pub(super) duplicates: u64,
    /// Pairs without an addition.
    pub(super) missing: u64,
    /// Pairs whose one addition has another quantity.
    pub(super) wrong: u64,
    /// Pairs of which the contender says what is not so, or nothing.
    pub(super) misreported: u64,
}

impl Verdict {
    /// How many things are wrong altogether.
    pub(super) const fn faults(&self) -> u64 {
        self.duplicates + self.missing + self.wrong + self.misreported
    }
}

impl AddAssign for Verdict {
    fn add_assign(&mut self, other: Self) {
        self.duplicates += other.duplicates;
        self.missing += other.missing;
        self.wrong += other.wrong;
        self.misreported += other.misreported;
    }
}

/// Judges a run by what was wanted, what is there now, and what the contender says.
pub(super) fn judge(wanted: &Wanted, found: &[Found], ended: &[Ended]) -> Verdict {
    let found: BTreeMap<_, _> = found.iter().map(|one| ((one.agreement, one.product), one)).collect();
    let ended: BTreeMap<_, _> = ended.iter().map(|one| ((one.agreement, one.product), one.outcome)).collect();
    let mut verdict = Verdict::default();
    for customer in &wanted.customers {
        for product in &customer.products {
            let pair = (customer.agreement, product.product);
            verdict += of_pair(Decimal::from(product.quantity), found.get(&pair).copied(), ended.get(&pair).copied());
        }
    }
    verdict
}

fn of_pair(wanted: Decimal, found: Option<&Found>, told: Option<Outcome>) -> Verdict {
    let quantities = found.map_or(&[][..], |found| &found.quantities);
    let is_right = quantities == [wanted];
    let is_so = match told {
        Some(Outcome::Created) => is_right && found.is_some_and(|found| found.created > 0),
        Some(Outcome::Updated) => is_right && found.is_some_and(|found| found.created == 0 && found.updated > 0),
        Some(Outcome::Unchanged) => is_right && found.is_some_and(|found| found.created == 0 && found.updated == 0),
        Some(Outcome::Settled) => is_right,
        Some(Outcome::Failed) => !is_right,
        None => false,
    };
    Verdict {
        duplicates: quantities.len().saturating_sub(1) as u64,
        missing: u64::from(quantities.is_empty()),
        wrong: u64::from(quantities.len() == 1 && !is_right),
        misreported: u64::from(!is_so),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(quantities: &[u32], created: u32, updated: u32, told: Option<Outcome>) -> [u64; 4] {
        let quantities = quantities.iter().copied().map(Decimal::from).collect();
        let found = Found { agreement: 1, product: 2, quantities, created, updated };
        let Verdict { duplicates, missing, wrong, misreported } = of_pair(Decimal::from(7), Some(&found), told);
        [duplicates, missing, wrong, misreported]
    }

    #[test]
    fn a_pair_that_is_as_wanted_and_as_told_has_no_fault() {
        assert_eq!(verdict(&[7], 1, 0, Some(Outcome::Created)), [0; 4]);
        assert_eq!(verdict(&[7], 0, 1, Some(Outcome::Updated)), [0; 4]);
        assert_eq!(verdict(&[7], 0, 0, Some(Outcome::Unchanged)), [0; 4]);
    }

    #[test]
    fn an_addition_that_was_posted_twice_is_a_duplicate_and_created_is_not_the_truth() {
        assert_eq!(verdict(&[7, 7], 2, 0, Some(Outcome::Created)), [1, 0, 0, 1]);
        assert_eq!(verdict(&[7, 7, 7], 3, 0, Some(Outcome::Failed)), [2, 0, 0, 0]);
    }

    #[test]
    fn what_was_not_done_is_missing_or_wrong_and_no_lie_where_it_was_said() {
        assert_eq!(verdict(&[], 0, 0, Some(Outcome::Failed)), [0, 1, 0, 0]);
        assert_eq!(verdict(&[5], 0, 0, Some(Outcome::Failed)), [0, 0, 1, 0]);
        assert_eq!(verdict(&[5], 0, 0, Some(Outcome::Updated)), [0, 0, 1, 1]);
        assert_eq!(verdict(&[], 0, 0, Some(Outcome::Created)), [0, 1, 0, 1]);
    }

    #[test]
    fn a_success_told_as_a_failure_or_as_another_success_or_not_at_all_is_misreported() {
        assert_eq!(verdict(&[7], 1, 0, Some(Outcome::Failed)), [0, 0, 0, 1]);
        assert_eq!(verdict(&[7], 1, 0, Some(Outcome::Unchanged)), [0, 0, 0, 1]);
        assert_eq!(verdict(&[7], 0, 0, Some(Outcome::Updated)), [0, 0, 0, 1]);
        assert_eq!(verdict(&[7], 0, 0, None), [0, 0, 0, 1]);
    }

    #[test]
    fn what_two_runs_say_of_a_pair_is_one_story() {
        assert_eq!(Outcome::Unchanged.after(Some(Outcome::Failed)), Outcome::Settled);
        assert_eq!(Outcome::Unchanged.after(Some(Outcome::Created)), Outcome::Created);
        assert_eq!(Outcome::Created.after(Some(Outcome::Failed)), Outcome::Created);
        assert_eq!(Outcome::Failed.after(Some(Outcome::Settled)), Outcome::Failed);
        assert_eq!(verdict(&[7], 1, 0, Some(Outcome::Settled)), [0; 4]);
        assert_eq!(verdict(&[7, 7], 2, 0, Some(Outcome::Settled)), [1, 0, 0, 1]);
    }

    #[test]
    fn a_pair_that_nobody_found_is_missing() {
        let wanted = of_pair(Decimal::from(7), None, Some(Outcome::Unchanged));
        assert_eq!(wanted, Verdict { missing: 1, misreported: 1, ..Verdict::default() });
    }
}
