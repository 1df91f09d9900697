//! Sophos Central of a partner for the sync: its customers, and the usage of a month, page by page.

mod bare_numbers;
mod call;
mod customers;
mod probe;
mod refusal;
mod sign_in;
mod usage_line;
mod usage_page;
mod whoami;

use std::fmt;
use std::sync::Arc;

use url::Url;

use self::call::Api;
pub(super) use self::probe::{find_partner, probe};
use super::credentials::SophosCredentials;
use super::http::Http;
use super::retry::RetryPolicy;
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;
use crate::error::SourceError;
use crate::ports::{CustomerPage, UsagePage, UsageSource};

/// The options of a Sophos client.
#[derive(Clone, Debug)]
pub struct SophosOptions {
    /// The HTTP client to send with.
    pub http: Http,
    pub sign_in_url: Url,
    /// The address of whoami, whose response names the address of everything else.
    pub api_url: Url,
    /// How calls are retried; all of them are reads.
    pub reads: RetryPolicy,
    /// How many calls may be in flight; 4 by default, because Sophos recommends at most ten a second.
    pub in_flight: usize,
}

impl SophosOptions {
    /// The defaults: `https://id.sophos.com` and `https://api.central.sophos.com`, called through `http`.
    ///
    /// # Errors
    /// None with these two addresses.
    pub fn new(http: Http) -> Result<Self, url::ParseError> {
        Ok(Self {
            http,
            sign_in_url: Url::parse("https://id.sophos.com")?,
            api_url: Url::parse("https://api.central.sophos.com")?,
            reads: RetryPolicy::reads(),
            in_flight: 4,
        })
    }
}

/// A partner's Sophos Central. Clones share the connection, the token, the rate limiter and the count of calls.
#[derive(Clone)]
pub struct SophosCentral {
    api: Arc<Api>,
    partner: PartnerId,
}

impl SophosCentral {
    /// Signs in and checks that the credentials belong to this partner.
    ///
    /// # Errors
    /// `NotAPartner` for the credentials of another partner, an organization or a customer.
    pub async fn connect(
        partner: PartnerId,
        credentials: &SophosCredentials,
        options: &SophosOptions,
    ) -> Result<Self, SourceError> {
        let api = Api::connect(partner, credentials, options).await?;
        Ok(Self { api: Arc::new(api), partner })
    }

    /// How many calls this client has sent, retries and sign-ins included.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.api.calls()
    }
}

impl UsageSource for SophosCentral {
    async fn list_customers(&self, page: u32) -> Result<CustomerPage, SourceError> {
        let size = customers::PAGE_SIZE.to_string();
        let query = [("pageTotal", "true".to_owned()), ("page", page.to_string()), ("pageSize", size)];
        let found = self.api.get("partner/v1/tenants", &query, customers::parse).await?;
        found.into_page(page)
    }

    async fn list_usage(&self, month: UsageMonth, key: Option<&str>) -> Result<Option<UsagePage>, SourceError> {
        let path = format!("partner/v1/billing/usage/{}/{}", month.year(), month.month());
        let mut query = vec![("pageSize", usage_page::PAGE_SIZE.to_string()), ("pageTotal", "true".to_owned())];
        query.extend(key.map(|key| ("pageFromKey", key.to_owned())));
        let found = self.api.find(&path, &query, usage_page::parse).await?;
        found.map(|page| page.into_page(key)).transpose()
    }
}

impl fmt::Debug for SophosCentral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SophosCentral({})", self.partner)
    }
}
