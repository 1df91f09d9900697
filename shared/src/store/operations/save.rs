//! Saves of many mappings at once: read, judged, and written only if all that was read still stands.

use std::collections::BTreeMap;

use super::idempotency;
use super::mapping::at_version;
use crate::domain::id::{CompanyId, CustomerId, PartnerId, ProductCode};
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;
use crate::store::Store;
use crate::store::idempotency::overtaken;
use crate::store::item::{BODY, edit, keys, mapping as row, number, text, to_json};
use crate::store::limits;
use crate::store::save::{self, Claim, CustomerRow};
use crate::store::{Answer, Attempt, Author, CustomerConflict, CustomerEdit, Keep, ProductConflict};
use crate::table::{Clause, Table, Write, Written};

/// How often what was read may change before it is written, before the caller has to come again.
const ATTEMPTS: usize = 5;

impl<T: Table> Store<T> {
    pub(super) async fn save_products(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[ProductMapping],
        keep: Option<&Keep<'_, [ProductMapping]>>,
    ) -> Result<Result<Vec<ProductMapping>, Vec<ProductConflict>>, StoreError> {
        save::check_products(rows)?;
        let wanted: Vec<_> = rows.iter().map(|row| keys::product_mapping(partner, &row.code)).collect();
        for _ in 0..ATTEMPTS {
            let mut stored: BTreeMap<ProductCode, ProductMapping> = BTreeMap::new();
            for entry in self.table.get_many(wanted.clone()).await? {
                let mapping = row::product_from_entry(&entry)?;
                stored.insert(mapping.code.clone(), mapping);
            }
            let save = match save::products(author, rows, &stored)? {
                Ok(save) => save,
                Err(conflicts) => return Ok(Err(conflicts)),
            };
            let mut writes = Vec::new();
            for mapping in save.rows {
                writes.push(at_version(Write::put(row::product_to_next_entry(partner, mapping)?), mapping.version));
            }
            for entry in edit::to_entries(partner, &save.edits, &self.table.unique())? {
                writes.push(Write::put(entry).if_absent());
            }
            let kept = keep.map(|keep| keep.with(&save.saved)).transpose()?;
            if self.written(partner, writes, kept).await? {
                return Ok(Ok(save.saved));
            }
        }
        Err(busy())
    }

    /// Saves customer mappings; without an author, without an edit in the audit.
    pub(super) async fn save_customers(
        &self,
        partner: PartnerId,
        author: Option<&Author>,
        rows: &[CustomerEdit],
        keep: Option<&Keep<'_, [CustomerMapping]>>,
    ) -> Result<Result<Vec<CustomerMapping>, Vec<CustomerConflict>>, StoreError> {
        save::check_customers(rows)?;
        for _ in 0..ATTEMPTS {
            let (stored, holders) = self.read_customers(partner, rows).await?;
            let save = match save::customers(rows, &stored, &holders) {
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
            let kept = keep.map(|keep| keep.with(&saved)).transpose()?;
            if self.written(partner, writes, kept).await? {
                return Ok(Ok(saved));
            }
        }
        Err(busy())
    }

    /// What is stored of the rows, and who has the companies that they want.
    async fn read_customers(
        &self,
        partner: PartnerId,
        rows: &[CustomerEdit],
    ) -> Result<(BTreeMap<CustomerId, CustomerRow>, BTreeMap<CompanyId, CustomerId>), StoreError> {
        let key = |row: &CustomerEdit| keys::customer_mapping(partner, row.customer());
        let mut stored = BTreeMap::new();
        for entry in self.table.get_many(rows.iter().map(key).collect()).await? {
            stored.insert(row::customer_of_entry(&entry)?, row::customer_row(&entry)?);
        }
        let company = |row: &CustomerEdit| match row {
            CustomerEdit::Put(mapping) => Some(mapping.company),
            CustomerEdit::Remove { .. } => None,
        };
        let companies: Vec<CompanyId> = rows.iter().filter_map(company).collect();
        let holders = self.holders(partner, &companies).await?;
        Ok((stored, holders))
    }

    pub(super) async fn holders(
        &self,
        partner: PartnerId,
        companies: &[CompanyId],
    ) -> Result<BTreeMap<CompanyId, CustomerId>, StoreError> {
        let mut wanted: Vec<_> = companies.iter().map(|company| keys::company(partner, *company)).collect();
        // Two rows may want the same company, and a key may be asked for once only.
        wanted.sort_unstable();
        wanted.dedup();
        let mut holders = BTreeMap::new();
        for entry in self.table.get_many(wanted).await? {
            holders.insert(row::company_of_entry(&entry)?, row::holder_from_entry(&entry)?);
        }
        Ok(holders)
    }

    /// Makes all writes and keeps the answer to them, if there is one, or none of it; false when a write no longer finds
    /// what was read.
    pub(super) async fn written(
        &self,
        partner: PartnerId,
        others: Vec<Write>,
        kept: Option<(&Attempt, Answer)>,
    ) -> Result<bool, StoreError> {
        let keeps = kept.is_some();
        let mut writes = match kept {
            Some((attempt, answer)) => idempotency::finish(partner, attempt, &answer)?,
            None => Vec::new(),
        };
        writes.extend(others);
        if writes.is_empty() {
            return Ok(true);
        }
        if writes.len() > limits::MAX_ACTIONS {
            let why = format!("{} actions in one save, at most {}", writes.len(), limits::MAX_ACTIONS);
            return Err(StoreError::Refused { why });
        }
        Ok(match self.transact_for_a_person(writes).await? {
            Written::All => true,
            // The attempt's claim comes first: whoever has taken over judges what is stored anew.
            Written::Unmet(unmet) if keeps && unmet.first().is_some_and(Option::is_some) => return Err(overtaken()),
            Written::Unmet(_) => false,
        })
    }
}

fn busy() -> StoreError {
    StoreError::Conflict { what: "what was to be saved".into() }
}

/// An update where a mapping stands or stood: what runs wrote of it stays, but for the names of another place.
fn put_customer(partner: PartnerId, read: &CustomerRow, saved: &CustomerMapping) -> Result<Write, StoreError> {
    if read.version == 0 {
        return Ok(Write::put(row::new_customer_to_entry(partner, saved)?).if_absent());
    }
    let key = keys::customer_mapping(partner, saved.customer);
    let body = text(&to_json(&key.sort, saved)?);
    let set = vec![(BODY, body), (row::VERSION, number(saved.version)), (row::AGREEMENT, number(saved.agreement))];
    let write = at_version(Write::update(key, set), read.version);
    Ok(if read.is_same_place(saved) { write } else { write.removing(&[row::NAMES]) })
}

/// What stays of a removed mapping is its version and the agreement that was applied.
fn remove_customer(partner: PartnerId, customer: CustomerId, read: &CustomerRow) -> Write {
    let set = vec![(row::VERSION, number(read.removed().version))];
    let write = Write::update(keys::customer_mapping(partner, customer), set);
    at_version(write, read.version).removing(&[BODY, row::AGREEMENT, row::NAMES])
}

/// Writes the mark of a company only if it is as it was read.
fn claim_company(partner: PartnerId, company: CompanyId, claim: Claim) -> Write {
    let holder = |customer: CustomerId| text(&customer.to_string());
    match claim {
        Claim::Take { by, from: None } => Write::put(row::company_to_entry(partner, company, by)).if_absent(),
        Claim::Take { by, from: Some(from) } => {
            Write::put(row::company_to_entry(partner, company, by)).if_equals(row::CUSTOMER, holder(from))
        }
        Claim::Release { from } => {
            let write = Write::delete(keys::company(partner, company));
            write.only_if(Clause::EqualsOrMissing(row::CUSTOMER, holder(from)))
        }
    }
}
