//! Stories of the tie-out: what was fetched and is not in the ledger is noticed, also where it counts no units.

use rust_decimal::Decimal;
use shared::domain::ledger::{Billed, CustomerLedger, Line};
use shared::domain::outcome::{Hold, Outcome, Skip, SkipKind, Would};
use shared::domain::psa::AgreementFacts;
use shared::domain::tally::{NotBilled, Tally};
use shared::domain::terms::Terms;
use shared::domain::usage::LineQuantity;

use crate::world::{World, acme, code, psa, usage_line};

fn ledger(lines: Vec<Line>) -> CustomerLedger {
    let (company, agreement) = (None, None);
    CustomerLedger {
        customer: Some(acme()),
        name: "ACME".into(),
        company,
        agreement,
        next_invoice: None,
        lines,
        created: 0,
        updated: 0,
        ..CustomerLedger::default()
    }
}

fn held(product: &str, units: u64, usage_lines: u32) -> Line {
    let outcome = Outcome::Held(Hold::Unreadable { found: "no quantity".into() });
    Line { code: Some(code(product)), units, usage_lines, outcome, billed: None }
}

/// What the tie-out complains of, for ACME's usage and ledger.
fn complaints(world: &World, lines: Vec<Line>) -> Vec<String> {
    let mut tally = Tally::default();
    world.lines.iter().for_each(|line| tally.add_usage(line));
    tally.add_ledger(&ledger(lines));
    tally.tie_out().err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_lost_line_of_no_units_is_noticed() {
    let zero = World::new().uses("CIX", 0);
    let complaint = "CIX: units 0, lines 1 in the usage; units 0, lines 0 in the ledger";
    assert_eq!(complaints(&zero, vec![]), [complaint]);
    assert_eq!(complaints(&zero, vec![held("CIX", 0, 1)]), [""; 0]);
}

#[test]
fn a_lost_line_that_cannot_be_read_is_noticed() {
    let odd = World::new().uses("CIX", 5).reports("CIX", "-3");
    let complaint = "CIX: units 5, lines 2 in the usage; units 5, lines 1 in the ledger";
    assert_eq!(complaints(&odd, vec![held("CIX", 5, 1)]), [complaint]);
    assert_eq!(complaints(&odd, vec![held("CIX", 5, 2)]), [""; 0]);
}

#[test]
fn usage_without_a_product_code_is_named_in_words() {
    let mut world = World::new();
    world.lines.push(usage_line(Some(acme()), None, LineQuantity::Units(3)));
    let complaint = "usage without a product code: units 3, lines 1 in the usage; units 0, lines 0 in the ledger";
    assert_eq!(complaints(&world, vec![]), [complaint]);
    let outcome = Outcome::Skipped(Skip::NoProductCode);
    let line = Line { code: None, units: 3, usage_lines: 1, outcome, billed: None };
    assert_eq!(complaints(&world, vec![line]), [""; 0]);
}

#[test]
fn a_run_on_another_runs_usage_has_its_lines_to_account_for() {
    let mut fetched = Tally::default();
    World::new().uses("CIX", 0).lines.iter().for_each(|line| fetched.add_usage(line));
    fetched.add_ledger(&ledger(vec![held("CIX", 0, 1)]));
    let mut again = fetched.usage_only();
    assert!(fetched.tie_out().is_ok() && again.tie_out().is_err());
    again.add_ledger(&ledger(vec![held("CIX", 0, 1)]));
    assert!(again.tie_out().is_ok());
}

#[test]
fn amounts_of_two_currencies_were_added_up() {
    let line = |product: &str, to: i64| {
        let would = Would::Create { to: to.into(), begins: None };
        let terms = Some(Terms { unit_price: Some(3.into()), less_included: Decimal::ZERO, billable: true });
        let (did, waiting, addition) = (None, None, None);
        let (largest, writes, target) = (None, 0, to.into());
        let (overridden, ended) = (None, None);
        let billed = Billed {
            product: psa(7),
            addition,
            target,
            would,
            did,
            waiting,
            terms,
            largest,
            overridden,
            ended,
            writes,
        };
        Line { code: Some(code(product)), units: 1, usage_lines: 1, outcome: Outcome::Created, billed: Some(billed) }
    };
    let mut tally = Tally::default();
    for (currency, units) in [(Some("EUR"), 2), (Some("USD"), 5), (Some("EUR"), 1), (None, 4)] {
        let facts = AgreementFacts { currency: currency.map(str::to_owned), ..AgreementFacts::default() };
        tally.add_ledger(&CustomerLedger { facts, ..ledger(vec![line("CIX", units)]) });
    }
    let expected = [("", 12), ("EUR", 9), ("USD", 15)].map(|(currency, amount)| (currency.to_owned(), amount.into()));
    assert_eq!(tally.billing.done.amounts, expected.into());
    assert_eq!(tally.billing.done.units, 12.into());
}

#[test]
fn what_is_not_billed_is_counted_by_product_and_reason() {
    let line = |product: &str, units: u64, skip: Skip| Line {
        code: Some(code(product)),
        units,
        usage_lines: 1,
        outcome: Outcome::Skipped(skip),
        billed: None,
    };
    let mut tally = Tally::default();
    tally.add_ledger(&ledger(vec![line("CIX", 4, Skip::ProductUnmapped), line("MDR", 2, Skip::ProductOff)]));
    tally.add_ledger(&ledger(vec![line("CIX", 3, Skip::ProductUnmapped)]));
    tally.add_ledger(&CustomerLedger { customer: None, ..ledger(vec![line("CIX", 9, Skip::Unassigned)]) });
    let of = |product: &str, reason: SkipKind| tally.products[product].not_billed.get(&reason).cloned();
    let counted = |customers, units| Some(NotBilled { customers, units, ..NotBilled::default() });
    assert_eq!(of("CIX", SkipKind::ProductUnmapped), counted(2, 7));
    assert_eq!(of("CIX", SkipKind::Unassigned), counted(0, 9));
    assert_eq!(of("MDR", SkipKind::ProductOff), counted(1, 2));
}
