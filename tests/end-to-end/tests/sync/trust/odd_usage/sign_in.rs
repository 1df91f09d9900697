//! Odd answers before the first line of usage: to the sign-in, to the question who one is, and for the customers.

use axum::http::StatusCode;
use serde_json::{Value, json};
use shared::domain::run::RunFailureCode::{Connection, ListTooLong, UsageIncomplete};

use super::answers::RunEnds::{Each, Failed, Whole};
use super::answers::{AnswerKind, RunEnds, edit};

const TOKEN: &str = "/api/v2/oauth2/token";
const WHOAMI: &str = "/whoami/v1";
const CUSTOMERS: &str = "/partner/v1/tenants";
const INCOMPLETE: RunEnds = Failed(UsageIncomplete);

fn json_at(
    path: &'static str,
    name: &str,
    ends: RunEnds,
    change: impl Fn(&mut Value) + Send + Sync + 'static,
) -> AnswerKind {
    AnswerKind::at(path, name, ends, move |answer| edit(answer, &change))
}

pub(super) fn kinds() -> Vec<AnswerKind> {
    [signing_in(), customers(), customer()].into_iter().flatten().collect()
}

fn signing_in() -> Vec<AnswerKind> {
    let status = |path, name: &str, code: u16, ends| {
        AnswerKind::at(path, format!("{name}: HTTP {code}"), ends, move |answer| {
            answer.status = StatusCode::from_u16(code).unwrap();
        })
    };
    vec![
        status(TOKEN, "token", 401, Failed(Connection)),
        status(TOKEN, "token", 503, INCOMPLETE),
        status(WHOAMI, "whoami", 403, Failed(Connection)),
        status(WHOAMI, "whoami", 404, INCOMPLETE),
        status(CUSTOMERS, "customers", 403, Failed(Connection)),
        status(CUSTOMERS, "customers", 404, INCOMPLETE),
        status(CUSTOMERS, "customers", 500, INCOMPLETE),
        json_at(TOKEN, "token: missing", INCOMPLETE, |body| drop(body.as_object_mut().unwrap().remove("access_token"))),
        json_at(TOKEN, "token: with a new line", INCOMPLETE, |body| body["access_token"] = json!("a\nb")),
        json_at(TOKEN, "token: good for no time", Whole, |body| body["expires_in"] = json!(0)),
        json_at(WHOAMI, "whoami: a customer", Failed(Connection), |body| body["idType"] = json!("tenant")),
        json_at(WHOAMI, "whoami: another partner", Failed(Connection), |body| {
            body["id"] = json!("00000000-0000-4000-8000-000000000009");
        }),
        json_at(WHOAMI, "whoami: no host", INCOMPLETE, |body| body["apiHosts"] = json!({})),
        json_at(WHOAMI, "whoami: a host of somebody else", INCOMPLETE, |body| {
            body["apiHosts"]["global"] = json!("https://api.central.sophos.com.example.com");
        }),
    ]
}

fn customers() -> Vec<AnswerKind> {
    let items = |body: &mut Value, change: fn(&mut Vec<Value>)| change(body["items"].as_array_mut().unwrap());
    vec![
        json_at(CUSTOMERS, "customers: null", INCOMPLETE, |body| body["items"] = Value::Null),
        json_at(CUSTOMERS, "customers: no pages", Whole, |body| body["pages"] = json!({})),
        json_at(CUSTOMERS, "customers: not counted", Whole, |body| {
            body["pages"].as_object_mut().unwrap().remove("items");
        }),
        json_at(CUSTOMERS, "customers: nobody, and nobody says so", INCOMPLETE, |body| {
            body["items"] = json!([]);
            body["pages"] = json!({"total": 1});
        }),
        json_at(CUSTOMERS, "customers: not counted, one in place of another", INCOMPLETE, move |body| {
            body["pages"].as_object_mut().unwrap().remove("items");
            items(body, |items| items[1] = items[0].clone());
        }),
        json_at(CUSTOMERS, "customers: more than anybody has", Failed(ListTooLong), |body| {
            body["pages"]["items"] = json!(4_000_000_000_u64);
        }),
        json_at(CUSTOMERS, "customers: another page", INCOMPLETE, |body| body["pages"]["current"] = json!(2)),
        json_at(CUSTOMERS, "customers: one left out", INCOMPLETE, move |body| items(body, |items| drop(items.pop()))),
        json_at(CUSTOMERS, "customers: all left out", INCOMPLETE, move |body| items(body, Vec::clear)),
        json_at(CUSTOMERS, "customers: one more than counted", INCOMPLETE, |body| body["pages"]["items"] = json!(2)),
        json_at(CUSTOMERS, "customers: one less than counted", INCOMPLETE, |body| body["pages"]["items"] = json!(4)),
        json_at(CUSTOMERS, "customers: pages that never end, the last of them empty", Whole, |body| {
            let asked = body["pages"]["current"].as_u64().unwrap();
            body["pages"]["total"] = json!(asked + 1);
        }),
        json_at(CUSTOMERS, "customers: said to have no page", Whole, |body| body["pages"]["total"] = json!(0)),
        json_at(CUSTOMERS, "customers: one in place of another", INCOMPLETE, move |body| {
            items(body, |items| items[1] = items[0].clone());
        }),
        json_at(CUSTOMERS, "customers: nobody, and that is said", Each("held.leftMonthlyBilling"), |body| {
            body["items"] = json!([]);
            body["pages"]["items"] = json!(0);
            body["pages"]["total"] = json!(0);
        }),
        json_at(CUSTOMERS, "customers: the id of one is none", INCOMPLETE, |body| body["items"][0]["id"] = json!("x")),
        json_at(CUSTOMERS, "customers: the id of one is missing", INCOMPLETE, |body| {
            body["items"][0].as_object_mut().unwrap().remove("id");
        }),
        json_at(CUSTOMERS, "customers: one is a text", INCOMPLETE, |body| body["items"][0] = json!("ACME")),
    ]
}

/// What is odd with a customer that can be told from the others.
fn customer() -> Vec<AnswerKind> {
    let all = |name: &str, ends, member: &'static str, value: Value| {
        json_at(CUSTOMERS, &format!("customers: {name}"), ends, move |body| {
            for customer in body["items"].as_array_mut().unwrap() {
                customer[member] = value.clone();
            }
        })
    };
    vec![
        all("billed by term", Each("held.leftMonthlyBilling"), "billingType", json!("term")),
        all("billed by trial", Each("held.leftMonthlyBilling"), "billingType", json!("trial")),
        all("billed in a way nobody knows", Each("held.leftMonthlyBilling"), "billingType", json!("flex2")),
        all("billed in capitals", Each("held.leftMonthlyBilling"), "billingType", json!("USAGE")),
        all("billed by null", Each("held.leftMonthlyBilling"), "billingType", Value::Null),
        all("billed by a number", Each("held.leftMonthlyBilling"), "billingType", json!(1)),
        all("billed by a list", Each("held.leftMonthlyBilling"), "billingType", json!(["usage"])),
        all("without a name", Whole, "showAs", Value::Null),
        all("named by a number", Whole, "showAs", json!(17)),
        all("named by an object", Whole, "showAs", json!({"en": "ACME"})),
        all("of another partner", Whole, "partner", json!({"id": "00000000-0000-4000-8000-000000000009"})),
    ]
}
