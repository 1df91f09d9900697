//! The usage lines of a customer, as Sophos sent them: what a person looks at who asks why a quantity is what it is.

use serde_json::{Value, json};
use shared::domain::id::RunId;

use super::connect::Session;
use super::output::{Shown, table, text};
use super::{LiveError, map, runs};

/// The usage lines of a customer in a run: the newest, or the one that is named.
pub(super) async fn usage_lines(
    session: &Session<'_>,
    customer: &str,
    product: Option<&str>,
    named: Option<&RunId>,
) -> Result<Shown, LiveError> {
    let row = map::find_customer(session, customer).await?;
    let run = match named {
        Some(id) => id.clone(),
        None => match runs::newest(session, |_| true).await? {
            Some(run) => run.id,
            None => {
                return Err(LiveError::Said("There is no run yet. Make one: cargo dev -- --live preview".to_owned()));
            }
        },
    };
    let (path, id) = (format!("/v1/sync/runs/{run}/usage-lines"), text(&row["customerId"]));
    let (mut lines, mut key) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("customer", id.as_str())];
        query.extend(product.map(|product| ("product", product)));
        query.extend(key.as_deref().map(|key| ("pageFromKey", key)));
        let mut page = session.api.get(&path, &query).await?.body;
        if let Value::Array(rows) = page["items"].take() {
            lines.extend(rows);
        }
        key = page["pages"]["nextKey"].as_str().map(str::to_owned);
        if key.is_none() {
            break;
        }
    }
    let units = |row: &Value| if row["units"].is_null() { text(&row["unreadable"]) } else { text(&row["units"]) };
    let cells = |row: &Value| {
        let [product, order, line, serial, first, last] =
            ["product", "order", "orderLine", "serial", "billingStart", "billingEnd"].map(|name| text(&row[name]));
        [product, order, line, serial, first, last, units(row), text(&row["actual"]), text(&row["ordered"])]
    };
    let headings = ["Sophos product", "Order", "Line", "Serial", "From", "To", "Billed", "In use", "Ordered"];
    let shown = if lines.is_empty() {
        format!("Run {run} has no usage line of {}.", text(&row["name"]))
    } else {
        table(headings, lines.iter().map(cells)).to_string()
    };
    Ok(Shown::new(json!({ "runId": run, "usageLines": lines }), shown))
}
