//! Odd answers to the question for a month's usage, on the first, the middle and the last of three pages.

use axum::http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use shared::domain::run::RunFailureCode::{Connection, ListTooLong, UsageIncomplete};
use simulators::sophos::{BentAnswer, End};

use super::answers::RunEnds::{Failed, NoMonth, Whole};
use super::answers::{AnswerKind, RunEnds, edit};

const USAGE: &str = "/partner/v1/billing/usage/";
const INCOMPLETE: RunEnds = Failed(UsageIncomplete);

/// Which pages an oddity is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Every,
    First,
    Second,
    Last,
}

impl On {
    const fn words(self) -> &'static str {
        match self {
            Self::Every => "every page",
            Self::First => "first page",
            Self::Second => "second page",
            Self::Last => "last page",
        }
    }

    fn is(self, answer: &BentAnswer) -> bool {
        let page: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let (from, next) = (page["pages"].get("fromKey").is_some(), page["pages"].get("nextKey").is_some());
        match self {
            Self::Every => true,
            Self::First => !from,
            Self::Second => from && next,
            Self::Last => from && !next,
        }
    }
}

fn on(page: On, name: &str, ends: RunEnds, change: impl Fn(&mut BentAnswer) + Send + Sync + 'static) -> AnswerKind {
    AnswerKind::at(USAGE, format!("{}: {name}", page.words()), ends, move |answer| {
        if page.is(answer) {
            change(answer);
        }
    })
}

/// The page's JSON is changed.
fn json_on(page: On, name: &str, ends: RunEnds, change: impl Fn(&mut Value) + Send + Sync + 'static) -> AnswerKind {
    on(page, name, ends, move |answer| edit(answer, &change))
}

pub(super) fn kinds() -> Vec<AnswerKind> {
    [statuses(), bodies(), members(), keys(), totals(), moved()].into_iter().flatten().collect()
}

fn statuses() -> Vec<AnswerKind> {
    let status = |page, code: u16, ends| {
        on(page, &format!("HTTP {code}"), ends, move |answer| answer.status = StatusCode::from_u16(code).unwrap())
    };
    let mut kinds: Vec<AnswerKind> = [204, 301, 302, 304, 307].map(|code| status(On::First, code, INCOMPLETE)).into();
    kinds.extend([400, 405, 406, 409, 410, 418, 422, 451].map(|code| status(On::Second, code, INCOMPLETE)));
    kinds.extend([408, 500, 502, 503, 504, 520, 599].map(|code| status(On::Last, code, INCOMPLETE)));
    kinds.extend([
        status(On::Second, 403, Failed(Connection)),
        status(On::Last, 401, Failed(Connection)),
        status(On::First, 404, NoMonth),
        status(On::Second, 404, INCOMPLETE),
        status(On::Last, 404, INCOMPLETE),
        status(On::Every, 201, Whole),
        status(On::Every, 203, Whole),
        on(On::Every, "HTTP 404 with a web page", INCOMPLETE, |answer| {
            answer.status = StatusCode::NOT_FOUND;
            answer.body = b"<html><body>404</body></html>".to_vec();
        }),
        on(On::Second, "HTTP 429 for an hour", INCOMPLETE, |answer| {
            answer.status = StatusCode::TOO_MANY_REQUESTS;
            answer.headers.insert(header::RETRY_AFTER, HeaderValue::from_static("Fri, 31 Dec 1999 23:59:59 GMT"));
        }),
    ]);
    kinds
}

fn bodies() -> Vec<AnswerKind> {
    let body =
        |page, name: &str, ends, change: fn(&mut Vec<u8>)| on(page, name, ends, move |answer| change(&mut answer.body));
    vec![
        body(On::First, "no body", INCOMPLETE, Vec::clear),
        body(On::Last, "no body", INCOMPLETE, Vec::clear),
        body(On::Second, "a web page", INCOMPLETE, |body| *body = b"<!doctype html><title>Sign in</title>".to_vec()),
        body(On::Second, "XML", INCOMPLETE, |body| *body = b"<?xml version=\"1.0\"?><items/>".to_vec()),
        body(On::First, "null", INCOMPLETE, |body| *body = b"null".to_vec()),
        body(On::Second, "an empty object", INCOMPLETE, |body| *body = b"{}".to_vec()),
        body(On::Last, "an empty list", INCOMPLETE, |body| *body = b"[]".to_vec()),
        body(On::First, "an error under 200", INCOMPLETE, |body| {
            *body = b"{\"error\":\"InternalServerError\"}".to_vec()
        }),
        body(On::First, "one byte", INCOMPLETE, |body| body.truncate(1)),
        body(On::Second, "half of it", INCOMPLETE, |body| body.truncate(body.len() / 2)),
        body(On::Last, "all but its last byte", INCOMPLETE, |body| body.truncate(body.len() - 1)),
        body(On::Second, "something behind it", INCOMPLETE, |body| body.extend(b"{}")),
        body(On::Second, "twice", INCOMPLETE, |body| body.extend_from_within(..)),
        body(On::Second, "a byte order mark before it", Whole, |body| {
            body.splice(0..0, *b"\xef\xbb\xbf");
        }),
        body(On::Second, "in UTF-16", INCOMPLETE, |body| *body = body.iter().flat_map(|byte| [*byte, 0]).collect()),
        body(On::Last, "NUL bytes behind it", INCOMPLETE, |body| body.extend([0; 16])),
        body(On::Second, "a byte that is no UTF-8", INCOMPLETE, |body| {
            if let Some(byte) = body.iter_mut().find(|byte| **byte == b'M') {
                *byte = 0xff;
            }
        }),
        body(On::Every, "blanks around it", Whole, |body| {
            body.splice(0..0, *b"\r\n\t ");
            body.extend(b" \n");
        }),
        body(On::Second, "20 MB", Failed(ListTooLong), |body| body.extend(vec![b' '; 20_000_000])),
        body(On::First, "a quantity with a leading zero", INCOMPLETE, |body| quantity(body, "012")),
        body(On::First, "a quantity with a plus", INCOMPLETE, |body| quantity(body, "+12")),
        body(On::First, "a quantity with a comma", INCOMPLETE, |body| quantity(body, "1,2")),
        body(On::First, "a quantity in hex", INCOMPLETE, |body| quantity(body, "0x0c")),
        body(On::First, "a quantity that is undefined", INCOMPLETE, |body| quantity(body, "undefined")),
        body(On::First, "a quantity in single quotes", INCOMPLETE, |body| quantity(body, "'12'")),
        body(On::First, "no quantity behind its colon", INCOMPLETE, |body| quantity(body, "")),
        body(On::First, "a quantity of minus infinity, short", INCOMPLETE, |body| quantity(body, "-Inf")),
        on(On::Every, "another content type", Whole, |answer| {
            answer.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        }),
        on(On::Second, "said to be gzip", Whole, |answer| {
            answer.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }),
        on(On::Second, "gzip that breaks off", INCOMPLETE, |answer| {
            answer.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            answer.body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56".to_vec();
        }),
        on(On::Second, "cut off in the middle", INCOMPLETE, |answer| {
            answer.body.truncate(answer.body.len() / 2);
            answer.end = End::CutOff;
        }),
        on(On::Last, "cut off at its end", INCOMPLETE, |answer| answer.end = End::CutOff),
    ]
}

/// Another text for the first quantity of 12 units.
fn quantity(body: &mut Vec<u8>, text: &str) {
    let found =
        String::from_utf8_lossy(body).replacen("\"billableQuantity\":12", &format!("\"billableQuantity\":{text}"), 1);
    *body = found.into_bytes();
}

fn members() -> Vec<AnswerKind> {
    let items = |page, name: &str, items: Value| {
        json_on(page, &format!("items {name}"), INCOMPLETE, move |body| body["items"] = items.clone())
    };
    let pages = |page, name: &str, pages: Value| {
        json_on(page, &format!("pages {name}"), INCOMPLETE, move |body| body["pages"] = pages.clone())
    };
    vec![
        items(On::First, "null", Value::Null),
        items(On::Second, "an object", json!({})),
        items(On::Second, "a text", json!("none")),
        items(On::Second, "a number", json!(1000)),
        items(On::First, "empty", json!([])),
        items(On::Second, "empty", json!([])),
        items(On::Last, "empty", json!([])),
        json_on(On::Last, "items missing", INCOMPLETE, |body| drop(body.as_object_mut().unwrap().remove("items"))),
        json_on(On::Second, "items under another name", INCOMPLETE, |body| {
            let items = body.as_object_mut().unwrap().remove("items").unwrap();
            body["lines"] = items;
        }),
        pages(On::First, "null", Value::Null),
        pages(On::Last, "a list", json!([])),
        pages(On::First, "empty", json!({})),
        pages(On::Second, "empty", json!({})),
        json_on(On::Last, "pages missing", INCOMPLETE, |body| drop(body.as_object_mut().unwrap().remove("pages"))),
        on(On::Second, "items twice", INCOMPLETE, |answer| {
            let body = String::from_utf8_lossy(&answer.body).replacen("{\"items\":", "{\"items\":[],\"items\":", 1);
            answer.body = body.into_bytes();
        }),
        on(On::Every, "an unknown member", Whole, |answer| {
            edit(answer, |body| body["surprise"] = json!({"items": [], "pages": null}));
        }),
    ]
}

fn keys() -> Vec<AnswerKind> {
    let next = |page, name: &str, next: Value| {
        json_on(page, &format!("nextKey {name}"), INCOMPLETE, move |body| body["pages"]["nextKey"] = next.clone())
    };
    let without = |page| {
        json_on(page, "nextKey missing", INCOMPLETE, |body| {
            body["pages"].as_object_mut().unwrap().remove("nextKey");
        })
    };
    vec![
        without(On::First),
        without(On::Second),
        next(On::First, "null", Value::Null),
        next(On::Second, "empty", json!("")),
        next(On::First, "a number", json!(2)),
        next(On::Second, "an object", json!({"key": "x"})),
        next(On::First, "of nowhere", json!("bm93aGVyZQ")),
        next(On::Second, "of an address", json!("https://example.com/?a=1&b=2#c")),
        next(On::Second, "of 100,000 letters", json!("k".repeat(100_000))),
        next(On::Last, "on the last page", json!("bm93aGVyZQ")),
        json_on(On::Second, "nextKey its own", INCOMPLETE, |body| {
            body["pages"]["nextKey"] = body["pages"]["fromKey"].clone()
        }),
        json_on(On::Last, "nextKey its own", INCOMPLETE, |body| {
            body["pages"]["nextKey"] = body["pages"]["fromKey"].clone()
        }),
        circle("a circle, and the total is told", false),
        circle("a circle, and no total is told", true),
    ]
}

/// The last page leads back to the page before it.
fn circle(name: &str, total_untold: bool) -> AnswerKind {
    let second = std::sync::Mutex::new(Value::Null);
    json_on(On::Every, name, INCOMPLETE, move |body| {
        let mut second = second.lock().unwrap();
        if body["pages"].get("fromKey").is_none() {
            *second = body["pages"]["nextKey"].clone();
        } else if body["pages"].get("nextKey").is_none() {
            body["pages"]["nextKey"] = second.clone();
        }
        if total_untold {
            body["pages"].as_object_mut().unwrap().remove("items");
        }
    })
}

fn totals() -> Vec<AnswerKind> {
    let total = |page, name: &str, total: Value| {
        json_on(page, &format!("total {name}"), INCOMPLETE, move |body| body["pages"]["items"] = total.clone())
    };
    let lines = 63;
    vec![
        total(On::Every, "null", Value::Null),
        total(On::Every, "a text", json!("63")),
        total(On::Every, "negative", json!(-1)),
        total(On::Every, "a fraction", json!(63.5)),
        total(On::Every, "zero", json!(0)),
        total(On::Every, "one too many", json!(lines + 1)),
        total(On::Every, "one too few", json!(lines - 1)),
        total(On::Every, "of one page", json!(25)),
        total(On::Every, "beyond all numbers", json!(1e300)),
        total(On::Second, "one more", json!(lines + 1)),
        total(On::Second, "one less", json!(lines - 1)),
        total(On::Last, "one more", json!(lines + 1)),
        total(On::Last, "of what was sent so far", json!(50)),
        json_on(On::Every, "total missing", INCOMPLETE, |body| {
            body["pages"].as_object_mut().unwrap().remove("items");
        }),
        json_on(On::Every, "the number of pages wrong", Whole, |body| body["pages"]["total"] = json!(99)),
    ]
}

fn moved() -> Vec<AnswerKind> {
    let first = std::sync::Mutex::new(Value::Null);
    let again = move |body: &mut Value| {
        let mut first = first.lock().unwrap();
        if body["pages"].get("fromKey").is_none() {
            *first = body["items"].clone();
        } else if body["pages"].get("nextKey").is_some() {
            body["items"] = first.clone();
        }
    };
    let lines = |body: &mut Value, change: fn(&mut Vec<Value>)| change(body["items"].as_array_mut().unwrap());
    vec![
        json_on(On::Every, "the first page's lines on the second again", INCOMPLETE, again),
        json_on(On::Second, "a line less", INCOMPLETE, move |body| lines(body, |items| drop(items.pop()))),
        json_on(On::Last, "a line less", INCOMPLETE, move |body| lines(body, |items| drop(items.pop()))),
        json_on(On::Second, "a line twice", INCOMPLETE, move |body| lines(body, |items| items.push(items[0].clone()))),
        json_on(On::First, "a line more", INCOMPLETE, move |body| lines(body, |items| items.push(items[0].clone()))),
        json_on(On::Second, "null lines behind the others", INCOMPLETE, move |body| {
            lines(body, |items| items.extend([Value::Null, Value::Null]));
        }),
        json_on(On::Every, "the lines in another order", Whole, move |body| lines(body, |items| items.reverse())),
    ]
}
