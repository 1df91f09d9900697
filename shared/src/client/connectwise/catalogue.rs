//! The port's methods for forms: searches, and whole products.

use serde_json::value::RawValue;

use super::ConnectWise;
use super::bounds::{Bounds, PAGE_BYTES};
use super::call::Call;
use super::page::{self, List};
use super::{body, conditions, wire};
use crate::domain::catalogue::{ProductChoices, ProductDetails, ProductValues};
use crate::domain::id::{CompanyId, PsaProductId};
use crate::domain::psa::{Agreement, Company, PsaProduct};
use crate::domain::search::{Found, Named, SearchText};
use crate::error::PsaError;
use crate::ports::{Listed, PsaCatalogue};

const CATALOG: &str = "procurement/catalog";
const COMPANIES: &str = "company/companies";
/// How many pages of 1,000 matches a search reads. A text with more matches is too short to choose from.
const SEARCH_PAGES: usize = 3;

/// A search: all that contains a text, and if that is too much, all that is named exactly so.
struct Search<'a> {
    of: &'a str,
    path: &'a str,
    with: &'a str,
    called: &'a str,
    fields: &'a str,
}

impl ConnectWise {
    async fn search<T: Named>(
        &self,
        text: &SearchText,
        limit: usize,
        search: &Search<'_>,
        read: page::Read<T>,
    ) -> Result<Found<T>, PsaError> {
        let list = List { of: search.of, path: search.path, conditions: Some(search.with), fields: search.fields };
        let (mut rows, mut after) = (Vec::new(), None);
        for _ in 0..SEARCH_PAGES {
            let page = self.list(&list, after.as_deref(), read).await?;
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let complete = after.is_none();
        if !complete {
            let called = List { conditions: Some(search.called), ..list };
            rows.extend(self.list(&called, None, read).await?.rows);
        }
        Ok(Found::of(text.clone(), rows, complete, limit))
    }

    /// All active rows of a table, sorted by name.
    async fn active<T>(
        &self,
        of: &str,
        path: &str,
        fields: &str,
        read: page::Read<T>,
        name: fn(&T) -> &str,
    ) -> Result<Vec<T>, PsaError> {
        let list = List { of, path, conditions: Some("inactiveFlag=false"), fields };
        let rows = page::read_all(&self.api, &list, Bounds::AT_A_FORM, read).await;
        let mut rows = rows.map_err(|error| self.explain_missing_list(error))?;
        rows.sort_by_cached_key(|row| name(row).to_lowercase());
        Ok(rows)
    }

    async fn product(&self, call: Call<'_>) -> Result<ProductDetails, PsaError> {
        let record: Box<RawValue> = self.api.call(&call, page::read_json).await?;
        wire::details(&record)
    }
}

impl PsaCatalogue for ConnectWise {
    async fn search_products(&self, text: &SearchText, limit: usize) -> Result<Found<PsaProduct>, PsaError> {
        let (with, called) = (conditions::products_with(text)?, conditions::products_called(text)?);
        let search =
            Search { of: "products", path: CATALOG, with: &with, called: &called, fields: wire::PRODUCT_FIELDS };
        let mut found = self.search(text, usize::MAX, &search, wire::product).await?;
        found.hits.retain(|hit| hit.row.is_available());
        Ok(found.cut(limit))
    }

    async fn search_companies(&self, text: &SearchText, limit: usize) -> Result<Found<Company>, PsaError> {
        let (with, called) = (conditions::companies_with(text)?, conditions::companies_called(text)?);
        let search =
            Search { of: "companies", path: COMPANIES, with: &with, called: &called, fields: wire::COMPANY_FIELDS };
        self.search(text, limit, &search, wire::company).await
    }

    async fn list_agreements_of(&self, company: CompanyId) -> Result<Listed<Agreement>, PsaError> {
        let conditions = conditions::agreements_of(company);
        let of = format!("agreements of company {company}");
        let list =
            List { of: &of, path: "finance/agreements", conditions: Some(&conditions), fields: wire::AGREEMENT_FIELDS };
        let listed = page::list_all(&self.api, &list, Bounds::AT_A_FORM, wire::agreement).await;
        listed.map_err(|error| self.explain_missing_list(error))
    }

    async fn get_product(&self, id: PsaProductId) -> Result<ProductDetails, PsaError> {
        let path = format!("{CATALOG}/{id}");
        let fields = vec![("fields", wire::DETAILS_FIELDS.to_owned())];
        let product = self.product(Call::get(&path, fields).within(PAGE_BYTES)).await?;
        if product.id == id { Ok(product) } else { Err(other_product(id, product.id)) }
    }

    async fn find_product_by_identifier(&self, identifier: &str) -> Result<Option<ProductDetails>, PsaError> {
        let identifier = identifier.trim();
        let conditions = conditions::product_identified(identifier)?;
        let list = List { of: "products", path: CATALOG, conditions: Some(&conditions), fields: wire::DETAILS_FIELDS };
        let found = page::read_all(&self.api, &list, Bounds::AT_A_FORM, wire::details).await;
        let found = found.map_err(|error| self.explain_missing_list(error))?;
        let (exact, alike) = (identifier, identifier.to_lowercase());
        let called = |product: &&ProductDetails| product.identifier.trim().to_lowercase() == alike;
        // Upper and lower case may matter to some servers: an exact match comes first.
        let best = found.iter().find(|product| product.identifier.trim() == exact);
        Ok(best.or_else(|| found.iter().find(called)).cloned())
    }

    async fn list_products_keyed(&self, key: &str) -> Result<Vec<ProductDetails>, PsaError> {
        let conditions = conditions::products_keyed(key.trim())?;
        let list = List { of: "products", path: CATALOG, conditions: Some(&conditions), fields: wire::DETAILS_FIELDS };
        let found = page::read_all(&self.api, &list, Bounds::AT_A_FORM, wire::details).await;
        found.map_err(|error| self.explain_missing_list(error))
    }

    async fn create_product(&self, values: &ProductValues) -> Result<ProductDetails, PsaError> {
        let created = self.product(Call::post(CATALOG, body::new_product(values)?)).await;
        let Err(unanswered @ PsaError::Unanswered { .. }) = created else {
            return created;
        };
        // If the product cannot be read back, the outcome is unknown, as the first error says.
        let found = match values.identifier() {
            Some(identifier) => self.find_product_by_identifier(identifier).await,
            None => Ok(None),
        };
        match found {
            Ok(Some(product)) if shows_all(&product, values) => Ok(product),
            Ok(_) | Err(_) => Err(unanswered),
        }
    }

    async fn edit_product(&self, id: PsaProductId, values: &ProductValues) -> Result<ProductDetails, PsaError> {
        let path = format!("{CATALOG}/{id}");
        let edited = self.product(Call::patch(&path, body::product_changes(values)?)).await?;
        if edited.id != id {
            return Err(other_product(id, edited.id));
        }
        match values.as_slice().iter().find(|value| !edited.shows(value)) {
            None => Ok(edited),
            Some(value) => Err(PsaError::Unanswered {
                why: format!("it says that product {id} was changed, and shows another {}", value.field()),
            }),
        }
    }

    async fn list_product_choices(&self) -> Result<ProductChoices, PsaError> {
        let (categories, subcategories, types, units) = futures::try_join!(
            self.active("categories", "procurement/categories", "id,name", wire::category, |row| &row.name),
            // The vendor's own path ends with a slash here.
            self.active("subcategories", "procurement/subcategories/", "id,name,category", wire::subcategory, |row| {
                &row.name
            }),
            self.active("product types", "procurement/types", "id,name", wire::kind_of_product, |row| &row.name),
            self.active("units of measure", "procurement/unitOfMeasures", "id,name", wire::unit, |row| &row.name),
        )?;
        Ok(ProductChoices { categories, subcategories, types, units })
    }
}

fn shows_all(product: &ProductDetails, values: &ProductValues) -> bool {
    values.as_slice().iter().all(|value| product.shows(value))
}

fn other_product(asked: PsaProductId, came: PsaProductId) -> PsaError {
    PsaError::Unanswered { why: format!("product {asked} was asked for and product {came} was answered") }
}
