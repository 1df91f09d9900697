//! Lines that no well-behaved service sends.

use reqwest::StatusCode;
use serde_json::{Value, json};
use simulators::sophos::UsageRow;

use crate::sophos::served::{Served, USAGE, customer};

fn row() -> UsageRow {
    UsageRow::new(customer(), "CIXA-MSP", 5)
}

async fn line_of(row: UsageRow) -> Value {
    let served = Served::with_usage(&[row]).await;
    served.get(USAGE, StatusCode::OK).await["items"][0].clone()
}

#[tokio::test]
async fn members_are_served_with_the_very_text_they_were_given() {
    for text in ["\"abc\"", "-3", "2.5", "NaN", "1e400", "99999999999999999999999", "null", "[20]"] {
        let served = Served::with_usage(&[row().with("billableQuantity", text)]).await;
        let body = served.response(USAGE, StatusCode::OK).await.text().await.unwrap();
        assert!(body.contains(&format!(r#""billableQuantity":{text}}}"#)), "{body}");
        assert_eq!(body.matches("billableQuantity").count(), 1, "{body}");
    }
}

#[tokio::test]
async fn a_whole_line_is_served_byte_for_byte() {
    let text = r#"{ "productCode" : "CEP",, }"#;
    let served = Served::with_usage(&[row(), UsageRow::from_text(text), row()]).await;
    let body = served.response(USAGE, StatusCode::OK).await.text().await.unwrap();
    assert!(body.contains(&format!("}},{text},{{")), "{body}");
}

#[tokio::test]
async fn a_line_without_account_id_or_without_product_code_lacks_the_member() {
    assert!(line_of(UsageRow::unassigned("CEP", 2)).await.get("accountId").is_none());
    assert!(line_of(row().without("accountId")).await.get("accountId").is_none());
    assert!(line_of(row().without("productCode")).await.get("productCode").is_none());
}

#[tokio::test]
async fn unknown_members_null_values_and_impossible_dates_are_served() {
    let bent = row().with("billingEndDate", "\"2021-04-31\"").with("sku", "null").with("colour", "{\"deep\":[1]}");
    let line = line_of(bent).await;
    assert_eq!(line["billingEndDate"], "2021-04-31");
    assert_eq!(line["sku"], Value::Null);
    assert_eq!(line["colour"], json!({ "deep": [1] }));
}

#[tokio::test]
async fn of_two_texts_for_one_member_the_later_counts() {
    assert_eq!(line_of(row().with("sku", "1").with("sku", "2")).await["sku"], 2);
    assert_eq!(line_of(row().with("sku", "1").without("sku")).await.get("sku"), None);
}

#[tokio::test]
async fn a_bent_account_id_is_what_the_filter_goes_by() {
    let rows = [
        row().with("accountId", "null"),
        UsageRow::from_text(format!(r#"{{"accountId":"{}","billableQuantity":8}}"#, customer())),
        UsageRow::unassigned("CEP", 1).with("accountId", format!("\"{}\"", customer())),
    ];
    let served = Served::with_usage(&rows).await;
    let page = served.get(&format!("{USAGE}?accountId={}", customer()), StatusCode::OK).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert_eq!(page["items"][0]["billableQuantity"], 8);
}

#[tokio::test]
async fn a_line_that_is_not_json_is_served_whole_even_where_fields_trims_the_others() {
    let served = Served::with_usage(&[row().with("billableQuantity", "NaN"), row()]).await;
    let response = served.response(&format!("{USAGE}?fields=productCode"), StatusCode::OK).await;
    let body = response.text().await.unwrap();
    assert!(body.contains(r#""billableQuantity":NaN},{"productCode":"CIXA-MSP"}]"#), "{body}");
}
