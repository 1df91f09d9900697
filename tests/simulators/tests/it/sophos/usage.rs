//! Billing usage: shape, paging, filters, months.

use jiff::SignedDuration;
use jiff::civil::date;
use reqwest::StatusCode;
use serde_json::{Value, json};
use simulators::sophos::{BillingType, Tenant, UsageRow};
use uuid::Uuid;

use crate::sophos::served::{NOVEMBER, OTHER_PARTNER, PARTNER, Served, USAGE, customer, numbered_rows, quantities};

#[tokio::test]
async fn a_usage_line_has_the_members_of_the_vendors_sample() {
    let served = Served::with_usage(&[UsageRow::new(customer(), "CIXA-MSP", 20)]).await;
    let page = served.get(USAGE, StatusCode::OK).await;
    let line = &page["items"][0];
    for member in [
        "partnerAccountId",
        "partnerEdiAccountNumber",
        "partnerAccountName",
        "billingStartDate",
        "billingEndDate",
        "orderNumber",
        "orderLineItemNumber",
        "accountNumberOrSerialNumber",
        "productDescription",
        "sku",
    ] {
        assert!(line[member].is_string(), "{member}");
    }
    assert_eq!(line["accountId"], json!(customer()));
    assert_eq!(line["productCode"], "CIXA-MSP");
    assert_eq!(line["productGroup"], "User");
    assert_eq!(line["accountStatus"], "active");
    assert_eq!((&line["billableQuantity"], &line["actualQuantity"]), (&json!(20), &json!(20)));
    assert_eq!((&line["billingStartDate"], &line["billingEndDate"]), (&json!("2026-11-01"), &json!("2026-11-30")));
}

#[tokio::test]
async fn a_usage_line_can_be_for_other_days_than_its_month_and_for_a_suspended_account() {
    let row = UsageRow { account_status: "suspended".into(), ..UsageRow::new(customer(), "CIXA-MSP", 20) };
    let served = Served::with_usage(&[row.covering(date(2026, 10, 16), date(2026, 11, 15))]).await;
    let line = &served.get(USAGE, StatusCode::OK).await["items"][0];
    assert_eq!((&line["billingStartDate"], &line["billingEndDate"]), (&json!("2026-10-16"), &json!("2026-11-15")));
    assert_eq!(line["accountStatus"], "suspended");
}

#[tokio::test]
async fn usage_pages_by_key_to_the_end_and_the_last_page_has_no_next_key() {
    let served = Served::with_usage(&numbered_rows(2500)).await;
    let (lines, pages) = served.all_pages(&format!("{USAGE}?pageSize=1000&pageTotal=true")).await;
    assert_eq!(pages, 3);
    assert_eq!(quantities(&lines), (1..=2500).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_last_page_is_not_followed_by_an_empty_one() {
    let served = Served::with_usage(&numbered_rows(2000)).await;
    let (lines, pages) = served.all_pages(&format!("{USAGE}?pageSize=1000")).await;
    assert_eq!((lines.len(), pages), (2000, 2));
}

#[tokio::test]
async fn usage_pages_tell_key_size_and_totals() {
    let served = Served::with_usage(&numbered_rows(2500)).await;
    let first = served.get(&format!("{USAGE}?pageSize=1000&pageTotal=true"), StatusCode::OK).await;
    let key = first["pages"]["nextKey"].as_str().unwrap();
    let second = served.get(&format!("{USAGE}?pageSize=1000&pageTotal=true&pageFromKey={key}"), StatusCode::OK).await;
    let pages = &second["pages"];
    assert_eq!(pages["fromKey"], key);
    assert_eq!((&pages["total"], &pages["items"]), (&json!(3), &json!(2500)));
    assert_eq!((&pages["size"], &pages["maxSize"]), (&json!(1000), &json!(1000)));
}

#[tokio::test]
async fn no_page_of_usage_is_larger_than_1000_and_the_default_is_50() {
    let served = Served::with_usage(&numbered_rows(1001)).await;
    for (query, size) in [("?pageSize=5000", 1000), ("", 50)] {
        let page = served.get(&format!("{USAGE}{query}"), StatusCode::OK).await;
        assert_eq!(page["items"].as_array().unwrap().len(), size);
        assert!(page["pages"].get("total").is_none() && page["pages"].get("items").is_none());
    }
}

#[tokio::test]
async fn a_page_key_is_good_for_its_own_month_and_filter_only() {
    let served = Served::with_usage(&numbered_rows(100)).await;
    served.sophos.set_usage(PARTNER, date(2026, 10, 1), &numbered_rows(100));
    let first = served.get(USAGE, StatusCode::OK).await;
    let key = first["pages"]["nextKey"].as_str().unwrap();
    let october = format!("/partner/v1/billing/usage/2026/10?pageFromKey={key}");
    let filtered = format!("{USAGE}?accountId={}&pageFromKey={key}", customer());
    let invented = format!("{USAGE}?pageFromKey=invented");
    for path in [october, filtered, invented] {
        assert_eq!(served.get(&path, StatusCode::BAD_REQUEST).await["error"], "BadRequest");
    }
}

#[tokio::test]
async fn account_id_filters_the_lines_and_their_totals() {
    let other = Uuid::from_u128(0xc002);
    let mut rows = numbered_rows(3);
    rows.push(UsageRow::new(other, "CEP", 77));
    let served = Served::with_usage(&rows).await;
    let path = format!("{USAGE}?pageSize=2&pageTotal=true&accountId={}", customer());
    let first = served.get(&path, StatusCode::OK).await;
    assert_eq!((&first["pages"]["items"], &first["pages"]["total"]), (&json!(3), &json!(2)));
    assert_eq!(quantities(&served.all_pages(&path).await.0), [1, 2, 3]);
}

#[tokio::test]
async fn an_account_id_of_another_partner_or_not_billed_by_usage_is_403() {
    let served = Served::with_usage(&[]).await;
    let (trial, term, foreign) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    served.sophos.add_tenant(PARTNER, Tenant::new(trial, "Trial").billed_by(BillingType::Trial));
    served.sophos.add_tenant(PARTNER, Tenant::new(term, "Term").billed_by(BillingType::Term));
    served.sophos.add_tenant(OTHER_PARTNER, Tenant::new(foreign, "Foreign"));
    for id in [trial, term, foreign] {
        let refused = served.get(&format!("{USAGE}?accountId={id}"), StatusCode::FORBIDDEN).await;
        assert_eq!(refused["error"], "Forbidden");
    }
}

#[tokio::test]
async fn fields_trims_the_lines_to_the_members_named() {
    let served = Served::with_usage(&[UsageRow::new(customer(), "CEP", 4).with("billableQuantity", "4.0")]).await;
    let response = served.response(&format!("{USAGE}?fields=productCode,billableQuantity"), StatusCode::OK).await;
    let text = response.text().await.unwrap();
    assert!(text.starts_with(r#"{"items":[{"billableQuantity":4.0,"productCode":"CEP"}],"pages":"#), "{text}");
}

#[tokio::test]
async fn a_month_without_data_is_404_and_a_month_that_lists_nothing_is_not() {
    let served = Served::with_usage(&[]).await;
    assert_eq!(served.get(USAGE, StatusCode::OK).await["items"], json!([]));
    let absent = served.get("/partner/v1/billing/usage/2026/12", StatusCode::NOT_FOUND).await;
    assert_eq!(absent["error"], "NotFound");
    for member in ["message", "correlationId", "code", "createdAt", "requestId", "docUrl"] {
        assert!(absent[member].is_string(), "{member}");
    }
    served.sophos.remove_usage(PARTNER, NOVEMBER);
    served.get(USAGE, StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn a_month_that_no_calendar_has_is_400() {
    let served = Served::with_usage(&[]).await;
    for month in ["2026/13", "2026/0", "2026/november", "year/11"] {
        served.get(&format!("/partner/v1/billing/usage/{month}"), StatusCode::BAD_REQUEST).await;
    }
    served.sophos.set_usage(PARTNER, date(2026, 2, 1), &[]);
    served.get("/partner/v1/billing/usage/2026/02", StatusCode::OK).await;
}

#[tokio::test]
async fn a_late_correction_arrives_by_the_clock() {
    let served = Served::with_usage(&numbered_rows(1)).await;
    let tomorrow = served.sophos.clock().now() + SignedDuration::from_hours(24);
    served.sophos.correct_usage(PARTNER, NOVEMBER, tomorrow, &[UsageRow::new(customer(), "CIXA-MSP", 9)]);
    assert_eq!(served_quantities(&served).await, [1]);
    served.sophos.clock().set(tomorrow);
    assert_eq!(served_quantities(&served).await, [9]);
}

#[tokio::test]
async fn a_month_that_comes_late_is_404_until_then() {
    let served = Served::new().await;
    let tomorrow = served.sophos.clock().now() + SignedDuration::from_hours(24);
    served.sophos.correct_usage(PARTNER, NOVEMBER, tomorrow, &numbered_rows(1));
    served.get(USAGE, StatusCode::NOT_FOUND).await;
    served.sophos.clock().set(tomorrow);
    assert_eq!(served_quantities(&served).await, [1]);
}

#[tokio::test]
async fn a_month_can_be_corrected_at_once() {
    let served = Served::with_usage(&numbered_rows(2)).await;
    served.sophos.set_usage(PARTNER, NOVEMBER, &numbered_rows(1));
    assert_eq!(served_quantities(&served).await, [1]);
}

async fn served_quantities(served: &Served) -> Vec<i64> {
    let page: Value = served.get(USAGE, StatusCode::OK).await;
    quantities(page["items"].as_array().unwrap())
}
