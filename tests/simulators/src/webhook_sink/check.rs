//! Standard Webhooks as a receiver checks them: written from the standard, with another HMAC than the sender's.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::TakenAlert;
use super::wire::Request;

/// A text is no secret of Standard Webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected whsec_ and base64")]
pub struct NotASecret;

pub(super) fn key(secret: &str) -> Result<hmac::Key, NotASecret> {
    let encoded = secret.strip_prefix("whsec_").ok_or(NotASecret)?;
    let bytes = BASE64.decode(encoded).map_err(|_| NotASecret)?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// The alert that a request carries, or why it carries none that is trusted.
pub(super) fn alert(request: &Request, keys: &[hmac::Key]) -> Result<TakenAlert, String> {
    if request.method != "POST" {
        return Err(format!("{} is not POST", request.method));
    }
    if request.header("content-type")? != "application/json" {
        return Err("the content type is not application/json".to_owned());
    }
    let (id, at) = (request.header("webhook-id")?, request.header("webhook-timestamp")?);
    if id.is_empty() || id.contains('.') {
        return Err(format!("the id {id:?} is empty or has a dot"));
    }
    let at_s: i64 = at.parse().map_err(|_| format!("the time {at:?} is no number of seconds"))?;
    if at_s.to_string() != at {
        return Err(format!("the time {at:?} is not written plainly"));
    }
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", &request.body].concat();
    let signatures = request.header("webhook-signature")?;
    let vouches = |signature: &str| {
        let tag = signature.strip_prefix("v1,").and_then(|encoded| BASE64.decode(encoded).ok());
        tag.is_some_and(|tag| keys.iter().any(|key| hmac::verify(key, &signed, &tag).is_ok()))
    };
    if !signatures.split(' ').any(vouches) {
        return Err(format!("no trusted secret made the signature of {id}"));
    }
    let body = String::from_utf8(request.body.clone()).map_err(|_| "the body is no UTF-8".to_owned())?;
    serde_json::from_str::<serde::de::IgnoredAny>(&body).map_err(|error| format!("the body is no JSON: {error}"))?;
    Ok(TakenAlert { id: id.to_owned(), at_s, path: request.path.clone(), body, times: 1 })
}
