//! ConnectWise, as the sync needs it.

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
    /// Its rows.
    pub rows: Vec<T>,
    /// The rows that are there and cannot be read. What hangs on one of them fails; the others are as good as ever.
    pub unreadable: Vec<Unreadable>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

/// A whole list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// The rows that are there and cannot be read.
    pub unreadable: Vec<Unreadable>,
}

/// A row that has a number, and something else that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its number.
    pub id: i64,
    /// Which row, and what is wrong with it; for people.
    pub why: String,
}

/// The additions of an agreement.
#[derive(Clone, Debug)]
pub struct Listing {
    /// All of them.
    pub additions: Vec<Addition>,
    /// How long the request waited for its turn: what had taken effect by then is in the list.
    pub waited: Duration,
}

/// A partner's ConnectWise.
///
/// Reads are repeated on faults that pass; a write is sent once, and again only after an answer that says that it took
/// no effect. Long lists are read by a paging that is safe against rows inserted and deleted between pages.
pub trait Psa: Send + Sync {
    /// One page of all companies that are not deleted, from `after` on.
    ///
    /// # Errors
    /// [`PsaError`].
    fn list_companies(&self, after: Option<&str>) -> impl Future<Output = Result<Page<Company>, PsaError>> + Send;

    /// One page of all agreements, whatever their status, from `after` on; those that cannot be read apart.
    ///
    /// # Errors
    /// [`PsaError`].
    fn list_agreements(&self, after: Option<&str>) -> impl Future<Output = Result<Page<Agreement>, PsaError>> + Send;

    /// The products among `ids` that exist; at most 100 ids.
    ///
    /// # Errors
    /// [`PsaError`].
    fn list_products(&self, ids: &[PsaProductId]) -> impl Future<Output = Result<Vec<PsaProduct>, PsaError>> + Send;

    /// All additions of an agreement, in force or not, to the last page.
    ///
    /// # Errors
    /// [`PsaError`]; `NotFound` when there is no such agreement.
    fn list_additions(&self, agreement: AgreementId) -> impl Future<Output = Result<Vec<Addition>, PsaError>> + Send {
        async move { Ok(self.ask_for_additions(agreement).await?.additions) }
    }

    /// The same, with how long it took until they were asked for.
    ///
    /// # Errors
    /// [`PsaError`]; `NotFound` when there is no such agreement.
    fn ask_for_additions(&self, agreement: AgreementId) -> impl Future<Output = Result<Listing, PsaError>> + Send;

    /// Creates an addition. Sent once.
    ///
    /// # Errors
    /// [`PsaError`]; where [`PsaError::may_have_taken_effect`], the addition may exist.
    fn create_addition(
        &self,
        agreement: AgreementId,
        addition: &NewAddition,
    ) -> impl Future<Output = Result<Addition, PsaError>> + Send;

    /// Sets an addition's quantity and nothing else; returns the addition as ConnectWise answers it.
    ///
    /// # Errors
    /// [`PsaError`]; where [`PsaError::may_have_taken_effect`], the quantity may have been set.
    fn set_quantity(
        &self,
        agreement: AgreementId,
        addition: AdditionId,
        quantity: Decimal,
    ) -> impl Future<Output = Result<Addition, PsaError>> + Send;

    /// Sets an addition's cancelled date and nothing else; returns the addition as ConnectWise answers it. Sent twice, it
    /// does the same.
    ///
    /// # Errors
    /// [`PsaError`]; where [`PsaError::may_have_taken_effect`], the date may have been set.
    fn set_cancelled_date(
        &self,
        agreement: AgreementId,
        addition: AdditionId,
        day: Date,
    ) -> impl Future<Output = Result<Addition, PsaError>> + Send;

    /// Waits until a write may leave at once, if it follows within two seconds: what is stored about a write before it
    /// is sent counts from then, so the waiting comes first. Does nothing where nobody is ever kept waiting.
    ///
    /// # Errors
    /// `Throttled` and `Away`, each with how long ConnectWise has to be left alone.
    fn reserve_permit(&self) -> impl Future<Output = Result<(), PsaError>> + Send {
        async { Ok(()) }
    }

    /// How many calls this client has sent so far, repetitions and discovery included.
    fn calls(&self) -> u64;
}
