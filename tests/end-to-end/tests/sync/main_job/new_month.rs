//! A new month begins: what differs waits by itself, and a later run writes it without anybody's doing.

use local_stack::demo::Size;
use local_stack::stack::Stack;
use shared::domain::ledger::CustomerLedger;
use shared::domain::run::{Run, RunKind, RunRequest, RunState};

use crate::main_job::started::{api_writes, hasty, november, outcomes, preview_and_apply, stack_of};

/// A run of December, at that time of it.
async fn december(stack: &Stack, at: &str) -> (Run, Vec<CustomerLedger>) {
    let (partner, at) = (stack.demo.partner(), at.parse().unwrap());
    let request = RunRequest::new(partner, RunKind::Now, november().next(), format!("{at}"), at);
    let run = stack.run(request, |_| {}).await.unwrap();
    let ledger = stack.ledger(&run.id).await.unwrap();
    (run, ledger)
}

/// November is synced; in December each line has so many units more.
async fn another_month(more: i64) -> Stack {
    let stack = stack_of(Size { seed: 5, customers: 8, products: 3 }, hasty()).await;
    preview_and_apply(&stack).await;
    let mut rows = stack.demo.usage_rows(november());
    rows.iter_mut().for_each(|row| row.billable_quantity += more);
    stack.demo.set_usage(&stack.sophos, november().next(), &rows);
    stack
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_new_month_was_asked_of_a_person_or_forgotten() {
    let stack = another_month(1).await;
    let before = api_writes(&stack).len();
    for at in ["2026-12-02T03:00:00Z", "2026-12-05T03:00:00Z"] {
        let (run, ledger) = december(&stack, at).await;
        let outcomes = outcomes(&ledger);
        assert!(outcomes.iter().all(|outcome| outcome == "waiting.newMonth"), "{at}: {outcomes:?}");
        assert_eq!((run.state, run.tally.counts.waiting), (RunState::Succeeded, outcomes.len() as u64), "{at}");
        assert_eq!((run.tally.counts.held, api_writes(&stack).len()), (0, before), "{at}");
        let page = stack.store.list_holds(stack.demo.partner(), november().next(), "", None).await.unwrap();
        assert_eq!(page.holds, [], "{at}");
    }
    // By then it is remembered what the agreements have: the wait ends all the same.
    let (run, ledger) = december(&stack, "2026-12-06T03:00:00Z").await;
    assert!(outcomes(&ledger).iter().all(|outcome| outcome == "updated"), "{:?}", outcomes(&ledger));
    assert_eq!(api_writes(&stack).len() as u64, before as u64 + run.tally.counts.writes());
    assert!(run.tally.counts.writes() > 0);
    stack.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_totals_of_what_waits_say_units_and_money_and_no_writes() {
    let stack = another_month(1).await;
    let (run, ledger) = december(&stack, "2026-12-02T03:00:00Z").await;
    let total = run.tally.billing.total(shared::domain::outcome::OutcomeKind::Waiting);
    let lines: Vec<_> = ledger.iter().flat_map(|entry| &entry.lines).collect();
    assert_eq!(total.pairs, lines.len() as u64);
    assert_eq!(total.units, lines.iter().map(|line| line.units).sum::<u64>());
    assert!(total.change.units > 0.into() && total.writes == 0, "{total:?}");
    assert!(!total.amounts.is_empty() && total.without_price == 0, "{total:?}");
    assert!(run.tally.tie_out().is_ok());
    stack.stop().await.unwrap();
}
