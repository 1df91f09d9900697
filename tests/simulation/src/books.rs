//! What ConnectWise has, as an onlooker knows it: additions, writes on their way, people's edits.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, PsaProductId};
use shared::domain::psa::{Addition, AdditionDetail, Agreement, NewAddition, PsaProduct};

use super::environment::Environment;
use super::invoicing::Invoicing;

/// Nobody writes on a list that is older: two minutes and what a commit and a request may take.
const LOOKED_LATELY_MS: u64 = 130_000;

/// An addition, and what an onlooker knows of it that no client does.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) agreement: AgreementId,
    pub(super) addition: Addition,
    /// The request that created it; none where a person did.
    pub(super) request: Option<u64>,
    /// The number of additions that its creator had listed.
    pub(super) knew: usize,
    /// Whether a write of ours took effect on it.
    pub(super) ours: bool,
    /// Which of all edits gave it its quantity; none where a write of ours did.
    pub(super) edit: Option<u64>,
    /// What a person has said is right in its place.
    pub(super) released: Option<Decimal>,
    /// Whether a person ended it.
    pub(super) ended: bool,
    /// The cancelled date that it had before a person ended it earlier.
    pub(super) ended_before: Option<Date>,
    /// Whether ConnectWise made it of a request that it had answered with another one: nobody can tell it from a person's.
    pub(super) strange: bool,
}

/// Which kind of creation was doubled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twin {
    OfAnswered,
    /// Of one whose answer got lost.
    OfLost,
}

/// A write that takes effect at its time.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    Create {
        request: u64,
        knew: usize,
        agreement: AgreementId,
        new: NewAddition,
        quantity: Decimal,
        twin: Option<Twin>,
    },
    Set {
        agreement: AgreementId,
        addition: AdditionId,
        quantity: Decimal,
    },
    Cancel {
        addition: AdditionId,
        day: Date,
    },
}

/// When an invocation last saw an agreement's additions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Listed {
    at_ms: u64,
    /// How many edits there were by then.
    edits: u64,
    /// How many additions there were in all agreements.
    pub(super) additions: usize,
}

/// Everything that ConnectWise has.
#[derive(Default)]
pub(super) struct Books {
    pub(super) agreements: Vec<Agreement>,
    pub(super) products: Vec<PsaProduct>,
    pub(super) additions: BTreeMap<AdditionId, Seen>,
    on_its_way: BTreeMap<(u64, u64), Effect>,
    pub(super) numbers: u64,
    /// The invoices, and the terms on which they are made.
    pub(super) invoicing: Invoicing,
    /// Requests to create that took effect, each once.
    pub(super) created: BTreeMap<(AgreementId, PsaProductId), Vec<u64>>,
    /// Requests to set a quantity that took effect.
    pub(super) set: BTreeMap<AgreementId, u32>,
    /// What people want billed on two agreements.
    pub(super) on_purpose: BTreeSet<(AgreementId, PsaProductId)>,
    /// Creations that ConnectWise took twice.
    pub(super) doubled: Vec<(AgreementId, PsaProductId)>,
    /// Agreements on which ConnectWise created an addition with another quantity than was asked for: where the worker that
    /// asked died before it knew, nobody can tell that addition from a person's.
    pub(super) altered: BTreeSet<AgreementId>,
    /// By invocation and agreement.
    pub(super) listed: BTreeMap<(u64, AgreementId), Listed>,
    /// How often a person has set a quantity: a counter that orders edits within a millisecond.
    pub(super) edits: u64,
    /// Errors found while the world runs.
    pub(super) wrongs: Vec<String>,
    pub(super) writes_sent: u64,
}

impl Books {
    /// Lets everything take effect that is due by then.
    pub(super) fn settle(&mut self, now_ms: u64, environment: &Environment) {
        while let Some(first) = self.on_its_way.first_entry() {
            if first.key().0 > now_ms {
                return;
            }
            let effect = first.remove();
            self.take(effect, environment);
        }
    }

    /// Whether something is still on its way.
    pub(super) fn is_moving(&self) -> bool {
        !self.on_its_way.is_empty()
    }

    pub(super) fn later(&mut self, at_ms: u64, effect: Effect) {
        self.numbers += 1;
        self.on_its_way.insert((at_ms, self.numbers), effect);
    }

    fn take(&mut self, effect: Effect, environment: &Environment) {
        match effect {
            Effect::Create { request, knew, agreement, new, quantity, twin } => {
                let strange = twin == Some(Twin::OfAnswered);
                let mut addition = Addition { effective: Some(new.effective), ..line(new.product, quantity) };
                if let Some(terms) = &new.terms {
                    addition.unit_price = terms.unit_price;
                    addition.less_included = terms.less_included;
                    addition.bill_customer.clone_from(&terms.bill_customer);
                }
                let id = self.add(agreement, addition);
                if let Some(seen) = self.additions.get_mut(&id) {
                    (seen.request, seen.knew, seen.ours, seen.strange) = (Some(request), knew, true, strange);
                }
                let requests = self.created.entry((agreement, new.product)).or_default();
                if !requests.contains(&request) {
                    requests.push(request);
                }
                if quantity != new.quantity {
                    self.altered.insert(agreement);
                }
                if twin.is_some() {
                    self.doubled.push((agreement, new.product));
                }
                environment.note("created", &[u64::from(id.get()), units(quantity)]);
            }
            Effect::Cancel { addition, day } => {
                if let Some(seen) = self.additions.get_mut(&addition) {
                    seen.addition.cancelled = Some(day);
                    environment.note("cancelled", &[u64::from(addition.get())]);
                }
            }
            Effect::Set { agreement, addition, quantity } => {
                if let Some(seen) = self.additions.get_mut(&addition) {
                    seen.addition.quantity = quantity;
                    (seen.edit, seen.ours) = (None, true);
                    *self.set.entry(agreement).or_default() += 1;
                    environment.note("set", &[u64::from(addition.get()), units(quantity)]);
                }
            }
        }
    }

    /// Adds a line to an agreement, under an id of its own.
    pub(super) fn add(&mut self, agreement: AgreementId, addition: Addition) -> AdditionId {
        let id = addition_id(self.additions.len() as u64 + 1);
        let addition = Addition { id, ..addition };
        let seen = Seen {
            agreement,
            addition,
            request: None,
            knew: 0,
            ours: false,
            edit: None,
            released: None,
            ended: false,
            ended_before: None,
            strange: false,
        };
        self.additions.insert(id, seen);
        id
    }

    /// Whether an addition has what a write of ours gave it. A change before the creator read its answer counts as a
    /// person's.
    pub(super) fn is_as_written(&self, seen: &Seen) -> bool {
        seen.ours && seen.edit.is_none() && !self.altered.contains(&seen.agreement) && !seen.strange
    }

    /// The additions of an agreement.
    pub(super) fn of(&self, agreement: AgreementId) -> impl Iterator<Item = &Seen> {
        self.additions.values().filter(move |seen| seen.agreement == agreement)
    }
}

/// A line as one finds most: Billable at 10.00, always in force.
pub(super) fn line(product: PsaProductId, quantity: Decimal) -> Addition {
    Addition {
        id: addition_id(1),
        product,
        quantity,
        less_included: Decimal::ZERO,
        unit_price: Some(Decimal::TEN),
        bill_customer: "Billable".into(),
        effective: None,
        cancelled: None,
        detail: AdditionDetail::default(),
    }
}

pub(super) fn addition_id(number: u64) -> AdditionId {
    let number = i64::try_from(number).unwrap_or(1);
    AdditionId::try_from(number.max(1)).unwrap_or_else(|_| addition_id(1))
}

pub(super) fn units(quantity: Decimal) -> u64 {
    u64::try_from(quantity).unwrap_or(0)
}

impl Books {
    /// The additions of an agreement as an invocation sees them now.
    pub(super) fn list(&mut self, invocation: u64, agreement: AgreementId, at_ms: u64) -> Vec<Addition> {
        let listed = Listed { at_ms, edits: self.edits, additions: self.additions.len() };
        self.listed.insert((invocation, agreement), listed);
        self.of(agreement).map(|seen| seen.addition.clone()).collect()
    }

    /// A person sets the quantity of the addition at this place among all of them.
    pub(super) fn edit(&mut self, chosen: usize, to: Decimal) -> Option<AgreementId> {
        let edits = self.edits + 1;
        let seen = self.additions.values_mut().nth(chosen)?;
        seen.addition.quantity = to;
        (seen.edit, seen.released) = (Some(edits), None);
        self.edits = edits;
        Some(seen.agreement)
    }

    /// A person says that `to` is right where there is `from`.
    pub(super) fn release(&mut self, addition: AdditionId, (from, to): (Decimal, Decimal)) {
        let seen = self.additions.get_mut(&addition).filter(|seen| seen.addition.quantity == from);
        seen.into_iter().for_each(|seen| seen.released = Some(to));
    }

    /// A person's quantity only by a worker that read the agreement recently and before the edit; or by the quantity
    /// that a person has released.
    pub(super) fn watch_for_edits(
        &mut self,
        invocation: u64,
        agreement: AgreementId,
        (addition, to): (AdditionId, Decimal),
        now_ms: u64,
    ) {
        let seen = self.additions.get(&addition).filter(|seen| seen.released != Some(to));
        let edit = seen.and_then(|seen| seen.edit);
        let listed = self.listed.get(&(invocation, agreement)).copied();
        let (Some(edit), Some(listed)) = (edit, listed) else { return };
        if listed.edits >= edit {
            self.wrongs.push(format!("addition {addition}: a hand edit is overwritten by who has seen it"));
        }
        if now_ms - listed.at_ms > LOOKED_LATELY_MS {
            let ago = (now_ms - listed.at_ms) / 1_000;
            self.wrongs.push(format!("addition {addition}: a hand edit is overwritten on a list {ago} s old"));
        }
    }
}
