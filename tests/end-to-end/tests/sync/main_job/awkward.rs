//! Every awkward case ends as behaviour says, by name; every pair has one line; units tie out.

use std::collections::BTreeSet;

use shared::domain::run::RunState;

use crate::main_job::started::{api_writes, awkward_stack, preview, preview_and_apply};

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_every_awkward_case_and_writes_nothing() {
    let stack = awkward_stack().await;
    let run = preview(&stack).await;
    let ledger = stack.ledger(&run.id).await.unwrap();
    let missed: Vec<String> = stack.demo.missed(&ledger).iter().map(ToString::to_string).collect();
    assert_eq!(missed, Vec::<String>::new());
    assert_eq!(api_writes(&stack).len(), 0);
    assert_eq!(run.tally.counts.writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_awkward_case_ends_as_its_name_says_when_the_preview_is_applied() {
    let stack = awkward_stack().await;
    let (run, ledger) = preview_and_apply(&stack).await;
    let missed: Vec<String> = stack.demo.missed(&ledger).iter().map(ToString::to_string).collect();
    assert_eq!(missed, Vec::<String>::new());
    assert!(stack.demo.expectations().len() >= 40, "{} cases", stack.demo.expectations().len());
    assert_eq!(run.state, RunState::Partial, "the cases that were made to fail do fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_has_one_line_and_units_tie_out() {
    let stack = awkward_stack().await;
    let (run, ledger) = preview_and_apply(&stack).await;
    let pairs: Vec<_> = ledger
        .iter()
        .flat_map(|entry| entry.lines.iter().map(move |line| (entry.customer, line.code.clone())))
        .collect();
    let distinct: BTreeSet<_> = pairs.iter().cloned().collect();
    assert_eq!(pairs.len(), distinct.len());
    assert_eq!(pairs.len() as u64, run.tally.counts.pairs());
    let served: BTreeSet<_> =
        stack.demo.usage_rows(run.request.month).iter().map(|row| (row.account_id, row.product_code.clone())).collect();
    assert!(distinct.len() >= served.len(), "{} lines for {} pairs of usage", distinct.len(), served.len());
    run.tally.tie_out().unwrap();
    assert!(run.tally.products.values().map(|product| product.usage).sum::<u64>() > 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_what_the_ledger_says_was_written() {
    let stack = awkward_stack().await;
    let (run, ledger) = preview_and_apply(&stack).await;
    let writes = api_writes(&stack);
    let created: u32 = ledger.iter().map(|entry| entry.created).sum();
    let updated: u32 = ledger.iter().map(|entry| entry.updated).sum();
    assert!(created > 0 && updated > 0);
    assert_eq!(writes.iter().filter(|w| w.verb == "POST").count() as u64, run.tally.counts.additions_created);
    assert_eq!(writes.iter().filter(|w| w.verb == "PATCH").count() as u64, run.tally.counts.quantities_set);
    assert_eq!(
        (u64::from(created), u64::from(updated)),
        (run.tally.counts.additions_created, run.tally.counts.quantities_set)
    );
    assert!(writes.iter().all(|write| write.path.contains("/additions")), "nothing but additions is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_usage_maps_nothing_by_itself() {
    let stack = awkward_stack().await;
    let partner = stack.demo.partner();
    let before = stack.store.list_product_mappings(partner).await.unwrap();
    preview_and_apply(&stack).await;
    assert_eq!(stack.store.list_product_mappings(partner).await.unwrap(), before);
    let discovered = stack.store.list_discovered_products(partner).await.unwrap();
    assert!(discovered.iter().any(|product| product.code.as_str() == "CWLP"), "the unmapped product is shown");
}
