//! Lines that end in the month, and lines on other agreements of the company: nothing is billed a day twice, and nothing
//! stops being billed without a word.

use std::collections::BTreeSet;

use jiff::civil::Date;
use local_stack::demo::{Demo, Size};
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use serde_json::{Value, json};
use shared::domain::decision::{Decision, StandingHold, Verdict};
use shared::domain::ending::{EndBy, Ending, EndingKey};
use shared::domain::ledger::CustomerLedger;
use shared::domain::outcome::Place::OtherAgreement;
use shared::domain::run::ReadFor;
use shared::domain::run::RunKind;
use simulators::connectwise::invoices::judge::billed_twice;
use simulators::connectwise::{BillingReadings, Collection, Settings};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use usage_sync::Limits;

use crate::main_job::started::{
    api_writes, hasty, november, plain_stack, preview, preview_and_apply, stack_of, sync_now,
};

/// A customer's agreement, and a ConnectWise product of which it has usage and no line yet.
#[derive(Clone, Copy, Debug)]
struct Place {
    agreement: u32,
    product: u32,
}

async fn place(stack: &Stack) -> Place {
    let shown = preview(stack).await;
    let ledger = stack.ledger(&shown.id).await.unwrap();
    let found = ledger.iter().find_map(|entry| {
        let created = entry.lines.iter().find(|line| line.outcome.code() == "created")?;
        let product = created.billed.as_ref()?.product.get();
        Some(Place { agreement: entry.agreement.as_ref()?.0.get(), product })
    });
    found.expect("a product that would be created")
}

fn outcome(ledger: &[CustomerLedger], at: Place) -> String {
    let of_agreement =
        |entry: &&CustomerLedger| entry.agreement.as_ref().is_some_and(|(id, _)| id.get() == at.agreement);
    let entry = ledger.iter().find(of_agreement).expect("the customer's ledger");
    let of_product = |billed: &shared::domain::ledger::Billed| billed.product.get() == at.product;
    let line = entry.lines.iter().find(|line| line.billed.as_ref().is_some_and(of_product)).expect("its line");
    line.outcome.code()
}

async fn hold(stack: &Stack, at: Place) -> Option<StandingHold> {
    let holds = stack.store.list_holds(stack.demo.partner(), november(), "", None).await.unwrap().holds;
    holds.into_iter().find(|hold| hold.basis.agreement.get() == at.agreement && hold.key.product.get() == at.product)
}

async fn decide(stack: &Stack, at: Place, verdict: Verdict) {
    let hold = hold(stack, at).await.expect("it waits");
    let (who, why) = ("billing".to_owned(), "asked the customer".to_owned());
    let decision = Decision {
        verdict,
        who,
        reason: None,
        why,
        at: hold.seen_at,
        basis: hold.basis.clone(),
        reading: None,
        moves: None,
    };
    stack.store.decide_hold(stack.demo.partner(), hold.key, &decision).await.unwrap();
}

/// The lines of the product on the agreement: first day, cancelled date.
fn lines(stack: &Stack, at: Place) -> Vec<(String, Option<String>)> {
    let day = |value: &Value| value.as_str().map(|text| text[..10].to_owned());
    let of_product = |row: &&simulators::connectwise::Row| row["product"]["id"].as_u64() == Some(at.product.into());
    let additions = stack.psa.additions(at.agreement);
    let rows = additions.iter().filter(of_product);
    rows.map(|row| (day(&row["effectiveDate"]).unwrap(), row.get("cancelledDate").and_then(day))).collect()
}

fn ended(stack: &Stack, at: Place, cancelled: &str) {
    let dates = json!({
        "effectiveDate": "2026-01-01T00:00:00Z",
        "cancelledDate": format!("{cancelled}T00:00:00Z"),
    });
    stack.psa.add_addition(at.agreement, at.product, 10, dates).unwrap();
}

/// A second active agreement of the company of a mapped one.
fn second_agreement(stack: &Stack, of: Place, name: &str) -> u32 {
    let mapped = stack.psa.record(Collection::Agreements, 0, of.agreement).unwrap();
    let id = |field: &str| u32::try_from(mapped[field]["id"].as_u64().unwrap()).unwrap();
    stack.psa.add_agreement(id("company"), id("type"), name, json!({})).unwrap()
}

/// Under drawn readings of what ConnectWise bills, that no day is billed twice by a line that we wrote.
fn nothing_is_billed_twice(stack: &Stack, at: Place, seed: u64) {
    let first = json!({"nextInvoiceDate": "2026-11-01T00:00:00Z"});
    for row in stack.psa.records(Collection::Agreements, 0) {
        let id = u32::try_from(row["id"].as_u64().unwrap()).unwrap();
        stack.psa.edit(Collection::Agreements, 0, id, &first).unwrap();
    }
    let invoices = stack.psa.make_invoices(Date::constant(2027, 3, 1));
    let twice = billed_twice(&invoices);
    assert!(twice.is_empty(), "seed {seed}, {at:?}: {twice:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_ended_inside_the_month_was_followed_by_one_from_the_1st_and_both_billed() {
    // Cancelled on, whether the agreement prorates, the first day of the line that follows.
    let cases = [
        ("2026-11-30", false, "2026-12-01"),
        ("2026-11-16", true, "2026-11-17"),
        ("2026-11-16", false, "2026-12-01"),
        ("2026-11-01", true, "2026-11-02"),
    ];
    for (seed, (cancelled, prorated, begins)) in (0..).zip(cases) {
        let size = Size { seed: 11, customers: 6, products: 4 };
        let settings = Settings { billing: BillingReadings::drawn(seed), ..Settings::default() };
        let options = StackOptions { size, month: november(), data: None, limits: hasty(), slice: LONGEST_SLICE };
        let stack = Stack::start_for(Demo::new(size).on(settings), options).await.unwrap();
        let at = place(&stack).await;
        stack.psa.edit(Collection::Agreements, 0, at.agreement, &json!({"prorateFlag": prorated})).unwrap();
        ended(&stack, at, cancelled);

        let (_, ledger) = preview_and_apply(&stack).await;
        assert_eq!(outcome(&ledger, at), "held.endedInMonth", "{cancelled}");
        assert_eq!(lines(&stack, at).len(), 1, "nothing is created before a person has said so");
        decide(&stack, at, Verdict::Release).await;
        let (_, ledger) = sync_now(&stack).await;
        assert_eq!(outcome(&ledger, at), "created", "{cancelled}");
        assert_eq!(lines(&stack, at)[1], (begins.to_owned(), None), "{cancelled}, prorated: {prorated}");

        let before = api_writes(&stack).len();
        let (_, ledger) = sync_now(&stack).await;
        assert_eq!((outcome(&ledger, at).as_str(), api_writes(&stack).len()), ("unchanged", before), "{cancelled}");
        let december = november().next();
        stack.demo.set_usage(&stack.sophos, december, &stack.demo.usage_rows(december));
        let run = stack.run(stack.request(RunKind::Now, december, None), |_| {}).await.unwrap();
        let outcome = outcome(&stack.ledger(&run.id).await.unwrap(), at);
        assert!(["unchanged", "updated"].contains(&outcome.as_str()), "{cancelled}: {outcome}");
        assert_eq!(lines(&stack, at).len(), 2);
        nothing_is_billed_twice(&stack, at, seed);
        stack.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_follows_another_keeps_its_price() {
    let stack = plain_stack().await;
    let at = place(&stack).await;
    ended(&stack, at, "2026-11-16");
    let row = stack.psa.additions(at.agreement).pop().unwrap();
    let id = u32::try_from(row["id"].as_u64().unwrap()).unwrap();
    let terms =
        json!({"unitPrice": 3.25, "lessIncluded": 1, "billCustomer": "NoCharge", "invoiceDescription": "Bundle"});
    stack.psa.edit(Collection::Additions, at.agreement, id, &terms).unwrap();
    preview_and_apply(&stack).await;
    decide(&stack, at, Verdict::Release).await;
    sync_now(&stack).await;
    let created = stack.psa.additions(at.agreement).into_iter().max_by_key(|row| row["id"].as_u64()).unwrap();
    for (field, value) in terms.as_object().unwrap() {
        let (found, wanted) = (&created[field.as_str()], value);
        let same = found == wanted || (found.is_number() && found.as_f64() == wanted.as_f64());
        assert!(same, "{field}: {found} is not {wanted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_active_agreement_of_the_company_billed_the_product_already_and_nobody_was_asked() {
    for verdict in [Verdict::Release, Verdict::Reject] {
        let stack = plain_stack().await;
        let at = place(&stack).await;
        let other = second_agreement(&stack, at, "Old MSA");
        stack.psa.add_addition(other, at.product, 12, json!({"effectiveDate": "2026-01-01T00:00:00Z"})).unwrap();

        let shown = preview(&stack).await;
        assert_eq!(outcome(&stack.ledger(&shown.id).await.unwrap(), at), "held.billedElsewhere", "the preview says it");
        let (run, ledger) = preview_and_apply(&stack).await;
        assert_eq!(outcome(&ledger, at), "held.billedElsewhere");
        assert!(run.psa.reads.get(&ReadFor::Other).is_some_and(|reads| *reads >= 1), "{:?}", run.psa.reads);
        assert!(run.psa.calls <= run.call_formula(), "{} calls, {} allowed", run.psa.calls, run.call_formula());
        let waiting = hold(&stack, at).await.unwrap();
        assert!(waiting.hold.to_string().contains("on agreement 'Old MSA'"), "{}", waiting.hold);
        assert!(lines(&stack, at).is_empty());

        decide(&stack, at, verdict).await;
        let (_, ledger) = sync_now(&stack).await;
        let (ends, then, written) = match verdict {
            Verdict::Release => ("created", "unchanged", 1),
            Verdict::Reject => ("skipped.billedElsewhere", "skipped.billedElsewhere", 0),
            Verdict::UseQuantity(_) => panic!("it is not decided by a quantity"),
        };
        assert_eq!(outcome(&ledger, at), ends);
        assert!(hold(&stack, at).await.is_none(), "it is answered");
        let december = november().next();
        stack.demo.set_usage(&stack.sophos, december, &stack.demo.usage_rows(december));
        let run = stack.run(stack.request(RunKind::Now, december, None), |_| {}).await.unwrap();
        let next = outcome(&stack.ledger(&run.id).await.unwrap(), at);
        let allowed = BTreeSet::from([then, if verdict == Verdict::Release { "updated" } else { then }]);
        assert!(allowed.contains(next.as_str()), "the answer is remembered: {next}");
        assert_eq!(lines(&stack, at).len(), written);
        stack.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn once_the_other_agreements_line_has_ended_the_product_is_billed_here_from_the_day_after() {
    let stack = plain_stack().await;
    let at = place(&stack).await;
    let other = second_agreement(&stack, at, "Old MSA");
    let line = stack.psa.add_addition(other, at.product, 12, json!({"effectiveDate": "2026-01-01T00:00:00Z"})).unwrap();
    for agreement in [other, at.agreement] {
        stack.psa.edit(Collection::Agreements, 0, agreement, &json!({"prorateFlag": true})).unwrap();
    }
    preview_and_apply(&stack).await;
    let moved = json!({"cancelledDate": "2026-11-20T00:00:00Z"});
    stack.psa.edit(Collection::Additions, other, line, &moved).unwrap();
    let (_, ledger) = sync_now(&stack).await;
    assert_eq!(outcome(&ledger, at), "held.endedInMonth");
    decide(&stack, at, Verdict::Release).await;
    let (_, ledger) = sync_now(&stack).await;
    assert_eq!((outcome(&ledger, at).as_str(), lines(&stack, at)), ("created", vec![("2026-11-21".to_owned(), None)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_other_agreement_creates_nothing() {
    let stack = plain_stack().await;
    let at = place(&stack).await;
    let other = second_agreement(&stack, at, "Old MSA");
    let path = format!("*/finance/agreements/{other}/additions");
    let denied = Fault::new(FaultKind::ErrorBefore { status: 403 }).on("GET", &path);
    stack.psa.gate().set_faults(FaultPlan::of(1, [denied])).unwrap();
    let (_, ledger) = preview_and_apply(&stack).await;
    assert_eq!(outcome(&ledger, at), "failed.agreementForbidden");
    assert!(lines(&stack, at).is_empty());
}

/// What a person decides who moves a product here: the lines elsewhere end on a day, and it is created from the day after.
async fn move_here(stack: &Stack, at: Place, on: Date) {
    let hold = hold(stack, at).await.expect("it waits");
    let (who, why) = ("billing".to_owned(), "one agreement for all".to_owned());
    for line in hold.hold.lines_elsewhere() {
        let OtherAgreement { agreement, .. } = &line.place else { panic!("{line}") };
        let ending = Ending {
            key: EndingKey { agreement: *agreement, addition: line.addition },
            customer: hold.key.customer,
            product: line.product,
            parts: hold.parts.clone(),
            quantity: line.quantity,
            by: EndBy::CancelOn { day: on },
            who: who.clone(),
            why: why.clone(),
            at: hold.seen_at,
            hold: Some(hold.key),
            sent: None,
            done: None,
        };
        stack.store.put_ending(stack.demo.partner(), &ending).await.unwrap();
    }
    let basis = hold.basis.clone();
    let decision = Decision {
        verdict: Verdict::Release,
        who,
        reason: None,
        why,
        at: hold.seen_at,
        basis,
        reading: None,
        moves: Some(on),
    };
    stack.store.decide_hold(stack.demo.partner(), hold.key, &decision).await.unwrap();
}

fn cancelled(stack: &Stack, agreement: u32, addition: u32) -> Option<String> {
    let row = stack.psa.record(Collection::Additions, agreement, addition).unwrap();
    row.get("cancelledDate").and_then(Value::as_str).map(|text| text[..10].to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_moves_here_ends_there_and_begins_here_on_the_day_after() {
    let stack = plain_stack().await;
    let at = place(&stack).await;
    let other = second_agreement(&stack, at, "Old MSA");
    let line = stack.psa.add_addition(other, at.product, 12, json!({"effectiveDate": "2026-01-01T00:00:00Z"})).unwrap();
    preview_and_apply(&stack).await;
    move_here(&stack, at, Date::constant(2026, 11, 30)).await;

    let shown = preview(&stack).await;
    let ledger = stack.ledger(&shown.id).await.unwrap();
    assert!(ledger.iter().any(|entry| !entry.ended.is_empty()), "the preview shows what ends");
    assert_eq!(cancelled(&stack, other, line), None, "and writes nothing");

    let before = api_writes(&stack).len();
    let (run, ledger) = sync_now(&stack).await;
    assert_eq!(outcome(&ledger, at), "created");
    assert_eq!(cancelled(&stack, other, line).as_deref(), Some("2026-11-30"));
    assert_eq!(lines(&stack, at), [("2026-12-01".to_owned(), None)]);
    assert_eq!(api_writes(&stack).len() - before, 2, "one PATCH and one POST");
    let ended: Vec<_> = ledger.iter().flat_map(|entry| &entry.ended).collect();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].line.outcome.code(), "updated");
    assert!(run.psa.calls <= run.call_formula(), "{} calls, {} allowed", run.psa.calls, run.call_formula());
    assert!(stack.store.list_endings(stack.demo.partner()).await.unwrap().is_empty(), "it is over");

    let (_, ledger) = sync_now(&stack).await;
    assert_eq!((outcome(&ledger, at).as_str(), api_writes(&stack).len()), ("unchanged", before + 2));
    nothing_is_billed_twice(&stack, at, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_date_whose_answer_was_lost_is_read_back_and_nothing_is_created_before() {
    let size = Size { seed: 11, customers: 6, products: 4 };
    let stack = stack_of(size, Limits { settle_s: 1, ..hasty() }).await;
    let at = place(&stack).await;
    let other = second_agreement(&stack, at, "Old MSA");
    let line = stack.psa.add_addition(other, at.product, 12, json!({"effectiveDate": "2026-01-01T00:00:00Z"})).unwrap();
    preview_and_apply(&stack).await;
    move_here(&stack, at, Date::constant(2026, 11, 30)).await;
    let lost = Fault::new(FaultKind::ResetAfter).on("PATCH", "/finance/agreements/*/additions/*").call(1);
    stack.psa.gate().set_faults(FaultPlan::of(1, [lost])).unwrap();
    let (_, ledger) = sync_now(&stack).await;
    assert_eq!(cancelled(&stack, other, line).as_deref(), Some("2026-11-30"));
    assert_eq!(outcome(&ledger, at), "created", "its turn came again once the date was read back");
    assert_eq!(lines(&stack, at), [("2026-12-01".to_owned(), None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_product_was_switched_off_since_ended_the_line_there_with_nothing_to_follow_it() {
    let stack = plain_stack().await;
    let at = place(&stack).await;
    let other = second_agreement(&stack, at, "Old MSA");
    let line = stack.psa.add_addition(other, at.product, 12, json!({"effectiveDate": "2026-01-01T00:00:00Z"})).unwrap();
    preview_and_apply(&stack).await;
    move_here(&stack, at, Date::constant(2026, 11, 30)).await;
    let partner = stack.demo.partner();
    let mappings = stack.store.list_product_mappings(partner).await.unwrap();
    for mapping in mappings.parts_of(i64::from(at.product).try_into().unwrap()) {
        let off = mapping.clone().switch(false).unwrap();
        stack.store.put_product_mapping(partner, &off).await.unwrap();
    }
    let before = api_writes(&stack).len();
    sync_now(&stack).await;
    assert_eq!(cancelled(&stack, other, line), None);
    assert_eq!(api_writes(&stack).len(), before);
}
