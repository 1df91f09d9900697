//! Odd product codes: what cannot be read or is not mapped is billed to nobody, and taken for no product that looks alike.

use simulators::sophos::UsageRow;

use super::{Ends, Kind};

/// JSON texts that are not the code; `{code}` stands for it.
const NOT_THE_CODE: [(&str, &str); 37] = [
    ("null", "null"),
    ("empty", "\"\""),
    ("blank", "\"   \""),
    ("a number", "17"),
    ("zero", "0"),
    ("true", "true"),
    ("a list", "[]"),
    ("an object", "{}"),
    ("the code in a list", "[\"{code}\"]"),
    ("the code in an object", "{\"code\":\"{code}\"}"),
    ("the word null", "\"null\""),
    ("the word undefined", "\"undefined\""),
    ("the word __proto__", "\"__proto__\""),
    ("a hash", "\"#\""),
    ("a hash behind the code", "\"{code}#\""),
    ("a hash before the code", "\"MP#{code}\""),
    ("a blank in the code", "\"{code} {code}\""),
    ("a tab in the code", "\"{code}\\t{code}\""),
    ("a new line in the code", "\"{code}\\n{code}\""),
    ("a NUL behind the code", "\"{code}\\u0000\""),
    ("a zero width space behind the code", "\"{code}\\u200b\""),
    ("a byte order mark before the code", "\"\\ufeff{code}\""),
    ("a right-to-left mark before the code", "\"\\u200f{code}\""),
    ("a combining accent behind the code", "\"{code}\\u0301\""),
    ("half a surrogate behind the code", "\"{code}\\ud800\""),
    ("a Cyrillic letter that looks Latin", "\"\\u0421EP\""),
    ("full width letters", "\"ＣＥＰ\""),
    ("a picture", "\"🔥\""),
    ("Chinese", "\"端点保护\""),
    ("a formula", "\"=1+1\""),
    ("a condition", "\"{code}'or'1'='1\""),
    ("a path", "\"../{code}\""),
    ("a hyphen more", "\"{code}-\""),
    ("a dot more", "\"{code}.\""),
    ("a star", "\"*\""),
    ("a per cent", "\"%\""),
    ("a bare NaN", "NaN"),
];

pub(super) fn kinds() -> Vec<Kind> {
    let of = |name: &str, ends, text: String| {
        Kind::new(format!("product: {name}"), ends, move |customer, code| {
            vec![UsageRow::new(customer, code, 9).with("productCode", text.replace("{code}", code))]
        })
    };
    let mut kinds: Vec<Kind> =
        NOT_THE_CODE.into_iter().map(|(name, text)| of(name, Ends::Elsewhere, text.to_owned())).collect();
    kinds.extend([
        of("65 letters", Ends::Elsewhere, format!("\"{}\"", "A".repeat(65))),
        of("64 letters", Ends::Elsewhere, format!("\"{}\"", "A".repeat(64))),
        of("10,000 letters", Ends::Elsewhere, format!("\"{}\"", "A".repeat(10_000))),
        of("blanks around the code", Ends::Billed(9), "\" {code}\\t\"".to_owned()),
        Kind::new("product: missing", Ends::Elsewhere, |customer, code| {
            vec![UsageRow::new(customer, code, 9).without("productCode")]
        }),
        Kind::new("product: under another name", Ends::Elsewhere, |customer, code| {
            vec![UsageRow::new(customer, code, 9).without("productCode").with("product", format!("\"{code}\""))]
        }),
        Kind::new("product: only its SKU", Ends::Elsewhere, |customer, code| {
            vec![UsageRow::new(customer, code, 9).without("productCode").with("sku", format!("\"{code}\""))]
        }),
        Kind::new("product: in small letters", Ends::Elsewhere, |customer, code| {
            vec![UsageRow::new(customer, code, 9).with("productCode", format!("\"{}\"", code.to_lowercase()))]
        }),
        Kind::new("product: of an unknown group", Ends::Billed(9), |customer, code| {
            vec![UsageRow::new(customer, code, 9).with("productGroup", "\"Toaster\"")]
        }),
    ]);
    kinds
}
