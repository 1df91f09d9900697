//! Everything that a pair can end in occurs in the demo; what one month of the demo cannot have has a test of its own, by name.

use std::collections::BTreeSet;
use std::path::Path;

use local_stack::demo::{Demo, Size};
use serde::de::DeserializeOwned;
use shared::domain::outcome::{Failure, Hold, Skip, Waiting};

use crate::main_job::started::{awkward_stack, outcomes, preview_and_apply};

/// What the demo cannot have in one month, and the test that has it: the code, the file and the test.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    // The API refuses mappings without one rule for all parts; only two saves at the same time leave them behind.
    ("held.combineRule", "shared/tests/plan/combined.rs", "without_a_rule_or_with_two_the_partner_is_asked"),
    // The demo's first run is a preview that a person applies.
    (
        "held.firstRun",
        "tests/end-to-end/tests/sync/main_job/seen.rs",
        "a_customer_whose_preview_could_not_be_made_is_not_written_unseen",
    ),
    // The agreement is invoiced between two runs of one month.
    (
        "held.late",
        "tests/end-to-end/tests/sync/main_job/late.rs",
        "usage_that_came_after_the_connectwise_invoice_was_written_to_be_billed_by_nobody",
    ),
    // Something moves between a preview and its apply.
    (
        "held.moved",
        "tests/end-to-end/tests/sync/main_job/seen.rs",
        "an_apply_writes_nothing_to_an_agreement_that_its_preview_never_showed",
    ),
    // It holds everything, and nothing else would be seen beside it.
    (
        "held.unfinished",
        "shared/tests/plan/unfinished.rs",
        "usage_that_looks_unfinished_holds_all_that_would_be_written_and_nothing_else",
    ),
    // The demo's month is past its first fifteen days.
    (
        "waiting.newMonth",
        "shared/tests/plan/new_month.rs",
        "until_the_month_before_is_invoiced_a_change_waits_by_itself_for_fifteen_days_and_is_then_asked_about",
    ),
    // A person has decided lines written alone.
    (
        "waiting.nextRun",
        "shared/tests/plan/other_quantities.rs",
        "a_run_of_decided_lines_alone_wrote_what_nobody_had_decided",
    ),
    // It takes many customers of one product.
    (
        "held.productUnfinished",
        "shared/tests/plan/unfinished.rs",
        "a_product_in_question_holds_its_additions_for_one_decision_and_no_others",
    ),
    // A partner sets an amount; the demo's has none.
    ("held.amount", "shared/tests/plan/guards.rs", "a_change_of_more_money_than_the_partner_lets_it_was_written"),
    // A person ends an addition from the list of what is still billed, and somebody changes it before the run.
    (
        "failed.endMoved",
        "tests/end-to-end/tests/http/runs_api/billing.rs",
        "an_addition_that_somebody_changed_since_is_not_ended_and_the_run_says_so",
    ),
    // Mapping refuses such a cycle; only a change in ConnectWise leaves it behind.
    (
        "failed.agreementNeverRecurs",
        "shared/tests/plan/agreements.rs",
        "usage_was_written_to_an_agreement_that_bills_one_single_time",
    ),
    // A mapping changes while the run is under way.
    (
        "skipped.mappingMoved",
        "shared/tests/plan/products.rs",
        "a_mapping_that_moved_under_the_run_is_skipped_and_named",
    ),
    // A person says that the other agreement bills it.
    (
        "skipped.billedElsewhere",
        "tests/end-to-end/tests/sync/main_job/overlap.rs",
        "another_active_agreement_of_the_company_billed_the_product_already_and_nobody_was_asked",
    ),
    // A person decides on a hold that a run has shown.
    (
        "skipped.rejected",
        "shared/tests/plan/guards.rs",
        "a_rejection_keeps_what_connectwise_has_for_the_month_whatever_the_usage_does",
    ),
];

/// Failures that come of a call that went wrong, not of what the vendors have: simulated faults make them.
const OF_FAULTS: &[&str] = &[
    "customerUnreadable",
    "unreadable",
    "listTooLong",
    "unknown",
    "unsettled",
    "notSent",
    "busy",
    "refused",
    "wrongAnswer",
];

/// The codes of all variants of a reason, as its own reader names them. Lines in doubt are held for one of three reasons.
fn codes<T: DeserializeOwned + std::fmt::Debug>(prefix: &str) -> BTreeSet<String> {
    let refused = serde_json::from_str::<T>(r#"{"code": "no such code"}"#).unwrap_err().to_string();
    let named = refused.split("expected ").nth(1).unwrap_or_else(|| panic!("{refused}"));
    let in_doubt = ["duplicateUsage", "otherPeriod", "consecutivePeriods"];
    let codes_of =
        |word: &str| if word == "usageLines" { in_doubt.map(str::to_owned).to_vec() } else { vec![word.to_owned()] };
    let words = named.split('`').skip(1).step_by(2);
    let codes: BTreeSet<String> = words.flat_map(codes_of).map(|code| format!("{prefix}.{code}")).collect();
    assert!(!codes.is_empty(), "{refused}");
    codes
}

fn planted() -> BTreeSet<String> {
    Demo::new(Size::default()).expectations().iter().map(|expected| expected.outcome.to_owned()).collect()
}

#[test]
fn every_reason_occurs_in_the_demo_or_has_a_named_test() {
    let failures = codes::<Failure>("failed").into_iter().filter(|code| !OF_FAULTS.contains(&&code["failed.".len()..]));
    let all: BTreeSet<String> = codes::<Hold>("held")
        .into_iter()
        .chain(codes::<Waiting>("waiting"))
        .chain(codes::<Skip>("skipped"))
        .chain(failures)
        .collect();
    let elsewhere: BTreeSet<String> = ELSEWHERE.iter().map(|(code, ..)| (*code).to_owned()).collect();
    let missing: Vec<_> = all.iter().filter(|code| !planted().contains(*code) && !elsewhere.contains(*code)).collect();
    assert!(missing.is_empty(), "neither in the demo nor with a test of its own: {missing:?}");
    let both: Vec<_> = elsewhere.intersection(&planted()).cloned().collect();
    assert!(both.is_empty(), "in the demo by now: {both:?}");
    assert!(elsewhere.is_subset(&all), "no longer a reason: {:?}", elsewhere.difference(&all));
}

#[test]
fn the_tests_that_are_named_for_other_reasons_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    for (code, file, test) in ELSEWHERE {
        let source = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(source.contains(&format!("fn {test}(")), "{code}: {file} has no test {test}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_occurs_in_the_first_months_of_the_demo() {
    let stack = awkward_stack().await;
    let (_, ledger) = preview_and_apply(&stack).await;
    let found = outcomes(&ledger);
    let kind = |outcome: &String| outcome.split('.').next().unwrap_or_default().to_owned();
    let kinds: BTreeSet<String> = found.iter().map(kind).collect();
    let wanted = ["adopted", "created", "failed", "held", "skipped", "unchanged", "updated"];
    assert_eq!(kinds, wanted.map(str::to_owned).into());
}
