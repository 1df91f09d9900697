//! Product and customer mappings: their reads, the saves of single ones, and their entries.

use crate::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId, ProductCode};
use crate::domain::mapping::{CustomerMapping, ProductMapping, ProductMappings};
use crate::domain::psa::CustomerNames;
use crate::error::StoreError;
use crate::store::entry::{
    BODY, find_number, find_text, from_json, keyed, number, read_body, read_number, read_text, text, to_json,
    unreadable, with_body,
};
use crate::store::limits::MAX_PAGE;
use crate::store::save::CustomerRow;
use crate::store::{DiscoveredProduct, Store, keys};
use crate::table::{Entry, SORT_KEY, Table, Write, Written};

/// Counts the saves by people; what runs write does not count.
pub(super) const VERSION: &str = "version";
/// The agreement for which a person has applied a preview.
const APPLIED: &str = "applied";
/// The agreement of the stored mapping. A run writes names only while it is the agreement that the run has read.
pub(super) const AGREEMENT: &str = "agreement";
/// The customer that a company is mapped to.
pub(super) const CUSTOMER: &str = "customer";
/// The names of company and agreement, as JSON.
pub(super) const NAMES: &str = "names";

/// One row of a save of customer mappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerEdit {
    /// Saves the mapping, which was read at its version (0: the customer was not mapped).
    Put(CustomerMapping),
    /// Unmaps the customer.
    Remove {
        customer: CustomerId,
        /// The version at which the mapping was read (0: the customer was not mapped).
        version: u64,
    },
}

impl CustomerEdit {
    /// The customer whose mapping is saved or removed.
    #[must_use]
    pub const fn customer(&self) -> CustomerId {
        match self {
            Self::Put(mapping) => mapping.customer,
            Self::Remove { customer, .. } => *customer,
        }
    }
}

/// A row of a save of product mappings that someone else changed since it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductConflict {
    /// The code of the Sophos product.
    pub code: ProductCode,
    /// Its current mapping; none when there is none.
    pub now: Option<ProductMapping>,
}

/// Why a row of a save of customer mappings cannot be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerConflict {
    /// Someone else changed it since it was read.
    Changed {
        customer: CustomerId,
        /// Its current mapping; none when it is not mapped.
        now: Option<CustomerMapping>,
    },
    /// The company is mapped to another customer of the partner, or another row of the same save maps it.
    CompanyTaken {
        /// The customer of the row.
        customer: CustomerId,
        company: CompanyId,
        /// The customer that the company is mapped to.
        holder: CustomerId,
    },
}

/// A customer mapping and the names that a run saw for it.
pub type MappedCustomer = (CustomerMapping, Option<CustomerNames>);

impl<T: Table> Store<T> {
    /// All product mappings of the partner, with their versions.
    pub async fn list_product_mappings(&self, partner: PartnerId) -> Result<ProductMappings, StoreError> {
        let read = |entry| product_from_entry(&entry);
        Ok(self.list(&keys::home(partner), keys::PRODUCT_MAPPINGS, read).await?.into_iter().collect())
    }

    /// Saves a product mapping that was read at `mapping.version`, as the next version.
    ///
    /// # Errors
    /// `Conflict` when someone else saved it meanwhile.
    pub async fn put_product_mapping(&self, partner: PartnerId, mapping: &ProductMapping) -> Result<(), StoreError> {
        let write = at_version(Write::put(product_to_next_entry(partner, mapping)?), mapping.version);
        match self.table.write(write).await? {
            Written::All => Ok(()),
            Written::Unmet(_) => Err(product_conflict(mapping)),
        }
    }

    /// Adds Sophos products to the partner's catalogue; known ones stay as they are. Maps nothing.
    pub async fn add_discovered_products(
        &self,
        partner: PartnerId,
        products: &[DiscoveredProduct],
    ) -> Result<(), StoreError> {
        let known = self.list_discovered_products(partner).await?;
        let new = products.iter().filter(|product| known.iter().all(|k| k.code != product.code));
        let writes: Result<Vec<Write>, StoreError> = new
            .map(|product| {
                let entry = with_body(&keys::discovered(partner, &product.code), product)?;
                Ok(Write::put(entry).if_absent())
            })
            .collect();
        // An unmet condition is fine: the product became known meanwhile.
        self.write_each(writes?).await
    }

    /// The partner's catalogue of Sophos products, in the order of their codes.
    pub async fn list_discovered_products(&self, partner: PartnerId) -> Result<Vec<DiscoveredProduct>, StoreError> {
        self.list(&keys::home(partner), keys::DISCOVERED, |entry| read_body(&entry)).await
    }

    /// The mappings of the customers whose id starts with `prefix` (lower-case hex digits, at most 8; empty for all), in
    /// the order of customers, with the names that a run has seen.
    pub async fn list_customer_mappings(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> Result<Vec<(CustomerMapping, Option<CustomerNames>)>, StoreError> {
        let prefix = keys::customer_mappings(prefix);
        let mapped = self.list(&keys::home(partner), &prefix, |entry| customer_from_entry(&entry)).await?;
        Ok(mapped.into_iter().flatten().collect())
    }

    /// Saves a customer mapping that was read at `mapping.version` and claims its company. `mapping.applied` counts for
    /// the first save only: later, the values that runs have written (names, the applied agreement) stay, except names
    /// of another company or agreement.
    ///
    /// # Errors
    /// `Conflict` when someone else saved it meanwhile, or another customer of the partner has the company.
    pub async fn put_customer_mapping(&self, partner: PartnerId, mapping: &CustomerMapping) -> Result<(), StoreError> {
        let rows = [CustomerEdit::Put(mapping.clone())];
        let saved = self.save_customers(partner, None, &rows, None).await?;
        saved.map(drop).map_err(|conflicts| customer_conflict(&conflicts, mapping.customer))
    }

    /// Writes what a run has seen of a customer: names, and the agreement for which a person applied a preview. The
    /// version stays. Does nothing when the mapping is gone or has another agreement.
    pub async fn touch_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
        agreement: AgreementId,
        names: &CustomerNames,
        applied: bool,
    ) -> Result<(), StoreError> {
        let mut set = vec![(NAMES, text(&names_to_json(names)?))];
        if applied {
            set.push((APPLIED, number(agreement)));
        }
        let write =
            Write::update(keys::customer_mapping(partner, customer), set).if_equals(AGREEMENT, number(agreement));
        self.table.write(write).await?;
        Ok(())
    }

    /// A product's mapping, if one was saved.
    pub async fn find_product_mapping(
        &self,
        partner: PartnerId,
        code: &ProductCode,
    ) -> Result<Option<ProductMapping>, StoreError> {
        let entry = self.table.get(&keys::product_mapping(partner, code)).await?;
        entry.as_ref().map(product_from_entry).transpose()
    }

    /// A customer's mapping, if it is mapped.
    pub async fn find_customer_mapping(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<MappedCustomer>, StoreError> {
        let entry = self.table.get(&keys::customer_mapping(partner, customer)).await?;
        Ok(entry.as_ref().map(customer_from_entry).transpose()?.flatten())
    }

    /// At most `limit` (1 to 1,000) mapped customers after `after`, in the order of their ids; fewer only at the end.
    pub async fn list_customer_mappings_after(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<MappedCustomer>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let range = keys::customer_mappings_after(after);
        self.first_of_range(&keys::home(partner), &range, limit, customer_from_entry).await
    }
}

pub(super) fn at_version(write: Write, version: u64) -> Write {
    if version == 0 { write.if_absent() } else { write.if_equals(VERSION, number(version)) }
}

/// The entry of the mapping at its next version.
pub(super) fn product_to_next_entry(partner: PartnerId, mapping: &ProductMapping) -> Result<Entry, StoreError> {
    let saved = next_product(mapping);
    let mut entry = with_body(&keys::product_mapping(partner, &saved.code), &saved)?;
    entry.insert(VERSION.to_owned(), number(saved.version));
    Ok(entry)
}

pub(super) fn product_from_entry(entry: &Entry) -> Result<ProductMapping, StoreError> {
    Ok(ProductMapping { version: read_number(entry, VERSION)?, ..read_body(entry)? })
}

/// The mapping and its names; none where a mapping was removed.
fn customer_from_entry(entry: &Entry) -> Result<Option<MappedCustomer>, StoreError> {
    let Some(mapping) = customer_row(entry)?.mapping else { return Ok(None) };
    let names = find_text(entry, NAMES).map(|json| from_json(entry, json)).transpose()?;
    Ok(Some((mapping, names)))
}

/// What is stored of a customer's mapping. A removed one has no body.
pub(super) fn customer_row(entry: &Entry) -> Result<CustomerRow, StoreError> {
    let (version, applied) = (read_number(entry, VERSION)?, read_applied(entry)?);
    let mapping = match find_text(entry, BODY) {
        Some(json) => Some(CustomerMapping { version, applied, ..from_json(entry, json)? }),
        None => None,
    };
    Ok(CustomerRow { mapping, version, applied })
}

/// The mapping of a customer that never had one.
pub(super) fn new_customer_to_entry(partner: PartnerId, mapping: &CustomerMapping) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::customer_mapping(partner, mapping.customer), mapping)?;
    entry.insert(VERSION.to_owned(), number(mapping.version));
    entry.insert(AGREEMENT.to_owned(), number(mapping.agreement));
    if let Some(applied) = mapping.applied {
        entry.insert(APPLIED.to_owned(), number(applied));
    }
    Ok(entry)
}

fn read_applied(entry: &Entry) -> Result<Option<AgreementId>, StoreError> {
    let Some(id) = find_number(entry, APPLIED) else {
        return Ok(None);
    };
    let id = i64::try_from(id).map_err(|error| unreadable(entry, error))?;
    AgreementId::try_from(id).map(Some).map_err(|error| unreadable(entry, error))
}

fn names_to_json(names: &CustomerNames) -> Result<String, StoreError> {
    to_json(NAMES, names)
}

/// The mark that a company is in use by a customer.
pub(super) fn company_to_entry(partner: PartnerId, company: CompanyId, customer: CustomerId) -> Entry {
    let mut entry = keyed(&keys::company(partner, company));
    entry.insert(CUSTOMER.to_owned(), text(&customer.to_string()));
    entry
}

/// The customer that an entry's key names.
pub(super) fn customer_of_entry(entry: &Entry) -> Result<CustomerId, StoreError> {
    keys::customer_of(read_text(entry, SORT_KEY)?).ok_or_else(|| unreadable(entry, "it names no customer"))
}

/// The company that a mark's key names.
pub(super) fn company_of_entry(entry: &Entry) -> Result<CompanyId, StoreError> {
    keys::company_of(read_text(entry, SORT_KEY)?).ok_or_else(|| unreadable(entry, "it names no company"))
}

/// The customer that a company's mark names.
pub(super) fn holder_from_entry(entry: &Entry) -> Result<CustomerId, StoreError> {
    CustomerId::parse(read_text(entry, CUSTOMER)?).map_err(|error| unreadable(entry, error))
}

/// The product mapping at its next version.
pub(super) fn next_product(mapping: &ProductMapping) -> ProductMapping {
    ProductMapping { version: mapping.version.saturating_add(1), ..mapping.clone() }
}

/// Whether both mappings have the same company and agreement, so that names seen for one are right for the other.
pub(super) fn is_same_place(one: &CustomerMapping, other: &CustomerMapping) -> bool {
    one.company == other.company && one.agreement == other.agreement
}

fn product_conflict(mapping: &ProductMapping) -> StoreError {
    StoreError::Conflict { what: format!("the mapping of {}", mapping.code) }
}

/// The error of a single customer mapping that cannot be saved.
fn customer_conflict(conflicts: &[CustomerConflict], customer: CustomerId) -> StoreError {
    let what = match conflicts.first() {
        Some(CustomerConflict::CompanyTaken { company, .. }) => {
            format!("the customer that company {company} is mapped to")
        }
        Some(CustomerConflict::Changed { .. }) | None => format!("the mapping of customer {customer}"),
    };
    StoreError::Conflict { what }
}
