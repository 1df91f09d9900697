//! A customer whose agreement was changed, once or more: nothing is billed on two agreements, whatever an apply left half
//! done on an earlier one.

use std::collections::BTreeSet;

use local_stack::stack::Stack;
use shared::clock::SystemClock;
use shared::domain::decision::StandingHold;
use shared::domain::id::AgreementId;
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::{Hold, Would};
use shared::domain::run::RunKind;
use shared::ports::Clock;
use shared::store::{Author, CustomerEdit};
use simulators::connectwise::Collection;

use crate::main_job::started::{billed, november, outcomes, plain_stack, preview, preview_and_apply};

async fn mappings(stack: &Stack) -> Vec<CustomerMapping> {
    let mapped = stack.store.list_customer_mappings(stack.demo.partner(), "").await.unwrap();
    mapped.into_iter().map(|(mapping, _)| mapping).collect()
}

/// Maps the first customer to a new agreement of its company.
async fn remap_first(stack: &Stack, name: &str) -> u32 {
    let before = mappings(stack).await.remove(0);
    let kind = u32::try_from(stack.psa.records(Collection::Agreements, 0)[0]["type"]["id"].as_u64().unwrap()).unwrap();
    let new = stack.psa.add_agreement(before.company.get(), kind, name, serde_json::json!({})).unwrap();
    let agreement = AgreementId::try_from(i64::from(new)).unwrap();
    stack.store.put_customer_mapping(stack.demo.partner(), &CustomerMapping { agreement, ..before }).await.unwrap();
    new
}

/// The ConnectWise products that an agreement bills.
fn products_on(stack: &Stack, agreement: u32) -> BTreeSet<u64> {
    billed(stack).into_keys().filter(|(on, _)| *on == u64::from(agreement)).map(|(_, product)| product).collect()
}

fn end(stack: &Stack, agreement: u32, product: u64) {
    let of_product = |addition: &&simulators::connectwise::Row| addition["product"]["id"].as_u64() == Some(product);
    let addition = stack.psa.additions(agreement).iter().find(of_product).cloned().unwrap();
    let id = u32::try_from(addition["id"].as_u64().unwrap()).unwrap();
    // Before the usage month, so that no day of it was billed.
    let cancelled = serde_json::json!({
        "effectiveDate": "2026-10-01T00:00:00Z", "cancelledDate": "2026-10-31T00:00:00Z",
    });
    stack.psa.edit(Collection::Additions, agreement, id, &cancelled).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_apply_wrote_although_a_line_had_moved_is_not_billed_on_the_next_agreement_too() {
    let stack = plain_stack().await;
    let first = mappings(&stack).await.remove(0).agreement.get();
    let shown = preview(&stack).await;
    // Somebody types one of the lines in before the preview is applied.
    let ledger = stack.ledger(&shown.id).await.unwrap();
    let entry = ledger.iter().find(|entry| entry.agreement.as_ref().is_some_and(|(id, _)| id.get() == first)).unwrap();
    let billed = entry.lines.iter().find_map(|line| line.billed.as_ref().filter(|_| line.outcome.code() == "created"));
    let billed = billed.unwrap();
    let (touched, quantity) = (billed.product.get(), u32::try_from(billed.target).unwrap());
    let since = serde_json::json!({"effectiveDate": "2026-11-01T00:00:00Z"});
    stack.psa.add_addition(first, touched, quantity, since).unwrap();
    let run = stack.run(stack.request(RunKind::Apply, november(), Some(shown.id)), |_| {}).await.unwrap();
    assert!(outcomes(&stack.ledger(&run.id).await.unwrap()).iter().any(|outcome| outcome == "held.moved"));
    let mut ours = products_on(&stack, first);
    ours.remove(&u64::from(touched));
    assert!(!ours.is_empty());

    let second = remap_first(&stack, "Renewed").await;
    let (run, ledger) = preview_and_apply(&stack).await;
    assert!(outcomes(&ledger).iter().any(|outcome| outcome == "held.formerAgreement"), "{:?}", outcomes(&ledger));
    let waiting = stack.store.list_holds(stack.demo.partner(), november(), "", None).await.unwrap().holds;
    let released = |hold: &&StandingHold| {
        matches!(hold.hold, Hold::FormerAgreement { .. }) && hold.basis.release != Would::Nothing
    };
    assert_eq!(waiting.iter().find(released), None, "a release was offered that no run carries out");
    assert!(run.psa.calls <= run.call_formula(), "{} calls, {} allowed", run.psa.calls, run.call_formula());
    let twice: Vec<_> = products_on(&stack, second).intersection(&ours).copied().collect();
    assert!(twice.is_empty(), "billed on both agreements: {twice:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_two_changes_of_agreement_neither_of_the_former_ones_is_billed_twice() {
    let stack = plain_stack().await;
    let first = mappings(&stack).await.remove(0).agreement.get();
    preview_and_apply(&stack).await;
    let ended = *products_on(&stack, first).last().unwrap();
    end(&stack, first, ended);

    let second = remap_first(&stack, "Second").await;
    preview_and_apply(&stack).await;
    assert_eq!(products_on(&stack, second), BTreeSet::from([ended]), "only what the first one bills no more");

    let third = remap_first(&stack, "Third").await;
    preview_and_apply(&stack).await;
    assert_eq!(products_on(&stack, third), BTreeSet::new(), "the first and the second bill all of it");
    end(&stack, second, ended);
    preview_and_apply(&stack).await;
    assert_eq!(products_on(&stack, third), BTreeSet::from([ended]));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_customers_whose_agreements_were_exchanged_are_not_held_for_one_another() {
    let stack = plain_stack().await;
    preview_and_apply(&stack).await;
    let [one, other] = <[CustomerMapping; 2]>::try_from(mappings(&stack).await[..2].to_vec()).unwrap();
    let exchanged = |of: &CustomerMapping, with: &CustomerMapping| {
        CustomerEdit::Put(CustomerMapping { company: with.company, agreement: with.agreement, ..of.clone() })
    };
    let rows = [exchanged(&one, &other), exchanged(&other, &one)];
    let author = Author { who: "billing".into(), at: SystemClock.now(), note: None };
    stack.store.save_customer_mappings(stack.demo.partner(), &author, &rows, None).await.unwrap().unwrap();
    let (_, ledger) = preview_and_apply(&stack).await;
    let held = outcomes(&ledger);
    assert!(!held.iter().any(|outcome| outcome == "held.formerAgreement"), "{held:?}");
    let marked = stack.store.list_billed_on(stack.demo.partner(), "").await.unwrap();
    assert_eq!(marked[&one.customer], BTreeSet::from([other.agreement]), "the former one is forgotten");
}
