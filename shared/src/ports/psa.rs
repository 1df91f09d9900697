//! The port to ConnectWise, as the sync needs it.

use std::future::Future;
use std::time::Duration;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::id::{AdditionId, AgreementId, PsaProductId};
use crate::domain::psa::{Addition, Agreement, Company, NewAddition, PsaProduct};
use crate::error::PsaError;

/// One page of a long list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows that could be parsed.
    pub rows: Vec<T>,
    /// The rows that could not be parsed. Only what depends on them fails.
    pub unreadable: Vec<Unreadable>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

/// A list read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows that could be parsed.
    pub rows: Vec<T>,
    /// The rows that could not be parsed.
    pub unreadable: Vec<Unreadable>,
}

/// A row that has an id but cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The row's id in ConnectWise.
    pub id: i64,
    /// Which row it is and what is wrong with it, for people.
    pub why: String,
}

/// The additions of an agreement.
#[derive(Clone, Debug)]
pub struct Listing {
    /// All additions of the agreement, in force or not.
    pub additions: Vec<Addition>,
    /// How long the request waited for its permit. The list contains what had taken effect by the end of that time.
    pub waited: Duration,
}

/// A partner's ConnectWise.
///
/// Reads are retried after transient errors. A write is sent once, and again only after a response that says that it had
/// no effect. Paging of long lists is safe against rows inserted or deleted between pages.
pub trait Psa: Send + Sync {
    /// One page of all companies that are not deleted, after `after` (a page's `next`).
    fn list_companies(&self, after: Option<&str>) -> impl Future<Output = Result<Page<Company>, PsaError>> + Send;

    /// One page of all agreements, whatever their status, after `after` (a page's `next`).
    fn list_agreements(&self, after: Option<&str>) -> impl Future<Output = Result<Page<Agreement>, PsaError>> + Send;

    /// The products among `ids` (at most 100) that exist.
    fn list_products(&self, ids: &[PsaProductId]) -> impl Future<Output = Result<Vec<PsaProduct>, PsaError>> + Send;

    /// All additions of an agreement, in force or not, read to the last page.
    ///
    /// # Errors
    /// [`PsaError`]; `NotFound` when there is no such agreement.
    fn list_additions(&self, agreement: AgreementId) -> impl Future<Output = Result<Vec<Addition>, PsaError>> + Send {
        async move { Ok(self.ask_for_additions(agreement).await?.additions) }
    }

    /// Like [`Psa::list_additions`], with how long the request waited for its permit.
    ///
    /// # Errors
    /// [`PsaError`]; `NotFound` when there is no such agreement.
    fn ask_for_additions(&self, agreement: AgreementId) -> impl Future<Output = Result<Listing, PsaError>> + Send;

    /// Creates an addition. The request is sent once.
    ///
    /// # Errors
    /// [`PsaError`]; the addition may exist if [`PsaError::may_have_taken_effect`].
    fn create_addition(
        &self,
        agreement: AgreementId,
        addition: &NewAddition,
    ) -> impl Future<Output = Result<Addition, PsaError>> + Send;

    /// Sets an addition's quantity and nothing else; returns the addition in ConnectWise's response.
    ///
    /// # Errors
    /// [`PsaError`]; the quantity may have been set if [`PsaError::may_have_taken_effect`].
    fn set_quantity(
        &self,
        agreement: AgreementId,
        addition: AdditionId,
        quantity: Decimal,
    ) -> impl Future<Output = Result<Addition, PsaError>> + Send;

    /// Sets an addition's cancelled date and nothing else; returns the addition in ConnectWise's response. Idempotent.
    ///
    /// # Errors
    /// [`PsaError`]; the date may have been set if [`PsaError::may_have_taken_effect`].
    fn set_cancelled_date(
        &self,
        agreement: AgreementId,
        addition: AdditionId,
        day: Date,
    ) -> impl Future<Output = Result<Addition, PsaError>> + Send;

    /// Waits for a permit of the rate limiter, so that a write within the next two seconds is sent without waiting. The
    /// caller waits before it stores the intent, because the settle time counts from the intent. Does nothing without a
    /// rate limiter.
    ///
    /// # Errors
    /// `Throttled` and `Away`, each with how long to wait before the next call.
    fn reserve_permit(&self) -> impl Future<Output = Result<(), PsaError>> + Send {
        async { Ok(()) }
    }

    /// How many calls this client has sent so far, including retries and the call that finds the API's address.
    fn calls(&self) -> u64;
}
