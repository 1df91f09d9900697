//! What of a preview is applied: all of it or some customers, with or without the lines of other hands that it shows.

use std::collections::BTreeSet;

use local_stack::stack::Stack;
use shared::domain::id::CustomerId;
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::outcome::{Hold, Outcome, Would};
use shared::domain::run::{CustomerFilter, Run, RunKind, RunRequest, RunScope, RunState};

use crate::main_job::started::{api_writes, awkward_stack, november, outcomes, plain_stack, preview};

async fn apply(stack: &Stack, preview: &Run, scope: RunScope) -> (Run, Vec<CustomerLedger>) {
    let slot = format!("{scope:?}");
    let request = stack.request(RunKind::Apply, november(), Some(preview.id.clone()));
    let run = stack.run(RunRequest { scope, slot, ..request }, |_| {}).await.unwrap();
    let ledger = stack.ledger(&run.id).await.unwrap();
    (run, ledger)
}

/// The additions of other hands that would be set to more than 0, with their quantities now and then.
fn adoptions(ledger: &[CustomerLedger]) -> BTreeSet<String> {
    let adoption = |line: &Line| match (&line.outcome, line.billed.as_ref()?.waiting?) {
        (Outcome::Held(Hold::Adopt { addition, .. }), Would::Update { from, to }) if !to.is_zero() => {
            Some(format!("{addition}: {} → {}", from.normalize(), to.normalize()))
        }
        _ => None,
    };
    ledger.iter().flat_map(|entry| &entry.lines).filter_map(adoption).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_other_hands_had_to_be_decided_by_itself_though_the_preview_showed_all_of_them() {
    let stack = awkward_stack().await;
    let preview = preview(&stack).await;
    let shown = adoptions(&stack.ledger(&preview.id).await.unwrap());
    assert!(!shown.is_empty());
    let (_, ledger) = apply(&stack, &preview, RunScope { adopts: true, ..RunScope::default() }).await;
    assert_eq!(adoptions(&ledger), BTreeSet::new());
    let set = api_writes(&stack).into_iter().filter_map(|write| {
        let (before, after) = (write.before?, write.after?);
        let number = |row: &simulators::connectwise::Row| row.get("quantity")?.as_f64();
        let addition = write.path.rsplit('/').next()?;
        Some(format!("{addition}: {} → {}", number(&before)?, number(&after)?))
    });
    let set: BTreeSet<String> = set.collect();
    assert!(shown.is_subset(&set), "{shown:?} were shown, {set:?} were set");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_preview_could_not_be_applied() {
    let stack = plain_stack().await;
    let preview = preview(&stack).await;
    let some: BTreeSet<CustomerId> = [0, 1].map(|n| stack.demo.customer(n)).into();
    let scope = |customers: BTreeSet<CustomerId>| RunScope {
        customers: CustomerFilter::Chosen { customers },
        ..RunScope::default()
    };
    let (run, ledger) = apply(&stack, &preview, scope(some.clone())).await;
    assert_eq!(run.state, RunState::Succeeded, "its units tie out");
    let applied: BTreeSet<CustomerId> = ledger.iter().filter_map(|entry| entry.customer).collect();
    assert_eq!(applied, some);
    assert!(!api_writes(&stack).is_empty());
    let written = api_writes(&stack).len();
    let (rest, _) = apply(&stack, &preview, RunScope::default()).await;
    assert_eq!(rest.state, RunState::Succeeded);
    assert!(api_writes(&stack).len() > written, "the others can still be applied");
    let first = BTreeSet::from([stack.demo.customer(0)]);
    let (_, again) = apply(&stack, &preview, scope(first)).await;
    assert!(outcomes(&again).iter().all(|outcome| outcome == "unchanged"), "{:?}", outcomes(&again));
}
