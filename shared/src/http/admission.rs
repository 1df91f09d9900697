//! What API Gateway provides with a request: its id, and the claims of the token.
//!
//! An HTTP API with a JWT authorizer has verified signature, issuer, audience and times. Claims arrive as texts, also
//! numbers, and arrays as `[a b]`. The authorizer's `scopes` are null unless the route requires some, so the scopes are
//! read from the claims.

use std::collections::{BTreeSet, HashMap};

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;

use crate::domain::vendor_text::one_line;

/// The claims that name the caller, the most readable one for the audit first: an e-mail address, a name, an id.
const NAMES: [&str; 5] = ["email", "cognito:username", "username", "sub", "client_id"];
/// The claims that list scopes; API Gateway checks the same two.
const SCOPES: [&str; 2] = ["scope", "scp"];
/// Names in the audit are cut to this many characters.
const MAX_NAME: usize = 200;

/// What API Gateway provides with a request. [`super::serve`] adds it to the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Admission {
    /// API Gateway's id of the request: the correlation id.
    pub(super) request_id: Option<String>,
    /// The claims of the token; none if no authorizer admitted the request.
    pub(super) claims: Option<Claims>,
}

/// The claims of a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// The text of the partner claim, not parsed.
    pub(super) partner: Option<String>,
    /// The name of the caller, for the audit.
    pub(super) name: String,
    pub(super) scopes: BTreeSet<String>,
}

impl Admission {
    /// Reads API Gateway's context; `partner_claim` is the claim that holds the partner's id.
    pub(super) fn from_context(context: &ApiGatewayV2httpRequestContext, partner_claim: &str) -> Self {
        let jwt = context.authorizer.as_ref().and_then(|authorizer| authorizer.jwt.as_ref());
        Self {
            request_id: context.request_id.clone(),
            claims: jwt.map(|jwt| Claims::from_texts(&jwt.claims, partner_claim)),
        }
    }
}

impl Claims {
    fn from_texts(claims: &HashMap<String, String>, partner_claim: &str) -> Self {
        let find = |name: &&str| claims.get(*name).filter(|text| !text.is_empty());
        let name = NAMES.iter().find_map(find).map_or("unknown", String::as_str);
        let scopes = SCOPES.iter().filter_map(find).flat_map(|text| members(text));
        Self {
            partner: claims.get(partner_claim).cloned(),
            name: one_line(name).chars().take(MAX_NAME).collect(),
            scopes: scopes.map(str::to_owned).collect(),
        }
    }
}

/// The members of a list claim: `a b`, or `[a b]` as API Gateway writes an array.
fn members(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    inner.split_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(texts: &[(&str, &str)]) -> Claims {
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Claims::from_texts(&texts, "custom:partner_id")
    }

    #[test]
    fn scopes_are_read_from_a_text_and_from_the_gateways_form_of_an_array() {
        let both = BTreeSet::from(["psa/read".to_owned(), "psa/write".to_owned()]);
        assert_eq!(claims(&[("scope", "psa/read psa/write")]).scopes, both);
        assert_eq!(claims(&[("scp", "[psa/read psa/write]")]).scopes, both);
        assert_eq!(claims(&[("scope", "")]).scopes, BTreeSet::new());
        assert_eq!(claims(&[("permissions", "psa/read")]).scopes, BTreeSet::new());
    }

    #[test]
    fn the_audit_names_a_person_before_an_id_and_no_line_breaks() {
        assert_eq!(claims(&[("sub", "9f3"), ("email", "billing@msp.example")]).name, "billing@msp.example");
        assert_eq!(claims(&[("client_id", "portal"), ("email", "")]).name, "portal");
        assert_eq!(claims(&[("sub", "a\r\nb\u{202e}c")]).name, "a  bc");
        assert_eq!(claims(&[]).name, "unknown");
    }

    #[test]
    fn the_partner_is_read_from_the_one_claim_and_from_no_other() {
        assert_eq!(claims(&[("partner_id", "p"), ("custom:partner", "p")]).partner, None);
        assert_eq!(claims(&[("custom:partner_id", "p")]).partner.as_deref(), Some("p"));
    }
}
