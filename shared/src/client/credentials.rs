//! A partner's credentials: what is sealed in the store. No error and no `Debug` form shows a secret.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The credentials of both services; each is `None` until the partner saves it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    pub connectwise: Option<ConnectWiseCredentials>,
    /// For Sophos Central.
    pub sophos: Option<SophosCredentials>,
}

/// How a partner signs in to its ConnectWise.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectWiseCredentials {
    /// The host as the partner entered it; checked when it is used.
    pub site: String,
    /// The company id that the partner enters at sign-in.
    pub company: String,
    /// The public key of its API member.
    #[serde(deserialize_with = "secret")]
    pub public_key: SecretString,
    /// The private key of the same API member.
    #[serde(deserialize_with = "secret")]
    pub private_key: SecretString,
    /// The client id that ConnectWise gives to an integration.
    #[serde(deserialize_with = "secret")]
    pub client_id: SecretString,
}

/// How a partner signs in to Sophos Central.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SophosCredentials {
    /// The client id of the API credentials.
    #[serde(deserialize_with = "secret")]
    pub client_id: SecretString,
    /// The secret of that client id.
    #[serde(deserialize_with = "secret")]
    pub client_secret: SecretString,
}

/// The opened text is not in the form of credentials. Names the position, and never quotes the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("they are not in the form in which this release saves them (line {line}, column {column})")]
pub struct CredentialsError {
    line: usize,
    column: usize,
}

impl Credentials {
    /// Reads what [`Credentials::to_json`] wrote.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &SecretString) -> Result<Self, CredentialsError> {
        // The parser's own message may quote the text.
        serde_json::from_str(text.expose_secret())
            .map_err(|error| CredentialsError { line: error.line(), column: error.column() })
    }

    /// The text that is sealed and stored.
    #[must_use]
    pub fn to_json(&self) -> SecretString {
        let shown = Exposable {
            connectwise: self.connectwise.as_ref().map(|saved| ExposableConnectWise {
                site: &saved.site,
                company: &saved.company,
                public_key: Exposed(&saved.public_key),
                private_key: Exposed(&saved.private_key),
                client_id: Exposed(&saved.client_id),
            }),
            sophos: self.sophos.as_ref().map(|saved| ExposableSophos {
                client_id: Exposed(&saved.client_id),
                client_secret: Exposed(&saved.client_secret),
            }),
        };
        serde_json::json!(shown).to_string().into()
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// The form that is sealed. Private: only [`Credentials::to_json`] may expose a secret.
#[derive(Serialize)]
struct Exposable<'a> {
    connectwise: Option<ExposableConnectWise<'a>>,
    sophos: Option<ExposableSophos<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExposableConnectWise<'a> {
    site: &'a str,
    company: &'a str,
    public_key: Exposed<'a>,
    private_key: Exposed<'a>,
    client_id: Exposed<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExposableSophos<'a> {
    client_id: Exposed<'a>,
    client_secret: Exposed<'a>,
}

struct Exposed<'a>(&'a SecretString);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAVED: &str = r#"{"connectwise":{"site":"na.myconnectwise.net","company":"acme","publicKey":"canary-a",
        "privateKey":"canary-b","clientId":"canary-c"},"sophos":{"clientId":"canary-d","clientSecret":"canary-e"}}"#;

    #[test]
    fn what_is_saved_is_read_back() {
        let saved = Credentials::parse(&SAVED.into()).unwrap();
        let again = Credentials::parse(&saved.to_json()).unwrap();
        let (connectwise, sophos) = (again.connectwise.unwrap(), again.sophos.unwrap());
        assert_eq!(connectwise.company, "acme");
        assert_eq!(connectwise.private_key.expose_secret(), "canary-b");
        assert_eq!(sophos.client_secret.expose_secret(), "canary-e");
    }

    #[test]
    fn a_service_that_is_not_saved_yet_is_none() {
        let saved = Credentials::parse(&r#"{"sophos":null}"#.into()).unwrap();
        assert!(saved.connectwise.is_none() && saved.sophos.is_none());
    }

    #[test]
    fn neither_the_debug_form_nor_an_error_shows_a_secret() {
        let shown = format!("{:?}", Credentials::parse(&SAVED.into()).unwrap());
        assert!(shown.contains("acme") && !shown.contains("canary"), "{shown}");
        for text in [r#"{"sophos":"canary-f"}"#, "canary-g", r#"{"sophos":{"clientId":1,"canary":2}}"#] {
            let error = Credentials::parse(&text.into()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }
}
