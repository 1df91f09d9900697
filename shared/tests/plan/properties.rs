//! What holds in every world: the plan converges, loses nothing, guesses nothing and never takes anything away.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rust_decimal::Decimal;
use shared::domain::decision::{Decision, Verdict};
use shared::domain::id::{CustomerId, ProductCode, PsaProductId};
use shared::domain::plan::{Fate, Release, Step};
use shared::domain::psa::Addition;
use shared::domain::usage::{LineQuantity, PairUsage, UsageLine, UsageTotals};

use crate::connectwise::carry_out;
use crate::generated::{line_quantity, worlds};
use crate::sentences::well_said;
use crate::world::{World, acme, day, outcome_of, usage_line};

fn writes(step: &Step) -> bool {
    matches!(step, Step::Create { .. } | Step::Update { .. })
}

fn in_force(world: &World, product: PsaProductId) -> Vec<&Addition> {
    let day = world.month.last_day();
    world.additions.iter().filter(|found| found.product == product && found.in_force_on(day)).collect()
}

fn bills(world: &World, product: PsaProductId) -> bool {
    in_force(world, product).iter().any(|found| found.quantity > Decimal::ZERO)
}

fn comes_later(world: &World, product: PsaProductId) -> bool {
    let after = world.month.last_day();
    let mut of_product = world.additions.iter().filter(|found| found.product == product);
    of_product.any(|found| found.effective.is_some_and(|from| from > after && found.in_force_on(from)))
}

pub(crate) fn written_codes(world: &World) -> BTreeSet<ProductCode> {
    world.snapshot.written.values().flat_map(|written| written.parts.keys().cloned()).collect()
}

/// Whether a product was written with units where it no longer goes, and has no line now. That it vanished is remembered
/// only until the addition that it left is written again: such a hold may end by itself.
fn left_and_vanished(world: &World, product: &ProductCode) -> bool {
    let goes_to = world.products.get(product).and_then(|mapping| mapping.syncs_to());
    let elsewhere = |(id, parts): (PsaProductId, u64)| Some(id) != goes_to && parts > 0;
    let written = world.snapshot.written.iter();
    world.usage().of(Some(acme())).find(product).is_none()
        && written.filter_map(|(id, w)| Some((*id, *w.parts.get(product)?))).any(elsewhere)
}

/// Why a part holds its whole addition, found without the plan's own help.
fn is_in_trouble(world: &World, product: &ProductCode) -> bool {
    let usage = world.usage().of(Some(acme()));
    let (now, before) = (usage.find(product), world.snapshot.last_of(product).is_some_and(|(_, units)| units > 0));
    let firewall = world.products[product].firewall && !world.invoice_mode && (now.is_some() || before);
    firewall || now.map_or(before, |found| !found.unreadable.is_empty())
}

proptest! {
    #[test]
    fn the_plan_converges(mut world in worlds()) {
        if written_codes(&world).iter().any(|product| left_and_vanished(&world, product)) {
            return Ok(());
        }
        let first = world.plan();
        carry_out(&mut world, &first);
        let second = world.plan();
        for (product, planned) in &second.additions {
            let done = !writes(&planned.step) && !matches!(planned.step, Step::Adopt { .. });
            prop_assert!(done, "{product}: {:?}, then {:?}", first.additions[product].step, planned.step);
        }
        let third = { carry_out(&mut world, &second); world.plan() };
        prop_assert_eq!(second.additions, third.additions);
    }

    #[test]
    fn a_release_does_what_was_shown_or_nothing_at_all(mut world in worlds()) {
        let agreement = world.agreement.as_ref().unwrap().id;
        let before = world.plan();
        for (product, planned) in &before.additions {
            let basis = planned.hold_basis(agreement);
            let at = jiff::Timestamp::UNIX_EPOCH;
            let decision =
                Decision { verdict: Verdict::Release, who: "Ann".into(), reason: None, why: "asked".into(), at, basis, reading: None, moves: None };
            world.decisions.insert(*product, decision);
        }
        for (product, planned) in &world.plan().additions {
            let was = &before.additions[product];
            let shown = &world.decisions[product].basis.release;
            let as_before = planned.step == was.step;
            let does = Release {
                step: planned.step.clone(),
                used: planned.used,
                target: planned.target,
                parts: planned.parts.clone(),
            }.would();
            let as_shown = matches!(was.step, Step::Hold(_) | Step::Wait(_)) && does == *shown;
            let stopped = matches!(planned.step, Step::Hold(_));
            prop_assert!(as_before || as_shown || stopped, "{product}: {:?} was to be {shown:?}", planned.step);
        }
    }

    #[test]
    fn a_rejection_writes_nothing(mut world in worlds()) {
        let agreement = world.agreement.as_ref().unwrap().id;
        for (product, planned) in &world.plan().additions {
            let (basis, at) = (planned.hold_basis(agreement), jiff::Timestamp::UNIX_EPOCH);
            let decision = Decision { verdict: Verdict::Reject, who: "Ann".into(), reason: None, why: "asked".into(), at, basis, reading: None, moves: None };
            world.decisions.insert(*product, decision);
        }
        for (product, planned) in &world.plan().additions {
            prop_assert!(!writes(&planned.step), "{product}: {:?}", planned.step);
        }
    }

    #[test]
    fn a_written_month_never_goes_back(mut world in worlds()) {
        let before = world.snapshot.clone();
        let plan = world.plan();
        carry_out(&mut world, &plan);
        for (product, written) in &before.written {
            prop_assert!(world.snapshot.written[product].month >= written.month, "{product}");
        }
    }

    #[test]
    fn in_the_first_days_nothing_is_changed_that_was_written_for_an_earlier_month(world in worlds()) {
        let world = World { today: day("2026-11-04"), ..world };
        for (product, planned) in &world.plan().additions {
            let is_earlier = world.snapshot.written.get(product).is_some_and(|written| written.month < world.month);
            let changes = matches!(planned.step, Step::Update { .. });
            prop_assert!(!(is_earlier && changes), "{product}: {:?}", planned.step);
        }
    }

    #[test]
    fn a_part_in_trouble_holds_its_whole_addition(world in worlds()) {
        let plan = world.plan();
        for row in &plan.rows {
            let (Some(product), Fate::With(target)) = (&row.code, &row.fate) else { continue };
            let step = &plan.additions[target].step;
            prop_assert!(!is_in_trouble(&world, product) || !writes(step), "{product} in {target}: {step:?}");
        }
    }

    #[test]
    fn what_an_addition_still_bills_is_billed_nowhere_else(world in worlds()) {
        let plan = world.plan();
        for (product, planned) in &plan.additions {
            let changes = writes(&planned.step) || matches!(planned.step, Step::Adopt { .. });
            for (on, written) in world.snapshot.written.iter().filter(|(on, _)| changes && *on != product) {
                let carries = planned.parts.keys().any(|part| written.parts.get(part).is_some_and(|units| *units > 0));
                let remembered = |found: &&Addition| found.id == written.addition && found.quantity > Decimal::ZERO;
                let day = world.month.last_day();
                let billed = world.additions.iter().find(remembered).is_some_and(|found| found.in_force_on(day));
                let right = plan.additions.get(on).is_some_and(|other| matches!(other.step, Step::Keep { .. }));
                prop_assert!(!(carries && billed) || right, "{product}: {:?} while {on} is billed", planned.step);
            }
        }
    }

    #[test]
    fn every_planned_pair_has_one_row_and_one_end(world in worlds()) {
        let (plan, usage) = (world.plan(), world.usage().of(Some(acme())));
        let codes: Vec<_> = plan.rows.iter().map(|row| row.code.clone()).collect();
        let distinct: BTreeSet<_> = codes.iter().cloned().collect();
        prop_assert_eq!(distinct.len(), codes.len(), "a pair has two rows");
        prop_assert!(usage.0.keys().all(|product| distinct.contains(product)), "usage without a row");
        prop_assert!(written_codes(&world).into_iter().all(|product| distinct.contains(&Some(product))));
        for row in &plan.rows {
            let product = row.code.as_ref().expect("every line has a code here");
            prop_assert_eq!(row.usage.as_ref(), usage.find(product));
            let goes_to = world.products.get(product).and_then(|mapping| mapping.syncs_to());
            let known = written_codes(&world).contains(product) || goes_to.is_some_and(|id| bills(&world, id));
            prop_assert!(row.usage.is_some() || known, "{product} is neither used, written nor billed");
            well_said(&outcome_of(&plan, row));
        }
        let reached: BTreeSet<_> =
            plan.rows.iter().filter_map(|row| if let Fate::With(id) = row.fate { Some(id) } else { None }).collect();
        prop_assert_eq!(reached, plan.additions.keys().copied().collect::<BTreeSet<_>>());
    }

    #[test]
    fn what_is_billed_has_a_row_wherever_its_product_is_mapped(world in worlds()) {
        let plan = world.plan();
        for mapping in world.products.values() {
            let Some(target) = mapping.syncs_to() else { continue };
            if bills(&world, target) {
                let parts = world.products.values().filter(|other| other.syncs_to() == Some(target));
                let codes: BTreeSet<_> = parts.map(|part| Some(part.code.clone())).collect();
                prop_assert!(plan.rows.iter().any(|row| codes.contains(&row.code)), "{target} is billed unseen");
            }
        }
    }

    #[test]
    fn no_step_takes_anything_away_or_touches_what_is_not_its_own(world in worlds()) {
        for (product, planned) in &world.plan().additions {
            let current = in_force(&world, *product);
            match &planned.step {
                Step::Create { effective, seen, .. } => {
                    prop_assert!(current.is_empty() && planned.target > Decimal::ZERO);
                    prop_assert!(!world.snapshot.written.contains_key(product), "made again");
                    prop_assert!(!comes_later(&world, *product), "billed twice from next month on");
                    prop_assert!(*effective >= world.month.first_day());
                    prop_assert!(!billed_again(&world, *product, *effective), "billed twice in the month");
                    let known = world.additions.iter().filter(|found| found.product == *product).map(|found| found.id);
                    prop_assert_eq!(seen.clone(), known.collect::<Vec<_>>());
                }
                Step::Update { addition, from } => {
                    prop_assert_eq!(current.iter().map(|found| found.id).collect::<Vec<_>>(), vec![*addition]);
                    prop_assert_eq!(current[0].quantity, *from);
                    let (fall, rise) = ((*from - planned.target) * Decimal::TEN, planned.target - *from);
                    let small = fall <= from * Decimal::TWO || fall <= Decimal::from(50);
                    prop_assert!(small && planned.target > Decimal::ZERO, "{from} → {}", planned.target);
                    prop_assert!(rise <= Decimal::TEN || rise * Decimal::TWO <= *from, "{from} → {}", planned.target);
                    prop_assert_eq!(world.snapshot.written[product].addition, *addition);
                    prop_assert!(world.snapshot.written[product].month <= world.month);
                }
                Step::Keep { addition } | Step::Adopt { addition } => {
                    prop_assert_eq!(current.iter().map(|found| found.id).collect::<Vec<_>>(), vec![*addition]);
                    prop_assert_eq!(current[0].quantity, planned.target);
                }
                Step::Clear { addition, .. } => {
                    let surplus = &world.snapshot.written[product].surplus;
                    prop_assert!(surplus.iter().any(|known| known.addition == *addition), "not known to be surplus");
                }
                Step::Nothing => prop_assert!(planned.target.is_zero()),
                Step::Wait(_) | Step::Hold(_) | Step::Skip(_) | Step::Fail(_) => {}
            }
            let changes = writes(&planned.step) || matches!(planned.step, Step::Adopt { .. });
            prop_assert!(!changes || !(world.first_run || world.unsettled.contains(product)));
        }
    }

    #[test]
    fn summing_never_loses_a_line_or_a_unit(lines in vec(any_line(), 0..60)) {
        let totals: UsageTotals = lines.iter().collect();
        let mut naive: BTreeMap<_, (u64, u32, Vec<_>)> = BTreeMap::new();
        for line in &lines {
            let sum = naive.entry((line.pair.customer, line.pair.product.clone())).or_default();
            sum.1 += 1;
            match &line.quantity {
                LineQuantity::Units(units) => sum.0 += units,
                LineQuantity::Unreadable(why) => sum.2.push(why.clone()),
            }
        }
        naive.values_mut().for_each(|(_, _, unreadable)| unreadable.sort());
        let mut owners: Vec<_> = totals.customers().into_iter().map(Some).collect();
        prop_assert_eq!(owners.iter().collect::<BTreeSet<_>>().len(), owners.len());
        owners.push(None);
        let summed: BTreeMap<_, _> = owners.into_iter().flat_map(|customer| {
            let usage = totals.of(customer).0.into_iter();
            usage.map(move |(product, PairUsage { units, lines, unreadable, .. })| ((customer, product), (units, lines, unreadable)))
        }).collect();
        prop_assert_eq!(summed, naive);
    }
}

pub(crate) fn line_of(customer: impl Strategy<Value = Option<CustomerId>>) -> impl Strategy<Value = UsageLine> {
    (customer, option::of(select(vec!["A", "B", "C"])), line_quantity())
        .prop_map(|(customer, product, quantity)| usage_line(customer, product, quantity))
}

fn any_line() -> impl Strategy<Value = UsageLine> {
    let other = CustomerId::parse("00000000-0000-4000-8000-000000000002").unwrap();
    line_of(select(vec![None, Some(acme()), Some(other)]))
}

#[test]
fn the_generated_worlds_reach_every_end_that_a_plan_can_come_to() {
    let mut runner = TestRunner::deterministic();
    let mut reached = BTreeSet::new();
    for _ in 0..4000 {
        let world = worlds().new_tree(&mut runner).expect("a world").current();
        let plan = world.plan();
        reached.extend(plan.rows.iter().map(|row| outcome_of(&plan, row).code()));
    }
    let expected = [
        "adopted",
        "created",
        "failed.psaProductBundle",
        "failed.psaProductGone",
        "failed.psaProductInactive",
        "failed.unsettled",
        "held.additionGone",
        "held.adopt",
        "held.ambiguous",
        "held.billedElsewhere",
        "held.combineRule",
        "held.consecutivePeriods",
        "held.decrease",
        "held.duplicateUsage",
        "held.endedInMonth",
        "held.firstRun",
        "held.handEdit",
        "held.increase",
        "held.newMonth",
        "held.notYetInForce",
        "held.olderMonth",
        "held.otherPeriod",
        "held.part",
        "held.partsChanged",
        "held.stillBilled",
        "held.toZero",
        "held.unreadable",
        "held.vanished",
        "held.zeroPrice",
        "skipped.excluded",
        "skipped.firewall",
        "skipped.mappingMoved",
        "skipped.mappingRemoved",
        "skipped.productOff",
        "skipped.productUnmapped",
        "unchanged",
        "updated",
        "waiting.newMonth",
    ];
    assert_eq!(reached.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// Whether a line of the product, on the customer's agreement or on another one, has billed a day from `begins` on.
fn billed_again(world: &World, product: PsaProductId, begins: Date) -> bool {
    let elsewhere = world.others.iter().flat_map(|other| &other.additions);
    let began = |found: &&Addition| found.effective.is_none_or(|from| from <= world.month.last_day());
    let bills = world.additions.iter().chain(elsewhere).filter(began);
    let bills = bills.filter(|found| found.product == product && !found.quantity.is_zero());
    bills.into_iter().any(|found| found.cancelled.is_some_and(|day| day >= begins))
}
