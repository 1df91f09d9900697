//! ConnectWise PSA, as the sync needs it: the port's methods, each as the one call that it makes. What a person
//! at a form needs is in `catalogue`.
//!
//! Lists are read by the vendor's forward-only paging, the only one that is safe against rows that come and go.

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

/// What a client of ConnectWise is made with.
#[derive(Clone, Debug)]
pub struct ConnectWiseOptions {
    /// What it sends with.
    pub http: Http,
    /// Which addresses it may call.
    pub addresses: AddressRules,
    /// How reads are repeated.
    pub reads: RetryPolicy,
    /// How writes are repeated, after an answer that says that nothing was done.
    pub writes: RetryPolicy,
    /// How many calls may run at a time; 8 by default.
    pub in_flight: usize,
    /// How many calls may leave in a minute at the most, whatever was learnt; 900 by default: the vendor's guide says
    /// that about 1,000 will likely be limited.
    pub calls_per_minute: u32,
}

impl ConnectWiseOptions {
    /// The defaults, sending with `http` to the addresses that `addresses` allows.
    #[must_use]
    pub fn new(http: Http, addresses: AddressRules) -> Self {
        // A worker that has to wait for longer gives its slice back: a Lambda that sleeps is paid for.
        let reads = RetryPolicy { max_retry_after: Duration::from_secs(10), ..RetryPolicy::reads() };
        Self { http, addresses, reads, writes: RetryPolicy::writes(), in_flight: 8, calls_per_minute: 900 }
    }
}

/// A partner's ConnectWise over its REST API. Clones share the connection, the pace and the count of calls.
#[derive(Clone)]
pub struct ConnectWise {
    api: Arc<Api>,
}

impl ConnectWise {
    /// Checks the address and asks the server where its API is. How much the server takes, this client learns alone.
    ///
    /// # Errors
    /// An address that is not allowed, a company id that the server does not know, no answer.
    pub async fn connect(credentials: &ConnectWiseCredentials, options: &ConnectWiseOptions) -> Result<Self, PsaError> {
        Self::connect_by(credentials, options, |_| None).await
    }

    /// As [`Self::connect`]; what the server takes, and when it wants to be left alone, is shared through a store with
    /// all others who call it.
    ///
    /// # Errors
    /// As [`Self::connect`]. A store that is away is none: then this client heeds what it meets itself.
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
        Self::connect_by(credentials, options, shared).await
    }

    async fn connect_by(
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
        page.map_err(|error| self.not_without_list(error))
    }

    /// A list that every server has cannot be missing: on the vendor's cloud a 404 is what wrong keys may meet.
    fn not_without_list(&self, error: PsaError) -> PsaError {
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
            products.append(&mut found.map_err(|error| self.not_without_list(error))?);
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
        let (additions, left) = page::ask_all(&self.api, &list, Bounds::ADDITIONS, wire::addition).await?;
        Ok(Listing { additions, waited: left.duration_since(begun) })
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
