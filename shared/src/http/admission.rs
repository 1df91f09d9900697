//! What API Gateway says of a request before it hands it over: its id, and what the token claims.
//!
//! An HTTP API with a JWT authorizer has verified signature, issuer, audience and times. Its claims arrive as texts: numbers
//! too, and arrays as `[a b]`. Its `scopes` are null unless the route asks for some, so scopes are read from the claims.

use std::collections::{BTreeSet, HashMap};

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;

/// The claims that name who asks, the best for a reader of the audit first: a person's address, a person's name, an id.
const NAMES: [&str; 5] = ["email", "cognito:username", "username", "sub", "client_id"];
/// Claims that list scopes; API Gateway looks at the same two.
const SCOPES: [&str; 2] = ["scope", "scp"];
/// The most characters of a name in the audit.
const MAX_NAME: usize = 200;

/// What API Gateway says of a request. [`super::serve`] puts it into the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Admission {
    /// API Gateway's id of the request: the correlation id.
    pub(super) request_id: Option<String>,
    /// What the token claims; none where no authorizer let the request in.
    pub(super) claims: Option<Claims>,
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// The claim of the partner, as it stands.
    pub(super) partner: Option<String>,
    /// Who asks, for the audit.
    pub(super) name: String,
    pub(super) scopes: BTreeSet<String>,
}

impl Admission {
    /// Reads API Gateway's context; `partner_claim` is the one claim that names the partner.
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
            name: name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect(),
            scopes: scopes.map(str::to_owned).collect(),
        }
    }
}

/// The members of a claim that is a list: `a b`, or an array as API Gateway writes it, `[a b]`.
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
    fn scopes_are_read_from_a_text_and_from_an_array_as_the_gateway_writes_it() {
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
        assert_eq!(claims(&[("sub", "a\r\nb")]).name, "ab");
        assert_eq!(claims(&[]).name, "unknown");
    }

    #[test]
    fn the_partner_is_read_from_the_one_claim_and_from_no_other() {
        assert_eq!(claims(&[("partner_id", "p"), ("custom:partner", "p")]).partner, None);
        assert_eq!(claims(&[("custom:partner_id", "p")]).partner.as_deref(), Some("p"));
    }
}
