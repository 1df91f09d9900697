//! Limits, failures, and fetches that are cut in half.

use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::json;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan, RateLimit};
use simulators::sophos::Cut;

use crate::sophos::served::{PARTNER, Served, USAGE, json, numbered_rows, quantities};

const PAGES: &str = "/partner/v1/billing/usage/2026/11?pageSize=1000&pageTotal=true";

async fn with_three_pages() -> Served {
    Served::with_usage(&numbered_rows(2500)).await
}

/// The second page of usage, asked for by the key that the first one gave.
async fn second_page(served: &Served) -> String {
    let first = served.get(PAGES, StatusCode::OK).await;
    format!("{PAGES}&pageFromKey={}", first["pages"]["nextKey"].as_str().unwrap())
}

fn break_second_page(served: &Served, kind: FaultKind) {
    let fault = Fault::new(kind).on("GET", "/partner/v1/billing/usage/*").call(2);
    served.sophos.gate().set_faults(FaultPlan::of(1, [fault])).unwrap();
}

#[tokio::test]
async fn calls_above_the_limit_are_429_with_retry_after() {
    let served = with_three_pages().await;
    let token = served.token("first").await;
    let rate = RateLimit { calls: 2, window_ms: 60_000, retry_after_s: Some(30) };
    served.sophos.gate().set_faults(FaultPlan { rate: Some(rate), ..FaultPlan::default() }).unwrap();
    for _ in 0..2 {
        served.get_as(&token, Some(PARTNER), USAGE, StatusCode::OK).await;
    }
    let refused = served.get_as(&token, Some(PARTNER), USAGE, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(refused.headers()[RETRY_AFTER], "30");
    assert_eq!(json(refused).await["error"], "TooManyRequests");
}

#[tokio::test]
async fn calls_are_counted_by_verb_path_and_partner() {
    let served = with_three_pages().await;
    served.all_pages(PAGES).await;
    let tally = served.sophos.gate().counters().tally();
    assert_eq!(tally.calls("GET", "/partner/v1/billing/usage/{year}/{month}"), 3);
    assert_eq!(tally.calls("POST", "/api/v2/oauth2/token"), 3);
    let partner = PARTNER.to_string();
    assert!(tally.counts.iter().any(|count| count.caller == partner && count.calls == 3));
}

#[tokio::test]
async fn a_later_page_can_fail_with_the_vendors_error_body() {
    let served = with_three_pages().await;
    break_second_page(&served, FaultKind::ErrorBefore { status: 500 });
    let second = second_page(&served).await;
    let failed = served.get(&second, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(failed["error"], "InternalServerError");
    served.get(&second, StatusCode::OK).await;
}

#[tokio::test]
async fn a_later_page_can_lose_the_connection() {
    let served = with_three_pages().await;
    let (second, token) = (second_page(&served).await, served.token("first").await);
    let lost = Fault::new(FaultKind::ResetAfter).on("GET", "/partner/v1/billing/usage/*");
    served.sophos.gate().set_faults(FaultPlan::of(1, [lost])).unwrap();
    let request = served.client.get(served.url() + &second).bearer_auth(token);
    request.header("X-Partner-ID", PARTNER.to_string()).send().await.unwrap_err();
}

#[tokio::test]
async fn a_later_page_can_end_in_the_middle_of_its_json() {
    let served = with_three_pages().await;
    break_second_page(&served, FaultKind::TruncatedJson);
    let second = second_page(&served).await;
    let body = served.response(&second, StatusCode::OK).await.text().await.unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&body).is_err());
}

#[tokio::test]
async fn a_next_key_can_be_refused_as_unknown_or_expired() {
    for (cut, status) in [(Cut::KeyUnknown, StatusCode::BAD_REQUEST), (Cut::KeyExpired, StatusCode::GONE)] {
        let served = with_three_pages().await;
        let second = second_page(&served).await;
        served.sophos.cut_usage(PARTNER, 2, cut, 1);
        served.get(&second, status).await;
        served.get(&second, StatusCode::OK).await;
    }
}

#[tokio::test]
async fn a_page_can_lack_lines_that_the_totals_go_on_counting() {
    let served = with_three_pages().await;
    served.sophos.cut_usage(PARTNER, 2, Cut::LinesMissing(7), 1);
    let (lines, pages) = served.all_pages(PAGES).await;
    assert_eq!((lines.len(), pages), (2493, 3));
    assert!(!quantities(&lines).contains(&2000) && quantities(&lines).contains(&2001));
    assert_eq!(served.get(PAGES, StatusCode::OK).await["pages"]["items"], 2500);
}

#[tokio::test]
async fn a_fetch_can_end_before_the_last_page_that_the_totals_promise() {
    let served = with_three_pages().await;
    served.sophos.cut_usage(PARTNER, 1, Cut::EndsEarly, 1);
    let first = served.get(PAGES, StatusCode::OK).await;
    assert!(first["pages"].get("nextKey").is_none());
    assert_eq!((&first["pages"]["total"], &first["pages"]["items"]), (&json!(3), &json!(2500)));
}

#[tokio::test]
async fn lines_can_come_and_go_between_two_pages() {
    let served = with_three_pages().await;
    let change = FaultKind::RowsChange { insert: 3, delete: 0 };
    let fault = Fault::new(change).on("GET", "/partner/v1/billing/usage/*").call(1);
    served.sophos.gate().set_faults(FaultPlan::of(1, [fault])).unwrap();
    let (lines, _) = served.all_pages(PAGES).await;
    assert_eq!(lines.len(), 2503);
    assert_eq!(quantities(&lines)[1000..1003], [998, 999, 1000], "three lines were read twice");
}
