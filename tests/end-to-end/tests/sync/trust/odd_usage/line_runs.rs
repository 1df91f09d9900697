//! All kinds of odd lines in one run, each of a customer of its own: once where nothing was billed yet, and once where
//! everything was.

use std::collections::BTreeMap;

use local_stack::demo::{Demo, Size, TypedIn};
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use rust_decimal::Decimal;
use shared::domain::id::CustomerId;
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunState};
use simulators::sophos::UsageRow;
use usage_sync::Limits;
use uuid::Uuid;

use super::{Ends, Kind, kinds};
use crate::trust::verdict::{billed, quantity};

/// What every customer uses of the product with which nothing is wrong.
const CLEAN: i64 = 5;
/// What every customer is billed of the other one, where it is billed before.
const BEFORE: i64 = 7;

fn november() -> UsageMonth {
    UsageMonth::parse("2026-11").unwrap()
}

/// A partner with a customer for each kind and two products.
struct Trial {
    stack: Stack,
    kinds: Vec<Kind>,
    /// The product with which nothing is wrong, and the odd one.
    codes: [String; 2],
    /// Each customer's agreement.
    agreements: BTreeMap<CustomerId, u64>,
    /// The ConnectWise products of the codes.
    products: [u64; 2],
    lines: usize,
}

impl Trial {
    async fn start() -> Self {
        let kinds = kinds();
        let size = Size { seed: 61, customers: kinds.len(), products: 2 };
        let limits = Limits { wait_s: 0, ..Limits::default() };
        let options = StackOptions { size, month: november(), data: None, limits, slice: LONGEST_SLICE };
        let stack = Stack::start_for(Demo::plain(size, TypedIn::Nothing), options).await.unwrap();
        let partner = stack.demo.partner();
        let mappings = stack.store.list_product_mappings(partner).await.unwrap();
        let mapped: Vec<(String, u64)> = mappings
            .iter()
            .map(|mapping| (mapping.code.as_str().to_owned(), u64::from(mapping.syncs_to().unwrap().get())))
            .collect();
        let customers = stack.store.list_customer_mappings(partner, "").await.unwrap();
        let agreements = customers.iter().map(|(m, _)| (m.customer, u64::from(m.agreement.get()))).collect();
        let [(clean, clean_to), (odd, odd_to)] = mapped.try_into().unwrap();
        Self { stack, kinds, codes: [clean, odd], agreements, products: [clean_to, odd_to], lines: 0 }
    }

    fn customer(&self, number: usize) -> Uuid {
        self.stack.demo.customer(number).to_string().parse().unwrap()
    }

    /// Sets the month: the clean product for all, and of the other what `odd` says.
    fn set(&mut self, odd: impl Fn(&Self, usize, &Kind) -> Vec<UsageRow>) {
        let mut rows = Vec::new();
        for (number, kind) in self.kinds.iter().enumerate() {
            rows.push(UsageRow::new(self.customer(number), self.codes[0].clone(), CLEAN));
            rows.extend(odd(self, number, kind));
        }
        self.lines = rows.len();
        let partner = self.stack.demo.partner().to_string().parse().unwrap();
        self.stack.sophos.set_usage(partner, november().first_day(), &rows);
    }

    fn set_odd(&mut self) {
        self.set(|trial, number, kind| (kind.lines)(trial.customer(number), &trial.codes[1]));
    }

    async fn run(&self, kind: RunKind, preview: Option<&Run>) -> (Run, Vec<CustomerLedger>) {
        let request = self.stack.request(kind, november(), preview.map(|run| run.id.clone()));
        let run = self.stack.run(request, |_| {}).await.unwrap();
        let ledger = self.stack.ledger(&run.id).await.unwrap();
        (run, ledger)
    }

    async fn apply(&self) -> (Run, Vec<CustomerLedger>) {
        let (shown, _) = self.run(RunKind::Preview, None).await;
        self.run(RunKind::Apply, Some(&shown)).await
    }

    /// What each customer is billed of the clean product and of the odd one.
    fn billed(&self) -> Vec<[Vec<Decimal>; 2]> {
        let billed = billed(&self.stack.psa);
        let of = |agreement: u64, product: u64| -> Vec<Decimal> {
            billed.get(&(agreement, product)).into_iter().flatten().map(quantity).collect()
        };
        let customer = |number| self.agreements[&self.stack.demo.customer(number)];
        (0..self.kinds.len()).map(|number| self.products.map(|product| of(customer(number), product))).collect()
    }

    /// The line of a customer's odd product.
    fn line<'a>(&self, ledger: &'a [CustomerLedger], number: usize) -> Option<&'a Line> {
        let customer = Some(self.stack.demo.customer(number));
        let entry = ledger.iter().find(|entry| entry.customer == customer)?;
        entry.lines.iter().find(|line| line.code.as_ref().is_some_and(|code| code.as_str() == self.codes[1]))
    }

    /// No usage line is lost, every outcome that needs one has a reason and advice, and nothing else is billed.
    fn assert_told(&self, run: &Run, ledger: &[CustomerLedger]) {
        assert!(matches!(run.state, RunState::Succeeded | RunState::Partial), "{:?}", run.state);
        run.tally.tie_out().unwrap();
        let told: u32 = ledger.iter().flat_map(|entry| &entry.lines).map(|line| line.usage_lines).sum();
        assert_eq!(told as usize, self.lines, "usage lines in the ledger");
        let others = billed(&self.stack.psa).into_keys().filter(|(agreement, product)| {
            !self.agreements.values().any(|ours| ours == agreement) || !self.products.contains(product)
        });
        assert_eq!(others.collect::<Vec<_>>(), []);
        for line in ledger.iter().flat_map(|entry| &entry.lines) {
            let code = line.outcome.code();
            if code.contains('.') {
                assert!(!line.outcome.reason().is_empty() && !line.outcome.advice().is_empty(), "{code}");
            }
        }
    }
}

fn units(quantity: impl Into<Decimal>) -> Vec<Decimal> {
    vec![quantity.into()]
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_lines_create_nothing_but_what_they_say() {
    let mut trial = Trial::start().await;
    trial.set_odd();
    let (run, ledger) = trial.apply().await;
    trial.assert_told(&run, &ledger);
    let mut wrong = Vec::new();
    for (number, (kind, [clean, odd])) in trial.kinds.iter().zip(trial.billed()).enumerate() {
        let outcome = trial.line(&ledger, number).map(|line| line.outcome.code());
        let (expected, told) = match kind.ends {
            Ends::Billed(0) => (Vec::new(), Some("unchanged")),
            Ends::Billed(count) => (units(count), Some("created")),
            Ends::Held(code) => (Vec::new(), Some(code)),
            Ends::Elsewhere => (Vec::new(), None),
        };
        if (clean.as_slice(), &odd, outcome.as_deref()) != (units(CLEAN).as_slice(), &expected, told) {
            wrong.push(format!("{}: {clean:?}, {odd:?}, {outcome:?}", kind.name));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_lines_change_nothing_that_is_billed_to_what_they_do_not_say() {
    let mut trial = Trial::start().await;
    trial.set(|trial, number, _| vec![UsageRow::new(trial.customer(number), trial.codes[1].clone(), BEFORE)]);
    trial.apply().await;
    assert!(trial.billed().iter().all(|billed| *billed == [units(CLEAN), units(BEFORE)]));
    trial.set_odd();
    let (run, ledger) = trial.run(RunKind::Now, None).await;
    trial.assert_told(&run, &ledger);
    let mut wrong = Vec::new();
    for (number, (kind, [clean, odd])) in trial.kinds.iter().zip(trial.billed()).enumerate() {
        let outcome = trial.line(&ledger, number).map(|line| line.outcome.code()).unwrap_or_default();
        let right = match kind.ends {
            // A small increase is written; what is lower, or far higher, may wait for a person.
            Ends::Billed(count @ 8..=10) => odd == units(count) && outcome == "updated",
            Ends::Billed(count) if odd == units(count) => outcome == "updated",
            Ends::Billed(_) => odd == units(BEFORE) && outcome.starts_with("held."),
            Ends::Held(code) => odd == units(BEFORE) && outcome == code,
            Ends::Elsewhere => odd == units(BEFORE) && outcome == "held.vanished",
        };
        if !right || clean != units(CLEAN) {
            wrong.push(format!("{}: {clean:?}, {odd:?}, {outcome:?}", kind.name));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
