//! Generated months of one customer, judged by ConnectWise's invoices: the order of usage lines changes nothing, and once
//! everything is released no day is billed twice and no period is left out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;
use shared::domain::decision::{Decision, Verdict};
use shared::domain::id::{AdditionId, AgreementId, CompanyId, CustomerId, ProductCode, PsaProductId};
use shared::domain::mapping::{Combine, ProductMapping, ProductMappings};
use shared::domain::month::UsageMonth;
use shared::domain::plan::{AgreementState, AskedForAll, Basis, CustomerPlan, Step, UnfinishedProducts, plan};
use shared::domain::psa::{Addition, AdditionDetail, Agreement, AgreementStatus, PsaProduct};
use shared::domain::settings::Guards;
use shared::domain::snapshot::{Snapshot, Written};
use shared::domain::usage::{LineQuantity, Pair, UsageLine, UsageTotals};
use simulators::connectwise::BillingReadings;
use simulators::connectwise::invoices::judge::{billed_twice, left_out};
use simulators::connectwise::invoices::period::Cycle;
use simulators::connectwise::invoices::{AdditionTerms, Invoice, Proration, bill};

const COMPANY: u32 = 1;
const PRODUCTS: u32 = 3;

/// One customer's month.
#[derive(Clone, Debug)]
struct Case {
    /// Lines by Sophos product, and the same in another order.
    lines: Vec<UsageLine>,
    shuffled: Vec<UsageLine>,
    /// Whether the first two Sophos products go to one ConnectWise product.
    combined: bool,
    additions: Vec<Addition>,
    /// Of each ConnectWise product, whether its first addition is one that we wrote in the month before, and its units.
    written: Vec<Option<u64>>,
    prorated: bool,
    readings: u64,
    /// The place of the reading that a person chooses.
    choice: usize,
}

fn month() -> UsageMonth {
    UsageMonth::containing(date(2026, 11, 30))
}

fn customer() -> CustomerId {
    CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap()
}

fn agreement() -> Agreement {
    Agreement {
        id: AgreementId::try_from(5).unwrap(),
        name: "2026".into(),
        company: CompanyId::try_from(i64::from(COMPANY)).unwrap(),
        company_name: "ACME".into(),
        kind: "Managed".into(),
        status: AgreementStatus::Active,
        start: None,
        end: None,
        next_invoice: None,
        billing_cycle: None,
        prorated: false,
        currency: None,
        parent: None,
    }
}

fn code(number: u32) -> ProductCode {
    ProductCode::parse(&format!("CODE-{number}")).unwrap()
}

fn product(number: u32) -> PsaProductId {
    PsaProductId::try_from(i64::from(number) + 7).unwrap()
}

fn usage_line() -> impl Strategy<Value = UsageLine> {
    let days = select(vec![
        ("", ""),
        ("2026-11-01", "2026-11-30"),
        ("2026-11-01", "2026-11-14"),
        ("2026-11-15", "2026-11-30"),
        ("2026-12-01", "2026-12-31"),
        ("2026-11-01", "2026-11-31"),
    ]);
    (0..PRODUCTS, 0..15_u64, days, 0..3_u8, 0..3_u8).prop_map(|(number, units, (first, last), order, serial)| {
        let pair = Pair { customer: Some(customer()), product: Some(code(number)) };
        UsageLine {
            order: if order == 0 { String::new() } else { format!("L{order}") },
            serial: format!("S{serial}"),
            billing_start: first.into(),
            billing_end: last.into(),
            ..UsageLine::new(pair, LineQuantity::Units(units))
        }
    })
}

fn line(product: PsaProductId, quantity: Decimal, effective: Option<Date>, cancelled: Option<Date>) -> Addition {
    Addition {
        id: AdditionId::try_from(1).unwrap(),
        product,
        quantity,
        less_included: Decimal::ZERO,
        unit_price: Some(Decimal::TEN),
        bill_customer: "Billable".into(),
        effective,
        cancelled,
        detail: AdditionDetail::default(),
    }
}

/// Lines that ended before the month or inside it, go on, begin later, or follow one another from one day to the next.
fn lines_of(number: u32) -> impl Strategy<Value = Vec<Addition>> {
    let line = move |quantity: u64, effective, cancelled| line(product(number), quantity.into(), effective, cancelled);
    (0..9_u8, 0..15_u64, 2..28_i8).prop_map(move |(kind, units, day)| match kind {
        0 => vec![line(units, None, None)],
        1 => vec![line(units, Some(date(2026, 9, 1)), Some(date(2026, 10, 31)))],
        2 => vec![line(units, None, Some(date(2026, 11, day))), line(units, Some(date(2026, 11, day + 1)), None)],
        3 => vec![line(units, None, None), line(units, None, None)],
        4 => vec![line(units, Some(date(2026, 12, 1)), None)],
        5 => vec![line(units, None, Some(date(2026, 11, day)))],
        6 => vec![line(units, Some(date(2026, 11, day)), Some(date(2026, 11, day)))],
        _ => Vec::new(),
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let additions: Vec<_> = (0..PRODUCTS).map(lines_of).collect();
    let written = vec(option::of(0..15_u64), PRODUCTS as usize);
    let lines = vec(usage_line(), 0..9).prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle()));
    (lines, any::<bool>(), additions, written, any::<bool>(), any::<u64>(), 0..4_usize).prop_map(
        |((lines, shuffled), combined, additions, written, prorated, readings, choice)| {
            let numbered = (1..).zip(additions.into_iter().flatten());
            let additions = numbered.map(|(id, a)| Addition { id: AdditionId::try_from(id).unwrap(), ..a }).collect();
            Case { lines, shuffled, combined, additions, written, prorated, readings, choice }
        },
    )
}

/// A month under way: what ConnectWise has and what is remembered.
struct Month<'a> {
    case: &'a Case,
    mappings: ProductMappings,
    catalogue: BTreeMap<PsaProductId, Option<PsaProduct>>,
    additions: Vec<Addition>,
    snapshot: Snapshot,
    decisions: BTreeMap<PsaProductId, Decision>,
    created: BTreeSet<u32>,
}

impl<'a> Month<'a> {
    fn of(case: &'a Case) -> Self {
        let to = |number: u32| if case.combined && number == 1 { 0 } else { number };
        let mapping = |number| {
            let mapped = ProductMapping::discovered(code(number), false);
            mapped.map_to(product(to(number)), Some(Combine::AddUp))
        };
        let entry = |number: u32| {
            let (identifier, description) = (format!("SEC-{number}"), "Managed protection".to_owned());
            let price = Some(Decimal::TEN);
            (
                product(number),
                Some(PsaProduct {
                    id: product(number),
                    identifier,
                    description,
                    bundle: false,
                    inactive: false,
                    class: String::new(),
                    price,
                }),
            )
        };
        let mut snapshot = Snapshot::default();
        for (number, units) in (0..).zip(&case.written) {
            let first = case.additions.iter().find(|addition| addition.product == product(number));
            if let (Some(first), Some(units)) = (first, units) {
                let parts = BTreeMap::from([(code(number), *units)]);
                let written = Written::new(first.id, first.quantity, month().previous(), parts);
                snapshot.written.insert(product(number), written);
            }
        }
        Self {
            case,
            mappings: (0..PRODUCTS).map(mapping).collect(),
            catalogue: (0..PRODUCTS).map(entry).collect(),
            additions: case.additions.clone(),
            snapshot,
            decisions: BTreeMap::new(),
            created: BTreeSet::new(),
        }
    }

    fn agreement(&self) -> Agreement {
        Agreement { prorated: self.case.prorated, ..agreement() }
    }

    fn plan(&self, lines: &[UsageLine]) -> CustomerPlan {
        let usage = lines.iter().collect::<UsageTotals>().of(Some(customer()));
        plan(&Basis {
            month: month(),
            invoice_mode: true,
            first_run: false,
            adopts: false,
            usage: &usage,
            mappings: &self.mappings,
            products: &self.catalogue,
            agreement: &AgreementState::Ready { agreement: self.agreement(), additions: self.additions.clone() },
            snapshot: &self.snapshot,
            unsettled: &BTreeSet::new(),
            guards: &Guards::default(),
            today: month().last_day(),
            decisions: &self.decisions,
            overrides: &[],
            decided_alone: false,
            unfinished: None,
            unfinished_products: &UnfinishedProducts::new(),
            asked: &AskedForAll::new(),
            others: Some(&[]),
            departure: None,
        })
    }

    /// Does what the plan says, as ConnectWise would.
    fn carry_out(&mut self, plan: &CustomerPlan) {
        for (product, planned) in &plan.additions {
            let addition = match &planned.step {
                Step::Create { effective, terms, .. } => {
                    let id = u32::try_from(self.additions.len() + 1).unwrap();
                    self.created.insert(id);
                    let id = AdditionId::try_from(i64::from(id)).unwrap();
                    let new = line(*product, planned.target, Some(*effective), None);
                    let bill_customer = terms.as_ref().map(|terms| terms.bill_customer.clone());
                    let bill_customer = bill_customer.unwrap_or(new.bill_customer.clone());
                    self.additions.push(Addition { id, bill_customer, ..new });
                    id
                }
                Step::Update { addition, .. } => {
                    let found = self.additions.iter_mut().find(|found| found.id == *addition).unwrap();
                    found.quantity = planned.target;
                    *addition
                }
                Step::Keep { addition } | Step::Adopt { addition } => *addition,
                Step::Nothing | Step::Clear { .. } | Step::Wait(_) | Step::Hold(_) | Step::Skip(_) | Step::Fail(_) => {
                    continue;
                }
            };
            let before = self.snapshot.written.get(product);
            let written = planned.as_written(addition, month(), before);
            self.snapshot.written.insert(*product, written);
        }
    }

    /// Releases everything that waits in a plan and can be released.
    fn release(&mut self, plan: &CustomerPlan) {
        for (product, planned) in &plan.additions {
            let basis = planned.hold_basis(agreement().id);
            let choice = self.case.choice.checked_rem(basis.readings.len());
            let reading = choice.map(|place| basis.readings[place].reading);
            let (who, why, at) = ("Ann".into(), "as agreed".into(), Timestamp::UNIX_EPOCH);
            let decision =
                Decision { verdict: Verdict::Release, who, reason: None, why, at, basis, reading, moves: None };
            self.decisions.insert(*product, decision);
        }
    }

    /// ConnectWise's invoices of the month and the one after.
    fn invoices(&self) -> Vec<Invoice> {
        let readings = BillingReadings::drawn(self.case.readings);
        let proration = Proration { prorated: self.case.prorated, ..Proration::default() };
        let terms: Vec<AdditionTerms> = self.additions.iter().map(AdditionTerms::from).collect();
        let mut made: Vec<Invoice> = Vec::new();
        for (id, day) in (1..).zip([month().first_day(), month().next().first_day()]) {
            let period = Cycle::MONTHLY.period_at(day);
            let earlier = made.iter().map(|invoice| (invoice.period, invoice.lines.as_slice()));
            let lines = bill::lines(&readings, &proration, period, &terms, earlier);
            made.push(Invoice {
                id,
                agreement: agreement().id.get(),
                company: COMPANY,
                bill_to: COMPANY,
                made_with: id,
                date: day,
                period,
                currency: None,
                lines,
                date_before: day,
            });
        }
        made
    }

    fn judge(&self) -> Result<(), TestCaseError> {
        let invoices = self.invoices();
        for twice in billed_twice(&invoices) {
            let ours = twice.additions.iter().any(|(_, id)| self.created.contains(id));
            prop_assert!(!ours, "billed twice by a line that we created: {twice:?}");
        }
        let within =
            simulators::connectwise::invoices::Period { first: month().first_day(), last: month().next().last_day() };
        for created in self.additions.iter().filter(|addition| self.created.contains(&addition.id.get())) {
            // A line by which we billed one of its Sophos products before counts, whatever it is called.
            let before = Month::of(self.case).snapshot;
            let of_us = |addition: &Addition| before.written.values().any(|written| written.addition == addition.id);
            let counts = |a: &&Addition| a.product == created.product || of_us(a);
            let same = self.additions.iter().filter(counts);
            let ended = same.filter_map(|addition| addition.cancelled);
            let product = (COMPANY, created.product.get());
            let rest = left_out(&invoices, product, within, (ended, self.case.prorated));
            prop_assert!(rest.is_empty() || created.quantity.is_zero(), "left out by {created:?}: {rest:?}");
        }
        Ok(())
    }
}

fn holds_in(cases_tried: u32) {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases_tried) });
    let tried = runner.run(&cases(), |case| {
        let mut month = Month::of(&case);
        let first = month.plan(&case.lines);
        prop_assert_eq!(&first, &month.plan(&case.shuffled), "the order of the lines");
        month.carry_out(&first);
        month.judge()?;
        let held = month.plan(&case.lines);
        month.release(&held);
        let released = month.plan(&case.lines);
        month.carry_out(&released);
        month.judge()
    });
    if let Err(wrong) = tried {
        panic!("{wrong}");
    }
}

#[test]
fn the_order_of_lines_changes_nothing_and_what_is_released_bills_each_day_once() {
    holds_in(1_000);
}

#[test]
#[ignore = "a hundred thousand months: infra/check --full"]
fn a_hundred_thousand_months_bill_each_day_once_whatever_the_order_of_lines() {
    holds_in(100_000);
}
