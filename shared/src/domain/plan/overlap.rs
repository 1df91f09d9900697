//! No day is billed twice: what other additions bill, or have billed, decides whether a new one is created and when it
//! begins.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{
    Addition, AdditionPlan, Agreement, AgreementState, Basis, CustomerPlan, Failure, Hold, Parts, PsaProduct,
    PsaProductId, Release, Skip, Step, Would,
};
use crate::domain::known_products;
use crate::domain::outcome::{LineElsewhere, Place};
use crate::domain::psa::AdditionDetail;

/// Another agreement that may bill the customer: of the same company, or one that it was mapped to before.
#[derive(Clone, Debug)]
pub struct OtherAgreement {
    pub agreement: Agreement,
    pub additions: Vec<Addition>,
}

/// A line that has ended and has billed days of the usage month or later.
pub(super) struct Ended<'a> {
    pub(super) line: &'a Addition,
    place: Place,
    /// The last day that it may have billed.
    until: Date,
}

impl Ended<'_> {
    /// What waits for a person: a new line from `begins` on.
    pub(super) fn hold(&self, to: Decimal, begins: Date) -> Hold {
        let on = self.line.cancelled.unwrap_or(self.until);
        Hold::EndedInMonth { line: elsewhere(self.line, self.place.clone()), on, to, begins }
    }
}

/// Of the lines of a product that have ended, the one that has billed longest into the usage month or beyond it.
///
/// Lines of the product and of what looks like the same thing count wherever they are, and on the mapped agreement those
/// by which we billed one of the `parts` before.
pub(super) fn ended_last<'a>(basis: &Basis<'a>, product: PsaProductId, parts: &Parts) -> Option<Ended<'a>> {
    let (first, last) = (basis.month.first_day(), basis.month.last_day());
    let catalogue = basis.products.get(&product).and_then(Option::as_ref);
    let billed_by_us = |addition: &Addition| {
        let written = basis.snapshot.written.values().filter(|written| written.addition == addition.id);
        written.into_iter().any(|written| parts.keys().any(|code| written.bills(code)))
    };
    let candidates = lines(basis).filter(|(agreement, addition)| {
        let counts = addition.product == product
            || (is_mapped(basis, agreement) && billed_by_us(addition))
            || (addition.is_charged() && looks_alike(basis, addition, catalogue, parts));
        let has_begun = addition.effective.is_none_or(|from| from <= last);
        counts && has_begun && addition.quantity > Decimal::ZERO && !is_open_ended(basis, agreement, addition)
    });
    let ended = candidates.filter_map(|(agreement, line)| {
        let cancelled = line.billed_until(agreement, basis.guards.cancelled_date);
        let until = [cancelled, ends_with(basis, agreement)].into_iter().flatten().min()?;
        (until >= first).then(|| Ended { line, place: place(basis, agreement), until })
    });
    ended.max_by_key(|ended| (ended.until, ended.line.id))
}

/// The lines that bill the product already, before anything of it is created on the mapped agreement: of the same
/// ConnectWise product on other agreements, and what looks like the same thing wherever it is.
pub(super) fn billed_elsewhere(basis: &Basis<'_>, product: PsaProductId, parts: &Parts) -> Vec<LineElsewhere> {
    let catalogue = basis.products.get(&product).and_then(Option::as_ref);
    let bills = |(agreement, addition): &(&Agreement, &Addition)| {
        let same = addition.product == product && !is_mapped(basis, agreement);
        let alike = addition.product != product && looks_alike(basis, addition, catalogue, parts);
        is_open_ended(basis, agreement, addition) && addition.is_charged() && (same || alike)
    };
    let found = lines(basis).filter(bills);
    let mut found: Vec<LineElsewhere> = found.map(|(on, addition)| elsewhere(addition, place(basis, on))).collect();
    found.sort_by_key(|line| (std::cmp::Reverse(line.quantity), line.addition));
    found
}

/// Whether an addition of another ConnectWise product looks like the same thing: the line that the vendor's own
/// integration creates for one of the Sophos products, or one of the same description.
fn looks_alike(basis: &Basis<'_>, addition: &Addition, catalogue: Option<&PsaProduct>, parts: &Parts) -> bool {
    // A line of a ConnectWise product to which Sophos products are mapped bills those.
    if basis.mappings.parts_of(addition.product).next().is_some() {
        return false;
    }
    let AdditionDetail { identifier, description, .. } = &addition.detail;
    let is_vendors_own = parts.keys().any(|code| known_products::is_identifier_of(identifier, code));
    let is_described_so = |product: &PsaProduct| {
        !description.is_empty() && description.trim().to_lowercase() == product.description.trim().to_lowercase()
    };
    is_vendors_own || catalogue.is_some_and(is_described_so)
}

/// Whether the other agreements have to be read before the plan is carried out: it would create an addition, or a decision
/// could make it do so.
#[must_use]
pub fn needs_other_agreements(plan: &CustomerPlan) -> bool {
    plan.additions.values().any(could_create)
}

/// Creates nothing, because the other agreements could not be read.
pub fn fail_creations(plan: &mut CustomerPlan, failure: &Failure) {
    for plan in plan.additions.values_mut().filter(|plan| could_create(plan)) {
        plan.step = Step::Fail(failure.clone());
        plan.release = None;
        plan.readings.clear();
    }
}

pub(super) fn could_create(plan: &AdditionPlan) -> bool {
    let creates = |would: Would| matches!(would, Would::Create { .. });
    let decided = plan.release.iter().chain(plan.readings.iter().map(|(_, release)| release));
    creates(plan.would()) || decided.map(Release::would).any(creates)
}

/// The first day of a new addition: the month's first, unless the agreement begins later or a line that has `ended` has
/// billed longer. An agreement that does not prorate would bill the whole period, so the addition begins with the next one.
pub(super) fn first_day(basis: &Basis<'_>, agreement: &Agreement, ended: Option<&Ended<'_>>) -> Date {
    let first = basis.month.first_day();
    let begun = agreement.start.map_or(first, |start| start.max(first));
    ended.map_or(begun, |ended| {
        let until = if agreement.prorated { ended.until } else { agreement.end_of_period(ended.until) };
        begun.max(until.tomorrow().unwrap_or(until))
    })
}

/// What is held, or left alone by a remembered decision, where the product is billed elsewhere.
pub(super) fn step_for(basis: &Basis<'_>, product: PsaProductId, lines: Vec<LineElsewhere>, to: Decimal) -> Step {
    let remembered = basis.snapshot.billed_elsewhere.get(&product);
    let is_answered = |line: &LineElsewhere| remembered.is_some_and(|known| known.contains(&line.addition));
    if lines.iter().all(is_answered) {
        Step::Skip(Skip::BilledElsewhere { lines })
    } else {
        Step::Hold(Hold::BilledElsewhere { lines, to })
    }
}

/// Whether a person has been asked about what bills the product elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elsewhere {
    Open,
    Answered,
}

/// Whether a step asks, or remembers, what is to become of a product that is billed elsewhere.
pub(super) const fn is_elsewhere(step: &Step) -> bool {
    matches!(step, Step::Hold(Hold::BilledElsewhere { .. }) | Step::Skip(Skip::BilledElsewhere { .. }))
}

/// All additions of the mapped agreement and of the others, with their agreements.
fn lines<'a>(basis: &Basis<'a>) -> impl Iterator<Item = (&'a Agreement, &'a Addition)> {
    let mapped = match basis.agreement {
        AgreementState::Ready { agreement, additions } => Some((agreement, additions)),
        AgreementState::Trouble(_) => None,
    };
    let others = basis.others.into_iter().flatten().map(|other| (&other.agreement, &other.additions));
    mapped.into_iter().chain(others).flat_map(|(on, additions)| additions.iter().map(move |addition| (on, addition)))
}

/// Whether a line goes on after the month, and its agreement too.
fn is_open_ended(basis: &Basis<'_>, agreement: &Agreement, addition: &Addition) -> bool {
    addition.in_force_on(basis.month.last_day()) && ends_with(basis, agreement).is_none()
}

/// The last day of another agreement that ends by the end of the month: its lines end with it.
fn ends_with(basis: &Basis<'_>, agreement: &Agreement) -> Option<Date> {
    agreement.end.filter(|end| !is_mapped(basis, agreement) && *end <= basis.month.last_day())
}

fn is_mapped(basis: &Basis<'_>, agreement: &Agreement) -> bool {
    matches!(basis.agreement, AgreementState::Ready { agreement: mapped, .. } if mapped.id == agreement.id)
}

fn place(basis: &Basis<'_>, agreement: &Agreement) -> Place {
    if is_mapped(basis, agreement) {
        Place::MappedAgreement
    } else {
        Place::OtherAgreement { agreement: agreement.id, name: agreement.name.clone() }
    }
}

fn elsewhere(addition: &Addition, place: Place) -> LineElsewhere {
    LineElsewhere {
        addition: addition.id,
        place,
        product: addition.product,
        identifier: addition.detail.identifier.clone(),
        quantity: addition.quantity,
    }
}
