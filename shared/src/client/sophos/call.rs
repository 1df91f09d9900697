//! One call of the partner API: its token, headers and retries, and the meaning of a 401 and a 404.

use reqwest::RequestBuilder;
use url::Url;

use super::SophosOptions;
use super::refusal::{Fault, is_own_not_found, refusal};
use super::sign_in::{SignIn, Token};
use super::whoami::Account;
use crate::client::credentials::SophosCredentials;
use crate::client::exchange::{Answer, Exchange};
use crate::client::rate_limiter::RateLimiter;
use crate::client::retry::RetryPolicy;
use crate::client::secrets::Secrets;
use crate::domain::id::PartnerId;
use crate::error::SourceError;

/// Parses a successful response.
type Read<T> = fn(&Answer) -> Result<T, Fault>;

/// The API of one partner.
pub(super) struct Api {
    /// None while the owner of the credentials is still unknown.
    partner: Option<PartnerId>,
    url: Url,
    sign_in: SignIn,
    exchange: Exchange,
    reads: RetryPolicy,
}

impl Api {
    pub(super) async fn connect(
        partner: PartnerId,
        credentials: &SophosCredentials,
        options: &SophosOptions,
    ) -> Result<Self, SourceError> {
        let (api, account) = Self::sign_in(Some(partner), credentials, options).await?;
        let url = account.api_of(partner, &options.api_url)?;
        Ok(api.at(url))
    }

    /// Signs in and asks which account the credentials belong to.
    pub(super) async fn sign_in(
        partner: Option<PartnerId>,
        credentials: &SophosCredentials,
        options: &SophosOptions,
    ) -> Result<(Self, Account), SourceError> {
        let sign_in = SignIn::new(at(&options.sign_in_url, "api/v2/oauth2/token"), credentials);
        let secrets = Secrets::new([credentials.client_id.clone(), credentials.client_secret.clone()]);
        let api = Self {
            partner,
            url: options.api_url.clone(),
            sign_in,
            exchange: Exchange::new(options.http.clone(), RateLimiter::new(options.in_flight), secrets),
            reads: options.reads,
        };
        let account = api.get("whoami/v1", &[], Account::parse).await?;
        Ok((api, account))
    }

    /// The same API at the address that whoami named.
    pub(super) fn at(self, url: Url) -> Self {
        Self { url, ..self }
    }

    /// Reads a path that must exist.
    pub(super) async fn get<T>(&self, path: &str, query: &[(&str, String)], read: Read<T>) -> Result<T, SourceError> {
        let found = self.find(path, query, read).await?;
        found.ok_or_else(|| SourceError::Malformed { why: format!("it has no {path}") })
    }

    /// Reads a path; none if Sophos itself answers 404. After a 401 the token is renewed once.
    pub(super) async fn find<T>(
        &self,
        path: &str,
        query: &[(&str, String)],
        read: Read<T>,
    ) -> Result<Option<T>, SourceError> {
        let url = at(&self.url, path);
        let request = || {
            let request = self.exchange.client().get(url.clone()).query(query);
            match self.partner {
                Some(partner) => request.header("X-Partner-ID", partner.to_string()),
                None => request,
            }
        };
        let token = self.sign_in.token(&self.exchange, &self.reads).await?;
        match self.send(&token, &request, read).await {
            Err(SourceError::Unauthorized) => {
                let renewed = self.sign_in.renewed(&token, &self.exchange, &self.reads).await?;
                self.send(&renewed, &request, read).await
            }
            outcome => outcome,
        }
    }

    async fn send<T>(
        &self,
        token: &Token,
        request: &impl Fn() -> RequestBuilder,
        read: Read<T>,
    ) -> Result<Option<T>, SourceError> {
        let attempt = |policy: RetryPolicy| async move {
            let answer = self.exchange.send(token.on(request()), &policy).await?;
            if is_own_not_found(&answer) {
                return Ok(None);
            }
            match refusal(&answer) {
                Some(fault) => Err(fault),
                None => read(&answer).map(Some),
            }
        };
        self.reads.run(Fault::verdict, attempt).await.map_err(|fault| fault.error)
    }

    pub(super) fn calls(&self) -> u64 {
        self.exchange.sent()
    }
}

/// The URL of a path, which is never input.
fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}
