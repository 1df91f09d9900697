//! A started stack, and what tests ask of it.

use jiff::civil::Date;
use local_stack::demo::Size;
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use serde_json::json;
use shared::domain::ledger::CustomerLedger;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind};
use simulators::connectwise::{Collection, Write};
use usage_sync::Limits;

/// The month of most tests.
pub(crate) fn november() -> UsageMonth {
    UsageMonth::parse("2026-11").unwrap()
}

/// Nothing waits for real: what has to wait is delivered again at once.
pub(crate) fn hasty() -> Limits {
    Limits { wait_s: 0, retry_ms: 10, attempts: 3, ..Limits::default() }
}

pub(crate) async fn stack_of(size: Size, limits: Limits) -> Stack {
    Stack::start(StackOptions { size, month: november(), data: None, limits, slice: LONGEST_SLICE }).await.unwrap()
}

/// The demo partner with all its awkward cases, in memory.
pub(crate) async fn awkward_stack() -> Stack {
    stack_of(Size::default(), hasty()).await
}

/// A small partner without awkward cases, in memory.
pub(crate) async fn plain_stack() -> Stack {
    stack_of(Size { seed: 11, customers: 6, products: 4 }, hasty()).await
}

pub(crate) async fn preview(stack: &Stack) -> Run {
    stack.run(stack.request(RunKind::Preview, november(), None), |_| {}).await.unwrap()
}

/// Previews and applies the preview.
pub(crate) async fn preview_and_apply(stack: &Stack) -> (Run, Vec<CustomerLedger>) {
    let preview = preview(stack).await;
    let run = stack.run(stack.request(RunKind::Apply, november(), Some(preview.id)), |_| {}).await.unwrap();
    let ledger = stack.ledger(&run.id).await.unwrap();
    (run, ledger)
}

pub(crate) async fn sync_now(stack: &Stack) -> (Run, Vec<CustomerLedger>) {
    let run = stack.run(stack.request(RunKind::Now, november(), None), |_| {}).await.unwrap();
    let ledger = stack.ledger(&run.id).await.unwrap();
    (run, ledger)
}

/// The outcomes of a ledger, line by line.
pub(crate) fn outcomes(ledger: &[CustomerLedger]) -> Vec<String> {
    ledger.iter().flat_map(|entry| &entry.lines).map(|line| line.outcome.code()).collect()
}

/// Gives every agreement its next ConnectWise invoice.
pub(crate) fn invoice_next_on(stack: &Stack, day: Date) {
    for agreement in stack.psa.records(Collection::Agreements, 0) {
        let id = u32::try_from(agreement["id"].as_u64().unwrap()).unwrap();
        let next = json!({"nextInvoiceDate": format!("{day}T00:00:00Z")});
        stack.psa.edit(Collection::Agreements, 0, id, &next).unwrap();
    }
}

/// What the API member wrote; what people did in the PSA's own screens does not count.
pub(crate) fn api_writes(stack: &Stack) -> Vec<Write> {
    stack.psa.writes().into_iter().filter(|write| write.verb == "POST" || write.verb == "PATCH").collect()
}

/// The additions of every agreement: (agreement, product) → quantities of those that are not cancelled.
pub(crate) fn billed(stack: &Stack) -> std::collections::BTreeMap<(u64, u64), Vec<f64>> {
    let mut billed = std::collections::BTreeMap::<_, Vec<f64>>::new();
    for agreement in stack.psa.records(Collection::Agreements, 0) {
        let id = agreement["id"].as_u64().unwrap();
        for addition in stack.psa.additions(u32::try_from(id).unwrap()) {
            if addition.get("cancelledDate").is_none() {
                let product = addition["product"]["id"].as_u64().unwrap();
                billed.entry((id, product)).or_default().push(addition["quantity"].as_f64().unwrap());
            }
        }
    }
    billed
}
