//! The port to ConnectWise for interactive use: search, view, create and edit products, search companies.

use std::future::Future;

use super::Listed;
use crate::domain::catalogue::{ProductChoices, ProductDetails, ProductValues};
use crate::domain::id::{CompanyId, PsaProductId};
use crate::domain::psa::{Agreement, Company, PsaProduct};
use crate::domain::search::{Found, SearchText};
use crate::error::PsaError;

/// A partner's ConnectWise, for the interactive functions.
///
/// Reads are retried after transient errors. A create is sent once; an edit is sent again only after a response that
/// says that it had no effect.
pub trait PsaCatalogue: Send + Sync {
    /// The products available for mapping (active, not of class Bundle) whose identifier or description contains a text:
    /// the `limit` best matches. One call up to 1,000 matches; of more than 3,000 only exact matches are certain to be
    /// found.
    fn search_products(
        &self,
        text: &SearchText,
        limit: usize,
    ) -> impl Future<Output = Result<Found<PsaProduct>, PsaError>> + Send;

    /// The companies that are not deleted whose name or identifier contains a text; as [`PsaCatalogue::search_products`].
    fn search_companies(
        &self,
        text: &SearchText,
        limit: usize,
    ) -> impl Future<Output = Result<Found<Company>, PsaError>> + Send;

    /// All agreements of a company, whatever their status, in the order of ids; none if the company does not exist.
    fn list_agreements_of(
        &self,
        company: CompanyId,
    ) -> impl Future<Output = Result<Listed<Agreement>, PsaError>> + Send;

    /// A product with all its fields.
    ///
    /// # Errors
    /// [`PsaError`]; `NotFound` when there is no such product.
    fn get_product(&self, id: PsaProductId) -> impl Future<Output = Result<ProductDetails, PsaError>> + Send;

    /// The product with this identifier, ignoring case, active or not.
    ///
    /// # Errors
    /// [`PsaError`]; `NotSent` for a text that cannot be an identifier (see [`crate::domain::search::quote_for`]).
    fn find_product_by_identifier(
        &self,
        identifier: &str,
    ) -> impl Future<Output = Result<Option<ProductDetails>, PsaError>> + Send;

    /// The products with this key, active or not: as vendor's or manufacturer's part number, or as integration key. One
    /// call.
    ///
    /// # Errors
    /// As [`PsaCatalogue::find_product_by_identifier`].
    fn list_products_keyed(&self, key: &str) -> impl Future<Output = Result<Vec<ProductDetails>, PsaError>> + Send;

    /// Creates a product. The request is sent once. If no response comes, the identifier is looked up once: a product
    /// with all values that were sent is taken as the created one. So the caller must look up the identifier before.
    ///
    /// # Errors
    /// [`PsaError`], its `fields` with ConnectWise's names (see
    /// [`crate::domain::catalogue::ProductField::find_by_psa_name`]); `ObjectExists` on `identifier` if that is in use;
    /// the product may exist if [`PsaError::may_have_taken_effect`].
    fn create_product(&self, values: &ProductValues) -> impl Future<Output = Result<ProductDetails, PsaError>> + Send;

    /// Sets the fields that `values` has and no others; returns the product in ConnectWise's response, which must show
    /// them. ConnectWise has no versions: of two concurrent edits the later one wins, field by field.
    ///
    /// # Errors
    /// As [`PsaCatalogue::create_product`], and `NotFound`.
    fn edit_product(
        &self,
        id: PsaProductId,
        values: &ProductValues,
    ) -> impl Future<Output = Result<ProductDetails, PsaError>> + Send;

    /// The values that a product's fields can have. Four concurrent calls.
    ///
    /// # Errors
    /// [`PsaError`]; `Forbidden` without permission for the setup tables.
    fn list_product_choices(&self) -> impl Future<Output = Result<ProductChoices, PsaError>> + Send;
}
