//! Lists of ConnectWise: their requests up to the last page, and records as loose as the vendor's.

use jiff::civil::date;
use rust_decimal::Decimal;
use shared::domain::id::PsaProductId;
use shared::domain::psa::AgreementStatus;
use shared::error::PsaError;
use shared::ports::Psa;
use wiremock::matchers::{path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer};

use crate::served::{ADDITION, ADDITIONS, agreement, api_calls, connect, connectwise, discovery, http, json};

#[tokio::test]
async fn additions_are_read_to_the_last_page_and_the_link_is_never_followed_as_an_address() {
    let (server, evil) = (MockServer::start().await, MockServer::start().await);
    discovery(&server, "v2025_1/").await;
    let record = |id: u32| ADDITION.replace("\"id\":31", &format!("\"id\":{id}"));
    let link = format!("<{}//apis/3.0/steal?pageSize=1000&pageId=32>; rel=\"next\"", evil.uri());
    let first = json(200, format!("[{},{}]", record(31), record(32))).insert_header("Link", link.as_str());
    let last = json(200, format!("[{}]", record(40))).insert_header("Link", "");
    let listing = || Mock::given(path(ADDITIONS)).and(query_param("pageSize", "1000"));
    listing().and(query_param_is_missing("pageId")).respond_with(first).mount(&server).await;
    listing().and(query_param("pageId", "32")).respond_with(last).mount(&server).await;
    let client = connect(&server.uri(), http()).await.unwrap();
    let additions = client.list_additions(agreement()).await.unwrap();
    assert_eq!(additions.iter().map(|addition| addition.id.get()).collect::<Vec<_>>(), [31, 32, 40]);
    assert!(evil.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_addition_is_read_without_its_null_fields() {
    let (_server, client) = connectwise(json(200, format!("[{ADDITION}]"))).await;
    let addition = client.list_additions(agreement()).await.unwrap().remove(0);
    assert_eq!((addition.quantity, addition.less_included), (Decimal::from(12), Decimal::ZERO));
    assert_eq!((addition.unit_price, addition.product.get()), (None, 5));
    assert_eq!((addition.effective, addition.cancelled), (Some(date(2026, 11, 1)), None));
}

#[tokio::test]
async fn deleted_companies_are_not_requested() {
    let (server, client) = connectwise(json(200, r#"[{"id":7,"name":"ACME"}]"#)).await;
    let page = client.list_companies(Some("6")).await.unwrap();
    assert_eq!((page.rows[0].name.as_str(), page.next), ("ACME", None));
    let query = api_calls(&server).await[0].url.query().unwrap().to_owned();
    assert_eq!(query, "pageSize=1000&fields=id%2Cidentifier%2Cname&conditions=deletedFlag%3Dfalse&pageId=6");
}

#[tokio::test]
async fn an_agreement_is_read_with_its_dates_and_its_status() {
    let record = |id: u32, more: &str| format!(r#"{{"id":{id},"name":"A","company":{{"id":7,"name":"ACME"}}{more}}}"#);
    let body = [
        record(1, r#","agreementStatus":"Active","startDate":"2026-01-01T00:00:00Z","endDate":"2026-12-31T00:00:00Z""#),
        record(2, r#","agreementStatus":"Active","cancelledFlag":true,"startDate":"""#),
        record(3, r#","agreementStatus":"Expired","endDate":"2026-12-31T00:00:00Z","noEndingDateFlag":true"#),
        record(4, r#","agreementStatus":"Pending","type":{"id":2,"name":"Managed"}"#),
        record(5, ""),
    ];
    let (_server, client) = connectwise(json(200, format!("[{}]", body.join(",")))).await;
    let agreements = client.list_agreements(None).await.unwrap().rows;
    let statuses: Vec<AgreementStatus> = agreements.iter().map(|agreement| agreement.status).collect();
    use AgreementStatus::{Active, Cancelled, Expired, Inactive};
    assert_eq!(statuses, [Active, Cancelled, Expired, Inactive, Active]);
    assert_eq!(agreements[0].start, Some(date(2026, 1, 1)));
    assert_eq!(agreements[0].end, Some(date(2026, 12, 31)));
    assert_eq!((agreements[1].start, agreements[2].end), (None, None));
    assert_eq!((agreements[3].kind.as_str(), agreements[3].company_name.as_str()), ("Managed", "ACME"));
}

#[tokio::test]
async fn an_unreadable_agreement_is_named_and_the_others_are_read() {
    for (record, words) in [
        (
            r#"{"id":812,"company":{"id":7},"startDate":"2026-13-01T00:00:00Z"}"#,
            "agreement 812 cannot be read: its startDate",
        ),
        (r#"{"id":812}"#, "agreement 812 cannot be read: it has no company"),
        (r#"{"id":812,"company":{"id":-7}}"#, "agreement 812 cannot be read: its company"),
        (r#"{"id":812,"name":17}"#, "agreement 812 cannot be read: invalid type"),
    ] {
        let body = format!(r#"[{{"id":1,"company":{{"id":7}}}},{record},{{"id":900,"company":{{"id":7}}}}]"#);
        let (server, client) = connectwise(json(200, body)).await;
        let page = client.list_agreements(None).await.unwrap();
        assert_eq!(page.rows.iter().map(|agreement| agreement.id.get()).collect::<Vec<_>>(), [1, 900]);
        assert!(page.unreadable[0].id == 812 && page.unreadable[0].why.contains(words), "{:?}", page.unreadable);
        assert_eq!((page.unreadable.len(), api_calls(&server).await.len()), (1, 1));
    }
}

#[tokio::test]
async fn an_unreadable_addition_or_a_record_without_an_id_fails_the_list() {
    for record in [r#"{"name":"A","company":{"id":7}}"#, "7"] {
        let (server, client) = connectwise(json(200, format!(r#"[{{"id":1,"company":{{"id":7}}}},{record}]"#))).await;
        let error = client.list_agreements(None).await.unwrap_err().to_string();
        assert!(error.contains("record without a number cannot be read"), "{error}");
        assert_eq!(api_calls(&server).await.len(), 1);
    }
    let (_server, client) = connectwise(json(200, format!(r#"[{ADDITION},{{"id":32}}]"#))).await;
    let error = client.list_additions(agreement()).await.unwrap_err().to_string();
    assert!(error.contains("addition 32 cannot be read"), "{error}");
}

#[tokio::test]
async fn products_are_requested_by_a_hundred_ids_in_a_url_that_connectwise_accepts() {
    let (server, client) = connectwise(json(200, "[]")).await;
    let ids: Vec<PsaProductId> = (0..150).map(|n| (i64::from(i32::MAX) - n).try_into().unwrap()).collect();
    assert_eq!(client.list_products(&ids).await, Ok(Vec::new()));
    assert_eq!(client.list_products(&[]).await, Ok(Vec::new()));
    let calls = api_calls(&server).await;
    assert_eq!(calls.len(), 2);
    let longest = "https://api-staging.connectwisedev.com".len() + 200;
    for call in calls {
        let query = call.url.query().unwrap();
        assert!(longest + query.len() < 2000, "{}", query.len());
        assert!(query.contains("conditions=id%20in%20%28"), "{query}");
    }
}

#[tokio::test]
async fn a_product_is_read_and_one_that_was_not_requested_is_an_error() {
    let body = r#"[{"id":5,"identifier":"X","description":"D","productClass":"Bundle","price":0.1}]"#;
    let (_server, client) = connectwise(json(200, body)).await;
    let ids = |id: i64| [PsaProductId::try_from(id).unwrap()];
    let product = client.list_products(&ids(5)).await.unwrap().remove(0);
    assert_eq!((product.bundle, product.inactive, product.price), (true, false, Some(Decimal::new(1, 1))));
    assert!(matches!(client.list_products(&ids(6)).await, Err(PsaError::Unanswered { .. })));
}

#[tokio::test]
async fn a_page_with_an_invalid_start_is_not_requested() {
    let (server, client) = connectwise(json(200, "[]")).await;
    assert!(matches!(client.list_companies(Some("1&x=2")).await, Err(PsaError::NotSent { .. })));
    assert!(api_calls(&server).await.is_empty());
}
