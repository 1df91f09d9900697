//! Odd lines as a whole: no object, members twice, texts that are none, and the lines of a pair in any order.

use simulators::sophos::UsageRow;
use uuid::Uuid;

use super::{Ends, Kind};

/// What stands where a line should.
const NO_LINE: [&str; 12] = [
    "null",
    "true",
    "17",
    "-1.5",
    "\"a line\"",
    "\"\"",
    "[]",
    "[[]]",
    "[1,2,3]",
    "{}",
    "{\"error\":\"NotFound\"}",
    "NaN",
];

/// Members that nobody bills by, and odd texts of them.
const BY_THE_WAY: [(&str, &str); 14] = [
    ("productDescription", "null"),
    ("productDescription", "17"),
    ("productDescription", "{\"en\":\"Endpoint\"}"),
    ("productDescription", "\"\\u0000\\u202e\""),
    ("productDescription", "\"\\ud800\""),
    ("productGroup", "null"),
    ("orderNumber", "[]"),
    ("orderLineItemNumber", "1e999"),
    ("accountNumberOrSerialNumber", "false"),
    ("billingStartDate", "\"2021-04-31\""),
    ("billingEndDate", "\"yesterday\""),
    ("billingEndDate", "\"1999-01-01\""),
    ("unitPrice", "-1e400"),
    ("netPrice", "\"free\""),
];

pub(super) fn kinds() -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    kinds.extend(
        NO_LINE.map(|text| {
            Kind::new(format!("line: {text}"), Ends::Elsewhere, move |_, _| vec![UsageRow::from_text(text)])
        }),
    );
    kinds.extend(BY_THE_WAY.map(|(member, text)| {
        Kind::new(format!("line: {member} {text}"), Ends::Billed(9), move |customer, code| {
            vec![UsageRow::new(customer, code, 9).with(member, text)]
        })
    }));
    kinds.extend([twice(), whole()].into_iter().flatten());
    kinds
}

/// A member that stands twice: nobody knows which one is meant.
fn twice() -> Vec<Kind> {
    let text = |customer: Uuid, code: &str, more: &str| {
        let line = format!("{{\"accountId\":\"{customer}\",\"productCode\":\"{code}\",\"billableQuantity\":9{more}}}");
        vec![UsageRow::from_text(line)]
    };
    vec![
        Kind::new("line: quantity twice", Ends::Elsewhere, move |customer, code| {
            text(customer, code, ",\"billableQuantity\":90")
        }),
        Kind::new("line: the same quantity twice", Ends::Elsewhere, move |customer, code| {
            text(customer, code, ",\"billableQuantity\":9")
        }),
        Kind::new("line: customer twice", Ends::Elsewhere, move |customer, code| {
            text(customer, code, &format!(",\"accountId\":\"{}\"", Uuid::from_u128(9)))
        }),
        Kind::new("line: product twice", Ends::Elsewhere, move |customer, code| {
            text(customer, code, ",\"productCode\":\"OTHER\"")
        }),
        Kind::new("line: an unknown member twice", Ends::Billed(9), move |customer, code| {
            text(customer, code, ",\"x\":1,\"x\":2")
        }),
        Kind::new("line: with nothing but the three members", Ends::Billed(9), move |customer, code| {
            text(customer, code, "")
        }),
        Kind::new("line: with blanks and new lines", Ends::Billed(9), |customer, code| {
            vec![UsageRow::from_text(format!(
                "\n {{ \"accountId\" :\t\"{customer}\" ,\r\n\"productCode\":\"{code}\",\"billableQuantity\" : 9 }} "
            ))]
        }),
        Kind::new("line: in a list", Ends::Elsewhere, |customer, code| {
            vec![UsageRow::from_text(format!(
                "[{{\"accountId\":\"{customer}\",\"productCode\":\"{code}\",\"billableQuantity\":9}}]"
            ))]
        }),
        Kind::new("line: as a list of its values", Ends::Elsewhere, |customer, code| {
            vec![UsageRow::from_text(format!("[\"{customer}\",\"{code}\",9]"))]
        }),
        Kind::new("line: as a text", Ends::Elsewhere, |customer, code| {
            let line = format!("{{\"accountId\":\"{customer}\",\"productCode\":\"{code}\",\"billableQuantity\":9}}");
            vec![UsageRow::from_text(serde_json::json!(line).to_string())]
        }),
    ]
}

/// Well-formed lines beside malformed ones.
fn whole() -> Vec<Kind> {
    let row = |customer, code: &str, quantity| UsageRow::new(customer, code, quantity);
    // A line of its own, by its serial number.
    let own = move |customer, code: &str, quantity, serial: usize| UsageRow {
        serial_number: format!("S-{serial}"),
        ..row(customer, code, quantity)
    };
    let days = |row: UsageRow, first: &str, last: &str| {
        row.with("billingStartDate", format!("\"{first}\"")).with("billingEndDate", format!("\"{last}\""))
    };
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("\"{}\"", "Endpoint ".repeat(20_000));
    vec![
        Kind::bent("line: nested 5,000 times", Ends::Billed(3), "surprise", deep),
        Kind::bent("line: a description of 180,000 letters", Ends::Billed(3), "productDescription", long.clone()),
        Kind::bent("line: a serial number of 180,000 letters", Ends::Billed(3), "accountNumberOrSerialNumber", long),
        Kind::new("line: 200 lines of one unit", Ends::Billed(200), move |customer, code| {
            (0..200).map(|serial| own(customer, code, 1, serial)).collect()
        }),
        Kind::new("line: nothing but zeros", Ends::Billed(0), move |customer, code| {
            vec![row(customer, code, 0), row(customer, code, 0)]
        }),
        Kind::new("line: one of the pair without a customer", Ends::Billed(9), move |customer, code| {
            vec![row(customer, code, 9), UsageRow::unassigned(code, 4)]
        }),
        Kind::new("line: one of the pair without a product", Ends::Billed(9), move |customer, code| {
            vec![row(customer, code, 9), row(customer, code, 4).without("productCode")]
        }),
        Kind::new("line: the larger one first", Ends::Billed(9), move |customer, code| {
            vec![own(customer, code, 8, 1), own(customer, code, 1, 2)]
        }),
        Kind::new("line: the smaller one first", Ends::Billed(9), move |customer, code| {
            vec![own(customer, code, 1, 1), own(customer, code, 8, 2)]
        }),
        Kind::new("line: between lines of another product", Ends::Billed(9), move |customer, code| {
            vec![own(customer, code, 4, 1), row(customer, "UNHEARD-OF", 50), own(customer, code, 5, 2)]
        }),
        Kind::new("line: twice", Ends::Held("held.duplicateUsage"), move |customer, code| {
            vec![row(customer, code, 5), row(customer, code, 5)]
        }),
        Kind::new("line: of the next month", Ends::Held("held.otherPeriod"), move |customer, code| {
            vec![days(row(customer, code, 9), "2026-12-01", "2026-12-31")]
        }),
        Kind::new("line: two halves of the month", Ends::Held("held.consecutivePeriods"), move |customer, code| {
            let halves = [("2026-11-01", "2026-11-15"), ("2026-11-16", "2026-11-30")];
            halves.map(|(first, last)| days(row(customer, code, 5), first, last)).into()
        }),
        Kind::new("line: of a firewall, not flagged as one", Ends::Billed(9), move |customer, code| {
            vec![row(customer, code, 9).with("productGroup", "\"Device\"")]
        }),
        Kind::new("line: none at all", Ends::Elsewhere, |_, _| Vec::new()),
    ]
}
