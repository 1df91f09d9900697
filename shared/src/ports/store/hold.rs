//! What waits for a person: written by runs, decided by people, each in an entry of its own so that neither overwrites
//! the other.

use std::future::Future;

use super::Author;
use crate::domain::decision::{Decision, HoldKey, StandingHold};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;
use crate::error::StoreError;

/// One page of holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldPage {
    /// The holds with their decisions, by customer and ConnectWise product.
    pub holds: Vec<StandingHold>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

/// Holds and decisions. Runs write holds through [`super::RunStore::commit`].
pub trait HoldStore: Send + Sync {
    /// One page of a month's holds from `after` on: of customers whose id starts with `prefix` (lower-case hex; empty for
    /// all).
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_holds(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        prefix: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<HoldPage, StoreError>> + Send;

    /// A hold with its decision, if it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_hold(
        &self,
        partner: PartnerId,
        key: HoldKey,
    ) -> impl Future<Output = Result<Option<StandingHold>, StoreError>> + Send;

    /// Stores a decision on a hold that stands with the decision's basis and has the decision that was `seen` on it, which
    /// it replaces. Its entry in the audit is stored with it: both or neither, whatever crashes. The same decision by the
    /// same person for the same reason changes nothing and has no second entry.
    ///
    /// # Errors
    /// `Conflict` when the hold is gone, has another basis or was decided otherwise by now, or others decide it at this
    /// very moment: the person saw something else.
    fn decide_hold_over(
        &self,
        partner: PartnerId,
        key: HoldKey,
        seen: Option<&Decision>,
        decision: &Decision,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The same over whatever is decided now.
    ///
    /// # Errors
    /// As [`HoldStore::decide_hold_over`].
    fn decide_hold(
        &self,
        partner: PartnerId,
        key: HoldKey,
        decision: &Decision,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async move {
            let seen = self.find_hold(partner, key).await?.and_then(|hold| hold.decision);
            self.decide_hold_over(partner, key, seen.as_ref(), decision).await
        }
    }

    /// Stores that an addition is to be ended, over what was decided of it before, unless a run has just carried that out. Its
    /// entry in the audit is stored with it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_ending(&self, partner: PartnerId, ending: &Ending) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes back that an addition is to be ended; `by` says who, why and when, in an entry of the audit. Does nothing where
    /// nothing was decided, or a run has carried it out.
    ///
    /// # Errors
    /// [`StoreError`].
    fn take_ending_back(
        &self,
        partner: PartnerId,
        key: EndingKey,
        by: &Author,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// All additions that are to be ended, by agreement and addition. Few are: each until a run has carried it out.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_endings(&self, partner: PartnerId) -> impl Future<Output = Result<Vec<Ending>, StoreError>> + Send;
}
