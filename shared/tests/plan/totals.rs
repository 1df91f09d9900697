//! The totals of a run over generated worlds: no unit and no line is lost, and each total is the sum over its lines.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;
use shared::domain::id::PsaProductId;
use shared::domain::ledger::{Billed, CustomerLedger, Line};
use shared::domain::mapping::Combine::TakeLargest;
use shared::domain::outcome::{Bucket, OutcomeKind, Would};
use shared::domain::plan::{CustomerPlan, Fate, Row, unassigned_rows};
use shared::domain::psa::AgreementFacts;
use shared::domain::tally::{Amounts, Tally, Total};
use shared::domain::usage::{LineQuantity, UsageLine, UsageTotals};

use crate::generated::worlds;
use crate::properties::{line_of, written_codes};
use crate::world::{World, acme, code, line, outcome_of, usage_line};

proptest! {
    #[test]
    fn units_and_lines_tie_out_and_a_row_that_is_dropped_is_caught(
        (world, gate) in (worlds(), 0..5u8),
        unassigned in vec(line_of(Just(None)), 0..4),
        lost in any::<prop::sample::Index>(),
    ) {
        let world = gated(world, gate);
        let ledger = ledger(&world, &world.plan());
        let nobody = CustomerLedger { customer: None, lines: unassigned_ledger(&unassigned), ..ledger.clone() };
        let tally = |entries: &[&CustomerLedger]| {
            let mut tally = Tally::default();
            world.lines.iter().chain(&unassigned).for_each(|line| tally.add_usage(line));
            entries.iter().for_each(|entry| tally.add_ledger(entry));
            tally
        };
        let listed: BTreeSet<_> = ledger.lines.iter().filter_map(|line| line.code.clone()).collect();
        prop_assert!(world.mapping.is_none() || written_codes(&world).is_subset(&listed), "written and not in the ledger");
        let whole = tally(&[&ledger, &nobody]);
        prop_assert_eq!(whole.tie_out(), Ok(()));
        prop_assert_eq!(whole.counts.pairs(), u64::try_from(ledger.lines.len() + nobody.lines.len()).unwrap());
        let units: u64 = whole.products.values().map(|product| product.usage).sum();
        prop_assert_eq!(units, whole.products.values().map(|product| product.accounted()).sum::<u64>());

        // Also a row of 0 units, or of lines that cannot be read.
        let counted: Vec<usize> = (0..ledger.lines.len()).filter(|at| ledger.lines[*at].usage_lines > 0).collect();
        if counted.is_empty() {
            return Ok(());
        }
        let mut short = ledger.clone();
        let gone = short.lines.remove(*lost.get(&counted));
        let breaks = tally(&[&short, &nobody]).tie_out().expect_err("a lost row goes unnoticed");
        prop_assert_eq!(breaks.len(), 1);
        prop_assert_eq!(breaks[0].usage - breaks[0].accounted, gone.units);
        prop_assert_eq!(breaks[0].lines - breaks[0].lines_accounted, u64::from(gone.usage_lines));
    }

    #[test]
    fn each_total_is_the_sum_over_its_lines(
        months in vec((worlds(), 0..5u8, currency(), vec(0..3u32, 4)), 1..4),
        unassigned in vec(line_of(Just(None)), 0..4),
    ) {
        let (mut tally, mut entries) = (Tally::default(), Vec::new());
        for (world, gate, currency, writes) in months {
            let world = gated(world, gate);
            world.lines.iter().for_each(|line| tally.add_usage(line));
            let mut ledger = ledger(&world, &world.plan());
            ledger.facts = AgreementFacts { currency, ..AgreementFacts::default() };
            written(&mut ledger, &writes);
            entries.push(ledger);
        }
        unassigned.iter().for_each(|line| tally.add_usage(line));
        entries.push(CustomerLedger { lines: unassigned_ledger(&unassigned), ..CustomerLedger::default() });
        entries.iter().for_each(|entry| tally.add_ledger(entry));

        let lines = || entries.iter().flat_map(|entry| &entry.lines);
        let units: u64 = lines().map(|line| line.units).sum();
        prop_assert_eq!(tally.billing.outcomes.values().map(|total| total.units).sum::<u64>(), units);
        prop_assert_eq!(tally.billing.outcomes.values().map(|total| total.writes).sum::<u64>(), tally.counts.writes());
        for bucket in Bucket::ALL {
            let own: u64 = lines().filter(|line| line.bucket() == bucket).map(|line| line.units).sum();
            prop_assert_eq!(tally.products.values().map(|product| product.units(bucket)).sum::<u64>(), own, "{:?}", bucket);
        }
        for kind in OutcomeKind::ALL {
            prop_assert_eq!(tally.billing.total(kind), summed(&entries, kind), "{:?}", kind);
        }
        prop_assert_eq!(tally.tie_out(), Ok(()));
    }

    #[test]
    fn units_that_are_synced_are_what_connectwise_bills(world in worlds()) {
        let ledger = ledger(&world, &world.plan());
        let mut by_addition: BTreeMap<PsaProductId, (u64, Decimal)> = BTreeMap::new();
        for line in ledger.lines.iter().filter(|line| line.outcome.bucket() == Bucket::Synced) {
            let billed = line.billed.as_ref().expect("what is synced is on an addition");
            let sum = by_addition.entry(billed.product).or_insert((0, billed.target));
            sum.0 += if line.bucket() == Bucket::Synced { line.units } else { 0 };
        }
        for (product, (units, billed)) in by_addition {
            prop_assert_eq!(Decimal::from(units), billed, "{}", product);
        }
    }
}

/// The total of an outcome, added up line by line.
fn summed(entries: &[CustomerLedger], kind: OutcomeKind) -> Total {
    let mut total = Total::default();
    for entry in entries {
        let mut additions: BTreeMap<PsaProductId, &Billed> = BTreeMap::new();
        for line in entry.lines.iter().filter(|line| line.outcome.kind() == kind) {
            total.pairs += 1;
            total.units += line.units;
            additions.extend(line.billed.as_ref().map(|billed| (billed.product, billed)));
        }
        let currency = entry.facts.currency.clone().unwrap_or_default();
        for billed in additions.into_values() {
            total.writes += u64::from(billed.writes);
            let change = match kind {
                OutcomeKind::Waiting | OutcomeKind::Held => billed.waiting.unwrap_or(Would::Nothing),
                OutcomeKind::Skipped => Would::Nothing,
                OutcomeKind::Unchanged
                | OutcomeKind::Created
                | OutcomeKind::Updated
                | OutcomeKind::Adopted
                | OutcomeKind::Failed => billed.would,
            };
            total.change.units += change.units();
            let terms = billed.terms.as_ref();
            match terms.and_then(|terms| terms.difference(change)) {
                Some(amount) => *total.change.amounts.entry(currency.clone()).or_default() += amount,
                None => total.change.without_price += u64::from(!change.units().is_zero()),
            }
            match terms.and_then(|terms| terms.amount(billed.target)) {
                Some(amount) => *total.amounts.entry(currency.clone()).or_default() += amount,
                None => total.without_price += u64::from(!billed.target.is_zero()),
            }
        }
    }
    let without_zeros = |amounts: &mut Amounts| amounts.retain(|_, amount| !amount.is_zero());
    without_zeros(&mut total.amounts);
    without_zeros(&mut total.change.amounts);
    total
}

fn currency() -> impl Strategy<Value = Option<String>> {
    prop::sample::select(vec![None, Some("EUR".to_owned()), Some("USD".to_owned())])
}

/// Gives each addition so many writes, as a run does that wrote to it.
fn written(ledger: &mut CustomerLedger, writes: &[u32]) {
    let mut by_addition: BTreeMap<PsaProductId, u32> = BTreeMap::new();
    for billed in ledger.lines.iter_mut().filter_map(|line| line.billed.as_mut()) {
        let next = writes[by_addition.len() % writes.len()];
        billed.writes = *by_addition.entry(billed.product).or_insert(next);
    }
    ledger.updated = by_addition.values().sum();
}

#[test]
fn parts_that_are_not_the_largest_were_counted_as_synced() {
    let world = World::new()
        .maps_by("CIX", 70, Some(TakeLargest))
        .maps_by("SVR", 70, Some(TakeLargest))
        .bills(line(1, 70, "9"))
        .wrote(70, 1, "2026-10", &[("CIX", 9), ("SVR", 3)])
        .uses("CIX", 9)
        .uses("SVR", 9);
    let ledger = ledger(&world, &world.plan());
    let mut tally = Tally::default();
    world.lines.iter().for_each(|line| tally.add_usage(line));
    tally.add_ledger(&ledger);
    let units = |product: &str, bucket| tally.products[code(product).as_str()].units(bucket);
    assert_eq!((units("CIX", Bucket::Synced), units("SVR", Bucket::Synced)), (9, 0));
    assert_eq!(units("SVR", Bucket::CoveredByLargest), 9, "of two that are equally large, one is billed");
    assert_eq!(tally.tie_out(), Ok(()));
}

/// The same world with a customer that is not planned, for each reason.
fn gated(mut world: World, gate: u8) -> World {
    match gate {
        1 => world.mapping = None,
        2 => world.customer = None,
        3 => world.mapping.as_mut().unwrap().sync = false,
        4 => world.customer.as_mut().unwrap().billing = "term".into(),
        _ => {}
    }
    world.lines.push(usage_line(Some(acme()), None, LineQuantity::Units(3)));
    world
}

fn ledger(world: &World, plan: &CustomerPlan) -> CustomerLedger {
    let lines = plan.rows.iter().map(|row| ledger_line(plan, row)).collect();
    let name = world.customer.as_ref().map_or_else(String::new, |customer| customer.name.clone());
    CustomerLedger {
        customer: Some(acme()),
        name,
        company: None,
        agreement: None,
        next_invoice: None,
        lines,
        created: 0,
        updated: 0,
        ..CustomerLedger::default()
    }
}

fn ledger_line(plan: &CustomerPlan, row: &Row) -> Line {
    let usage = row.usage.clone().unwrap_or_default();
    let outcome = outcome_of(plan, row);
    let billed = match &row.fate {
        Fate::Ends(_) => None,
        Fate::With(product) => Some(plan.additions[product].billed(*product, None, &outcome)),
    };
    Line { code: row.code.clone(), units: usage.units, usage_lines: usage.lines, outcome, billed }
}

fn unassigned_ledger(lines: &[UsageLine]) -> Vec<Line> {
    let rows = unassigned_rows(&lines.iter().collect::<UsageTotals>().of(None));
    rows.iter().map(|row| ledger_line(&CustomerPlan::default(), row)).collect()
}
