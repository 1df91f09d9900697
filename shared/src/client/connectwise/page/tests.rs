//! The starts and ends of pages, and bodies that no server should send.

use proptest::prelude::*;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::*;
use crate::client::secrets::Secrets;

fn page(ids: std::ops::Range<i64>, link: Option<&str>) -> RawPage {
    let record = |id| RawValue::from_string(format!("{{\"id\":{id}}}")).unwrap();
    RawPage { started: Instant::now(), bytes: 0, records: ids.map(record).collect(), link: link.map(str::to_owned) }
}

#[test]
fn the_next_page_starts_where_the_link_says() {
    let link = "<https://psa.example/v4_6_release//apis/3.0/company/companies?pageSize=1000&pageId=77>; rel=\"next\"";
    assert_eq!(page(1..5, Some(link)).next(0), Ok(Some(77)));
    assert_eq!(page(1..5, Some("</x?PAGEID=77>;rel=next, </x?page=9>; rel=last")).next(0), Ok(Some(77)));
}

#[test]
fn an_empty_link_is_the_end_and_so_is_a_short_page_without_one() {
    assert_eq!(page(1..1001, Some("")).next(0), Ok(None));
    assert_eq!(page(1..1000, None).next(0), Ok(None));
    assert_eq!(page(1..1, None).next(0), Ok(None));
}

#[test]
fn a_full_page_without_a_link_goes_on_after_its_last_id() {
    assert_eq!(page(1..1001, None).next(0), Ok(Some(1000)));
}

#[test]
fn a_page_that_repeats_rows_or_leads_back_is_an_error() {
    assert!(page(5..9, Some("")).next(5).is_err());
    assert!(page(6..9, Some("</x?pageId=5>; rel=\"next\"")).next(5).is_err());
    assert!(page(6..9, Some("</x?pageId=7>; rel=\"next\"")).next(5).is_err());
    assert!(page(6..6, Some("</x?pageId=7>; rel=\"next\"")).next(5).is_err());
    assert!(page(1..9, Some("</x?page=2>; rel=\"next\"")).next(0).is_err());
    assert!(page(1..9, Some("</x?pageId=soon>; rel=\"next\"")).next(0).is_err());
}

/// Reads a body as a page, and each of its records as every type that it could be.
fn read_as_everything(body: &[u8], link: &str) {
    let mut headers = HeaderMap::new();
    headers.extend(link.parse().ok().map(|link| (reqwest::header::LINK, link)));
    let answer = Answer {
        started: Instant::now(),
        status: StatusCode::OK,
        headers,
        body: body.to_vec(),
        secrets: Secrets::default(),
    };
    let Ok(page) = RawPage::read(&answer) else { return };
    let records = page.records.len();
    if page.next(0).is_ok() {
        assert!(page.records.iter().filter(|record| wire::id(record).is_ok()).count() == records);
    }
    for record in &page.records {
        let read = [
            wire::company(record).err(),
            wire::agreement(record).err(),
            wire::product(record).err(),
            wire::addition(record).err(),
        ];
        assert!(read.iter().flatten().all(|error| matches!(error, PsaError::Unanswered { .. })));
    }
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..300), link in ".*") {
        read_as_everything(&body, &link);
    }

    #[test]
    fn no_record_makes_the_reader_panic(
        name in "id|company|product|quantity|startDate|effectiveDate|price|cancelledFlag",
        value in "-?[0-9]{1,40}([.][0-9]{1,40})?(e[0-9]{1,3})?|\"\\PC{0,30}\"|null|true|[{]\"id\":[0-9]{1,12}[}]|\\[\\]",
    ) {
        read_as_everything(format!(r#"[{{"id":812,"company":{{"id":7}},"{name}":{value}}}]"#).as_bytes(), "");
        read_as_everything(format!(r#"[{{"{name}":{value}}}]"#).as_bytes(), "");
    }
}

#[test]
fn a_link_header_that_was_split_in_two_still_leads_to_the_next_page() {
    let mut headers = HeaderMap::new();
    headers.append("link", "</x?page=9>; rel=\"last\"".parse().unwrap());
    headers.append("link", "</x?pageId=77>; rel=\"next\"".parse().unwrap());
    let answer = Answer {
        started: Instant::now(),
        status: StatusCode::OK,
        headers,
        body: br#"[{"id":5}]"#.to_vec(),
        secrets: Secrets::default(),
    };
    assert_eq!(RawPage::read(&answer).unwrap().next(0), Ok(Some(77)));
}
