//! The access token: cached, renewed before it expires, and renewed once more if Sophos refuses it.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::refusal::{Fault, refusal};
use crate::client::credentials::SophosCredentials;
use crate::client::exchange::{Answer, Exchange};
use crate::client::retry::RetryPolicy;
use crate::error::SourceError;

/// A token is not used in its last minute or tenth: a call that starts then could arrive after its expiry.
const MARGIN: Duration = Duration::from_secs(60);

/// Signs in as one partner.
pub(super) struct SignIn {
    url: Url,
    client_id: SecretString,
    client_secret: SecretString,
    cached: Mutex<Option<Token>>,
}

/// A token, and until when it is used.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// `Bearer …`, marked as sensitive.
    header: HeaderValue,
    renew_at: Instant,
}

impl Token {
    pub(super) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, self.header.clone())
    }
}

/// Wire: a token.
#[derive(Deserialize)]
struct TokenRecord {
    access_token: String,
    expires_in: u64,
}

impl SignIn {
    pub(super) fn new(url: Url, credentials: &SophosCredentials) -> Self {
        Self {
            url,
            client_id: credentials.client_id.clone(),
            client_secret: credentials.client_secret.clone(),
            cached: Mutex::default(),
        }
    }

    /// The cached token, or a new one if there is none or it is about to expire.
    pub(super) async fn token(&self, exchange: &Exchange, policy: &RetryPolicy) -> Result<Token, SourceError> {
        let mut cached = self.cached.lock().await;
        match cached.as_ref().filter(|token| Instant::now() < token.renew_at) {
            Some(token) => Ok(token.clone()),
            None => Ok(cached.insert(self.fetch(exchange, policy).await?).clone()),
        }
    }

    /// A token other than `refused`: a newer one that another call has fetched, or a new one.
    pub(super) async fn renewed(
        &self,
        refused: &Token,
        exchange: &Exchange,
        policy: &RetryPolicy,
    ) -> Result<Token, SourceError> {
        let mut cached = self.cached.lock().await;
        match cached.as_ref().filter(|token| *token != refused) {
            Some(token) => Ok(token.clone()),
            None => Ok(cached.insert(self.fetch(exchange, policy).await?).clone()),
        }
    }

    async fn fetch(&self, exchange: &Exchange, policy: &RetryPolicy) -> Result<Token, SourceError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "token"),
            ("client_id", self.client_id.expose_secret()),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        let attempt = |policy: RetryPolicy| {
            let request = exchange.client().post(self.url.clone()).form(&form);
            async move {
                let answer = exchange.send(request, &policy).await?;
                match refusal(&answer) {
                    Some(fault) => Err(fault),
                    None => read(&answer),
                }
            }
        };
        policy.run(Fault::verdict, attempt).await.map_err(|fault| fault.error)
    }
}

fn read(answer: &Answer) -> Result<Token, Fault> {
    let malformed = || Fault::malformed("the sign-in answers with no token");
    let record: TokenRecord = serde_json::from_slice(&answer.body).map_err(|_| malformed())?;
    let mut header = HeaderValue::from_str(&format!("Bearer {}", record.access_token)).map_err(|_| malformed())?;
    header.set_sensitive(true);
    let life = Duration::from_secs(record.expires_in.min(24 * 3600));
    let renew_at = Instant::now() + life - MARGIN.min(life / 10);
    Ok(Token { header, renew_at })
}
