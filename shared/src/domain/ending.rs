//! A person's decision to end an addition that is billed and no longer synced, carried out by the next run that writes.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::decision::HoldKey;
use super::id::{AdditionId, AgreementId, CustomerId, ProductCode, PsaProductId};
use super::outcome::{Hold, Would};
use super::plan::{AdditionPlan, Step};
use super::psa::Addition;
use super::snapshot::{UnreportedWrites, Written};
use super::terms::Terms;

/// How an addition is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "camelCase")]
pub enum EndBy {
    /// Its quantity is set to 0.
    SetToZero,
    /// Its cancelled date is set.
    CancelOn { day: Date },
}

/// Which addition is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndingKey {
    pub agreement: AgreementId,
    pub addition: AdditionId,
}

/// A decision to end an addition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    #[serde(flatten)]
    pub key: EndingKey,
    /// The customer that it was written for.
    pub customer: CustomerId,
    /// Its ConnectWise product.
    pub product: PsaProductId,
    /// The Sophos products that it was made up of.
    pub parts: Vec<ProductCode>,
    /// The quantity that the person saw.
    pub quantity: Decimal,
    pub by: EndBy,
    /// Who decided.
    pub who: String,
    /// Why, in their words.
    pub why: String,
    pub at: Timestamp,
    /// The hold that it answers, where the product moves: it is carried out only while the hold waits with that decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldKey>,
    /// When the cancelled date was last about to be sent, while what came of it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// What a run has done; it is in the ledger of no run yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<EndDone>,
}

/// What a run did to end an addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndDone {
    /// What changed; nothing where it billed nothing any more.
    pub did: Would,
    /// The writes that no ledger has reported yet.
    pub writes: UnreportedWrites,
}

impl EndDone {
    /// The cancelled date of an addition of this quantity was set, which no ledger has reported yet.
    #[must_use]
    pub fn cancelled(at: Decimal, on: Date) -> Self {
        let mut writes = UnreportedWrites::default();
        writes.update(at);
        Self { did: Would::End { at, on }, writes }
    }
}

/// What a run has to do about an ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndStep {
    Write(Box<AdditionPlan>),
    /// Set the cancelled date of the addition, which has this quantity.
    Cancel(Decimal, Date),
    /// Nothing more: the cancelled date that was sent is there.
    Cancelled(Decimal, Date),
    /// Nothing: it bills nothing any more.
    Rests,
    /// Nothing: somebody has changed it to this quantity since the person saw it.
    Moved(Decimal),
}

impl Ending {
    /// What is to be done, by the agreement's additions as they are and what we wrote to it.
    #[must_use]
    pub fn step(&self, written: Option<&Written>, additions: &[Addition]) -> EndStep {
        let found = additions.iter().find(|addition| addition.id == self.key.addition);
        let Some(addition) = found.filter(|addition| addition.quantity > Decimal::ZERO) else { return EndStep::Rests };
        let from = addition.quantity;
        if let EndBy::CancelOn { day } = self.by
            && let Some(there) = addition.cancelled.filter(|there| *there <= day)
        {
            let by_us = there == day && self.sent.is_some();
            return if by_us { EndStep::Cancelled(from, day) } else { EndStep::Rests };
        }
        let ours = written.is_some_and(|w| w.addition == addition.id && w.accounts_for(from));
        if !ours && from != self.quantity {
            return EndStep::Moved(from);
        }
        if let EndBy::CancelOn { day } = self.by {
            return EndStep::Cancel(from, day);
        }
        let surplus = written.and_then(|w| w.surplus.iter().find(|s| s.addition == addition.id).map(|s| (w, s)));
        let step = match surplus {
            Some((kept, surplus)) => {
                let (kept, left) = (kept.addition, Decimal::ZERO);
                let hold = Hold::Surplus { kept, addition: addition.id, created: surplus.quantity, left };
                Step::Clear { addition: addition.id, from, hold }
            }
            None => Step::Update { addition: addition.id, from },
        };
        EndStep::Write(Box::new(AdditionPlan {
            parts: self.parts.iter().map(|code| (code.clone(), 0)).collect(),
            used: None,
            target: Decimal::ZERO,
            overridden: None,
            ended: None,
            current: Some((addition.id, from)),
            step,
            is_early: false,
            release: None,
            readings: Vec::new(),
            terms: Some(Terms::of(addition)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::month::UsageMonth;
    use crate::domain::snapshot::{Parts, Surplus};

    fn ending(quantity: i64) -> Ending {
        Ending {
            key: EndingKey { agreement: AgreementId::try_from(5).unwrap(), addition: AdditionId::try_from(7).unwrap() },
            customer: CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap(),
            product: PsaProductId::try_from(70).unwrap(),
            parts: vec![ProductCode::parse("CIXA").unwrap()],
            quantity: quantity.into(),
            by: EndBy::SetToZero,
            who: "Ann".into(),
            why: "they left".into(),
            at: "2026-11-30T02:00:00Z".parse().unwrap(),
            hold: None,
            sent: None,
            done: None,
        }
    }

    fn addition(quantity: i64) -> Addition {
        Addition {
            id: AdditionId::try_from(7).unwrap(),
            product: PsaProductId::try_from(70).unwrap(),
            quantity: quantity.into(),
            less_included: Decimal::ZERO,
            unit_price: None,
            bill_customer: "Billable".into(),
            effective: None,
            cancelled: None,
            detail: crate::domain::psa::AdditionDetail::default(),
        }
    }

    #[test]
    fn an_addition_that_somebody_changed_since_it_was_seen_is_not_ended_unseen() {
        let month = UsageMonth::parse("2026-11").unwrap();
        let written = Written::new(AdditionId::try_from(7).unwrap(), Decimal::from(9), month, Parts::new());
        assert_eq!(ending(5).step(Some(&written), &[addition(7)]), EndStep::Moved(7.into()));
        let writes = |step| matches!(step, EndStep::Write(plan) if plan.target.is_zero());
        assert!(writes(ending(5).step(None, &[addition(5)])));
        assert!(writes(ending(5).step(Some(&written), &[addition(9)])), "what we wrote since is no stranger's change");
    }

    #[test]
    fn a_cancelled_date_is_set_where_none_ends_the_addition_earlier() {
        let day = Date::constant(2026, 11, 30);
        let ending = Ending { by: EndBy::CancelOn { day }, ..ending(5) };
        let cancelled = |on| Addition { cancelled: Some(on), ..addition(5) };
        assert_eq!(ending.step(None, &[addition(5)]), EndStep::Cancel(5.into(), day));
        assert_eq!(ending.step(None, &[cancelled(Date::constant(2026, 12, 31))]), EndStep::Cancel(5.into(), day));
        assert_eq!(ending.step(None, &[cancelled(Date::constant(2026, 11, 1))]), EndStep::Rests);
        assert_eq!(ending.step(None, &[cancelled(day)]), EndStep::Rests, "somebody else has done it");
        let sent = Ending { sent: Some(ending.at), ..ending.clone() };
        assert_eq!(sent.step(None, &[cancelled(day)]), EndStep::Cancelled(5.into(), day));
        assert_eq!(ending.step(None, &[addition(7)]), EndStep::Moved(7.into()));
    }

    #[test]
    fn a_surplus_line_is_cleared_without_forgetting_the_line_that_is_kept() {
        let month = UsageMonth::parse("2026-11").unwrap();
        let kept = AdditionId::try_from(6).unwrap();
        let surplus =
            Surplus { addition: AdditionId::try_from(7).unwrap(), quantity: 5.into(), sent: None, cleared: false };
        let written = Written { surplus: vec![surplus], ..Written::new(kept, 5.into(), month, Parts::new()) };
        let EndStep::Write(plan) = ending(5).step(Some(&written), &[addition(5)]) else { panic!("it is written") };
        assert!(matches!(plan.step, Step::Clear { addition, .. } if addition.get() == 7));
    }

    #[test]
    fn an_addition_that_bills_nothing_any_more_needs_no_write() {
        assert_eq!(ending(5).step(None, &[addition(0)]), EndStep::Rests);
        assert_eq!(ending(5).step(None, &[]), EndStep::Rests);
    }
}
