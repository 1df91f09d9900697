//! Bad input ends in a clear outcome with advice; nothing is written wrongly, and the other customers go on.

use local_stack::demo::Size;
use local_stack::stack::Stack;
use shared::domain::ledger::CustomerLedger;
use shared::domain::run::{Run, RunFailure, RunFailureCode, RunState};
use shared::store::PsaDatabase;
use simulators::connectwise::Collection;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use simulators::simulator::gate::Gate;
use simulators::sophos::{AccountType, Cut, UsageRow};
use usage_sync::Limits;

use crate::main_job::started::{api_writes, awkward_stack, hasty, november, plain_stack, preview, stack_of, sync_now};

fn failure(run: &Run) -> &RunFailure {
    let RunState::Failed(failure) = &run.state else { panic!("expected a failed run, found {:?}", run.state) };
    failure
}

async fn fails(stack: &Stack, code: RunFailureCode, words: &str) {
    let run = preview(stack).await;
    let failure = failure(&run);
    assert_eq!(failure.code, code, "{failure}");
    assert!(failure.to_string().contains(words), "{failure}");
    assert!(failure.to_string().ends_with(failure.code.advice()), "{failure}");
    assert_eq!(api_writes(stack).len(), 0);
    assert_eq!(stack.ledger(&run.id).await.unwrap(), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_sophos_secret_ends_the_run_with_advice() {
    let stack = plain_stack().await;
    let mut credentials = stack.credentials();
    credentials.sophos.as_mut().unwrap().client_secret = "wrong".to_owned().into();
    stack.save_credentials(&credentials).await.unwrap();
    fails(&stack, RunFailureCode::Connection, "Sophos does not accept the client id and secret").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_a_single_tenant_are_told_apart_from_a_partners() {
    let stack = plain_stack().await;
    let partner = stack.demo.partner().to_string().parse().unwrap();
    stack.sophos.add_account(AccountType::Tenant, partner, "tenant-client", "tenant-secret");
    let mut credentials = stack.credentials();
    let sophos = credentials.sophos.as_mut().unwrap();
    sophos.client_id = "tenant-client".to_owned().into();
    sophos.client_secret = "tenant-secret".to_owned().into();
    stack.save_credentials(&credentials).await.unwrap();
    fails(&stack, RunFailureCode::Connection, "belong to a tenant account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_connectwise_keys_end_the_run_with_advice() {
    let stack = plain_stack().await;
    let mut credentials = stack.credentials();
    credentials.connectwise.as_mut().unwrap().private_key = "wrong".to_owned().into();
    stack.save_credentials(&credentials).await.unwrap();
    fails(&stack, RunFailureCode::Connection, "ConnectWise does not accept the company id and keys").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_connectwise_company_is_named() {
    let stack = plain_stack().await;
    let mut credentials = stack.credentials();
    credentials.connectwise.as_mut().unwrap().company = "nobody".to_owned();
    stack.save_credentials(&credentials).await.unwrap();
    fails(&stack, RunFailureCode::Connection, "nobody").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_never_saved_is_named() {
    let stack = plain_stack().await;
    let mut credentials = stack.credentials();
    credentials.sophos = None;
    stack.save_credentials(&credentials).await.unwrap();
    fails(&stack, RunFailureCode::Connection, "no Sophos connection is saved").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_nobody_owned_was_written_to() {
    let stack = plain_stack().await;
    let credentials = stack.credentials().connectwise.unwrap();
    let host = credentials.site.strip_prefix("http://").unwrap().to_owned();
    let database = PsaDatabase::new(&host, &credentials.company);
    stack.store.release_psa(stack.demo.partner(), &database).await.unwrap();
    fails(&stack, RunFailureCode::Connection, "is not claimed for this account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_without_usage_writes_nothing() {
    let stack = plain_stack().await;
    stack.sophos.remove_usage(stack.demo.partner().to_string().parse().unwrap(), november().first_day());
    fails(&stack, RunFailureCode::NoUsage, "Sophos has no usage of November 2026").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_usage_fetch_writes_nothing_whatever_way_it_is_cut() {
    for cut in [Cut::LinesMissing(5), Cut::KeyUnknown, Cut::KeyExpired, Cut::EndsEarly] {
        let stack = many_lines().await;
        let partner = stack.demo.partner().to_string().parse().unwrap();
        stack.sophos.cut_usage(partner, 2, cut, 100);
        if matches!(cut, Cut::EndsEarly) {
            stack.sophos.cut_usage(partner, 1, cut, 100);
        }
        fails(&stack, RunFailureCode::UsageIncomplete, "Nothing was written").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_usage_page_that_cannot_be_had_ends_the_run_when_it_was_tried_often_enough() {
    let stack = many_lines().await;
    let broken = Fault::new(FaultKind::MalformedJson).on("GET", "/partner/v1/billing/usage/*");
    stack.sophos.gate().set_faults(FaultPlan::of(1, [broken])).unwrap();
    fails(&stack, RunFailureCode::UsageIncomplete, "Nothing was written").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_cannot_be_read_are_held_and_the_other_customers_go_on() {
    let stack = awkward_stack().await;
    let odd = [
        UsageRow::from_text(r#"{"unknown":true}"#),
        UsageRow::from_text("[]"),
        UsageRow::from_text("17"),
        UsageRow::new(uuid::Uuid::from_u128(9), "CEP", 4),
        UsageRow::unassigned("CEP", 2).with("accountId", "\"not-an-id\""),
        UsageRow::unassigned("CEP", 2).with("productCode", "\"#\"").with("billingStartDate", "\"2021-04-31\""),
        UsageRow::unassigned("CEP", 2).with("surprise", r#"{"deep":[1,2,{"er":null}]}"#),
    ];
    let mut rows = stack.demo.usage_rows(november());
    rows.extend(odd);
    let lines = rows.len();
    stack.sophos.set_usage(stack.demo.partner().to_string().parse().unwrap(), november().first_day(), &rows);

    let (run, ledger) = {
        let preview = preview(&stack).await;
        let ledger = stack.ledger(&preview.id).await.unwrap();
        (preview, ledger)
    };

    assert_eq!(run.state, RunState::Partial, "{:?}", run.state);
    let accounted: u32 = ledger.iter().flat_map(|entry| &entry.lines).map(|line| line.usage_lines).sum();
    assert_eq!(accounted as usize, lines, "no line is lost");
    let missed: Vec<String> = stack.demo.missed(&ledger).iter().map(ToString::to_string).collect();
    assert_eq!(missed, Vec::<String>::new(), "the other cases end as without the odd lines");
    let stranger = ledger.iter().find(|entry| entry.customer.is_some_and(|c| c.to_string().ends_with("009"))).unwrap();
    assert_eq!(stranger.lines[0].outcome.code(), "skipped.customerUnmapped");
    for entry in &ledger {
        for line in entry.lines.iter().filter(|line| !line.outcome.reason().is_empty()) {
            assert!(!line.outcome.advice().is_empty(), "{}: {}", line.outcome.code(), line.outcome.reason());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connectwise_that_is_down_for_some_customers_fails_those_and_no_others() {
    // Whom it is down for is asked once more at the end of the run.
    let size = Size { seed: 11, customers: 6, products: 4 };
    let stack = stack_of(size, Limits { settle_s: 0, ..hasty() }).await;
    let broken = Fault::new(FaultKind::Html { status: 502 }).on("GET", "*/finance/agreements/3/additions");
    stack.psa.gate().set_faults(FaultPlan::of(1, [broken])).unwrap();
    let (run, ledger) = sync_now(&stack).await;
    assert_eq!(run.state, RunState::Partial);
    let failed: Vec<&str> = ledger
        .iter()
        .filter(|entry| entry.lines.iter().any(|line| line.outcome.code().starts_with("failed")))
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
}

/// A run while a service answers one text as another; the codes and reasons of what failed, by customer.
async fn failed_with(
    stack: &Stack,
    gate: &Gate,
    path: &str,
    (text, by): (String, String),
) -> Vec<(String, Vec<(String, String)>)> {
    let spoilt = Fault::new(FaultKind::TextReplaced { text, by }).on("GET", path);
    gate.set_faults(FaultPlan::of(1, [spoilt])).unwrap();
    let (run, ledger) = sync_now(stack).await;
    assert_eq!(run.state, RunState::Partial, "{:?}", run.state);
    let failed = |entry: &CustomerLedger| {
        let lines = entry.lines.iter().filter(|line| line.outcome.code().starts_with("failed"));
        let told: Vec<(String, String)> = lines.map(|line| (line.outcome.code(), line.outcome.reason())).collect();
        (!told.is_empty()).then(|| (entry.customer.unwrap().to_string(), told))
    };
    ledger.iter().filter_map(failed).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_agreement_that_cannot_be_read_fails_its_customer_and_not_the_run() {
    let stack = plain_stack().await;
    let agreement = &stack.psa.records(Collection::Agreements, 0)[2];
    let (id, name) = (&agreement["id"], &agreement["name"]);
    let spoilt = (format!("\"name\":{name}"), "\"name\":17".to_owned());
    let failed = failed_with(&stack, stack.psa.gate(), "*/finance/agreements", spoilt).await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    for (code, reason) in &failed[0].1 {
        assert_eq!(code, "failed.unreadable");
        assert!(reason.contains(&format!("agreement {id} cannot be read")), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sophos_customer_that_cannot_be_read_fails_alone_and_is_not_said_to_have_left() {
    let stack = plain_stack().await;
    let customer = stack.demo.customer(1).to_string();
    let spoilt = (format!("\"id\":\"{customer}\","), format!("\"id\":\"{customer}\",\"showAs\":7,"));
    let failed = failed_with(&stack, stack.sophos.gate(), "/partner/v1/tenants", spoilt).await;
    assert_eq!(failed.iter().map(|(customer, _)| customer).collect::<Vec<_>>(), [&customer]);
    for (code, reason) in &failed[0].1 {
        assert_eq!(code, "failed.customerUnreadable");
        assert!(reason.contains("Sophos' entry of this customer cannot be read"), "{reason}");
    }
}

/// A partner whose usage takes more than one page.
async fn many_lines() -> Stack {
    let stack = plain_stack().await;
    let partner = stack.demo.partner().to_string().parse().unwrap();
    let tenant = stack.demo.customer(0).to_string().parse().unwrap();
    let rows: Vec<UsageRow> = (0..1500).map(|_| UsageRow::new(tenant, "CEP", 1)).collect();
    stack.sophos.set_usage(partner, november().first_day(), &rows);
    stack
}
