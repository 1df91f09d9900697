//! What to do for one (customer, ConnectWise product): the checks, in the order in which a person would make them.

mod guards;
mod quantity;

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;

use self::quantity::Quantity;
use super::new_month::{self, NewMonth};
use super::overlap::Elsewhere;
use super::surplus::surplus_step;
use super::{
    Addition, AdditionId, AdditionPlan, Agreement, AgreementState, Basis, CopiedTerms, Failure, Hold, Parts,
    ProductCode, ProductMapping, ProductState, PsaProduct, PsaProductId, Reading, Release, Step, Waiting, Would,
    Written, overlap, overriding, usage_lines,
};
use crate::domain::outcome::PartTrouble;
use crate::domain::quantity_override::just_ended;
use crate::domain::terms::Terms;

/// Plans one addition from those of its parts that the customer uses, used, or is billed for.
pub(super) fn plan_addition(basis: &Basis<'_>, product: PsaProductId, codes: &BTreeSet<ProductCode>) -> AdditionPlan {
    let in_force = in_force(basis, product);
    let current = in_force.map(|addition| (addition.id, addition.quantity));
    let decided = |decided| planned(basis, product, codes, decided);
    let does = |release: &Release| release.would() != Would::Nothing;
    let Release { mut step, mut used, mut target, mut parts } = decided(Decided::Nothing);
    let (mut release, mut readings) = (None, Vec::new());
    if let Step::Hold(hold) = &step {
        let offered = usage_lines::offered(hold);
        let decided = &decided;
        let read =
            |elsewhere| offered.iter().map(move |reading| (*reading, decided(Decided::ReadAs(*reading, elsewhere))));
        let mut each: Vec<_> = read(Elsewhere::Open).collect();
        if usage_lines::is_in_doubt(hold) {
            if let Some((_, asked)) = each.iter().find(|(_, release)| overlap::is_elsewhere(&release.step)) {
                // A reading does not answer `BilledElsewhere`, so that hold comes first.
                step = asked.step.clone();
                each = read(Elsewhere::Answered).collect();
            } else if let Some((_, blocked)) = each.first().filter(|_| !each.iter().any(|(_, release)| does(release))) {
                // If every reading ends in the same other hold, show that one.
                (step, used) = (blocked.step.clone(), blocked.used);
                (target, parts) = (blocked.target, blocked.parts.clone());
            }
            readings = each.into_iter().filter(|(_, release)| does(release)).collect();
        } else {
            let mut released = decided(Decided::Released(Elsewhere::Open));
            if overlap::is_elsewhere(&released.step) {
                // The same for any other reason.
                step = released.step;
                released = decided(Decided::Released(Elsewhere::Answered));
            }
            release = Some(released).filter(|release| does(release) && matches!(step, Step::Hold(_)));
        }
    }
    if matches!(step, Step::Wait(_)) {
        // A decision that a person took on an earlier hold of the month is carried out all the same.
        release = Some(decided(Decided::Released(Elsewhere::Open))).filter(does);
    }
    let copied = std::iter::once(&step).chain(release.iter().map(|release| &release.step)).find_map(Step::copied_terms);
    let new = || basis.products.get(&product).and_then(Option::as_ref).map(Terms::of_new);
    let terms = in_force.map(Terms::of).or_else(|| copied.map(Terms::of_copied)).or_else(new);
    let is_early = new_month::is_kept(basis, &open_ended(basis, product), basis.snapshot.written.get(&product));
    let overridden = overriding(basis, product).cloned().map(Box::new);
    let ended = just_ended(basis.overrides, product, basis.month).cloned().map(Box::new);
    let mut plan =
        AdditionPlan { parts, used, target, overridden, ended, current, step, is_early, release, readings, terms };
    if let (Step::Clear { addition, .. }, AgreementState::Ready { additions, .. }) = (&plan.step, basis.agreement) {
        plan.terms = additions.iter().find(|a| a.id == *addition).map(Terms::of);
    }
    plan
}

/// The plan under an assumed decision.
fn planned(basis: &Basis<'_>, product: PsaProductId, used: &BTreeSet<ProductCode>, decided: Decided) -> Release {
    let units = |code: &ProductCode| usage_lines::units(basis, code, decided.reading());
    let parts: Parts = used.iter().map(|code| (code.clone(), units(code))).collect();
    let case = Case { basis, product, decided };
    let Quantity { used, billed } = case.quantity(&parts);
    // Also of what fails or is held, so that it is known what is at stake.
    let target = billed.as_ref().ok().copied().unwrap_or_default();
    let step = match case.plan(&parts, billed) {
        Ok(step) | Err(step) => step,
    };
    Release { step, used, target, parts }
}

/// The one addition of the product that is open-ended on the month's last day.
fn in_force<'a>(basis: &Basis<'a>, product: PsaProductId) -> Option<&'a Addition> {
    match open_ended(basis, product).as_slice() {
        [one] => Some(one),
        [] | [_, _, ..] => None,
    }
}

/// The additions of the product that are open-ended on the reference day.
fn open_ended<'a>(basis: &Basis<'a>, product: PsaProductId) -> Vec<&'a Addition> {
    let day = day_that_counts(basis, product);
    of_product(basis, product).filter(|a| a.in_force_on(day)).collect()
}

/// The month's last day. Where no addition of the product is in force on it, the day on which ours begins: it was created
/// to begin later because an earlier line has billed the days until then.
fn day_that_counts(basis: &Basis<'_>, product: PsaProductId) -> Date {
    let last = basis.month.last_day();
    let begins = basis.snapshot.written.get(&product).and_then(|written| Some((written.addition, written.begins?)));
    let Some((ours, begins)) = begins.filter(|(_, begins)| *begins > last) else { return last };
    let is_ours = |a: &Addition| a.id == ours && a.effective == Some(begins) && a.in_force_on(begins);
    let begins_later =
        of_product(basis, product).any(is_ours) && !of_product(basis, product).any(|a| a.in_force_on(last));
    if begins_later { begins } else { last }
}

/// The additions of the product on the mapped agreement, whatever their dates.
fn of_product<'a>(basis: &Basis<'a>, product: PsaProductId) -> impl Iterator<Item = &'a Addition> {
    let additions = match basis.agreement {
        AgreementState::Ready { additions, .. } => additions.as_slice(),
        AgreementState::Trouble(_) => &[],
    };
    additions.iter().filter(move |a| a.product == product)
}

/// What a person has said of an addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decided {
    Nothing,
    Released(Elsewhere),
    /// To do it with its usage lines read so.
    ReadAs(Reading, Elsewhere),
}

impl Decided {
    const fn reading(self) -> Option<Reading> {
        match self {
            Self::ReadAs(reading, _) => Some(reading),
            Self::Nothing | Self::Released(_) => None,
        }
    }

    const fn answers_elsewhere(self) -> bool {
        matches!(self, Self::Released(Elsewhere::Answered) | Self::ReadAs(_, Elsewhere::Answered))
    }
}

/// One addition to be planned: as it is, or as it would be with its holds released.
#[derive(Clone, Copy)]
struct Case<'a> {
    basis: &'a Basis<'a>,
    product: PsaProductId,
    decided: Decided,
}

impl Case<'_> {
    /// Waits for a person, unless one has said to go on. `Err` is a step that needs no further check; it is no error.
    fn wait(self, hold: Hold) -> Result<(), Step> {
        if self.decided == Decided::Nothing { Err(Step::Hold(hold)) } else { Ok(()) }
    }

    /// Waits without a person, unless one has released it. How usage lines are read is no release.
    const fn wait_by_itself(self, waiting: Waiting) -> Result<(), Step> {
        match self.decided {
            Decided::Nothing | Decided::ReadAs(..) => Err(Step::Wait(waiting)),
            Decided::Released(_) => Ok(()),
        }
    }

    fn plan(self, parts: &Parts, target: Result<Decimal, Step>) -> Result<Step, Step> {
        let Self { basis, product, .. } = self;
        let agreement = match basis.agreement {
            AgreementState::Ready { agreement, .. } => agreement,
            AgreementState::Trouble(failure) => return Err(Step::Fail(failure.clone())),
        };
        let catalogue = usable_product(basis, product)?;
        let of_product: Vec<&Addition> = of_product(basis, product).collect();
        let day = day_that_counts(basis, product);
        let in_force = open_ended(basis, product);

        let billed = in_force.iter().map(|a| a.quantity).max();
        let before = basis.snapshot.written.get(&product);
        if let Some(step) = surplus_step(before, &of_product, day) {
            let settled = !basis.unsettled.contains(&product);
            return Err(if settled { step } else { Step::Fail(Failure::Unsettled) });
        }
        // In a new month, an absent product has not vanished yet.
        let by_hand = target.as_ref().is_ok_and(|target| is_set_by_hand_to(*target, &in_force, before));
        let decided = by_hand || new_month::is_kept(basis, &in_force, before);
        let in_doubt = usage_lines::hold_on(basis, parts, self.decided.reading());
        if let Some(hold) = in_doubt.filter(|_| !self.is_fixed() && !basis.unsettled.contains(&product)) {
            return Err(Step::Hold(hold));
        }
        self.readable_parts(parts, billed, decided)?;
        let target = target?;
        match in_force.as_slice() {
            // Also if a creation of ours took effect twice: waiting does not resolve it.
            [_, _, ..] => Ok(Step::Hold(Hold::Ambiguous { additions: in_force.iter().map(|a| a.id).collect() })),
            [_] | [] if basis.unsettled.contains(&product) => Ok(Step::Fail(Failure::Unsettled)),
            [addition] => self.on_addition(addition, agreement, target, before),
            [] => self.without_addition(agreement, catalogue, target, parts, before, &of_product),
        }
    }

    /// If `decided` (set by hand, or kept for a new month), absent parts are not reported as vanished.
    fn readable_parts(self, parts: &Parts, billed: Option<Decimal>, decided: bool) -> Result<(), Step> {
        let basis = self.basis;
        let alone = parts.len() == 1;
        // Nothing used and nothing billed: there is nothing to decide.
        let at_rest = billed.is_none_or(|quantity| quantity.is_zero()) && parts.values().all(|units| *units == 0);
        for code in parts.keys() {
            let (usage, last) = (basis.usage.find(code), basis.snapshot.last_of(code));
            if usage.is_none() && last.is_some_and(|(_, units)| units == 0) {
                continue; // Written as 0 and absent: never used.
            }
            let hold = |trouble, own| if alone { own } else { Hold::Part { product: code.clone(), trouble } };
            let firewall = basis.mappings.find(code).is_some_and(|m| m.firewall);
            if firewall && !basis.invoice_mode {
                let trouble = PartTrouble::Firewall;
                return Err(Step::Hold(Hold::Part { product: code.clone(), trouble }));
            }
            if self.is_fixed() {
                continue;
            }
            match usage.map(|usage| usage.unreadable.first()) {
                Some(Some(why)) => {
                    let unreadable = Hold::Unreadable { found: why.to_string() };
                    return Err(Step::Hold(hold(PartTrouble::Unreadable, unreadable)));
                }
                None if !at_rest && !decided => {
                    self.wait(hold(PartTrouble::Vanished, Hold::Vanished { product: code.clone(), last, billed }))?;
                }
                Some(None) | None => {}
            }
        }
        Ok(())
    }

    fn without_addition(
        self,
        agreement: &Agreement,
        catalogue: &PsaProduct,
        target: Decimal,
        parts: &Parts,
        before: Option<&Written>,
        of_product: &[&Addition],
    ) -> Result<Step, Step> {
        let Self { basis, product, .. } = self;
        if target.is_zero() {
            return Ok(Step::Nothing);
        }
        let ended = overlap::ended_last(basis, product, parts);
        let effective = overlap::first_day(basis, agreement, ended.as_ref());
        if let Some(written) = before.filter(|written| written.month > basis.month) {
            let (written, from, to) = (written.month, Decimal::ZERO, target);
            return Err(Step::Hold(Hold::OlderMonth { written, from, to }));
        }
        self.not_billed_elsewhere(parts, target)?;
        // Somebody ended it on purpose; a new addition would undo that.
        match (&ended, before) {
            (Some(ended), _) => self.wait(ended.hold(target, effective))?,
            (None, Some(written)) => self.wait(Hold::AdditionGone { addition: written.addition, to: target })?,
            (None, None) => {}
        }
        if let Some((from, addition)) = next_in_force(basis, of_product) {
            return Err(Step::Hold(Hold::NotYetInForce { addition, from, to: target }));
        }
        let gone = || of_product.iter().copied().find(|a| before.is_some_and(|written| written.addition == a.id));
        let replaced = ended.map(|ended| ended.line).filter(|line| line.product == product).or_else(gone);
        let terms = replaced.map(CopiedTerms::of);
        let price = terms.as_ref().and_then(|terms| terms.unit_price).or(catalogue.price);
        if price.is_none_or(|price| price.is_zero()) {
            self.wait(Hold::ZeroPrice { to: target })?;
        }
        let billed = terms.as_ref().map_or_else(|| Terms::of_new(catalogue), Terms::of_copied);
        self.within_amount(&billed, Would::Create { to: target, begins: Some(effective) })?;
        Ok(Step::Create { effective, seen: of_product.iter().map(|a| a.id).collect(), terms })
    }

    /// Before an addition is created: whether the company is billed for the product already.
    fn not_billed_elsewhere(self, parts: &Parts, to: Decimal) -> Result<(), Step> {
        let lines = overlap::billed_elsewhere(self.basis, self.product, parts);
        if lines.is_empty() || self.decided.answers_elsewhere() {
            return Ok(());
        }
        Err(overlap::step_for(self.basis, self.product, lines, to))
    }

    fn on_addition(
        self,
        addition: &Addition,
        agreement: &Agreement,
        target: Decimal,
        before: Option<&Written>,
    ) -> Result<Step, Step> {
        let basis = self.basis;
        let (id, from) = (addition.id, addition.quantity);
        let ours = before.filter(|written| written.addition == id);
        // A later month may have moved on to another addition; that one stays ours.
        let newer = before.filter(|written| written.month > basis.month);
        if from == target {
            let known = ours.or(newer).is_some();
            return Ok(if known { Step::Keep { addition: id } } else { Step::Adopt { addition: id } });
        }
        if let Some(newer) = newer {
            return Err(Step::Hold(Hold::OlderMonth { written: newer.month, from, to: target }));
        }
        match ours {
            None if basis.adopts && !target.is_zero() => return Ok(Step::Update { addition: id, from }),
            None => self.wait(Hold::Adopt {
                addition: id,
                from,
                to: target,
                unit_price: addition.unit_price,
                less_included: addition.less_included,
                bill_customer: addition.bill_customer.clone(),
            })?,
            Some(written) => {
                if !written.accounts_for(from) {
                    self.wait(Hold::HandEdit { written: written.confirmed, found: from, to: target })?;
                }
                if let Some(on) = basis.snapshot.invoice_made(basis.month, agreement.next_invoice) {
                    return Err(Step::Hold(Hold::Late { on, invoiced: from, to: target }));
                }
                let (written_for, to) = (written.month, target);
                let new_month = new_month::judge(basis, written_for, agreement.next_invoice);
                if let NewMonth::Waits { until, awaits_invoice } = new_month {
                    self.wait_by_itself(Waiting::NewMonth { written: written_for, from, to, until, awaits_invoice })?;
                }
                self.parts_stayed(written, from, target)?;
                if new_month == NewMonth::NotInvoiced {
                    self.wait(Hold::NewMonth { written: written_for, from, to })?;
                }
            }
        }
        self.within_guards(from, target)?;
        self.within_amount(&Terms::of(addition), Would::Update { from, to: target })?;
        Ok(Step::Update { addition: id, from })
    }

    fn parts_stayed(self, written: &Written, from: Decimal, to: Decimal) -> Result<(), Step> {
        let stays = |code: &ProductCode| self.basis.mappings.parts_of(self.product).any(|part| part.code == *code);
        let gone = written.parts.iter().filter(|(code, units)| **units > 0 && !stays(code));
        let left: Vec<ProductCode> = gone.map(|(code, _)| code.clone()).collect();
        if left.is_empty() { Ok(()) } else { self.wait(Hold::PartsChanged { left, from, to }) }
    }
}

fn usable_product<'a>(basis: &Basis<'a>, product: PsaProductId) -> Result<&'a PsaProduct, Step> {
    let found = basis.products.get(&product).and_then(Option::as_ref);
    let found = found.ok_or(Step::Fail(Failure::PsaProductGone { product }))?;
    let identifier = found.identifier.clone();
    if found.inactive {
        return Err(Step::Fail(Failure::PsaProductInactive { identifier }));
    }
    if found.bundle {
        return Err(Step::Fail(Failure::PsaProductBundle { identifier }));
    }
    Ok(found)
}

/// Whether a person has set the addition that we wrote to exactly what is used now.
fn is_set_by_hand_to(target: Decimal, in_force: &[&Addition], before: Option<&Written>) -> bool {
    let by_hand =
        |a: &&Addition, w: &Written| a.id == w.addition && !w.accounts_for(a.quantity) && a.quantity == target;
    matches!((in_force, before), ([addition], Some(written)) if by_hand(addition, written))
}

/// The first of the additions that take effect after the month: beside a new one, two would be billed from then on.
fn next_in_force(basis: &Basis<'_>, of_product: &[&Addition]) -> Option<(Date, AdditionId)> {
    let later = |a: &&Addition| {
        let from = a.effective.filter(|from| *from > basis.month.last_day())?;
        a.cancelled.is_none_or(|until| until > from).then_some((from, a.id))
    };
    of_product.iter().filter_map(later).min()
}
