//! The plan of one customer: compares the target quantities with the additions and returns one step for each ConnectWise
//! product. A pure function.
//!
//! The unit that is written is (customer, ConnectWise product), computed from its *parts*: the Sophos products mapped
//! to it. The unit that is reported is the pair (customer, Sophos product). [`plan`] gives both: rows for the ledger and
//! steps for the worker. Planning again after the steps were carried out yields no step that writes.

mod addition;
mod decide;
mod departed;
mod gate;
mod last_product;
mod new_month;
mod overlap;
mod remapped;
mod step;
mod surplus;
mod unfinished;
mod usage_lines;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::customer::Customer;
use super::decision::{Decision, HoldBasis, Offer};
use super::departure::Departure;
use super::id::{AdditionId, AgreementId, ProductCode, PsaProductId};
use super::mapping::{CustomerMapping, ProductMapping, ProductMappings, ProductState};
use super::month::UsageMonth;
use super::outcome::{Failure, Hold, Outcome, Skip, Waiting, Would};
use super::psa::{Addition, Agreement, CopiedTerms, PsaProduct};
use super::quantity_override::{QuantityOverride, in_effect};
use super::settings::Guards;
use super::snapshot::{Parts, Snapshot, Written};
use super::terms::Terms;
use super::usage::{CustomerUsage, PairUsage, Reading};

pub use addition::{AdditionPlan, Release, Step};
pub use gate::{LeftCustomer, agreement_trouble, customer_gate, left_customer};
pub use overlap::{OtherAgreement, fail_creations, needs_other_agreements};
pub use unfinished::{LastMonth, Unfinished, UnfinishedProducts};
pub use usage_lines::{AskedForAll, InDoubt, Question};

/// What is known of one agreement when a customer is planned.
#[derive(Clone, Debug)]
pub enum AgreementState {
    /// It can be written to, and these are its additions.
    Ready { agreement: Agreement, additions: Vec<Addition> },
    /// It cannot, and this is why.
    Trouble(Failure),
}

/// Everything that the plan of one customer follows from.
#[derive(Clone, Debug)]
pub struct Basis<'a> {
    pub month: UsageMonth,
    /// Whether the partner syncs with the Sophos monthly invoice, the only mode in which firewall products sync.
    pub invoice_mode: bool,
    /// Whether what would be written waits for a person, because it is the customer's first run.
    pub first_run: bool,
    /// Whether additions that others created at another quantity are set to the usage without a decision on each: a
    /// person who applies a preview that shows them has decided. A fall to zero is held anyway.
    pub adopts: bool,
    /// The customer's usage in the month.
    pub usage: &'a CustomerUsage,
    /// The partner's product mappings.
    pub mappings: &'a ProductMappings,
    /// The mapped ConnectWise products as they are now: none for one that was deleted. One that is not here was not
    /// asked for, because it was mapped after the run had begun.
    pub products: &'a BTreeMap<PsaProductId, Option<PsaProduct>>,
    /// The customer's agreement.
    pub agreement: &'a AgreementState,
    /// What we wrote to it before.
    pub snapshot: &'a Snapshot,
    /// The products for which an earlier write has no known end yet.
    pub unsettled: &'a BTreeSet<PsaProductId>,
    /// The partner's limits.
    pub guards: &'a Guards,
    /// The day of the run in the partner's time zone.
    pub today: Date,
    /// What a person decided on holds of this customer and month.
    pub decisions: &'a BTreeMap<PsaProductId, Decision>,
    /// Whether only what people have decided is written.
    pub decided_alone: bool,
    /// What a person put in place of the customer's usage, of whatever months.
    pub overrides: &'a [QuantityOverride],
    /// Whether the month's usage as a whole looks unfinished.
    pub unfinished: Option<Unfinished>,
    /// The Sophos products whose usage looks unfinished.
    pub unfinished_products: &'a UnfinishedProducts,
    /// The doubts about usage lines that the partner answers for all of them at once.
    pub asked: &'a AskedForAll,
    /// How the customer has left, if it has.
    pub departure: Option<&'a Departure>,
    /// The other agreements that may bill the customer; none while [`needs_other_agreements`] has not asked for them. Until
    /// then, no decision on a creation counts.
    pub others: Option<&'a [OtherAgreement]>,
}

/// The plan of one customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerPlan {
    /// One row for each planned pair, by product.
    pub rows: Vec<Row>,
    /// One entry for each ConnectWise product that the rows go to.
    pub additions: BTreeMap<PsaProductId, AdditionPlan>,
}

/// One planned pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The Sophos product; none when the usage line names none.
    pub code: Option<ProductCode>,
    /// Its usage; none when it was written before and is absent now.
    pub usage: Option<PairUsage>,
    /// How it ends.
    pub fate: Fate,
}

/// How a pair ends: by itself, or together with the other parts of its addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It has its outcome already.
    Ends(Outcome),
    /// It ends as the addition of this ConnectWise product does.
    With(PsaProductId),
}

/// Plans one customer that passed [`customer_gate`].
///
/// Planned are the pairs in the month's usage, those written before and not in it, and those of mapped products that
/// ConnectWise bills without usage.
#[must_use]
pub fn plan(basis: &Basis<'_>) -> CustomerPlan {
    let mut plan = CustomerPlan::default();
    let mut parts: BTreeMap<PsaProductId, BTreeSet<ProductCode>> = BTreeMap::new();
    let mut codes: BTreeSet<Option<ProductCode>> = basis.usage.0.keys().cloned().collect();
    codes.extend(basis.snapshot.codes().cloned().map(Some));
    codes.extend(billed_without_usage(basis, &codes).into_iter().map(Some));

    for code in codes {
        let usage = basis.usage.0.get(&code).cloned();
        let fate = match standing(basis, code.as_ref()) {
            Ok(target) => {
                parts.entry(target).or_default().extend(code.clone());
                Fate::With(target)
            }
            Err(skip) => Fate::Ends(Outcome::Skipped(skip)),
        };
        plan.rows.push(Row { code, usage, fate });
    }
    for (product, parts) in parts {
        plan.additions.insert(product, step::plan_addition(basis, product, &parts));
    }
    last_product::hold_the_last_ones(basis, &mut plan.additions);
    unfinished::hold_products(basis, &mut plan.additions);
    departed::hold_what_it_used(basis, &mut plan.additions);
    let decided = decide::carry_out(basis, &mut plan.additions);
    remapped::hold_what_is_still_billed(basis, &mut plan.additions);
    if basis.first_run {
        hold_all(&mut plan.additions, |would| Hold::FirstRun { would });
    }
    if let Some(Unfinished { pairs, gone, before, now }) = basis.unfinished {
        hold_all(&mut plan.additions, |would| Hold::Unfinished { pairs, gone, before, now, would });
    }
    if basis.decided_alone {
        decide::leave_the_rest(&decided, &mut plan.additions);
    }
    plan
}

/// Holds all that would be done, for a reason that a decision on one hold cannot release.
fn hold_all(plans: &mut BTreeMap<PsaProductId, AdditionPlan>, hold: impl Fn(Would) -> Hold) {
    for plan in plans.values_mut() {
        let would = plan.would();
        if would != Would::Nothing {
            plan.step = Step::Hold(hold(would));
        }
        plan.release = None;
        plan.readings.clear();
    }
}

/// What a person put in place of a product's usage of the month.
fn overriding<'a>(basis: &Basis<'a>, product: PsaProductId) -> Option<&'a QuantityOverride> {
    in_effect(basis.overrides, product, basis.month)
}

/// Where a product's usage goes, or why it goes nowhere.
fn standing(basis: &Basis<'_>, code: Option<&ProductCode>) -> Result<PsaProductId, Skip> {
    let code = code.ok_or(Skip::NoProductCode)?;
    let mapping = basis.mappings.find(code).ok_or(Skip::ProductUnmapped)?;
    match &mapping.state {
        ProductState::Unmapped => Err(Skip::ProductUnmapped),
        ProductState::Removed => Err(Skip::MappingRemoved),
        ProductState::Excluded { reason } => Err(Skip::Excluded { reason: reason.clone() }),
        ProductState::Mapped { sync: false, .. } => Err(Skip::ProductOff),
        ProductState::Mapped { product, .. } => {
            if !basis.products.contains_key(product) {
                return Err(Skip::MappingMoved);
            }
            let alone = basis.mappings.parts_of(*product).count() == 1;
            if mapping.firewall && !basis.invoice_mode && alone { Err(Skip::Firewall) } else { Ok(*product) }
        }
    }
}

/// Products mapped to something that ConnectWise bills now, or that is billed at a fixed quantity, where no part of it is
/// among `codes`.
fn billed_without_usage(basis: &Basis<'_>, codes: &BTreeSet<Option<ProductCode>>) -> Vec<ProductCode> {
    let AgreementState::Ready { additions, .. } = basis.agreement else {
        return Vec::new();
    };
    let day = basis.month.last_day();
    let mut billed: BTreeSet<PsaProductId> =
        additions.iter().filter(|a| a.in_force_on(day) && a.quantity > Decimal::ZERO).map(|a| a.product).collect();
    let fixed = basis.overrides.iter().map(|one| one.key.product);
    billed.extend(fixed.filter(|product| overriding(basis, *product).is_some_and(|by| by.rule.is_fixed())));
    let unused = |product: &PsaProductId| {
        !basis.mappings.parts_of(*product).any(|part| codes.contains(&Some(part.code.clone())))
    };
    let parts = |product: PsaProductId| basis.mappings.parts_of(product).map(|part: &ProductMapping| part.code.clone());
    billed.into_iter().filter(unused).flat_map(parts).collect()
}

/// The rows of a customer whose pairs all end the same way, without a plan: those in its usage, and those written
/// `before` and not in it, which ConnectWise may go on billing.
#[must_use]
pub fn rows_ending(usage: &CustomerUsage, before: &Snapshot, outcome: &Outcome) -> Vec<Row> {
    let mut codes: BTreeSet<Option<ProductCode>> = usage.0.keys().cloned().collect();
    codes.extend(before.codes().cloned().map(Some));
    let row = |code: Option<ProductCode>| Row {
        usage: usage.0.get(&code).cloned(),
        fate: Fate::Ends(if code.is_none() { Outcome::Skipped(Skip::NoProductCode) } else { outcome.clone() }),
        code,
    };
    codes.into_iter().map(row).collect()
}

/// The rows of the usage that names no customer, whether or not it names a product.
#[must_use]
pub fn unassigned_rows(usage: &CustomerUsage) -> Vec<Row> {
    let row = |(code, usage): (&Option<ProductCode>, &PairUsage)| Row {
        code: code.clone(),
        usage: Some(usage.clone()),
        fate: Fate::Ends(Outcome::Skipped(Skip::Unassigned)),
    };
    usage.0.iter().map(row).collect()
}

/// Whether a mapping and a customer are enough to read its agreement: it is mapped, on, listed and MSP Flex.
#[must_use]
pub fn is_read(mapping: Option<&CustomerMapping>, customer: Option<&Customer>) -> bool {
    customer_gate(mapping, customer).is_none()
}
