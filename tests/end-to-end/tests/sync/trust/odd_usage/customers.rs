//! Odd customer ids: a line is billed to the customer whose id it has, and to nobody where that cannot be read.

use simulators::sophos::UsageRow;

use super::{Ends, Kind};

/// JSON texts that are no customer's id; `{id}` stands for the real one.
const NO_ID: [(&str, &str); 22] = [
    ("null", "null"),
    ("empty", "\"\""),
    ("blank", "\" \\t\""),
    ("a word", "\"not-an-id\""),
    ("a number", "17"),
    ("true", "true"),
    ("a list", "[]"),
    ("an object", "{}"),
    ("the id in a list", "[\"{id}\"]"),
    ("the id in an object", "{\"id\":\"{id}\"}"),
    ("the id in braces", "\"{{id}}\""),
    ("the id as a URN", "\"urn:uuid:{id}\""),
    ("the id and more", "\"{id}x\""),
    ("the id twice", "\"{id}{id}\""),
    ("the id behind a word", "\"id {id}\""),
    ("the id with a NUL", "\"{id}\\u0000\""),
    ("the id with a zero width space", "\"{id}\\u200b\""),
    ("the id with half a surrogate", "\"{id}\\ud800\""),
    ("36 hyphens", "\"------------------------------------\""),
    ("nobody's id", "\"00000000-0000-0000-0000-000000000000\""),
    ("another partner's customer", "\"718b6047-2fbc-4f4b-a143-45ee42bf5d3b\""),
    ("a bare NaN", "NaN"),
];

pub(super) fn kinds() -> Vec<Kind> {
    let of = |name: &str, ends, text: String| {
        Kind::new(format!("customer: {name}"), ends, move |customer, code| {
            let text = text.replace("{id}", &customer.to_string());
            vec![UsageRow::new(customer, code, 9).with("accountId", text)]
        })
    };
    let mut kinds: Vec<Kind> =
        NO_ID.into_iter().map(|(name, text)| of(name, Ends::Elsewhere, text.to_owned())).collect();
    kinds.extend([
        of("10,000 letters", Ends::Elsewhere, format!("\"{}\"", "a".repeat(10_000))),
        of("blanks around the id", Ends::Billed(9), "\" {id}\\n\"".to_owned()),
        Kind::new("customer: missing", Ends::Elsewhere, |customer, code| {
            vec![UsageRow::new(customer, code, 9).without("accountId")]
        }),
        Kind::new("customer: under another name", Ends::Elsewhere, |customer, code| {
            let row = UsageRow::new(customer, code, 9).without("accountId");
            vec![row.with("accountID", format!("\"{customer}\""))]
        }),
        Kind::new("customer: only its number in the billing system", Ends::Elsewhere, |customer, code| {
            let row = UsageRow::new(customer, code, 9).without("accountId");
            vec![row.with("externalId", format!("\"{customer}\""))]
        }),
        Kind::new("customer: without hyphens", Ends::Elsewhere, |customer, code| {
            vec![UsageRow::new(customer, code, 9).with("accountId", format!("\"{}\"", customer.simple()))]
        }),
        Kind::new("customer: in capitals", Ends::Billed(9), |customer, code| {
            let capitals = customer.to_string().to_uppercase();
            vec![UsageRow::new(customer, code, 9).with("accountId", format!("\"{capitals}\""))]
        }),
        Kind::new("customer: suspended", Ends::Billed(9), |customer, code| {
            vec![UsageRow::new(customer, code, 9).with("accountStatus", "\"suspended\"")]
        }),
        Kind::new("customer: of a status that is a number", Ends::Billed(9), |customer, code| {
            vec![UsageRow::new(customer, code, 9).with("accountStatus", "7")]
        }),
    ]);
    kinds
}
