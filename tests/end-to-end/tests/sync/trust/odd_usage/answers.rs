//! Odd answers: each kind is a run of its own against a partner who is billed already. Either the run reads the month
//! whole all the same, or it says that it came to nothing, and then nothing was written.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::Uri;
use futures::future::join_all;
use local_stack::demo::{Demo, Size, TypedIn};
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use rust_decimal::Decimal;
use serde_json::Value;
use shared::domain::month::UsageMonth;
use shared::domain::run::{RunFailureCode, RunKind, RunState};
use simulators::sophos::{BentAnswer, UsageRow};
use usage_sync::Limits;
use uuid::Uuid;

use super::{pages, sign_in};
use crate::trust::verdict::{billed, quantity};

/// What every customer is billed before, and what it uses by now: most of it on the first of three pages.
const BEFORE: u32 = 10;
const NOW: u32 = 14;
/// How many lines a customer has.
const LINES: usize = 21;
/// How many lines a page has.
const PAGE: usize = 25;
const CUSTOMERS: usize = 3;
/// How many runs go on at a time: most of their time they wait to ask again.
const AT_ONCE: usize = 20;
/// A run that takes longer never ends.
const A_RUN: Duration = Duration::from_secs(100);

/// How a run of odd answers ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunEnds {
    /// The month is read whole, and what it says is written.
    Whole,
    /// Nothing is written, and this is what the run says.
    Failed(RunFailureCode),
    /// Nothing is written: there is no usage of the month, or of the present month not yet.
    NoMonth,
    /// Nothing is written, and every customer's lines say this.
    Each(&'static str),
}

type Change = Arc<dyn Fn(&Uri, &mut BentAnswer) + Send + Sync>;

/// A kind of odd answers.
#[derive(Clone)]
pub(super) struct AnswerKind {
    pub(super) name: String,
    pub(super) ends: RunEnds,
    pub(super) change: Change,
}

impl AnswerKind {
    /// Answers of the calls whose path begins so.
    pub(super) fn at(
        path: &'static str,
        name: impl Into<String>,
        ends: RunEnds,
        change: impl Fn(&mut BentAnswer) + Send + Sync + 'static,
    ) -> Self {
        let change = move |uri: &Uri, answer: &mut BentAnswer| {
            if uri.path().starts_with(path) {
                change(answer);
            }
        };
        Self { name: name.into(), ends, change: Arc::new(change) }
    }
}

/// Changes an answer's JSON, if it is JSON and a success.
pub(super) fn edit(answer: &mut BentAnswer, change: impl FnOnce(&mut Value)) {
    if let (true, Ok(mut value)) = (answer.status.is_success(), serde_json::from_slice(&answer.body)) {
        change(&mut value);
        answer.body = value.to_string().into_bytes();
    }
}

pub(super) fn names() -> Vec<String> {
    kinds().into_iter().map(|kind| kind.name).collect()
}

fn kinds() -> Vec<AnswerKind> {
    [pages::kinds(), sign_in::kinds()].into_iter().flatten().collect()
}

fn november() -> UsageMonth {
    UsageMonth::parse("2026-11").unwrap()
}

/// A partner whose customers are billed [`BEFORE`] each, and use [`NOW`].
async fn billed_partner() -> Stack {
    let size = Size { seed: 71, customers: CUSTOMERS, products: 1 };
    let limits = Limits { wait_s: 0, attempts: 1, ..Limits::default() };
    let options = StackOptions { size, month: november(), data: None, limits, slice: LONGEST_SLICE };
    let stack = Stack::start_for(Demo::plain(size, TypedIn::Nothing), options).await.unwrap();
    let code = stack.demo.usage_rows(november())[0].product_code.clone();
    let partner: Uuid = stack.demo.partner().to_string().parse().unwrap();
    let customers: Vec<Uuid> = (0..CUSTOMERS).map(|n| stack.demo.customer(n).to_string().parse().unwrap()).collect();
    let row = |customer: &Uuid, quantity| UsageRow::new(*customer, code.clone(), quantity);
    let before: Vec<UsageRow> = customers.iter().map(|customer| row(customer, i64::from(BEFORE))).collect();
    stack.sophos.set_usage(partner, november().first_day(), &before);
    let shown = stack.run(stack.request(RunKind::Preview, november(), None), |_| {}).await.unwrap();
    stack.run(stack.request(RunKind::Apply, november(), Some(shown.id)), |_| {}).await.unwrap();
    let units = |line| match line {
        0 => i64::from(NOW) - 2,
        10 | 20 => 1,
        _ => 0,
    };
    let mut now = Vec::new();
    for line in 0..LINES {
        for customer in &customers {
            let order_line_item_number = format!("OrderLine-{}", now.len());
            now.push(UsageRow { order_line_item_number, ..row(customer, units(line)) });
        }
    }
    stack.sophos.set_usage(partner, november().first_day(), &now);
    stack.sophos.cap_usage_pages(PAGE);
    assert_eq!(quantities(&stack), [Decimal::from(BEFORE); CUSTOMERS]);
    stack
}

fn quantities(stack: &Stack) -> Vec<Decimal> {
    billed(&stack.psa).values().flatten().map(quantity).collect()
}

/// What is wrong with what a kind came to; nothing if all is well.
async fn try_kind(stack: &Stack, kind: &AnswerKind) -> Option<String> {
    let writes = stack.psa.writes().len();
    let change = Arc::clone(&kind.change);
    stack.sophos.bend_answers(move |uri, answer| change(uri, answer));
    let run = tokio::time::timeout(A_RUN, stack.run(stack.request(RunKind::Now, november(), None), |_| {})).await;
    let Ok(run) = run else { return Some(format!("{}: does not end", kind.name)) };
    let run = run.unwrap();
    let ledger = stack.ledger(&run.id).await.unwrap();
    let codes: Vec<String> = ledger.iter().flat_map(|entry| &entry.lines).map(|line| line.outcome.code()).collect();
    let written = stack.psa.writes().len() - writes;
    let (quantity, right) = match (kind.ends, &run.state) {
        (RunEnds::Whole, RunState::Succeeded) => (NOW, written == CUSTOMERS),
        (RunEnds::Failed(code), RunState::Failed(failure)) => {
            let told = failure.code == code && failure.to_string().ends_with(code.advice());
            (BEFORE, told && written == 0 && ledger.is_empty())
        }
        (RunEnds::NoMonth, RunState::Superseded { .. }) => (BEFORE, written == 0),
        (RunEnds::NoMonth, RunState::Failed(failure)) => {
            (BEFORE, failure.code == RunFailureCode::NoUsage && written == 0)
        }
        (RunEnds::Each(code), RunState::Succeeded | RunState::Partial) => {
            (BEFORE, written == 0 && !codes.is_empty() && codes.iter().all(|found| found == code))
        }
        _ => (BEFORE, false),
    };
    let right = right && quantities(stack) == [Decimal::from(quantity); CUSTOMERS];
    (!right).then(|| format!("{}: {:?}, {written} writes, {codes:?}, {:?}", kind.name, run.state, quantities(stack)))
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_answers_push_nothing_unless_the_month_was_read_whole() {
    let left = Mutex::new(kinds());
    let one_after_the_other = || async {
        let (mut stack, mut wrong) = (None, Vec::new());
        loop {
            let Some(kind) = left.lock().unwrap().pop() else { return wrong };
            let ours = match stack.take() {
                Some(stack) => stack,
                None => billed_partner().await,
            };
            wrong.extend(try_kind(&ours, &kind).await);
            // What was written is not undone: the next kind has a partner of its own.
            stack = (kind.ends != RunEnds::Whole && wrong.is_empty()).then_some(ours);
        }
    };
    let wrong = join_all((0..AT_ONCE).map(|_| one_after_the_other())).await.concat();
    assert_eq!(wrong, Vec::<String>::new());
}
