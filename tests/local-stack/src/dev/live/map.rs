//! Mapping from the command line: what a person names is looked up, and what is saved is checked by the API.

use axum::http::Method;
use serde_json::{Value, json};

use super::connect::Session;
use super::look::agreements_table;
use super::output::{Shown, text};
use super::{Combine, LiveError};

/// The problem of a second Sophos product on one ConnectWise product.
const COMBINE_RULE: &str = "combineRuleMissing";
/// The most candidates that are listed.
const NAMED: usize = 5;

/// Maps a customer to a company and an agreement, or takes its mapping away.
pub(super) async fn customer(
    session: &Session<'_>,
    customer: &str,
    place: Option<(&String, &String)>,
) -> Result<Shown, LiveError> {
    let row = find_customer(session, customer).await?;
    let mut wanted = json!({ "customerId": row["customerId"], "version": row["version"] });
    match place {
        Some((company_name, agreement_name)) => {
            let company = company(session, company_name).await?;
            let agreement = agreement(session, company, agreement_name).await?;
            wanted["mapTo"] = json!({ "companyId": company, "agreementId": agreement });
        }
        None => wanted["unmap"] = json!(true),
    }
    let saved = save(session, "/v1/customer-mappings/save", wanted).await?;
    let mut lines = Vec::new();
    for change in saved["changes"].as_array().into_iter().flatten() {
        let (name, after) = (text(&change["name"]), &change["after"]);
        lines.push(match after["companyId"].as_u64() {
            Some(company) => format!(
                "{name} is billed to {} (company {company}) by {} (agreement {}); its sync is {}.",
                text(&after["companyName"]),
                text(&after["agreementName"]),
                text(&after["agreementId"]),
                if after["sync"] == json!(true) { "on" } else { "off" }
            ),
            None => format!("{name} is not mapped any more."),
        });
    }
    if lines.is_empty() {
        lines.push(format!("{} is so already.", text(&row["name"])));
    }
    lines.extend(saved["notes"].as_array().into_iter().flatten().map(|note| text(&note["text"])));
    Ok(Shown::new(saved, lines.join("\n")))
}

/// Maps a Sophos product to a ConnectWise product, or takes its mapping away.
pub(super) async fn product(
    session: &Session<'_>,
    code: &str,
    target: Option<(&String, Option<Combine>)>,
) -> Result<Shown, LiveError> {
    let row = find_product(session, code).await?;
    let mut wanted = json!({ "code": row["code"], "version": row["version"] });
    match target {
        Some((product, combine)) => {
            wanted["mapTo"] = json!(psa_product(session, product).await?);
            if let Some(combine) = combine {
                wanted["combine"] = json!(combine.word());
            }
        }
        None => wanted["unmap"] = json!(true),
    }
    let saved = save(session, "/v1/product-mappings/save", wanted).await.map_err(|error| {
        let LiveError::Refused(refused) = &error else { return error };
        if refused.problem["code"] != json!(COMBINE_RULE) {
            return error;
        }
        LiveError::Said(format!("{refused} Say --combine add-up or --combine take-largest."))
    })?;
    let mut lines = Vec::new();
    for change in saved["changes"].as_array().into_iter().flatten() {
        let after = &change["after"];
        let code = text(&after["code"]);
        lines.push(match after["psaProductId"].as_u64() {
            Some(id) => format!(
                "{code} is mapped to {} (id {id}); its sync is {}.",
                text(&after["psaProduct"]["identifier"]),
                if after["sync"] == json!(true) { "on" } else { "off" }
            ),
            None => format!("{code} is not mapped any more. ConnectWise goes on billing what it has."),
        });
    }
    if lines.is_empty() {
        lines.push(format!("{code} is so already."));
    }
    Ok(Shown::new(saved, lines.join("\n")))
}

async fn save(session: &Session<'_>, path: &str, row: Value) -> Result<Value, LiveError> {
    let body = json!({ "rows": [row] });
    Ok(session.api.send(Method::POST, path, Some(&body), None).await?.body)
}

/// The row of a customer by its id or its whole name.
pub(super) async fn find_customer(session: &Session<'_>, typed: &str) -> Result<Value, LiveError> {
    let mut rows = session.api.list("/v1/customer-mappings", &[("text", typed)]).await?;
    let is = |row: &Value| same(&row["name"], typed) || same(&row["customerId"], typed);
    let exact: Vec<Value> = rows.iter().filter(|row| is(row)).cloned().collect();
    if let [only] = exact.as_slice() {
        return Ok(only.clone());
    }
    let several = !exact.is_empty();
    if several {
        rows = exact;
    }
    let named = |row: &Value| format!("{} ({})", text(&row["name"]), text(&row["customerId"]));
    let what = if several { "Several Sophos customers are" } else { "No Sophos customer is" };
    Err(not_found(what, typed, rows.iter().map(named), "cargo dev -- --live customers lists them."))
}

async fn find_product(session: &Session<'_>, typed: &str) -> Result<Value, LiveError> {
    let rows = session.api.list("/v1/product-mappings", &[("text", typed)]).await?;
    if let Some(row) = rows.iter().find(|row| row["code"].as_str() == Some(typed)) {
        return Ok(row.clone());
    }
    let names = rows.iter().map(|row| text(&row["code"]));
    Err(not_found("No Sophos product is", typed, names, "cargo dev -- --live products lists them."))
}

/// The id of a company, by itself or by the whole name or identifier of one.
pub(super) async fn company(session: &Session<'_>, typed: &str) -> Result<u64, LiveError> {
    if let Ok(id) = typed.parse() {
        return Ok(id);
    }
    let found = session.api.get("/v1/psa/companies/search", &[("text", typed)]).await?.body;
    if let Some(id) = found["exactId"].as_u64() {
        return Ok(id);
    }
    let items = found["items"].as_array().into_iter().flatten();
    let names = items.map(|row| format!("{} (id {})", text(&row["name"]), text(&row["id"])));
    Err(not_found("No one ConnectWise company is", typed, names, "cargo dev -- --live companies TEXT finds them."))
}

/// What a company has.
pub(super) async fn agreements(session: &Session<'_>, company: u64) -> Result<Value, LiveError> {
    Ok(session.api.get(&format!("/v1/psa/companies/{company}/agreements"), &[]).await?.body)
}

async fn agreement(session: &Session<'_>, company: u64, typed: &str) -> Result<u64, LiveError> {
    if let Ok(id) = typed.parse() {
        return Ok(id);
    }
    let found = agreements(session, company).await?;
    let named = found["items"].as_array().into_iter().flatten().filter(|row| same(&row["name"], typed));
    let ids: Vec<u64> = named.filter_map(|row| row["id"].as_u64()).collect();
    match ids.as_slice() {
        [only] => Ok(*only),
        [] => Err(LiveError::Said(format!(
            "Company {company} has no agreement called {typed}. It has:\n{}",
            agreements_table(&found)
        ))),
        several => Err(LiveError::Said(format!(
            "Company {company} has {} agreements called {typed}. Name one by its id:\n{}",
            several.len(),
            agreements_table(&found)
        ))),
    }
}

async fn psa_product(session: &Session<'_>, typed: &str) -> Result<u64, LiveError> {
    if let Ok(id) = typed.parse() {
        return Ok(id);
    }
    let found = session.api.get("/v1/psa/products/search", &[("text", typed)]).await?.body;
    if let Some(id) = found["exactId"].as_u64() {
        return Ok(id);
    }
    let items = found["items"].as_array().into_iter().flatten();
    let names = items.map(|row| format!("{} (id {})", text(&row["identifier"]), text(&row["id"])));
    Err(not_found("No one ConnectWise product is", typed, names, "cargo dev -- --live psa-products TEXT finds them."))
}

fn same(field: &Value, typed: &str) -> bool {
    field.as_str().is_some_and(|field| field.trim().to_lowercase() == typed.trim().to_lowercase())
}

fn not_found(what: &str, typed: &str, like: impl Iterator<Item = String>, advice: &str) -> LiveError {
    let mut like: Vec<String> = like.collect();
    let more = like.len() > NAMED;
    like.truncate(NAMED);
    let like = match like.as_slice() {
        [] => String::new(),
        some => format!(" Like it: {}{}.", some.join(", "), if more { " and others" } else { "" }),
    };
    LiveError::Said(format!("{what} called {typed}.{like} {advice}"))
}
