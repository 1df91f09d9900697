//! How much a partner of 300 customers has to decide: in its first month, and in a month of ordinary drift.

use std::collections::BTreeSet;

use jiff::civil::Date;
use local_stack::demo::Size;
use local_stack::stack::Stack;
use shared::domain::decision::StandingHold;
use shared::domain::month::UsageMonth;
use shared::domain::outcome::Outcome;
use shared::domain::run::{Run, RunKind, RunRequest, RunScope, RunState};
use shared::domain::schedule::stable_hash;
use simulators::sophos::UsageRow;

use crate::main_job::started::{
    api_writes, hasty, invoice_next_on, november, outcomes, preview, preview_and_apply, stack_of,
};

const CUSTOMERS: usize = 300;
/// The most decisions that the first month may ask for.
const MOST_DECISIONS: usize = 40;
/// The most lines in a hundred that may wait in a month of ordinary drift.
const MOST_HELD_PERCENT: usize = 3;

async fn holds_of(stack: &Stack, month: UsageMonth) -> Vec<StandingHold> {
    let (mut holds, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = stack.store.list_holds(stack.demo.partner(), month, "", after.as_deref()).await.unwrap();
        holds.extend(page.holds);
        match page.next {
            Some(next) => after = Some(next),
            None => return holds,
        }
    }
}

/// How usage moves within a month. Of a hundred lines 70 stay as they are, 20 gain or lose a unit or two, 8 move by about
/// a tenth, one grows by a new site and one is used no more.
fn drifted(units: i64, line: &str) -> i64 {
    let draw = stable_hash(line);
    let up = (draw / 100).is_multiple_of(2);
    let by = |step: i64| if up { units + step } else { (units - step).max(1) };
    match draw % 100 {
        0..70 => units,
        70..90 => by(1 + i64::from((draw / 200).is_multiple_of(2))),
        90..98 => by((units / 10).max(1)),
        98 => units + units * 3 / 4 + 12,
        _ => 0,
    }
}

async fn sync_at(stack: &Stack, month: UsageMonth, at: &str) -> Run {
    let request = RunRequest {
        partner: stack.demo.partner(),
        kind: RunKind::Now,
        month,
        slot: at.into(),
        scheduled_at: at.parse().unwrap(),
        preview: None,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    };
    stack.run(request, |_| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_month_of_300_customers_asked_for_more_decisions_than_anybody_takes() {
    let stack = stack_of(Size { customers: CUSTOMERS, ..Size::default() }, hasty()).await;
    let preview = preview(&stack).await;
    let request = stack.request(RunKind::Apply, november(), Some(preview.id));
    let scope = RunScope { adopts: true, ..RunScope::default() };
    let run = stack.run(RunRequest { scope, ..request }, |_| {}).await.unwrap();
    let lines = outcomes(&stack.ledger(&run.id).await.unwrap()).len();
    let holds = holds_of(&stack, november()).await;
    // One decision covers all lines of a ConnectWise product that wait for the same reason.
    let reason = |hold: &StandingHold| Outcome::Held(hold.hold.clone()).code();
    let decisions: BTreeSet<_> = holds.iter().map(|hold| (hold.key.product, reason(hold))).collect();
    let counts = run.tally.counts;
    println!("{lines} lines, {} wait, {} decisions, {} writes", holds.len(), decisions.len(), counts.writes());
    assert!(lines > 3 * CUSTOMERS && counts.writes() > 500, "{lines} lines are too few to say anything");
    assert!(decisions.len() <= MOST_DECISIONS, "{} decisions", decisions.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_drift_of_300_customers_waited_for_a_person() {
    let stack = stack_of(Size { seed: 11, customers: CUSTOMERS, products: 4 }, hasty()).await;
    invoice_next_on(&stack, Date::constant(2026, 12, 1));
    preview_and_apply(&stack).await;
    assert_eq!(stack.psa.make_invoices(Date::constant(2026, 12, 1)).len(), CUSTOMERS);
    let december = november().next();
    let drift = |(n, mut row): (usize, UsageRow)| {
        row.billable_quantity = drifted(row.billable_quantity, &format!("line {n}"));
        row
    };
    let rows: Vec<UsageRow> = stack.demo.usage_rows(november()).into_iter().enumerate().map(drift).collect();
    stack.demo.fill_sophos(&stack.sophos, december);
    stack.demo.set_usage(&stack.sophos, december, &rows);
    let before = api_writes(&stack).len();
    let run = sync_at(&stack, december, "2026-12-31T02:00:00Z").await;
    assert_eq!(run.state, RunState::Succeeded);
    let ledger = stack.ledger(&run.id).await.unwrap();
    let (lines, held) = (outcomes(&ledger).len(), holds_of(&stack, december).await.len());
    let written = api_writes(&stack).len() - before;
    println!("{lines} lines, {written} written, {held} held");
    assert!(lines >= 4 * CUSTOMERS && written > lines / 5, "{lines} lines, {written} written");
    assert!(held > 0, "a drift that nothing guards says nothing");
    assert!(held * 100 <= lines * MOST_HELD_PERCENT, "{held} of {lines} lines wait");
    let again = sync_at(&stack, december, "2026-12-31T03:00:00Z").await;
    assert_eq!(again.tally.counts.writes(), 0, "a second run writes nothing");
}
