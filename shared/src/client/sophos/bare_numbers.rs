//! Bare `NaN` and `Infinity`: some serializers write them for numbers. They are not JSON, and must not cost a page.

/// The tokens. `-Infinity` comes before the token that it contains.
const TOKENS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// The text with each bare token as a string such as `"NaN"`; none if there is no such token outside of strings.
pub(super) fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut found = false;
    while let Some(&byte) = rest.first() {
        let token = TOKENS.into_iter().find(|token| rest.starts_with(token));
        let length = match (byte, token) {
            (b'"', _) => string_length(rest),
            (_, Some(token)) => {
                found = true;
                out.push(b'"');
                out.extend_from_slice(token);
                out.push(b'"');
                rest = &rest[token.len()..];
                continue;
            }
            (_, None) => 1,
        };
        let (copied, left) = rest.split_at(length);
        out.extend_from_slice(copied);
        rest = left;
    }
    found.then_some(out)
}

/// The length of the string at the start of the text, with both quotes; all of the text if the string is not closed.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().skip(1).position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    end.map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> Option<String> {
        quoted(text.as_bytes()).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn a_bare_token_becomes_a_string() {
        assert_eq!(rewritten(r#"{"a":NaN}"#).as_deref(), Some(r#"{"a":"NaN"}"#));
        assert_eq!(rewritten(r#"[-Infinity, Infinity ,NaN]"#).as_deref(), Some(r#"["-Infinity", "Infinity" ,"NaN"]"#));
    }

    #[test]
    fn tokens_inside_strings_are_not_changed() {
        assert_eq!(rewritten(r#"{"NaN":"Infinity \" NaN \\"}"#), None);
        assert_eq!(rewritten(r#"["\\",NaN,"NaN"]"#).as_deref(), Some(r#"["\\","NaN","NaN"]"#));
        assert_eq!(rewritten(r#"{"a":"NaN"#), None);
    }
}
