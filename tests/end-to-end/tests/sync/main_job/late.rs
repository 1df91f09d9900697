//! ConnectWise invoices a month while its usage still moves, or while lines of it wait for a decision.

use jiff::civil::Date;
use local_stack::stack::Stack;
use shared::domain::decision::{Decision, HoldDue, StandingHold, Verdict};
use shared::domain::outcome::Hold;
use shared::domain::run::RunKind;
use simulators::sophos::UsageRow;

use crate::main_job::started::{
    api_writes, invoice_next_on, november, outcomes, plain_stack, preview_and_apply, sync_now,
};

const INVOICED: Date = Date::constant(2026, 12, 1);

/// All is synced and read back; then the first customer's usage is another.
async fn synced_then(changed: impl Fn(i64) -> i64, invoiced: bool) -> Stack {
    let stack = plain_stack().await;
    invoice_next_on(&stack, INVOICED);
    preview_and_apply(&stack).await;
    sync_now(&stack).await;
    if invoiced {
        assert!(!stack.psa.make_invoices(INVOICED).is_empty());
    }
    let first = stack.demo.customer(0).to_string();
    let change = |mut row: UsageRow| {
        if row.account_id.is_some_and(|id| id.to_string() == first) {
            row.billable_quantity = changed(row.billable_quantity);
        }
        row
    };
    let rows: Vec<UsageRow> = stack.demo.usage_rows(november()).into_iter().map(change).collect();
    stack.demo.set_usage(&stack.sophos, november(), &rows);
    stack
}

async fn holds(stack: &Stack) -> Vec<StandingHold> {
    stack.store.list_holds(stack.demo.partner(), november(), "", None).await.unwrap().holds
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_that_came_after_the_connectwise_invoice_was_written_to_be_billed_by_nobody() {
    let stack = synced_then(|units| units + 2, true).await;
    let before = api_writes(&stack).len();
    let (_, ledger) = sync_now(&stack).await;
    assert_eq!(api_writes(&stack).len(), before, "nothing is written");
    let late = outcomes(&ledger).iter().filter(|outcome| *outcome == "held.late").count();
    let listed = holds(&stack).await;
    assert!(late > 0 && listed.len() == late, "{listed:?}");
    for hold in &listed {
        let Hold::Late { on, invoiced, to } = &hold.hold else { panic!("{hold:?}") };
        assert!(*on == INVOICED && to > invoiced, "{hold:?}");
        assert_eq!(hold.due(INVOICED), HoldDue::Missed);
        let (who, why) = ("Ann".to_owned(), "billed by hand".to_owned());
        let basis = hold.basis.clone();
        let ticked = Decision {
            verdict: Verdict::Reject,
            who,
            reason: None,
            why,
            at: hold.seen_at,
            basis,
            reading: None,
            moves: None,
        };
        stack.store.decide_hold(stack.demo.partner(), hold.key, &ticked).await.unwrap();
    }
    let (_, ledger) = sync_now(&stack).await;
    let ticked = outcomes(&ledger).iter().filter(|outcome| *outcome == "skipped.rejected").count();
    assert_eq!(ticked, late, "what is ticked off is not asked again");
    assert_eq!(api_writes(&stack).len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_was_missed_for_ever_though_its_invoice_was_deleted_to_be_made_again() {
    let stack = synced_then(|_| 0, false).await;
    sync_now(&stack).await;
    let december = november().next();
    stack.demo.fill_sophos(&stack.sophos, december);
    let due = async |stack: &Stack| {
        stack.run(stack.request(RunKind::Now, december, None), |_| {}).await.unwrap();
        let waiting = holds(stack).await;
        assert!(!waiting.is_empty());
        waiting.iter().map(|hold| hold.due(INVOICED)).collect::<Vec<_>>()
    };
    let still_time = |all: Vec<HoldDue>| all.iter().all(|due| *due == HoldDue::In { days: 0 });
    assert!(still_time(due(&stack).await), "the day alone does not make an invoice");
    let made = stack.psa.make_invoices(INVOICED);
    assert!(due(&stack).await.iter().all(|due| *due == HoldDue::Missed));
    for invoice in made {
        stack.psa.delete_invoice(invoice.id).unwrap();
    }
    assert!(still_time(due(&stack).await), "the invoice is to be made again");
}
