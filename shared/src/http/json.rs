//! JSON bodies: their type and size are checked, and each error names its place by a JSON pointer.

mod objects;
mod words;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use self::objects::ObjectsOnly;
pub(super) use self::words::words_of;
use super::catalogue::ProblemCode;
use super::language::Text;
use super::problem::{FieldError, Problem};

/// The most bytes of a JSON body. The largest bulk save has some tens of kilobytes.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;

/// A JSON body. Each struct of its type denies unknown fields with `#[serde(deny_unknown_fields)]`.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, W: Send + Sync> FromRequest<W> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &W) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_json(&parts.headers, body).await?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body with secrets: as [`Json`], but its errors never quote the body.
#[derive(Clone, Copy, Debug)]
pub struct SecretJson<T>(pub T);

impl<T: DeserializeOwned, W: Send + Sync> FromRequest<W> for SecretJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &W) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_json(&parts.headers, body).await?;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(ObjectsOnly::<_, false>(&mut deserializer));
        let value: T = value.map_err(|error| refused_unseen(pointer(error.path()), error.inner()))?;
        deserializer.end().map_err(|error| refused_unseen(String::new(), &error))?;
        Ok(Self(value))
    }
}

/// The bytes of a body whose content type is JSON.
pub(super) async fn read_json(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    if !has_type(headers, is_json) {
        return Err(Problem::new(ProblemCode::UnsupportedMediaType)
            .detail(Text::new("The body must be application/json.", "Il contenuto deve essere application/json.")));
    }
    read_bytes(headers, body, MAX_JSON_BYTES).await
}

/// The bytes of a body of at most `max` bytes.
///
/// # Errors
/// `bodyTooLarge` for a longer body.
pub async fn read_bytes(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(ProblemCode::BodyTooLarge).detail(Text::new(
            format!("At most {max} bytes are taken."),
            format!("Si accettano al massimo {max} byte."),
        ))
    };
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    axum::body::to_bytes(body, max).await.map_err(|error| {
        // The limit is the only possible error, because API Gateway delivers a body that is complete in memory.
        tracing::debug!(%error, "a body was not read to its end");
        too_large()
    })
}

/// Whether the content type, in lower case and without parameters, is a wanted one.
pub fn has_type(headers: &HeaderMap, is_wanted: impl Fn(&str) -> bool) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    essence.is_some_and(|essence| is_wanted(&essence))
}

fn is_json(essence: &str) -> bool {
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(ObjectsOnly::<_, true>(&mut deserializer))
        .map_err(|error| refused(pointer(error.path()), error.inner()))?;
    deserializer.end().map_err(|error| refused(String::new(), &error))?;
    Ok(value)
}

fn refused(pointer: String, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    // serde's errors have no kinds; a wrong guess here would only report "invalid" instead of "missing".
    let code = if message.starts_with("unknown field") {
        ProblemCode::Unknown
    } else if message.starts_with("missing field") {
        ProblemCode::Missing
    } else {
        ProblemCode::Invalid
    };
    Problem::new(ProblemCode::InvalidRequest).errors([FieldError::body(pointer, code, words_of(&message))])
}

/// As [`refused`], but only in our own words: serde quotes the unexpected value or name.
fn refused_unseen(pointer: String, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    let expected = message.rsplit_once("expected ").map_or("", |(_, ours)| ours);
    let english =
        |what: &str| if expected.is_empty() { what.to_owned() } else { format!("{what}: expected {expected}") };
    let error = if message.starts_with("missing field") {
        FieldError::body(pointer, ProblemCode::Missing, words_of(&message))
    } else if message.starts_with("unknown field") {
        // The unknown name could be a secret at the wrong place.
        FieldError::body(String::new(), ProblemCode::Unknown, Text::new(english("unknown field"), "campo sconosciuto"))
    } else {
        FieldError::body(
            pointer,
            ProblemCode::Invalid,
            Text::new(english("not a value that can stand here"), "valore non ammesso in questo punto"),
        )
    };
    Problem::new(ProblemCode::InvalidRequest).errors([error])
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    };
    path.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;
    use crate::http::Language;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Save {
        rows: Vec<Row>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Row {
        version: u64,
    }

    fn first_error(body: &str) -> (String, String) {
        let problem = parse::<Save>(body.as_bytes()).unwrap_err();
        let body = serde_json::to_value(problem.body(Language::English, None)).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&body["errors"][0]["pointer"]), text(&body["errors"][0]["code"]))
    }

    #[test]
    fn an_error_points_at_its_place() {
        let expected = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        assert_eq!(first_error(r#"{"rows":[{"version":1},{"version":"x"}]}"#), expected("/rows/1/version", "invalid"));
        assert_eq!(first_error(r#"{"rows":[{}]}"#), expected("/rows/0", "missing"));
        assert_eq!(first_error(r#"{"rows":[{"version":1,"~/":1}]}"#), expected("/rows/0/~0~1", "unknown"));
        for body in ["", "{", r#"{"rows":[]} x"#, "\u{0}", "[[[["] {
            assert_eq!(first_error(body).1, "invalid", "{body}");
        }
        assert_eq!(parse::<Save>(br#"{"rows":[{"version":1}]}"#).unwrap().rows[0].version, 1);
    }

    #[test]
    fn an_array_does_not_pass_for_an_object_at_any_depth() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}

        #[derive(Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[allow(dead_code, reason = "only read")]
        struct Optional {
            rows: Vec<Row>,
            one: Option<Row>,
            by: Option<By>,
            pair: Option<(u8, u8)>,
        }

        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[allow(dead_code, reason = "only read")]
        enum By {
            Name { first: String },
        }

        assert!(parse::<Nothing>(b"[]").is_err() && parse::<Nothing>(b"{}").is_ok());
        for (body, fits) in [
            (r#"{"rows":[{"version":1}],"one":{"version":1},"by":{"name":{"first":"a"}},"pair":[1,2]}"#, true),
            ("{}", true),
            ("[]", false),
            (r#"[[{"version":1}]]"#, false),
            (r#"{"rows":[[1]]}"#, false),
            (r#"{"one":[1]}"#, false),
            (r#"{"by":{"name":["a"]}}"#, false),
        ] {
            assert_eq!(parse::<Optional>(body.as_bytes()).is_ok(), fits, "{body}");
        }
        assert_eq!(first_error(r#"{"rows":[[1]]}"#), ("/rows/0".to_owned(), "invalid".to_owned()));
    }

    #[test]
    fn a_text_loses_what_hides_or_turns_others_and_keeps_its_lines() {
        #[derive(Debug, Deserialize)]
        struct Note {
            note: String,
        }
        let note = |body: &str| parse::<Note>(body.as_bytes()).unwrap().note;
        assert_eq!(note("{\"note\":\"Amber\u{202e}lliuq\"}"), "Amberlliuq");
        assert_eq!(note(r#"{"note":"a\u0000b\u2066c\r\n\td"}"#), "abc\r\n\td");
    }

    #[tokio::test]
    async fn a_body_of_another_type_or_too_large_is_refused_before_it_is_read() {
        let code = async |content_type: &str, bytes: usize| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
            read_json(&headers, Body::from(vec![b' '; bytes])).await.map_err(|problem| problem.code()).err()
        };
        assert_eq!(code("application/json; charset=utf-8", 9).await, None);
        assert_eq!(code("application/merge-patch+json", MAX_JSON_BYTES).await, None);
        for other in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json"] {
            assert_eq!(code(other, 9).await, Some(ProblemCode::UnsupportedMediaType), "{other}");
        }
        assert_eq!(code("application/json", MAX_JSON_BYTES + 1).await, Some(ProblemCode::BodyTooLarge));
    }

    #[test]
    fn an_error_in_a_body_with_secrets_quotes_nothing_of_it() {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Keys {
            #[allow(dead_code, reason = "only read")]
            private_key: String,
        }
        for (body, code, detail) in [
            (r#"{"privateKey":918273645}"#, "invalid", "not a value that can stand here: expected a string"),
            (r#"{"canary":1}"#, "unknown", "unknown field: expected `privateKey`"),
            (r#""canary""#, "invalid", "not a value that can stand here: expected struct Keys"),
            ("{}", "missing", "missing field `privateKey`"),
            ("canary", "invalid", "not a value that can stand here: expected value"),
        ] {
            let mut deserializer = serde_json::Deserializer::from_slice(body.as_bytes());
            let error = serde_path_to_error::deserialize::<_, Keys>(&mut deserializer).unwrap_err();
            let problem = refused_unseen(pointer(error.path()), error.inner());
            let response = serde_json::to_value(problem.body(Language::English, None)).unwrap();
            assert_eq!(response["errors"][0]["code"], code, "{response}");
            assert!(response["errors"][0]["detail"].as_str().unwrap().starts_with(detail), "{response}");
            assert!(
                !response.to_string().contains("canary") && !response.to_string().contains("918273645"),
                "{response}"
            );
        }
    }
}
