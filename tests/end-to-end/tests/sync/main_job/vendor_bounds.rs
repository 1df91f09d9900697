//! What vendors send beyond all measure, or without what they document: it ends in a clear outcome and harms nobody else.

use local_stack::demo::Size;
use local_stack::stack::Stack;
use serde_json::Value;
use shared::domain::run::{RunFailureCode, RunState};
use shared::domain::vendor_text::MOST_CHARS;
use simulators::connectwise::Collection;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use simulators::simulator::gate::Gate;
use simulators::sophos::UsageRow;

use crate::main_job::started::{
    api_writes, hasty, november, plain_stack, preview, preview_and_apply, stack_of, sync_now,
};

fn replace(gate: &Gate, path: &str, text: &str, by: &str) {
    let kind = FaultKind::TextReplaced { text: text.to_owned(), by: by.to_owned() };
    gate.set_faults(FaultPlan::of(1, [Fault::new(kind).on("GET", path)])).unwrap();
}

/// Has Sophos answer its customers without these counts.
fn without_counts(stack: &Stack, counts: &'static [&'static str]) {
    stack.sophos.bend_answers(move |uri, answer| {
        if uri.path() == "/partner/v1/tenants" {
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
            let pages = body["pages"].as_object_mut().unwrap();
            counts.iter().for_each(|count| drop(pages.remove(*count)));
            answer.body = serde_json::to_vec(&body).unwrap();
        }
    });
}

fn partner(stack: &Stack) -> uuid::Uuid {
    stack.demo.partner().to_string().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_that_sophos_did_not_count_ended_every_run() {
    for customers in [6, 130] {
        let stack = stack_of(Size { seed: 11, customers, products: 2 }, hasty()).await;
        let (undisturbed, _) =
            preview_and_apply(&stack_of(Size { seed: 11, customers, products: 2 }, hasty()).await).await;
        without_counts(&stack, &["items"]);
        let (run, _) = preview_and_apply(&stack).await;
        assert_eq!((run.state, run.tally.counts), (undisturbed.state, undisturbed.tally.counts));
        let pages = customers.div_ceil(100) as u64;
        let calls = stack.sophos.gate().counters().tally().calls("GET", "/partner/v1/tenants");
        assert_eq!(calls, 2 * pages, "what nobody counts is read twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_of_which_neither_pages_nor_rows_are_counted_end_with_the_first_page_that_is_not_full() {
    let stack = stack_of(Size { seed: 11, customers: 130, products: 2 }, hasty()).await;
    without_counts(&stack, &["items", "total"]);
    let run = preview(&stack).await;
    assert_eq!((&run.state, run.tally.counts.customers), (&RunState::Succeeded, 130), "{:?}", run.state);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_before_json_made_every_answer_unreadable() {
    let stack = plain_stack().await;
    let mark = |text: &str| format!("\u{feff}{text}");
    replace(stack.sophos.gate(), "/partner/v1/*", "{\"items\":[", &mark("{\"items\":["));
    replace(stack.psa.gate(), "*", "[{\"id\":", &mark("[{\"id\":"));
    let run = preview(&stack).await;
    assert_eq!(run.state, RunState::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_120_000_characters_ended_a_whole_run() {
    let stack = plain_stack().await;
    let agreement = stack.psa.records(Collection::Agreements, 0)[2]["name"].as_str().unwrap().to_owned();
    let long = format!("\"\\u202e{}\"", "\u{1f9ff}".repeat(120_000));
    replace(stack.psa.gate(), "*/finance/agreements", &format!("\"{agreement}\""), &long);
    let (run, ledger) = sync_now(&stack).await;
    assert_eq!((&run.state, run.tally.counts.failed), (&RunState::Succeeded, 0), "{:?}", run.state);
    let names = ledger.iter().filter_map(|entry| entry.agreement.as_ref()).map(|(_, name)| name);
    let longest = names.max_by_key(|name| name.chars().count()).unwrap();
    assert_eq!(longest.chars().count(), MOST_CHARS);
    assert!(longest.ends_with('…') && !longest.contains('\u{202e}'), "{longest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_120_000_characters_that_cannot_be_read_is_shown_in_short() {
    let stack = plain_stack().await;
    let agreement = stack.psa.records(Collection::Agreements, 0)[2]["name"].as_str().unwrap().to_owned();
    let named = format!("\"name\":\"{agreement}\"");
    let odd = format!("{named},\"cancelledFlag\":\"{}\"", "x".repeat(120_000));
    replace(stack.psa.gate(), "*/finance/agreements", &named, &odd);
    let (run, ledger) = sync_now(&stack).await;
    assert_eq!(run.state, RunState::Partial, "{:?}", run.state);
    let reasons = ledger.iter().flat_map(|entry| &entry.lines).map(|line| line.outcome.reason());
    assert!(reasons.max_by_key(String::len).unwrap().chars().count() <= MOST_CHARS + 60);
}

/// How many products the small partner's usage has.
const PRODUCTS: usize = 4;

/// Usage of one customer with that many products, whose descriptions are as long as they get.
async fn many_products(products: usize) -> Stack {
    let stack = plain_stack().await;
    let tenant = stack.demo.customer(0).to_string().parse().unwrap();
    let mut rows = stack.demo.usage_rows(november());
    let more = products - PRODUCTS;
    rows.extend((0..more).map(|n| {
        let description = format!("\"{}\"", "\u{65e5}".repeat(2_000));
        UsageRow::new(tenant, format!("MANY-PRODUCTS-WITH-A-LONG-CODE-OF-SIXTY-FOUR-CHARACTERS-{n:06}"), 1)
            .with("productDescription", &description)
    }));
    stack.sophos.set_usage(partner(&stack), november().first_day(), &rows);
    stack
}

#[tokio::test(flavor = "multi_thread")]
async fn many_products_with_long_descriptions_did_not_fit_into_the_runs_entry() {
    let stack = many_products(1_000).await;
    let (run, _) = preview_and_apply(&stack).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?}", run.state);
    assert_eq!(run.tally.products.len(), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_products_than_a_run_counts_end_it_by_name() {
    let stack = many_products(1_001).await;
    let run = preview(&stack).await;
    let RunState::Failed(failure) = &run.state else { panic!("{:?}", run.state) };
    assert_eq!(failure.code, RunFailureCode::ListTooLong, "{failure}");
    assert!(failure.to_string().contains("list of products"), "{failure}");
    assert_eq!(api_writes(&stack).len(), 0);
}
