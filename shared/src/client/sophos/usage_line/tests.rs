//! Lines as in the vendor's sample, and lines as they should never be.

use proptest::prelude::*;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::*;
use crate::client::exchange::Answer;
use crate::client::secrets::Secrets;
use crate::client::sophos::usage_page;
use crate::domain::usage::Unreadable;
use crate::ports::UsagePage;

const SAMPLE: &str = r#"{"partnerAccountId":"d31ab2df-7005-4c06-bd7d-2bc8de44be06","billingStartDate":"2021-01-31",
    "billingEndDate":"2021-04-31","orderNumber":"OrderID-1","orderLineItemNumber":"Line-2",
    "accountNumberOrSerialNumber":"C01234ABC1CDEF2","productDescription":"Intercept \"X\"","productGroup":"User",
    "sku":"CEAZ1CSMG","billableQuantity":20,"accountId":"718b6047-2fbc-b4f4-1a43-45ee42bf5d3b",
    "accountStatus":"active","actualQuantity":20,"productCode":"CIXA-MSP"}"#;

fn line(text: &str) -> UsageLine {
    read(&RawValue::from_string(text.to_owned()).unwrap())
}

fn page(body: &[u8]) -> Option<UsagePage> {
    let answer = Answer {
        started: tokio::time::Instant::now(),
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: body.to_vec(),
        secrets: Secrets::default(),
    };
    usage_page::parse(&answer).ok()?.into_page(None).ok()
}

#[test]
fn the_vendors_sample_is_read_impossible_date_and_all() {
    let line = line(SAMPLE);
    assert_eq!(line.pair.customer.unwrap().to_string(), "718b6047-2fbc-b4f4-1a43-45ee42bf5d3b");
    assert_eq!(line.pair.product.as_ref().unwrap().as_str(), "CIXA-MSP");
    assert_eq!(line.quantity, LineQuantity::Units(20));
    assert_eq!(line.description, "Intercept \"X\"");
    assert_eq!((line.order.as_str(), line.order_line.as_str()), ("OrderID-1", "Line-2"));
    assert_eq!((line.serial.as_str(), line.sku.as_str()), ("C01234ABC1CDEF2", "CEAZ1CSMG"));
    assert_eq!((line.billing_start.as_str(), line.billing_end.as_str()), ("2021-01-31", "2021-04-31"));
    assert_eq!((line.period(), line.actual.as_str(), line.ordered.as_str()), (None, "20", ""));
    assert!(line.oddities.is_empty());
}

#[test]
fn a_missing_null_or_empty_id_is_none_without_an_oddity() {
    for text in ["{}", r#"{"accountId":null,"productCode":null}"#, r#"{"accountId":"","productCode":" "}"#] {
        let line = line(text);
        assert_eq!((line.pair.customer, line.pair.product), (None, None), "{text}");
        assert!(line.oddities.is_empty(), "{text}");
        assert_eq!(line.quantity, LineQuantity::Unreadable(Unreadable::Missing));
    }
}

#[test]
fn an_unreadable_id_is_none_with_an_oddity() {
    let line = line(r#"{"accountId":"ACME","productCode":["CIXA"],"billableQuantity":3}"#);
    assert_eq!((line.pair.customer, line.pair.product), (None, None));
    assert_eq!(line.oddities, [r#"accountId "ACME""#, r#"productCode ["CIXA"]"#]);
    assert_eq!(line.quantity, LineQuantity::Units(3));
}

#[test]
fn another_value_than_an_object_is_a_line_without_a_customer() {
    for text in ["null", "7", "\"x\"", "[]", r#"[null,null,5]"#, r#"{"accountId":1,"accountId":2}"#] {
        let line = line(text);
        assert_eq!((line.pair.customer, line.pair.product), (None, None), "{text}");
        assert_eq!(line.quantity, LineQuantity::Unreadable(Unreadable::Missing), "{text}");
        assert_eq!(line.oddities, [format!("line {text}")]);
    }
}

#[test]
fn a_bare_nan_costs_one_quantity_and_not_the_page() {
    let body = br#"{"items":[{"billableQuantity":NaN},{"billableQuantity":5}],"pages":{"items":2}}"#;
    let page = page(body).unwrap();
    let nan = LineQuantity::Unreadable(Unreadable::NotANumber("NaN".to_owned()));
    assert_eq!(page.lines[0].quantity, nan);
    assert_eq!(page.lines[1].quantity, LineQuantity::Units(5));
}

#[test]
fn a_page_that_contradicts_itself_is_an_error() {
    for body in [
        r#"{"items":[],"pages":{"items":1}}"#,
        r#"{"items":[{},{}],"pages":{"items":1,"nextKey":"a"}}"#,
        r#"{"items":[{"#,
        r#"{"items":[{}]}"#,
        r#"{"items":[{"billableQuantity":NaN}"#,
        "<html></html>",
        "",
    ] {
        assert!(page(body.as_bytes()).is_none(), "{body}");
    }
    assert!(page(br#"{"items":[],"pages":{}}"#).unwrap().next.is_none());
}

/// Any JSON value, and the invalid ones that number formatters write.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("NaN".to_owned()),
        Just("-Infinity".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        "-?[1-9][0-9]{0,40}(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?",
        any::<String>().prop_map(|text| serde_json::json!(text).to_string()),
        Just("\"\\ud800\"".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|inner| format!("[{}]", inner.join(","))),
            proptest::collection::vec((member(), inner), 0..6).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn member() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "accountId",
        "productCode",
        "billableQuantity",
        "productDescription",
        "productGroup",
        "orderNumber",
        "x",
    ])
}

proptest! {
    #[test]
    fn no_line_is_lost(items in proptest::collection::vec(value(), 0..20)) {
        let body = format!(r#"{{"items":[{}],"pages":{{"items":{}}}}}"#, items.join(","), items.len());
        prop_assert_eq!(page(body.as_bytes()).map(|page| page.lines.len()), Some(items.len()));
    }

    #[test]
    fn no_body_makes_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        page(&body);
    }
}
