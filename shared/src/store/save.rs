//! Saves of many mappings at once: all rows or none.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId, ProductCode};
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;
use crate::store::entry::{BODY, number, text, to_json};
use crate::store::limits::{MAX_CUSTOMER_ROWS, MAX_PRODUCT_ROWS};
use crate::store::mapping::at_version;
use crate::store::{
    Author, CustomerConflict, CustomerEdit, Edit, Keep, ProductConflict, Store, Subject, edit, keys, limits, mapping,
};
use crate::table::{Clause, Table, Write};

/// How often others may change the rows between our read and our write before we give up.
const ATTEMPTS: usize = 5;

impl<T: Table> Store<T> {
    /// Saves up to 90 product mappings, each read at its version, with their edits and the answer to keep, if any: all or
    /// nothing. Returns the mappings as they are stored, or every row that somebody else changed meanwhile.
    ///
    /// # Errors
    /// `Refused` for more rows, or two of the same product; `Conflict` when another attempt has taken over.
    pub async fn save_product_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[ProductMapping],
        keep: Option<&Keep<'_, [ProductMapping]>>,
    ) -> Result<Result<Vec<ProductMapping>, Vec<ProductConflict>>, StoreError> {
        check_products(rows)?;
        let keys: Vec<_> = rows.iter().map(|row| keys::product_mapping(partner, &row.code)).collect();
        for _ in 0..ATTEMPTS {
            let mut stored: BTreeMap<ProductCode, ProductMapping> = BTreeMap::new();
            for entry in self.table.get_many(keys.clone()).await? {
                let mapping = mapping::product_from_entry(&entry)?;
                stored.insert(mapping.code.clone(), mapping);
            }
            let save = match plan_product_save(author, rows, &stored)? {
                Ok(save) => save,
                Err(conflicts) => return Ok(Err(conflicts)),
            };
            let mut writes = Vec::new();
            for mapping in save.rows {
                writes.push(at_version(Write::put(mapping::product_to_next_entry(partner, mapping)?), mapping.version));
            }
            for entry in edit::to_entries(partner, &save.edits, &self.table.unique())? {
                writes.push(Write::put(entry).if_absent());
            }
            let answer = keep.map(|keep| keep.with(&save.saved)).transpose()?;
            if self.write_with_answer(partner, writes, answer).await? {
                return Ok(Ok(save.saved));
            }
        }
        Err(busy())
    }

    /// Saves customer mappings; without an author no edit is added to the audit.
    pub(super) async fn save_customers(
        &self,
        partner: PartnerId,
        author: Option<&Author>,
        rows: &[CustomerEdit],
        keep: Option<&Keep<'_, [CustomerMapping]>>,
    ) -> Result<Result<Vec<CustomerMapping>, Vec<CustomerConflict>>, StoreError> {
        check_customers(rows)?;
        for _ in 0..ATTEMPTS {
            let (stored, holders) = self.read_customers(partner, rows).await?;
            let save = match plan_customer_save(rows, &stored, &holders) {
                Ok(save) => save,
                Err(conflicts) => return Ok(Err(conflicts)),
            };
            let mut writes = Vec::new();
            for (customer, read, saved) in &save.rows {
                writes.push(match saved {
                    Some(saved) => put_customer(partner, read, saved)?,
                    None => remove_customer(partner, *customer, read),
                });
            }
            writes.extend(save.companies.iter().map(|(company, claim)| claim_company(partner, *company, *claim)));
            if let Some(author) = author {
                for entry in edit::to_entries(partner, &save.edits(author)?, &self.table.unique())? {
                    writes.push(Write::put(entry).if_absent());
                }
            }
            let saved = save.saved();
            let answer = keep.map(|keep| keep.with(&saved)).transpose()?;
            if self.write_with_answer(partner, writes, answer).await? {
                return Ok(Ok(saved));
            }
        }
        Err(busy())
    }

    /// What is stored of the rows, and the customers that their companies are mapped to.
    async fn read_customers(
        &self,
        partner: PartnerId,
        rows: &[CustomerEdit],
    ) -> Result<(BTreeMap<CustomerId, CustomerRow>, BTreeMap<CompanyId, CustomerId>), StoreError> {
        let key = |row: &CustomerEdit| keys::customer_mapping(partner, row.customer());
        let mut stored = BTreeMap::new();
        for entry in self.table.get_many(rows.iter().map(key).collect()).await? {
            stored.insert(mapping::customer_of_entry(&entry)?, mapping::customer_row(&entry)?);
        }
        let company = |row: &CustomerEdit| match row {
            CustomerEdit::Put(mapping) => Some(mapping.company),
            CustomerEdit::Remove { .. } => None,
        };
        let companies: Vec<CompanyId> = rows.iter().filter_map(company).collect();
        let holders = self.list_company_holders(partner, &companies).await?;
        Ok((stored, holders))
    }

    /// The customers that these companies (at most 100) are mapped to; an unmapped company is left out.
    pub async fn list_company_holders(
        &self,
        partner: PartnerId,
        companies: &[CompanyId],
    ) -> Result<BTreeMap<CompanyId, CustomerId>, StoreError> {
        let mut keys: Vec<_> = companies.iter().map(|company| keys::company(partner, *company)).collect();
        // Two rows may have the same company, but the keys of one read must differ.
        keys.sort_unstable();
        keys.dedup();
        let mut holders = BTreeMap::new();
        for entry in self.table.get_many(keys).await? {
            holders.insert(mapping::company_of_entry(&entry)?, mapping::holder_from_entry(&entry)?);
        }
        Ok(holders)
    }

    /// Saves or removes up to 30 customer mappings, each read at its version, with the claims of their companies, their
    /// edits and the answer to keep, if any: all or nothing. Customers may exchange companies in one save. The values that
    /// runs have written (names, the applied agreement) stay, except names of another company or agreement. The applied
    /// agreement outlives the mapping, so that a customer that is mapped again is not silently billed on two agreements.
    /// Returns the mappings as they are stored, or every row that cannot be saved with the reason.
    ///
    /// # Errors
    /// `Refused` for more rows, or two of the same customer; `Conflict` when another attempt has taken over.
    pub async fn save_customer_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[CustomerEdit],
        keep: Option<&Keep<'_, [CustomerMapping]>>,
    ) -> Result<Result<Vec<CustomerMapping>, Vec<CustomerConflict>>, StoreError> {
        self.save_customers(partner, Some(author), rows, keep).await
    }
}

fn busy() -> StoreError {
    StoreError::Conflict { what: "what was to be saved".into() }
}

/// An update if a mapping is or was stored: what runs wrote stays, except names of another company or agreement.
fn put_customer(partner: PartnerId, read: &CustomerRow, saved: &CustomerMapping) -> Result<Write, StoreError> {
    if read.version == 0 {
        return Ok(Write::put(mapping::new_customer_to_entry(partner, saved)?).if_absent());
    }
    let key = keys::customer_mapping(partner, saved.customer);
    let body = text(&to_json(&key.sort, saved)?);
    let set =
        vec![(BODY, body), (mapping::VERSION, number(saved.version)), (mapping::AGREEMENT, number(saved.agreement))];
    let write = at_version(Write::update(key, set), read.version);
    Ok(if read.is_same_place(saved) { write } else { write.removing(&[mapping::NAMES]) })
}

/// Of a removed mapping only the version and the applied agreement stay.
fn remove_customer(partner: PartnerId, customer: CustomerId, read: &CustomerRow) -> Write {
    let set = vec![(mapping::VERSION, number(read.removed().version))];
    let write = Write::update(keys::customer_mapping(partner, customer), set);
    at_version(write, read.version).removing(&[BODY, mapping::AGREEMENT, mapping::NAMES])
}

/// Changes the mark of a company only if it is as it was read.
fn claim_company(partner: PartnerId, company: CompanyId, claim: Claim) -> Write {
    let holder = |customer: CustomerId| text(&customer.to_string());
    match claim {
        Claim::Take { by, from: None } => Write::put(mapping::company_to_entry(partner, company, by)).if_absent(),
        Claim::Take { by, from: Some(from) } => {
            Write::put(mapping::company_to_entry(partner, company, by)).if_equals(mapping::CUSTOMER, holder(from))
        }
        Claim::Release { from } => {
            let write = Write::delete(keys::company(partner, company));
            write.only_if(Clause::EqualsOrMissing(mapping::CUSTOMER, holder(from)))
        }
    }
}

/// What is stored of a customer's mapping. A removed mapping leaves its version: a new one counts on from there, so that
/// nobody who has read the old one can overwrite it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CustomerRow {
    /// The mapping; none before the first save and after a removal.
    pub(super) mapping: Option<CustomerMapping>,
    /// The last version that was saved; 0 before the first save.
    pub(super) version: u64,
    /// The agreement for which a person has applied a preview; it outlives the mapping.
    pub(super) applied: Option<AgreementId>,
}

impl CustomerRow {
    /// The row that a removal leaves.
    pub(super) const fn removed(&self) -> Self {
        Self { mapping: None, version: self.version.saturating_add(1), applied: self.applied }
    }

    /// Whether it is still as it was read at a version.
    fn is_at(&self, version: u64) -> bool {
        self.mapping.as_ref().map_or(0, |mapping| mapping.version) == version
    }

    /// The mapping as it is stored over this row. After the first save only runs change `applied`.
    fn next(&self, mapping: &CustomerMapping) -> CustomerMapping {
        let applied = if self.version == 0 { mapping.applied } else { self.applied };
        CustomerMapping { version: self.version.saturating_add(1), applied, ..mapping.clone() }
    }

    /// Whether the stored names are right for `mapping` too.
    fn is_same_place(&self, mapping: &CustomerMapping) -> bool {
        self.mapping.as_ref().is_some_and(|before| mapping::is_same_place(before, mapping))
    }
}

/// The parts of a save of product mappings without conflicts.
#[derive(Debug)]
struct ProductSave<'a> {
    /// The mappings with the versions at which they were read.
    pub(super) rows: &'a [ProductMapping],
    /// The same as they are stored.
    pub(super) saved: Vec<ProductMapping>,
    pub(super) edits: Vec<Edit>,
}

/// The parts of a save of customer mappings without conflicts.
#[derive(Debug)]
struct CustomerSave {
    /// Each row as it was read, and the mapping that replaces it; none removes it.
    pub(super) rows: Vec<(CustomerId, CustomerRow, Option<CustomerMapping>)>,
    /// How the mark of each company changes.
    pub(super) companies: BTreeMap<CompanyId, Claim>,
}

/// How the mark that a company is in use changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// The customer `by` takes the company, from `from` if that one had it when it was read.
    Take { by: CustomerId, from: Option<CustomerId> },
    /// The customer releases the company.
    Release { from: CustomerId },
}

/// Refuses too many rows or two of the same product, before anything is read.
fn check_products(rows: &[ProductMapping]) -> Result<(), StoreError> {
    check(rows.len(), MAX_PRODUCT_ROWS, rows.iter().map(|row| &row.code), "product mappings")
}

/// Refuses too many rows or two of the same customer, before anything is read.
fn check_customers(rows: &[CustomerEdit]) -> Result<(), StoreError> {
    check(rows.len(), MAX_CUSTOMER_ROWS, rows.iter().map(CustomerEdit::customer), "customer mappings")
}

fn check<T: Ord>(count: usize, max: usize, ids: impl Iterator<Item = T>, what: &str) -> Result<(), StoreError> {
    if count > max {
        return limits::refuse(format!("{count} {what} in one save, at most {max}"));
    }
    if ids.collect::<BTreeSet<T>>().len() < count {
        return limits::refuse(format!("two {what} of the same in one save"));
    }
    Ok(())
}

/// Compares the rows with what is stored: the save to make, or the conflicts.
fn plan_product_save<'a>(
    author: &Author,
    rows: &'a [ProductMapping],
    stored: &BTreeMap<ProductCode, ProductMapping>,
) -> Result<Result<ProductSave<'a>, Vec<ProductConflict>>, StoreError> {
    let now = |row: &ProductMapping| stored.get(&row.code);
    let changed = |row: &&ProductMapping| now(row).map_or(0, |now| now.version) != row.version;
    let conflicts: Vec<ProductConflict> = (rows.iter().filter(changed))
        .map(|row| ProductConflict { code: row.code.clone(), now: now(row).cloned() })
        .collect();
    if !conflicts.is_empty() {
        return Ok(Err(conflicts));
    }
    let saved: Vec<ProductMapping> = rows.iter().map(mapping::next_product).collect();
    let edit =
        |saved: &ProductMapping| edit::edit(author, Subject::Product(saved.code.clone()), now(saved), Some(saved));
    let edits = saved.iter().map(edit).collect::<Result<_, _>>()?;
    Ok(Ok(ProductSave { rows, saved, edits }))
}

/// Compares the rows with what is stored and with the present holders of their companies: the save to make, or the
/// conflicts.
fn plan_customer_save(
    rows: &[CustomerEdit],
    stored: &BTreeMap<CustomerId, CustomerRow>,
    holders: &BTreeMap<CompanyId, CustomerId>,
) -> Result<CustomerSave, Vec<CustomerConflict>> {
    let by_customer: BTreeMap<CustomerId, &CustomerEdit> = rows.iter().map(|row| (row.customer(), row)).collect();
    let keeps = |holder: CustomerId, company: CompanyId| match by_customer.get(&holder) {
        None => true,
        Some(CustomerEdit::Put(mapping)) => mapping.company == company,
        Some(CustomerEdit::Remove { .. }) => false,
    };
    let mut save = CustomerSave { rows: Vec::new(), companies: BTreeMap::new() };
    let mut conflicts = Vec::new();
    for row in rows {
        let customer = row.customer();
        let read = stored.get(&customer).cloned().unwrap_or_default();
        let (version, mapping) = match row {
            CustomerEdit::Put(mapping) => (mapping.version, Some(mapping)),
            CustomerEdit::Remove { version, .. } => (*version, None),
        };
        if !read.is_at(version) {
            conflicts.push(CustomerConflict::Changed { customer, now: read.mapping });
            continue;
        }
        if let Some(CustomerMapping { company, .. }) = mapping {
            let from = holders.get(company).copied();
            let holder = from.filter(|holder| *holder != customer && keeps(*holder, *company));
            let holder = holder.or_else(|| save.companies.get(company).map(Claim::customer));
            if let Some(holder) = holder {
                conflicts.push(CustomerConflict::CompanyTaken { customer, company: *company, holder });
                continue;
            }
            save.companies.insert(*company, Claim::Take { by: customer, from });
        }
        if mapping.is_some() || read.mapping.is_some() {
            let next = mapping.map(|mapping| read.next(mapping));
            save.rows.push((customer, read, next));
        }
    }
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    for (customer, read, _) in &save.rows {
        if let Some(before) = &read.mapping {
            save.companies.entry(before.company).or_insert(Claim::Release { from: *customer });
        }
    }
    Ok(save)
}

impl Claim {
    const fn customer(&self) -> CustomerId {
        match self {
            Self::Take { by, .. } => *by,
            Self::Release { from } => *from,
        }
    }
}

impl CustomerSave {
    /// The mappings as they are stored.
    fn saved(&self) -> Vec<CustomerMapping> {
        self.rows.iter().filter_map(|(_, _, saved)| saved.clone()).collect()
    }

    /// The edits of the audit.
    fn edits(&self, author: &Author) -> Result<Vec<Edit>, StoreError> {
        let edit = |(customer, read, saved): &(CustomerId, CustomerRow, Option<CustomerMapping>)| {
            edit::edit(author, Subject::Customer(*customer), read.mapping.as_ref(), saved.as_ref())
        };
        self.rows.iter().map(edit).collect()
    }
}
