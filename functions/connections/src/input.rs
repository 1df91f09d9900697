//! What people type: keys as they were pasted, checked before anything is called. Errors name the field, never the value.

use secrecy::{ExposeSecret, SecretString};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use shared::client::address::{AddressRules, PsaAddress};
use shared::client::credentials::{ConnectWiseCredentials, SophosCredentials};
use shared::http::{FieldError, Problem, ProblemCode, Text};
use utoipa::ToSchema;

/// The most characters of a site and of a company id.
const MAX_TEXT: usize = 100;
/// The most characters of a key. Both services' credentials together stay below what can be sealed.
const MAX_KEY: usize = 300;

/// How ConnectWise is reached.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConnectWiseInput {
    /// The host that the partner signs in to ConnectWise with.
    #[schema(example = "na.myconnectwise.net", max_length = 100)]
    site: String,
    /// The company id that is typed at sign-in.
    #[schema(max_length = 100)]
    company: String,
    /// The public key of the API member.
    #[schema(value_type = String, write_only, max_length = 300)]
    #[serde(deserialize_with = "secret")]
    public_key: SecretString,
    /// The private key of the API member.
    #[schema(value_type = String, write_only, max_length = 300)]
    #[serde(deserialize_with = "secret")]
    private_key: SecretString,
    /// The client id that ConnectWise gives to an integration.
    #[schema(value_type = String, write_only, max_length = 300)]
    #[serde(deserialize_with = "secret")]
    client_id: SecretString,
}

/// How Sophos is reached: API credentials made in Sophos Central Partner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SophosInput {
    /// The client id.
    #[schema(value_type = String, write_only, max_length = 300)]
    #[serde(deserialize_with = "secret")]
    client_id: SecretString,
    /// Its secret.
    #[schema(value_type = String, write_only, max_length = 300)]
    #[serde(deserialize_with = "secret")]
    client_secret: SecretString,
}

impl ConnectWiseInput {
    /// The credentials and the address that they are sent to.
    ///
    /// # Errors
    /// `invalidRequest` with every field that cannot be right; `addressNotAllowed`.
    pub(crate) fn read(self, rules: &AddressRules) -> Result<(ConnectWiseCredentials, PsaAddress), Problem> {
        let mut errors = Vec::new();
        let site = text("site", &self.site, &mut errors);
        let company = text("company", &self.company, &mut errors);
        let credentials = ConnectWiseCredentials {
            site,
            company,
            public_key: key("publicKey", &self.public_key, &mut errors),
            private_key: key("privateKey", &self.private_key, &mut errors),
            client_id: key("clientId", &self.client_id, &mut errors),
        };
        refuse(errors)?;
        let address = PsaAddress::parse(&credentials.site, rules).map_err(|error| {
            let code = ProblemCode::AddressNotAllowed;
            let field = FieldError::body("/connection/site", code, Text::from(&error));
            Problem::new(code).detail(Text::from(&error)).errors([field])
        })?;
        Ok((credentials, address))
    }
}

impl SophosInput {
    /// The credentials.
    ///
    /// # Errors
    /// `invalidRequest` with every field that cannot be right.
    pub(crate) fn read(self) -> Result<SophosCredentials, Problem> {
        let mut errors = Vec::new();
        let credentials = SophosCredentials {
            client_id: key("clientId", &self.client_id, &mut errors),
            client_secret: key("clientSecret", &self.client_secret, &mut errors),
        };
        refuse(errors)?;
        Ok(credentials)
    }
}

/// A secret; what stands there instead of a text is not quoted.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    let text = String::deserialize(deserializer).map_err(|_| D::Error::custom("expected a text"))?;
    Ok(text.into())
}

fn refuse(errors: Vec<FieldError>) -> Result<(), Problem> {
    if errors.is_empty() { Ok(()) } else { Err(Problem::new(ProblemCode::InvalidRequest).errors(errors)) }
}

fn text(name: &str, typed: &str, errors: &mut Vec<FieldError>) -> String {
    let typed = typed.trim();
    let fits = |text: &str| text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
    check(name, typed, fits, ["a text without line breaks", "un testo senza interruzioni di riga"], MAX_TEXT, errors);
    typed.to_owned()
}

/// Spaces around a key come from the clipboard.
fn key(name: &str, typed: &SecretString, errors: &mut Vec<FieldError>) -> SecretString {
    let typed = typed.expose_secret().trim();
    let fits = |text: &str| text.len() <= MAX_KEY && text.bytes().all(|byte| byte.is_ascii_graphic());
    check(
        name,
        typed,
        fits,
        ["a key of visible ASCII characters", "una chiave di caratteri ASCII visibili"],
        MAX_KEY,
        errors,
    );
    typed.into()
}

fn check(
    name: &str,
    typed: &str,
    fits: impl Fn(&str) -> bool,
    [what, cosa]: [&str; 2],
    most: usize,
    errors: &mut Vec<FieldError>,
) {
    let pointer = format!("/connection/{name}");
    if typed.is_empty() {
        errors.push(FieldError::body(pointer, ProblemCode::Missing, Text::new("It is empty.", "È vuoto.")));
    } else if !fits(typed) {
        let detail = Text::new(
            format!("Expected {what}, at most {most} characters."),
            format!("Occorre {cosa}, di al massimo {most} caratteri."),
        );
        errors.push(FieldError::body(pointer, ProblemCode::Invalid, detail));
    }
}
