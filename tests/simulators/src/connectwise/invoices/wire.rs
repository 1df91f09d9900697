//! An invoice as the vendor's API shows it. It has no lines there: those are under `/_sim/invoices`.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::Invoice;
use crate::connectwise::records::{Collection, Row};
use crate::connectwise::state::State;

/// The record that is kept, and never changes after.
pub(super) fn row(state: &State, invoice: &Invoice) -> Row {
    let agreement = state.row(Collection::Agreements, 0, invoice.agreement);
    let copied = |field: &str| agreement.and_then(|agreement| agreement.get(field)).cloned();
    let total = number(invoice.total());
    let fields = [
        ("invoiceNumber", Some(json!(invoice.id.to_string()))),
        ("type", Some(json!("Agreement"))),
        ("company", Some(json!({"id": invoice.company}))),
        ("billToCompany", Some(json!({"id": invoice.bill_to}))),
        ("applyToType", Some(json!("Agreement"))),
        ("applyToId", Some(json!(invoice.agreement))),
        ("date", Some(json!(format!("{}T00:00:00Z", invoice.date)))),
        ("billingTerms", copied("billingTerms")),
        ("currency", copied("currency")),
        ("productTotal", Some(total.clone())),
        ("subtotal", Some(total.clone())),
        ("total", Some(total.clone())),
        ("balance", Some(total)),
        ("agreement", Some(json!({"id": invoice.agreement}))),
    ];
    let set = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    set.collect::<Map<String, Value>>()
}

/// Through its digits, so that 0.1 stays 0.1.
pub(in crate::connectwise) fn number(amount: Decimal) -> Value {
    let number: f64 = amount.normalize().to_string().parse().unwrap_or_default();
    json!(number)
}
