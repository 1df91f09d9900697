//! ConnectWise, as a person at a form needs it: finding, viewing, creating and editing products, finding companies.

use std::future::Future;

use super::Listed;
use crate::domain::catalogue::{ProductChoices, ProductDetails, ProductValues};
use crate::domain::id::{CompanyId, PsaProductId};
use crate::domain::psa::{Agreement, Company, PsaProduct};
use crate::domain::search::{Found, SearchText};
use crate::error::PsaError;

/// A partner's ConnectWise, for the interactive functions.
///
/// Reads are repeated on faults that pass; a create is sent once; an edit again only after an answer that says that it
/// took no effect.
pub trait PsaCatalogue: Send + Sync {
    /// The products available for mapping (active, not of class Bundle) whose identifier or description contains a text,
    /// the best `limit` of them. One call up to 1,000 matches; of more than 3,000 the exact ones are found for certain.
    ///
    /// # Errors
    /// [`PsaError`].
    fn search_products(
        &self,
        text: &SearchText,
        limit: usize,
    ) -> impl Future<Output = Result<Found<PsaProduct>, PsaError>> + Send;

    /// The companies that are not deleted whose name or identifier contains a text; as [`PsaCatalogue::search_products`].
    ///
    /// # Errors
    /// [`PsaError`].
    fn search_companies(
        &self,
        text: &SearchText,
        limit: usize,
    ) -> impl Future<Output = Result<Found<Company>, PsaError>> + Send;

    /// All agreements of a company, whatever their status, by id; none for a company that does not exist.
    ///
    /// # Errors
    /// [`PsaError`].
    fn list_agreements_of(
        &self,
        company: CompanyId,
    ) -> impl Future<Output = Result<Listed<Agreement>, PsaError>> + Send;

    /// A product with all its fields.
    ///
    /// # Errors
    /// [`PsaError`]; `NotFound` when there is no such product.
    fn get_product(&self, id: PsaProductId) -> impl Future<Output = Result<ProductDetails, PsaError>> + Send;

    /// The product with this identifier, without regard to capitals, active or not.
    ///
    /// # Errors
    /// [`PsaError`]; `NotSent` for a text that cannot be an identifier (see [`crate::domain::search::quote_for`]).
    fn find_product_by_identifier(
        &self,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<ProductDetails>, PsaError>> + Send;

    /// The products that carry this key, active or not: as their vendor's or manufacturer's number, or as their key in
    /// another system. One call.
    ///
    /// # Errors
    /// As [`PsaCatalogue::find_product_by_identifier`].
    fn list_products_keyed(&self, key: &str) -> impl Future<Output = Result<Vec<ProductDetails>, PsaError>> + Send;

    /// Creates a product. Sent once. Where no answer came, the identifier is looked up once: a product that has all that
    /// was sent is the one that was created. So the identifier must be looked up before, lest another's is taken for it.
    ///
    /// # Errors
    /// [`PsaError`], its `fields` by ConnectWise's names (see
    /// [`crate::domain::catalogue::ProductField::find_by_psa_name`]); `ObjectExists` on `identifier` where that is taken;
    /// where [`PsaError::may_have_taken_effect`], the product may exist.
    fn create_product(&self, values: &ProductValues) -> impl Future<Output = Result<ProductDetails, PsaError>> + Send;

    /// Sets the fields that `values` has, and no others; returns the product as ConnectWise answers it, which must show
    /// them. ConnectWise has no version: of two edits at once, the later one stays, field by field.
    ///
    /// # Errors
    /// As [`PsaCatalogue::create_product`], and `NotFound`.
    fn edit_product(
        &self,
        id: PsaProductId,
        values: &ProductValues,
    ) -> impl Future<Output = Result<ProductDetails, PsaError>> + Send;

    /// What a product's fields can be set to: four calls, side by side.
    ///
    /// # Errors
    /// [`PsaError`]; `Forbidden` without the right to the setup tables.
    fn list_product_choices(&self) -> impl Future<Output = Result<ProductChoices, PsaError>> + Send;
}
