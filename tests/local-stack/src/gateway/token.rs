//! The issuer of one's own machine: a signing key, and tokens as an identity provider makes them.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use shared::domain::id::PartnerId;

use super::authorizer::{Authorizer, PublicKey};

/// Who issues local tokens. The address is not served.
pub const ISSUER: &str = "https://issuer.localhost";
/// Whom local tokens are made for.
pub const AUDIENCE: &str = "psa-usage-sync";
/// The claim that names the partner.
pub const PARTNER_CLAIM: &str = "custom:partner_id";

/// The signing key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Its file cannot be read or made.
    #[error("the signing key {path} cannot be used: {source}")]
    File { path: PathBuf, source: io::Error },
    /// Its file holds something else.
    #[error("{path} holds no signing key; move it away to have a new one made")]
    NoKey { path: PathBuf },
    /// The key is not one that tokens can be signed with.
    #[error("the signing key is refused: {0}")]
    Refused(#[from] KeyRejected),
    /// A key cannot be made, or nothing be signed with it.
    #[error("the signing key cannot be made or used")]
    Crypto(#[from] Unspecified),
}

/// Makes tokens that its [`Authorizer`] accepts.
pub struct Issuer {
    key: KeyPair,
    kid: String,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Issuer({})", self.kid)
    }
}

impl Issuer {
    /// An issuer with a new key that nobody keeps.
    ///
    /// # Errors
    /// The key cannot be made.
    pub fn ephemeral() -> Result<Self, IssuerError> {
        Ok(Self::with_key(KeyPair::generate(KeySize::Rsa2048)?))
    }

    /// The issuer with the key in this file; a missing file is made, with a new key and readable for its owner only. The
    /// caller sees to it that no other process makes it meanwhile.
    ///
    /// # Errors
    /// The file cannot be used, or holds no key.
    pub fn from_file(path: &Path) -> Result<Self, IssuerError> {
        let failed = |source| IssuerError::File { path: path.to_owned(), source };
        if !fs::exists(path).map_err(failed)? {
            let key = KeyPair::generate(KeySize::Rsa2048)?;
            let pkcs8: Pkcs8V1Der<'static> = key.as_der()?;
            write_whole(path, &BASE64.encode(pkcs8.as_ref())).map_err(failed)?;
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let no_key = || IssuerError::NoKey { path: path.to_owned() };
        let pkcs8 = BASE64.decode(text.trim()).map_err(|_| no_key())?;
        Ok(Self::with_key(KeyPair::from_pkcs8(&pkcs8).map_err(|_| no_key())?))
    }

    fn with_key(key: KeyPair) -> Self {
        let kid = BASE64URL.encode(digest(&SHA256, key.public_key().as_ref()));
        Self { key, kid }
    }

    /// The name of the key.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Accepts this issuer's tokens for [`AUDIENCE`].
    #[must_use]
    pub fn authorizer(&self) -> Authorizer {
        let public = self.key.public_key();
        let number = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        let key = PublicKey {
            n: number(public.modulus().big_endian_without_leading_zero()),
            e: number(public.exponent().big_endian_without_leading_zero()),
        };
        Authorizer {
            issuer: ISSUER.to_owned(),
            audience: vec![AUDIENCE.to_owned()],
            keys: BTreeMap::from([(self.kid.clone(), key)]),
        }
    }

    /// Signs a token by RS256.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn mint(&self, token: &Token) -> Result<String, IssuerError> {
        let header = json!({ "alg": "RS256", "kid": self.kid, "typ": "JWT" });
        self.sign(&header, &Value::Object(token.claims.clone()))
    }

    /// Signs anything by RS256, whatever its header says: for tokens that must be refused.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn sign(&self, header: &Value, claims: &Value) -> Result<String, IssuerError> {
        let [header, claims] = [header, claims].map(|part| BASE64URL.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)?;
        Ok(format!("{signed}.{}", BASE64URL.encode(signature)))
    }
}

/// What a token says.
#[derive(Clone, Debug)]
pub struct Token {
    claims: Map<String, Value>,
}

impl Token {
    /// A token of [`ISSUER`] for [`AUDIENCE`] with a partner and its scopes, issued at `now` for an hour.
    #[must_use]
    pub fn new(partner: PartnerId, scopes: &[&str], now: Timestamp) -> Self {
        let hour = SignedDuration::from_hours(1);
        let token = Self { claims: Map::new() }.claim("iss", ISSUER).claim("aud", AUDIENCE).claim("sub", "demo");
        let token = token.claim(PARTNER_CLAIM, partner.to_string()).claim("scope", scopes.join(" "));
        token.claim("iat", now.as_second()).claim("nbf", now.as_second()).lasting(hour, now)
    }

    /// The same for another user.
    #[must_use]
    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", subject)
    }

    /// The same for others.
    #[must_use]
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", audience)
    }

    /// The same, expiring this long after `now`, or before it.
    #[must_use]
    pub fn lasting(self, lifetime: SignedDuration, now: Timestamp) -> Self {
        self.claim("exp", now.as_second().saturating_add(lifetime.as_secs()))
    }

    /// The same with a claim set to any value.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// The same without a claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// All that it says.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

/// Writes a file for its owner's eyes, whole or not at all.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
