//! ConnectWise PSA for the sync: each method of the port is one call. The methods for forms are in `catalogue`.
//!
//! Lists are read by the vendor's forward-only paging, the only kind that is safe while rows are added and removed.

mod body;
mod bounds;
mod call;
mod catalogue;
mod codebase;
mod conditions;
mod page;
mod probe;
mod refusal;
mod value;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use tokio::time::Instant;

use self::bounds::Bounds;
use self::call::{Api, Call};
use self::page::List;
pub(super) use self::probe::probe;
use super::address::{AddressRules, PsaAddress};
use super::credentials::ConnectWiseCredentials;
use super::http::Http;
use super::rate_limiter::SharedLimit;
use super::retry::RetryPolicy;
use crate::domain::id::{AdditionId, AgreementId, PsaProductId};
use crate::domain::psa::{Addition, Agreement, Company, NewAddition, PsaProduct};
use crate::error::PsaError;
use crate::ports::{Clock, Listing, Page, Psa};
use crate::store::{PsaDatabase, Store};
use crate::table::Table;

/// The options of a ConnectWise client.
#[derive(Clone, Debug)]
pub struct ConnectWiseOptions {
    /// The HTTP client to send with.
    pub http: Http,
    /// Which addresses may be called.
    pub addresses: AddressRules,
    /// How reads are retried.
    pub reads: RetryPolicy,
    /// How writes are retried, after a response that proves that nothing was done.
    pub writes: RetryPolicy,
    /// How many calls may be in flight; 8 by default.
    pub in_flight: usize,
    /// The ceiling of the adaptive rate, in calls a minute; 900 by default, because the vendor's guide expects about
    /// 1,000 to be throttled.
    pub calls_per_minute: u32,
}

impl ConnectWiseOptions {
    /// The defaults, sending with `http` to the addresses that `addresses` allows.
    #[must_use]
    pub fn new(http: Http, addresses: AddressRules) -> Self {
        // A worker that has to wait longer returns its slice, because a sleeping Lambda costs money.
        let reads = RetryPolicy { max_retry_after: Duration::from_secs(10), ..RetryPolicy::reads() };
        Self { http, addresses, reads, writes: RetryPolicy::writes(), in_flight: 8, calls_per_minute: 900 }
    }
}

/// A partner's ConnectWise over its REST API. Clones share the connection, the rate limiter and the count of calls.
#[derive(Clone)]
pub struct ConnectWise {
    api: Arc<Api>,
}

impl ConnectWise {
    /// Checks the address and asks the server where its API is. This client finds its adaptive rate alone.
    ///
    /// # Errors
    /// An address that is not allowed, a company id that the server does not know, no usable response.
    pub async fn connect(credentials: &ConnectWiseCredentials, options: &ConnectWiseOptions) -> Result<Self, PsaError> {
        Self::connect_with(credentials, options, |_| None).await
    }

    /// As [`Self::connect`], but shares the adaptive rate and the pauses through a store with all clients of this
    /// server.
    ///
    /// # Errors
    /// As [`Self::connect`]. An unavailable store is not an error: this client then obeys only what it meets itself.
    pub async fn connect_sharing<T, C>(
        credentials: &ConnectWiseCredentials,
        options: &ConnectWiseOptions,
        store: Store<T>,
        clock: C,
    ) -> Result<Self, PsaError>
    where
        T: Table,
        C: Clock + 'static,
    {
        let shared = |address: &PsaAddress| {
            let psa = PsaDatabase::new(&address.host(), &credentials.company);
            Some(SharedLimit::open(store, clock, psa))
        };
        Self::connect_with(credentials, options, shared).await
    }

    async fn connect_with(
        credentials: &ConnectWiseCredentials,
        options: &ConnectWiseOptions,
        shared: impl FnOnce(&PsaAddress) -> Option<SharedLimit>,
    ) -> Result<Self, PsaError> {
        let address = PsaAddress::parse(&credentials.site, &options.addresses).map_err(|error| PsaError::NotSent {
            why: format!("the address {:?} is not allowed: {error}", credentials.site),
        })?;
        let shared = shared(&address);
        let api = Api::connect(address, credentials, options, shared).await?;
        Ok(Self { api: Arc::new(api) })
    }

    async fn list<T>(&self, list: &List<'_>, after: Option<&str>, read: page::Read<T>) -> Result<Page<T>, PsaError> {
        let page = page::read(&self.api, list, after, read).await;
        page.map_err(|error| self.explain_missing_list(error))
    }

    /// Every server has these lists: the vendor's cloud may answer 404 to wrong keys.
    fn explain_missing_list(&self, error: PsaError) -> PsaError {
        if error != PsaError::NotFound {
            return error;
        }
        PsaError::Refused {
            code: "NotFound".to_owned(),
            message: format!("{} answers as if it had no API; check the company id and the keys", self.api.host()),
            fields: Vec::new(),
        }
    }

    async fn write(&self, call: Call<'_>) -> Result<Addition, PsaError> {
        let record: Box<RawValue> = self.api.call(&call, page::read_json).await?;
        wire::addition(&record)
    }
}

impl Psa for ConnectWise {
    async fn list_companies(&self, after: Option<&str>) -> Result<Page<Company>, PsaError> {
        let list = List {
            of: "companies",
            path: "company/companies",
            conditions: Some("deletedFlag=false"),
            fields: wire::COMPANY_FIELDS,
        };
        self.list(&list, after, wire::company).await
    }

    async fn list_agreements(&self, after: Option<&str>) -> Result<Page<Agreement>, PsaError> {
        let list =
            List { of: "agreements", path: "finance/agreements", conditions: None, fields: wire::AGREEMENT_FIELDS };
        self.list(&list, after, wire::agreement).await
    }

    async fn list_products(&self, ids: &[PsaProductId]) -> Result<Vec<PsaProduct>, PsaError> {
        let mut products = Vec::with_capacity(ids.len());
        // A hundred ids of ten digits are a URL of about 1,600 characters; ConnectWise takes 2,000.
        for ids in ids.chunks(100) {
            let ids: Vec<String> = ids.iter().map(PsaProductId::to_string).collect();
            let list = List {
                of: "products by their ids",
                path: "procurement/catalog",
                conditions: Some(&format!("id in ({})", ids.join(","))),
                fields: wire::PRODUCT_FIELDS,
            };
            let found = page::read_all(&self.api, &list, Bounds::BY_ID, wire::product).await;
            products.append(&mut found.map_err(|error| self.explain_missing_list(error))?);
        }
        match products.iter().find(|product| !ids.contains(&product.id)) {
            Some(product) => Err(PsaError::Unanswered {
                why: format!("product {} was answered, which was not asked for", product.id),
            }),
            None => Ok(products),
        }
    }

    async fn ask_for_additions(&self, agreement: AgreementId) -> Result<Listing, PsaError> {
        let begun = Instant::now();
        let list = List {
            of: &format!("additions of agreement {agreement}"),
            path: &format!("finance/agreements/{agreement}/additions"),
            conditions: None,
            fields: wire::ADDITION_FIELDS,
        };
        let (additions, started) = page::read_all_since(&self.api, &list, Bounds::ADDITIONS, wire::addition).await?;
        Ok(Listing { additions, waited: started.duration_since(begun) })
    }

    async fn create_addition(&self, agreement: AgreementId, addition: &NewAddition) -> Result<Addition, PsaError> {
        let path = format!("finance/agreements/{agreement}/additions");
        self.write(Call::post(&path, body::new_addition(addition)?)).await
    }

    async fn set_quantity(
        &self,
        agreement: AgreementId,
        addition: AdditionId,
        quantity: Decimal,
    ) -> Result<Addition, PsaError> {
        let path = format!("finance/agreements/{agreement}/additions/{addition}");
        self.write(Call::patch(&path, body::new_quantity(quantity)?).at_once()).await
    }

    async fn set_cancelled_date(
        &self,
        agreement: AgreementId,
        addition: AdditionId,
        day: Date,
    ) -> Result<Addition, PsaError> {
        let path = format!("finance/agreements/{agreement}/additions/{addition}");
        self.write(Call::patch(&path, body::new_cancelled_date(day)?).at_once()).await
    }

    async fn reserve_permit(&self) -> Result<(), PsaError> {
        self.api.reserve_permit().await
    }

    fn calls(&self) -> u64 {
        self.api.calls()
    }
}

impl fmt::Debug for ConnectWise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectWise({})", self.api.host())
    }
}
