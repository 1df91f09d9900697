//! The JWT authorizer: what it checks of a token, and what it hands on of it.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::refusal::Refused;

/// An issuer's public key, as its JWKS has it: big-endian numbers without leading zeros.
pub(super) type PublicKey = RsaPublicKeyComponents<Vec<u8>>;

/// Whose tokens are accepted, and for whom they must be made.
#[derive(Clone, Debug)]
pub struct Authorizer {
    /// What `iss` must be.
    pub(super) issuer: String,
    /// One of these must be in `aud`, or be `client_id` where there is no `aud`.
    pub(super) audience: Vec<String>,
    /// The issuer's keys by their `kid`.
    pub(super) keys: BTreeMap<String, PublicKey>,
}

/// What a function is told of an accepted token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Granted {
    /// All claims, each as a text.
    pub(super) claims: BTreeMap<String, String>,
    /// The token's scopes, where the route asks for one; null otherwise, whatever the token has.
    pub(super) scopes: Option<Vec<String>>,
}

impl Authorizer {
    /// Admits a call on a route that asks for one of `required`; no scope is asked for where that is empty.
    ///
    /// Checked are, in this order: form, algorithm (RSA with PKCS #1 only), key and signature, `iss`, `aud` or
    /// `client_id`, `exp`, `nbf`, `iat`, `scope` or `scp`. There is no leeway for clocks.
    ///
    /// # Errors
    /// The gateway's own 401 or 403.
    pub(super) fn admit(&self, headers: &HeaderMap, required: &[String], now: Timestamp) -> Result<Granted, Refused> {
        let token = token(headers).ok_or_else(Refused::without_token)?;
        let claims = self.claims(token, now).map_err(|problem| Refused::invalid_token(required, problem))?;
        let own = scopes(&claims);
        if !required.is_empty() && !required.iter().any(|scope| own.contains(scope)) {
            return Err(Refused::scope_missing());
        }
        let scopes = (!required.is_empty()).then_some(own);
        Ok(Granted { claims: claims.iter().map(|(name, value)| (name.clone(), as_text(value))).collect(), scopes })
    }

    fn claims(&self, token: &str, now: Timestamp) -> Result<Map<String, Value>, &'static str> {
        let (signed, signature) = token.rsplit_once('.').ok_or("invalid number of segments")?;
        let parts = signed.split_once('.').filter(|(_, payload)| !payload.contains('.'));
        let (header, payload) = parts.ok_or("invalid number of segments")?;
        let header = object(header).ok_or("the token's header cannot be read")?;
        let algorithm = algorithm(header.get("alg")).ok_or("signing method is invalid")?;
        let kid = header.get("kid").and_then(Value::as_str).ok_or("the token has no kid")?;
        let key = self.keys.get(kid).ok_or("unable to find a signing key that matches the kid")?;
        let signature = BASE64URL.decode(signature).map_err(|_| "the token's signature cannot be read")?;
        key.verify(algorithm, signed.as_bytes(), &signature).map_err(|_| "the token's signature is invalid")?;
        let claims = object(payload).ok_or("the token's claims cannot be read")?;
        if claims.get("iss").and_then(Value::as_str) != Some(self.issuer.as_str()) {
            return Err("the token was not issued by a valid issuer");
        }
        let meant_for = claims.get("aud").or_else(|| claims.get("client_id"));
        if !texts(meant_for).iter().any(|audience| self.audience.contains(audience)) {
            return Err("the token does not have a valid audience");
        }
        let time = |name: &str| claims.get(name).map(|value| value.as_i64().ok_or("a time in the token is no number"));
        let now = now.as_second();
        if time("exp").transpose()?.is_none_or(|at| at <= now) {
            return Err("the token has expired");
        }
        if time("nbf").transpose()?.is_some_and(|at| at > now) {
            return Err("the token is not valid yet");
        }
        if time("iat").transpose()?.is_some_and(|at| at > now) {
            return Err("the token was issued in the future");
        }
        Ok(claims)
    }
}

/// What stands in `Authorization`, with or without `Bearer` before it.
fn token(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let token = match given.split_at_checked("Bearer ".len()) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer ") => token.trim(),
        Some(_) | None => given,
    };
    (!token.is_empty() && !token.eq_ignore_ascii_case("Bearer")).then_some(token)
}

fn algorithm(name: Option<&Value>) -> Option<&'static RsaParameters> {
    match name?.as_str()? {
        "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

fn object(encoded: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&BASE64URL.decode(encoded).ok()?).ok()
}

/// The scopes of a token: a text with spaces between them, or a list.
fn scopes(claims: &Map<String, Value>) -> Vec<String> {
    let texts = texts(claims.get("scope").or_else(|| claims.get("scp")));
    texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
}

/// The texts of a claim that is one or a list of them.
fn texts(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
    }
}

/// A claim as the service hands it on: formatted like Go's fmt, as the service does.
fn as_text(claim: &Value) -> String {
    match claim {
        Value::Null => "<nil>".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(as_text).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().collect();
            let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}:{}", as_text(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}
