//! What a parser says of a value that it refuses, in both languages. Its errors have no kinds, only English words.

use crate::http::language::Text;

/// What a parser expects, and the same in Italian.
const EXPECTED: [(&str, &str); 13] = [
    ("a string", "un testo"),
    ("string or map", "un testo o un oggetto"),
    ("a boolean", "true o false"),
    ("a sequence", "un elenco"),
    ("a map", "un oggetto"),
    ("u8", "un numero intero da 0 a 255"),
    ("u16", "un numero intero da 0 a 65535"),
    ("u32", "un numero intero senza segno"),
    ("u64", "un numero intero senza segno"),
    ("usize", "un numero intero senza segno"),
    ("i32", "un numero intero"),
    ("i64", "un numero intero"),
    ("f64", "un numero"),
];

/// A parser's message in both languages. What it expected is left out in Italian where it has no Italian word.
pub(in crate::http) fn words_of(message: &str) -> Text {
    let (message, place) = message.rsplit_once(" at line ").unwrap_or((message, ""));
    let (line, column) = place.split_once(" column ").unwrap_or_default();
    let is_place = [line, column].iter().all(|number| number.parse::<u64>().is_ok());
    let at = |words: &str, between: &str| {
        if is_place { format!(" {words} {line}{between} {column}") } else { String::new() }
    };
    let english = format!("{message}{}", at("at line", " column"));
    Text::new(english, format!("{}{}", italian(message), at("alla riga", ", colonna")))
}

fn italian(message: &str) -> String {
    if let Some(name) = message.strip_prefix("missing field ") {
        return format!("manca il campo {name}");
    }
    if let Some(rest) = message.strip_prefix("duplicate field ") {
        return format!("il campo {rest} compare più di una volta");
    }
    for (prefix, unknown) in [("unknown field ", "campo sconosciuto"), ("unknown variant ", "valore sconosciuto")] {
        if let Some(rest) = message.strip_prefix(prefix) {
            let (name, expected) = rest.rsplit_once(", expected ").unwrap_or((rest, ""));
            let name = name.strip_suffix(", there are no fields").unwrap_or(name);
            let expected = expected.strip_prefix("one of ").unwrap_or(expected).replace(" or ", " o ");
            return match expected.as_str() {
                "" => format!("{unknown} {name}"),
                expected => format!("{unknown} {name}; ammessi: {expected}"),
            };
        }
    }
    let expected = message.rsplit_once("expected ").map(|(_, expected)| expected);
    match expected.and_then(|expected| EXPECTED.iter().find(|(english, _)| *english == expected)) {
        Some((_, expected)) => format!("valore non ammesso in questo punto: occorre {expected}"),
        None => "valore non ammesso in questo punto".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Language;

    #[test]
    fn what_a_parser_refuses_is_said_in_italian_without_an_english_word() {
        for (english, italian) in [
            ("missing field `rows` at line 1 column 2", "manca il campo `rows` alla riga 1, colonna 2"),
            ("unknown field `x`, expected `rows` or `note`", "campo sconosciuto `x`; ammessi: `rows` o `note`"),
            ("unknown field `x`, there are no fields", "campo sconosciuto `x`"),
            ("unknown variant `x`, expected one of `a`, `b`", "valore sconosciuto `x`; ammessi: `a`, `b`"),
            (
                "invalid type: string \"x\", expected u16 at line 3 column 14",
                "valore non ammesso in questo punto: occorre un numero intero da 0 a 65535 alla riga 3, colonna 14",
            ),
            ("expected value at line 1 column 1", "valore non ammesso in questo punto alla riga 1, colonna 1"),
            ("invalid digit found in string", "valore non ammesso in questo punto"),
        ] {
            let text = words_of(english);
            assert_eq!((text.in_language(Language::English), text.in_language(Language::Italian)), (english, italian));
        }
    }
}
