//! Lists: customers, products, and what ConnectWise has.

use axum::http::Method;
use serde_json::{Value, json};

use super::connect::Session;
use super::output::{Shown, table, text};
use super::{LiveError, map, prompt};

/// How many rows have suggestions: each of them takes a few calls of ConnectWise.
const SUGGESTED: usize = 25;

/// What is said where nothing was read of Sophos yet.
const NOTHING: &str = "None. Customers and products are known once a preview has read them: cargo dev -- --live";

/// The customers, and of those that are not mapped which companies they may be.
pub(super) async fn customers(session: &Session<'_>, text: Option<&str>, unmapped: bool) -> Result<Shown, LiveError> {
    let mut query: Vec<(&str, &str)> = text.map(|text| ("text", text)).into_iter().collect();
    query.extend(unmapped.then_some(("show", "unmapped")));
    let mut rows = session.api.list("/v1/customer-mappings", &query).await?;
    if unmapped {
        suggest_companies(session, rows.iter_mut()).await?;
    }
    Ok(Shown::new(json!({ "customers": rows }), customers_table(&rows)))
}

/// The Sophos products, and of those that are not mapped what they may be.
pub(super) async fn products(session: &Session<'_>, text: Option<&str>, unmapped: bool) -> Result<Shown, LiveError> {
    let mut query: Vec<(&str, &str)> = text.map(|text| ("text", text)).into_iter().collect();
    query.extend(unmapped.then_some(("state", "unmapped")));
    let mut rows = session.api.list("/v1/product-mappings", &query).await?;
    if unmapped {
        suggest_products(session, rows.iter_mut()).await?;
    }
    Ok(Shown::new(json!({ "products": rows }), products_table(&rows)))
}

/// Adds to the first rows what they may be, as `suggestions`.
pub(super) async fn suggest_companies<'a>(
    session: &Session<'_>,
    rows: impl Iterator<Item = &'a mut Value>,
) -> Result<(), LiveError> {
    for row in rows.take(SUGGESTED) {
        let query = [("customerId", text(&row["customerId"]))];
        let query = query.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut found = session.api.get("/v1/customer-mappings/suggestions", &query).await?.body;
        row["suggestions"] = found["items"].take();
    }
    Ok(())
}

/// The same of products.
pub(super) async fn suggest_products<'a>(
    session: &Session<'_>,
    rows: impl Iterator<Item = &'a mut Value>,
) -> Result<(), LiveError> {
    for row in rows.take(SUGGESTED) {
        let query = [("code", text(&row["code"]))];
        let query = query.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut found = session.api.get("/v1/product-mappings/suggestions", &query).await?.body;
        row["suggestions"] = found["items"].take();
    }
    Ok(())
}

pub(super) fn customers_table(rows: &[Value]) -> String {
    if rows.is_empty() {
        return NOTHING.to_owned();
    }
    let row = |row: &Value| {
        let mapping = &row["mapping"];
        let named = |id: &str, name: &str| match mapping[id].as_u64() {
            Some(id) => format!("{} (id {id})", text(&mapping[name])),
            None => String::new(),
        };
        let sync = if mapping.is_null() {
            let can = row["syncAvailable"] == json!(true);
            if can { "not mapped" } else { "not available: no MSP Flex customer" }
        } else if mapping["sync"] == json!(true) {
            "on"
        } else {
            "off"
        };
        let maybe = |company: &Value| {
            let taken = company["takenBy"].as_str().map_or_else(String::new, |by| format!(", taken by {by}"));
            format!("{} (id {}{taken})", text(&company["name"]), text(&company["companyId"]))
        };
        let company = named("companyId", "companyName");
        let company = if company.is_empty() { may_be(row, maybe) } else { company };
        [text(&row["name"]), sync.to_owned(), company, named("agreementId", "agreementName"), text(&row["customerId"])]
    };
    let headings = ["Customer", "Sync", "ConnectWise company", "Agreement", "Sophos' id"];
    table(headings, rows.iter().map(row)).to_string()
}

pub(super) fn products_table(rows: &[Value]) -> String {
    if rows.is_empty() {
        return NOTHING.to_owned();
    }
    let row = |row: &Value| {
        let state = match (row["state"].as_str(), &row["sync"]) {
            (Some("mapped"), sync) if *sync == json!(true) => "on",
            (Some("mapped"), _) => "off",
            (Some("unmapped"), _) => "not mapped",
            (Some(other), _) => other,
            (None, _) => "",
        };
        let maybe =
            |product: &Value| format!("{} (id {})", text(&product["identifier"]), text(&product["psaProductId"]));
        let product = match row["psaProductId"].as_u64() {
            Some(id) => format!("id {id}"),
            None => may_be(row, maybe),
        };
        [text(&row["code"]), text(&row["description"]), text(&row["lastSeen"]["units"]), state.to_owned(), product]
    };
    table(["Sophos product", "Description", "Units", "Sync", "ConnectWise product"], rows.iter().map(row)).to_string()
}

/// The first suggestions of a row in words; nothing is mapped by itself.
fn may_be(row: &Value, word: impl Fn(&Value) -> String) -> String {
    let Some(suggestions) = row["suggestions"].as_array() else { return String::new() };
    let words: Vec<String> = suggestions.iter().take(2).map(word).collect();
    match suggestions.first() {
        None => "nothing like it found".to_owned(),
        Some(first) if is_likely(first) => format!("likely {}", words.join(" or ")),
        Some(_) => format!("perhaps {}", words.join(" or ")),
    }
}

/// Whether a suggestion rests on more than words in common.
pub(super) fn is_likely(suggestion: &Value) -> bool {
    matches!(suggestion["because"].as_str(), Some("identifier" | "sku" | "crossReference" | "sameName"))
}

/// Companies by a text.
pub(super) async fn companies(session: &Session<'_>, searched: &str) -> Result<Shown, LiveError> {
    let found = session.api.get("/v1/psa/companies/search", &[("text", searched)]).await?.body;
    let row = |row: &Value| [&row["id"], &row["identifier"], &row["name"]].map(text);
    let rows = found["items"].as_array().into_iter().flatten().map(row);
    let shown = table(["Id", "Identifier", "ConnectWise company"], rows).to_string();
    Ok(Shown::new(found, shown))
}

/// The agreements of a company.
pub(super) async fn agreements(session: &Session<'_>, company: &str) -> Result<Shown, LiveError> {
    let company = map::company(session, company).await?;
    let found = map::agreements(session, company).await?;
    let shown = agreements_table(&found);
    Ok(Shown::new(found, shown))
}

pub(super) fn agreements_table(found: &Value) -> String {
    let row = |row: &Value| {
        [&row["id"], &row["name"], &row["type"], &row["status"], &row["billingCycle"], &row["nextInvoiceDate"]]
            .map(text)
    };
    let rows = found["items"].as_array().into_iter().flatten().map(row);
    table(["Id", "Agreement", "Type", "Status", "Billed", "Next invoice"], rows).to_string()
}

/// ConnectWise products by a text.
pub(super) async fn psa_products(session: &Session<'_>, searched: &str) -> Result<Shown, LiveError> {
    let found = session.api.get("/v1/psa/products/search", &[("text", searched)]).await?.body;
    let row = |row: &Value| [&row["id"], &row["identifier"], &row["description"], &row["price"]].map(text);
    let rows = found["items"].as_array().into_iter().flatten().map(row);
    let shown = table(["Id", "ConnectWise product", "Description", "Price"], rows).to_string();
    Ok(Shown::new(found, shown))
}

/// Any call. A body comes by standard input: arguments can be read by every user of a machine.
pub(super) async fn call(
    session: &Session<'_>,
    method: &str,
    path: &str,
    has_body: bool,
    if_match: Option<&str>,
) -> Result<Shown, LiveError> {
    let said = |what: String| LiveError::Said(what);
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes());
    let method = method.map_err(|_| said("Expected GET, POST, PUT, PATCH or DELETE.".to_owned()))?;
    let body = if has_body {
        let typed = prompt::rest().await?;
        let body: Value = serde_json::from_str(&typed).map_err(|error| {
            said(format!("The body is no JSON (line {}, column {}).", error.line(), error.column()))
        })?;
        Some(body)
    } else {
        None
    };
    let reply = session.api.send(method, path, body.as_ref(), if_match).await?;
    let shown = match reply.body.as_str() {
        Some(text) => text.trim_end().to_owned(),
        None if reply.body.is_null() => String::new(),
        None => format!("{:#}", reply.body),
    };
    Ok(Shown::new(reply.body, shown))
}
