//! Every entry of a ledger knows on which ConnectWise invoice its quantities go, also once that invoice is made.

use std::collections::BTreeSet;

use jiff::civil::Date;
use shared::domain::ledger::CustomerLedger;
use shared::domain::outcome::Outcome;

use crate::main_job::started::{awkward_stack, invoice_next_on, november, plain_stack, preview_and_apply, sync_now};

const DECEMBER: Date = Date::constant(2026, 12, 1);

/// Where the lines go, each sentence once.
fn landings(ledger: &[CustomerLedger]) -> BTreeSet<String> {
    let of_entry = |entry: &CustomerLedger| {
        let landings = entry.lines.iter().filter_map(|line| entry.landing(line));
        landings.map(|landing| landing.in_words(november(), &entry.facts)).collect::<Vec<_>>()
    };
    ledger.iter().flat_map(of_entry).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_could_see_on_which_connectwise_invoice_usage_goes() {
    let (_, ledger) = preview_and_apply(&awkward_stack().await).await;
    let on = |invoice: &str| format!("usage of November 2026 → on the ConnectWise invoice for {invoice}");
    let expected = ["December 2026", "November 2026", "the period from 1 Jan 2027", "the period from 1 Mar 2027"];
    assert_eq!(landings(&ledger), expected.into_iter().map(on).collect::<BTreeSet<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_run_announced_the_next_invoice_for_what_the_last_one_billed() {
    let stack = plain_stack().await;
    invoice_next_on(&stack, DECEMBER);
    let (_, ledger) = preview_and_apply(&stack).await;
    let ahead = BTreeSet::from(["usage of November 2026 → on the ConnectWise invoice for December 2026".to_owned()]);
    assert_eq!(landings(&ledger), ahead);
    assert!(!stack.psa.make_invoices(DECEMBER).is_empty());
    let (_, ledger) = sync_now(&stack).await;
    assert!(ledger.iter().flat_map(|entry| &entry.lines).all(|line| line.outcome == Outcome::Unchanged));
    let made = BTreeSet::from(["usage of November 2026 was on the ConnectWise invoice for December 2026".to_owned()]);
    assert_eq!(landings(&ledger), made);
}
