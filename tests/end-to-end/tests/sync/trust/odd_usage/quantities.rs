//! Odd quantities: what is no count of units holds the pair; what is one, however it is written, is billed.

use simulators::sophos::UsageRow;

use super::{Ends, Kind};

/// JSON texts that are no count of units.
const NO_COUNT: [&str; 52] = [
    "null",
    "\"\"",
    "\" \"",
    "\"3\"",
    "\"3.0\"",
    "\" 3\"",
    "\"three\"",
    "\"NaN\"",
    "\"Infinity\"",
    "\"-3\"",
    "\"0x3\"",
    "\"3e0\"",
    "\"3 units\"",
    "\"３\"",
    "\"٣\"",
    "\"3,0\"",
    "true",
    "false",
    "[]",
    "[3]",
    "[[3]]",
    "{}",
    "{\"value\":3}",
    "{\"units\":{\"billed\":3}}",
    "NaN",
    "Infinity",
    "-Infinity",
    "-1",
    "-3",
    "-3.0",
    "-3e2",
    "-0.5",
    "-10000001",
    "-1e400",
    "0.5",
    "2.5",
    "2.999",
    "3.0000000001",
    "25e-1",
    "1e-1",
    "1e-400",
    "0.00000000000000000000000000000000001",
    "2.99999999999999999999999999999999999999",
    "3.00000000000000000000000000000000000001",
    "299999999999999999999999999999999999999e-38",
    "10000001",
    "10000000.5",
    "1e8",
    "4294967296",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
    "1e400",
];

/// JSON texts that are a count, and which.
const COUNTS: [(&str, u64); 12] = [
    ("9", 9),
    ("9.0", 9),
    ("9.000000", 9),
    ("9e0", 9),
    ("9E0", 9),
    ("0.9e1", 9),
    ("90e-1", 9),
    ("900E-2", 9),
    ("9.00000000000000000000000000000000000000", 9),
    ("1e1", 10),
    ("10000000", 10_000_000),
    ("1E+7", 10_000_000),
];

pub(super) fn kinds() -> Vec<Kind> {
    let held = Ends::Held("held.unreadable");
    let row =
        |customer, code: &str, quantity: &str| UsageRow::new(customer, code, 0).with("billableQuantity", quantity);
    let mut kinds = vec![
        Kind::new("quantity missing", held, |customer, code| {
            vec![UsageRow::new(customer, code, 0).without("billableQuantity")]
        }),
        Kind::new("quantity under another name", held, |customer, code| {
            vec![UsageRow::new(customer, code, 0).without("billableQuantity").with("billable_quantity", "3")]
        }),
        Kind::new("quantity with a capital", held, |customer, code| {
            vec![UsageRow::new(customer, code, 0).without("billableQuantity").with("BillableQuantity", "3")]
        }),
        Kind::new("only the actual quantity", held, |customer, code| {
            vec![UsageRow::new(customer, code, 9).without("billableQuantity").with("actualQuantity", "9")]
        }),
        Kind::new("quantity under an escaped name", Ends::Billed(9), |customer, code| {
            vec![UsageRow::new(customer, code, 0).without("billableQuantity").with("billable\\u0051uantity", "9")]
        }),
        Kind::new("another actual quantity", Ends::Billed(9), |customer, code| {
            vec![UsageRow::new(customer, code, 9).with("actualQuantity", "4")]
        }),
        Kind::new("a credit beside a charge", held, move |customer, code| {
            vec![row(customer, code, "9"), row(customer, code, "-2")]
        }),
        Kind::new("a credit of the whole charge", held, move |customer, code| {
            vec![row(customer, code, "9"), row(customer, code, "-9")]
        }),
        Kind::new("prorated halves", held, move |customer, code| {
            vec![row(customer, code, "4.5"), row(customer, code, "4.5")]
        }),
        Kind::new("a prorated line beside a whole one", held, move |customer, code| {
            vec![row(customer, code, "8"), row(customer, code, "0.5")]
        }),
        Kind::new("the bad line first", held, move |customer, code| {
            vec![row(customer, code, "null"), row(customer, code, "9")]
        }),
        Kind::new("the bad line in the middle", held, move |customer, code| {
            vec![row(customer, code, "3"), row(customer, code, "NaN"), row(customer, code, "6")]
        }),
        Kind::new("the bad line last", held, move |customer, code| {
            vec![row(customer, code, "9"), row(customer, code, "\"1\"")]
        }),
        Kind::new("lines that add up", Ends::Billed(9), move |customer, code| {
            let other = UsageRow { serial_number: "S-2".to_owned(), ..row(customer, code, "5.0") };
            vec![row(customer, code, "4"), row(customer, code, "0"), other]
        }),
    ];
    kinds.extend(NO_COUNT.map(|text| Kind::bent(format!("quantity {text}"), held, "billableQuantity", text)));
    kinds
        .extend(COUNTS.map(|(text, units)| {
            Kind::bent(format!("quantity {text}"), Ends::Billed(units), "billableQuantity", text)
        }));
    kinds
}
