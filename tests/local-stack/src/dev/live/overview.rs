//! The look at all: the connections, the month's usage, who is mapped and who could be, and what would be written.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::domain::ledger::CustomerLedger;

use super::connect::Session;
use super::look::{customers_table, is_likely, products_table, suggest_companies, suggest_products};
use super::output::{Output, Shown, text};
use super::{LiveArgs, LiveError, runs};
use crate::dev::report::number;

/// How many rows that are mapped, and how many that are not, are shown; of these those with the most usage first.
const SHOWN: usize = 10;

/// Looks at all and, where something is mapped, previews; with --apply, applies what it has shown.
pub(super) async fn overview(
    session: &Session<'_>,
    args: &LiveArgs,
    output: &Output,
    connected: &Shown,
) -> Result<Shown, LiveError> {
    output.tell(&connected.text)?;
    if args.apply
        && let Some(shown) = runs::go_on(session, args, output).await?
    {
        return Ok(shown);
    }
    let told = runs::previewed(session, args).await?;
    let mut customers = Rows::of(session.api.list("/v1/customer-mappings", &[]).await?, "mapping");
    let mut products = Rows::of(session.api.list("/v1/product-mappings", &[]).await?, "psaProductId");
    let units = units_by_customer(&told.1);
    customers.most_used_first(|row| units.get(&text(&row["customerId"])).copied().unwrap_or_default());
    products.unmapped.retain(|row| row["state"] == json!("unmapped"));
    products.most_used_first(|row| row["lastSeen"]["units"].as_u64().unwrap_or_default());
    // Whoever applies has mapped; suggestions take some calls of ConnectWise each.
    if !args.apply && customers.unmapped.len() + products.unmapped.len() > 0 {
        eprintln!("Looking for what is not mapped yet.");
        let can_sync = |row: &&mut Value| row["syncAvailable"] == json!(true);
        suggest_companies(session, customers.unmapped.iter_mut().filter(can_sync).take(SHOWN)).await?;
        suggest_products(session, products.unmapped.iter_mut().take(SHOWN)).await?;
    }
    output.tell(&customers.text("Sophos customer", "Sophos customers", customers_table, "customers"))?;
    output.tell(&products.text("Sophos product", "Sophos products", products_table, "products"))?;

    let is_ready = !(customers.mapped.is_empty() || products.mapped.is_empty());
    let seen = runs::shown(&told.0, &told.1);
    let previewed = seen.document.clone();
    let mut ended = if is_ready && args.apply {
        runs::apply_shown(session, args, output, told).await?
    } else if is_ready || !runs::is_good(&told.0) {
        seen
    } else {
        let nothing = "\nNothing can be written yet: a customer and a product have to be mapped first.";
        Shown::new(Value::Null, if args.apply { nothing } else { "" })
    };
    if !is_ready || !args.apply {
        ended.text = [ended.text, next_steps(&customers, &products, is_ready)].join("\n").trim().to_owned();
    }
    let mut document = json!({
        "connections": connected.document,
        "customers": customers.document(),
        "products": products.document(),
        "preview": previewed,
    });
    if is_ready && args.apply {
        document["applied"] = ended.document.take();
    }
    Ok(Shown { document, ..ended })
}

/// What is mapped and what is not.
struct Rows {
    mapped: Vec<Value>,
    unmapped: Vec<Value>,
}

impl Rows {
    /// `target` is the field that only a mapped row has.
    fn of(rows: Vec<Value>, target: &str) -> Self {
        let (mapped, unmapped) = rows.into_iter().partition(|row| !row[target].is_null());
        Self { mapped, unmapped }
    }

    fn most_used_first(&mut self, units: impl Fn(&Value) -> u64) {
        self.unmapped.sort_by_key(|row| std::cmp::Reverse(units(row)));
    }

    fn text(&self, one: &str, several: &str, table: fn(&[Value]) -> String, command: &str) -> String {
        let all = self.mapped.len() + self.unmapped.len();
        let rows: Vec<Value> =
            self.mapped.iter().take(SHOWN).chain(self.unmapped.iter().take(SHOWN)).cloned().collect();
        let more = |rows: &[Value], what: &str, command: &str| match rows.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("\n{more} more are {what}: cargo dev -- --live {command}"),
        };
        format!(
            "\n{}, {} mapped.\n{}{}{}",
            number(all as u64, one, several),
            self.mapped.len(),
            table(&rows),
            more(&self.mapped, "mapped", command),
            more(&self.unmapped, "not mapped", &format!("{command} --unmapped"))
        )
    }

    fn document(self) -> Value {
        Value::Array(self.mapped.into_iter().chain(self.unmapped).collect())
    }
}

fn units_by_customer(ledger: &[CustomerLedger]) -> BTreeMap<String, u64> {
    let units = |entry: &CustomerLedger| entry.lines.iter().map(|line| line.units).sum();
    ledger.iter().filter_map(|entry| Some((entry.customer?.to_string(), units(entry)))).collect()
}

/// What to say next, with this partner's own names.
fn next_steps(customers: &Rows, products: &Rows, is_ready: bool) -> String {
    let mut steps = Vec::new();
    // A match by common words alone is too weak to be put into a command that people copy.
    let likely = |row: &Value, id: &str| Some(&row["suggestions"][0]).filter(|s| is_likely(s)).map(|s| text(&s[id]));
    let first = |rows: &Rows, id: &str| {
        let row = rows.unmapped.iter().find(|row| likely(row, id).is_some()).or(rows.unmapped.first())?;
        Some((row.clone(), likely(row, id)))
    };
    if let (true, Some((row, company))) = (customers.mapped.is_empty(), first(customers, "companyId")) {
        if company.is_none() {
            steps.push("cargo dev -- --live companies TEXT".to_owned());
        }
        let company = company.unwrap_or_else(|| "COMPANY".to_owned());
        let name = quoted(&text(&row["name"]));
        steps.push(format!("cargo dev -- --live agreements {company}"));
        steps.push(format!("cargo dev -- --live map-customer {name} --company {company} --agreement AGREEMENT"));
    }
    if let (true, Some((row, product))) = (products.mapped.is_empty(), first(products, "psaProductId")) {
        if product.is_none() {
            steps.push("cargo dev -- --live psa-products TEXT".to_owned());
        }
        let product = product.unwrap_or_else(|| "PRODUCT".to_owned());
        steps.push(format!("cargo dev -- --live map-product {} --product {product}", quoted(&text(&row["code"]))));
    }
    if is_ready {
        steps.push("cargo dev -- --live --apply".to_owned());
    }
    if steps.is_empty() { String::new() } else { format!("\nNext:\n  {}", steps.join("\n  ")) }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_of_a_shell_whatever_it_has() {
        assert_eq!(quoted("CIXA-MSP"), "CIXA-MSP");
        assert_eq!(quoted("Kell's; rm -rf $HOME"), "'Kell'\\''s; rm -rf $HOME'");
    }
}
