//! Versions: `If-Match` and `ETag`.
//!
//! An ETag is `"<version>.<hash>"`: the version of what a person edits, and a hash of the representation. A list has no
//! version, and its ETag is `"<hash>"`. `If-None-Match` compares the whole tag. `If-Match` compares only the version,
//! so that a nightly sync, which refreshes names and last runs, never makes a save fail.

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::catalogue::ProblemCode;
use super::document::header_parameter;
use super::json_response;
use super::language::Text;
use super::problem::{FieldError, Problem};

/// How many bytes of the hash are in a tag.
const HASH_BYTES: usize = 12;

/// The header `If-Match`: the version that a change of an existing entry is based on. Every such change requires it.
///
/// `*` means any version. A weak tag (`W/"…"`) counts as its value, because only the version is compared, and a proxy
/// that compresses responses makes every tag weak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`.
    Any,
    Versions(Vec<u64>),
}

impl IfMatch {
    /// Admits an edit that is based on the current version.
    ///
    /// # Errors
    /// `versionMismatch` with the current state, as a GET would show it.
    pub fn check(&self, version: u64, present: &impl Serialize) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(versions) if versions.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Problem::new(ProblemCode::VersionMismatch)
                .detail(Text::new(
                    format!("The present version is {version}."),
                    format!("La versione attuale è {version}."),
                ))
                .present(present)),
        }
    }
}

impl<W: Send + Sync> FromRequestParts<W> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &W) -> Result<Self, Problem> {
        let tags = tags(&parts.headers, &IF_MATCH)?.ok_or_else(|| Problem::new(ProblemCode::VersionMissing))?;
        Ok(match tags {
            Tags::Any => Self::Any,
            Tags::Listed(tags) => Self::Versions(tags.iter().filter_map(|tag| version_of(tag)).collect()),
        })
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let what = "The ETag of the entry that this change is based on; * for whatever there is.";
        vec![header_parameter("If-Match", what, true)]
    }
}

/// The header `If-None-Match`: the representations that the caller has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IfNoneMatch(Vec<String>);

impl<W: Send + Sync> FromRequestParts<W> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &W) -> Result<Self, Problem> {
        Ok(match tags(&parts.headers, &IF_NONE_MATCH)? {
            // `*` asks for a response only if nothing exists, and a GET that gets here has found something.
            Some(Tags::Any) | None => Self::default(),
            // A weak tag is equal to a strong one here.
            Some(Tags::Listed(tags)) => Self(tags),
        })
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let what = "An ETag that was answered before; the answer is 304 without a body while it still holds.";
        vec![header_parameter("If-None-Match", what, false)]
    }
}

/// A 200 with its ETag, or a 304 if the caller has the representation. `version` is that of an entry; none for a list.
pub fn represent(known: &IfNoneMatch, version: Option<u64>, body: &impl Serialize) -> Response {
    let mut response = match json_response(StatusCode::OK, body) {
        Ok((response, text)) => {
            let tag = tag(version, &text);
            let known = known.0.contains(&tag);
            let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { response };
            if let Ok(tag) = HeaderValue::try_from(format!("\"{tag}\"")) {
                response.headers_mut().insert(ETAG, tag);
            }
            response
        }
        Err(problem) => problem.into_response(),
    };
    response.headers_mut().insert("vary", HeaderValue::from_static("accept-language"));
    response
}

/// The ETag that [`represent`] would give an entry, for the response to a change.
///
/// # Errors
/// `internal`: the entry cannot be written as JSON.
pub fn etag(version: u64, body: &impl Serialize) -> Result<String, Problem> {
    let (_, text) = json_response(StatusCode::OK, body)?;
    Ok(format!("\"{}\"", tag(Some(version), &text)))
}

/// A replacement for the version of an entry that another system keeps without one: a hash of its representation.
///
/// # Errors
/// `internal`: the entry cannot be written as JSON.
pub fn version_of_content(body: &impl Serialize) -> Result<u64, Problem> {
    let hash = Sha256::digest(super::json_text(body)?);
    Ok(hash.iter().take(8).fold(0, |version, byte| (version << 8) | u64::from(*byte)))
}

fn tag(version: Option<u64>, text: &str) -> String {
    let hash = Sha256::digest(text);
    let hash: String = hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
    version.map_or(hash.clone(), |version| format!("{version}.{hash}"))
}

enum Tags {
    Any,
    /// Tags without their quotes and without the prefix of weak ones.
    Listed(Vec<String>),
}

/// The version in a tag; none if it has none. A tag may also be just the version: `"3"`.
fn version_of(tag: &str) -> Option<u64> {
    tag.split('.').next()?.parse().ok()
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Problem> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let lines = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join(",");
    if text.trim() == "*" {
        return Ok(Some(Tags::Any));
    }
    // Our tags contain no comma. A foreign tag with one is refused like any other malformed tag.
    let listed: Option<Vec<String>> = text.split(',').map(str::trim).map(parse_tag).collect();
    listed.map(|tags| Some(Tags::Listed(tags))).ok_or_else(|| {
        let detail = Text::new(
            "Expected an ETag in its quotes, several with commas between them, or *.",
            "Occorre un ETag tra virgolette, più ETag separati da virgole, oppure *.",
        );
        Problem::new(ProblemCode::InvalidRequest).errors([FieldError::parameter(
            name.as_str(),
            ProblemCode::Invalid,
            detail,
        )])
    })
}

fn parse_tag(text: &str) -> Option<String> {
    let text = text.strip_prefix("W/").unwrap_or(text);
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('"')).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn read<T: FromRequestParts<(), Rejection = Problem>>(
        name: &str,
        value: Option<&str>,
    ) -> Result<T, ProblemCode> {
        let mut request = Request::builder();
        if let Some(value) = value {
            request = request.header(name, value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        T::from_request_parts(&mut parts, &()).await.map_err(|problem| problem.code())
    }

    async fn if_match(value: Option<&str>) -> Result<IfMatch, ProblemCode> {
        read("if-match", value).await
    }

    #[tokio::test]
    async fn an_edit_names_the_version_that_it_is_based_on() {
        assert_eq!(if_match(None).await, Err(ProblemCode::VersionMissing));
        assert_eq!(if_match(Some("*")).await, Ok(IfMatch::Any));
        assert_eq!(if_match(Some("\"3.00ff\"")).await, Ok(IfMatch::Versions(vec![3])));
        assert_eq!(if_match(Some("\"3\", \"4.aa\"")).await, Ok(IfMatch::Versions(vec![3, 4])));
        for wrong in ["3", "", "\"3", "W/3", "\"3\";\"4\"", "*, \"3\""] {
            assert_eq!(if_match(Some(wrong)).await, Err(ProblemCode::InvalidRequest), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_tag_that_a_compressing_proxy_made_weak_was_refused_as_another_version() {
        for tag in ["W/\"3.00ff\"", "W/\"3\"", "\"2\", W/\"3.00ff\""] {
            assert_eq!(if_match(Some(tag)).await.unwrap().check(3, &"now"), Ok(()), "{tag}");
        }
        assert!(if_match(Some("W/\"3.00ff\"")).await.unwrap().check(4, &"now").is_err());
    }

    #[tokio::test]
    async fn a_tag_without_a_version_matches_no_version() {
        for tag in ["\"00ff\"", "\"-3\""] {
            let refused = if_match(Some(tag)).await.unwrap().check(3, &"now").unwrap_err();
            assert_eq!(refused.code(), ProblemCode::VersionMismatch, "{tag}");
        }
    }

    #[tokio::test]
    async fn a_refused_edit_gets_the_current_state() {
        let refused =
            if_match(Some("\"2.aa\"")).await.unwrap().check(3, &serde_json::json!({"sync": true})).unwrap_err();
        let body = serde_json::to_value(refused.body(crate::http::Language::English, None)).unwrap();
        assert_eq!((&body["status"], &body["present"]["sync"]), (&412.into(), &true.into()));
        assert_eq!(if_match(Some("\"3\"")).await.unwrap().check(3, &"now"), Ok(()));
        assert_eq!(IfMatch::Any.check(3, &"now"), Ok(()));
    }

    #[tokio::test]
    async fn a_representation_that_the_caller_has_is_not_sent_again() {
        let first = represent(&IfNoneMatch::default(), Some(3), &"state");
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        assert!(tag.starts_with("\"3."), "{tag}");
        assert_eq!(tag, etag(3, &"state").unwrap());
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let known = read::<IfNoneMatch>("if-none-match", Some(&known)).await.unwrap();
            assert_eq!(represent(&known, Some(3), &"state").status(), StatusCode::NOT_MODIFIED);
            assert_eq!(represent(&known, Some(3), &"other state").status(), StatusCode::OK);
            assert_eq!(represent(&known, Some(4), &"state").status(), StatusCode::OK);
        }
    }
}
