//! A run that follows another reads only what it has to, and still notices what others did.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use local_stack::demo::Size;
use local_stack::stack::Stack;
use shared::domain::ledger::CustomerLedger;
use shared::domain::recall::AUDIT_DAYS;
use shared::domain::run::ReadFor;
use shared::domain::run::{Run, RunKind, RunRequest, RunScope};
use shared::store::Change;
use simulators::connectwise::Collection;
use simulators::sophos::UsageRow;

use crate::main_job::started::{hasty, november, outcomes, preview_and_apply, stack_of};

const CUSTOMERS: usize = 40;

/// A time of the usage month that is far from its first days and from every invoice, whenever the test runs.
const MID_MONTH: &str = "2026-11-20T12:00:00Z";

async fn run_at(stack: &Stack, at: &str, slot: &str) -> (Run, Vec<CustomerLedger>) {
    let request = RunRequest {
        partner: stack.demo.partner(),
        kind: RunKind::Now,
        month: november(),
        slot: slot.into(),
        scheduled_at: at.parse().unwrap(),
        preview: None,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    };
    stack.psa.gate().counters().reset();
    let run = stack.run(request, |_| {}).await.unwrap();
    let ledger = stack.ledger(&run.id).await.unwrap();
    (run, ledger)
}

/// All of it synced, and read back once: nothing is to be done any more.
async fn synced() -> Stack {
    let stack = stack_of(Size { seed: 5, customers: CUSTOMERS, products: 3 }, hasty()).await;
    preview_and_apply(&stack).await;
    let (run, _) = run_at(&stack, MID_MONTH, "read back").await;
    assert_eq!(run.tally.counts.writes(), 0);
    stack
}

/// The reads of a run by their reason, those whose turn in the audit happened to come aside.
fn reads(run: &Run) -> BTreeMap<ReadFor, u64> {
    let mut reads = run.psa.reads.clone();
    reads.remove(&ReadFor::Audit);
    reads
}

/// One unit more for each line of the first customers.
fn use_more(stack: &Stack, customers: usize) {
    let more: Vec<_> = (0..customers).map(|n| stack.demo.customer(n).to_string()).collect();
    let raise = |mut row: UsageRow| {
        if row.account_id.is_some_and(|id| more.contains(&id.to_string())) {
            row.billable_quantity += 1;
        }
        row
    };
    let rows: Vec<UsageRow> = stack.demo.usage_rows(november()).into_iter().map(raise).collect();
    stack.demo.set_usage(&stack.sophos, november(), &rows);
}

/// What is remembered of every agreement grows older.
async fn age(stack: &Stack, days: i64) {
    let partner = stack.demo.partner();
    let now = Timestamp::UNIX_EPOCH;
    let lease = stack.store.acquire_lease(partner, "time", now, 60).await.unwrap().unwrap();
    for (mapping, _) in stack.store.list_customer_mappings(partner, "").await.unwrap() {
        let mut snapshot = stack.store.find_snapshot(partner, mapping.agreement).await.unwrap();
        if let Some(seen) = &mut snapshot.seen {
            seen.at -= SignedDuration::from_hours(24 * days);
        }
        let change = Change::PutSnapshot(mapping.agreement, snapshot);
        stack.store.commit(&lease, now, vec![change]).await.unwrap();
    }
    stack.store.release_lease(&lease).await.unwrap();
}

/// K + ⌈A/1000⌉ + ⌈P/100⌉ + read + writes, where what is read is what was touched, what is near its invoice, what has to
/// be read back, and its share of the audit.
fn assert_within_formula(stack: &Stack, run: &Run, touched: u64) {
    let tally = stack.psa.gate().counters().tally();
    let audits = run.psa.reads.get(&ReadFor::Audit).copied().unwrap_or(0);
    let writes = tally.calls("POST", "") + tally.calls("PATCH", "");
    let formula = 1 + 1 + 1 + touched + audits + writes;
    assert!(tally.total <= formula, "{} calls, the formula allows {formula}: {:?}", tally.total, run.psa);
    assert_eq!((run.psa.calls, run.tally.counts.writes()), (tally.total, writes));
    assert_eq!(run.tally.counts.customers, CUSTOMERS as u64, "who is not read is in the ledger all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_has_changed_no_agreement_is_read() {
    let stack = synced().await;
    let (run, ledger) = run_at(&stack, MID_MONTH, "again").await;
    assert_eq!(reads(&run), BTreeMap::new());
    assert_within_formula(&stack, &run, 0);
    assert!(outcomes(&ledger).iter().all(|outcome| outcome == "unchanged"), "{:?}", outcomes(&ledger));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_5_percent_have_changed_those_are_read_and_written_and_read_back_once() {
    let stack = synced().await;
    use_more(&stack, CUSTOMERS / 20);
    let (run, _) = run_at(&stack, MID_MONTH, "5 percent").await;
    assert_eq!(reads(&run), BTreeMap::from([(ReadFor::Change, 2)]));
    assert!(run.tally.counts.quantities_set >= 2);
    assert_within_formula(&stack, &run, 2);
    let (run, _) = run_at(&stack, MID_MONTH, "read back again").await;
    assert_eq!(reads(&run), BTreeMap::from([(ReadFor::Memory, 2)]), "what was written is read back");
    assert_within_formula(&stack, &run, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_have_changed_it_is_a_full_run() {
    let stack = synced().await;
    use_more(&stack, CUSTOMERS);
    let (run, _) = run_at(&stack, MID_MONTH, "100 percent").await;
    assert_eq!(run.psa.customers, CUSTOMERS as u64);
    assert_within_formula(&stack, &run, CUSTOMERS as u64);
    assert!(run.psa.calls <= run.call_formula());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_by_hand_is_noticed_within_a_week() {
    let stack = synced().await;
    let (agreement, addition) = first_addition(&stack);
    stack.psa.edit(Collection::Additions, agreement, addition, &serde_json::json!({"quantity": 999})).unwrap();
    age(&stack, AUDIT_DAYS).await;
    let (run, ledger) = run_at(&stack, MID_MONTH, "a week later").await;
    assert_eq!(run.psa.reads.get(&ReadFor::Audit), Some(&(CUSTOMERS as u64)), "{:?}", run.psa.reads);
    let held = outcomes(&ledger).into_iter().filter(|outcome| outcome == "held.handEdit").count();
    assert_eq!(held, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_two_days_before_its_invoice_an_agreement_is_read_in_every_run() {
    let stack = synced().await;
    let (agreement, addition) = first_addition(&stack);
    let invoice = serde_json::json!({"nextInvoiceDate": "2026-11-27T00:00:00Z"});
    stack.psa.edit(Collection::Agreements, 0, agreement, &invoice).unwrap();
    stack.psa.edit(Collection::Additions, agreement, addition, &serde_json::json!({"quantity": 999})).unwrap();
    let (run, _) = run_at(&stack, "2026-11-24T12:00:00Z", "three days before").await;
    assert_eq!(reads(&run), BTreeMap::new());
    for (at, slot) in [("2026-11-25T12:00:00Z", "two days before"), ("2026-11-27T12:00:00Z", "on the day")] {
        let (run, ledger) = run_at(&stack, at, slot).await;
        assert_eq!(reads(&run), BTreeMap::from([(ReadFor::Invoice, 1)]), "{slot}");
        assert!(outcomes(&ledger).contains(&"held.handEdit".to_owned()), "{slot}");
    }
}

/// The first agreement that bills something, and the first of its additions.
pub(crate) fn first_addition(stack: &Stack) -> (u32, u32) {
    let number = |row: &serde_json::Value| u32::try_from(row["id"].as_u64().unwrap()).unwrap();
    let agreements = stack.psa.records(Collection::Agreements, 0);
    let mut found = agreements.iter().flat_map(|agreement| {
        let id = number(&serde_json::Value::Object(agreement.clone()));
        let additions = stack.psa.additions(id).into_iter();
        additions.map(move |addition| (id, number(&serde_json::Value::Object(addition))))
    });
    found.next().unwrap()
}
