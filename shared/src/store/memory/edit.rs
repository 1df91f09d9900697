//! What people edit, and the audit of it, in memory.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::MemoryStore;
use super::idempotency::finished;
use super::shelf::Shelf;
use crate::domain::id::{CompanyId, CustomerId, PartnerId, ProductCode};
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;
use crate::ports::{
    Author, CustomerConflict, CustomerEdit, Edit, EditPage, EditStore, Keep, MappedCustomer, ProductConflict, Subject,
};
use crate::store::edits::{Cursor, Pages};
use crate::store::item::edit;
use crate::store::limits::MAX_PAGE;
use crate::store::save::{self, Claim, CustomerRow};

impl EditStore for MemoryStore {
    async fn find_product_mapping(
        &self,
        partner: PartnerId,
        code: &ProductCode,
    ) -> Result<Option<ProductMapping>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.products.get(code).cloned()))
    }

    async fn find_customer_mapping(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<MappedCustomer>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.mapped(&customer)))
    }

    async fn list_customer_mappings_after(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<MappedCustomer>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let behind = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        Ok(self.with(partner, |shelf| {
            let customers = shelf.customers.range(behind).map(|(customer, _)| customer);
            customers.filter_map(|customer| shelf.mapped(customer)).take(limit).collect()
        }))
    }

    async fn list_company_holders(
        &self,
        partner: PartnerId,
        companies: &[CompanyId],
    ) -> Result<BTreeMap<CompanyId, CustomerId>, StoreError> {
        Ok(self.with(partner, |shelf| {
            let holder = |company: &CompanyId| Some((*company, *shelf.companies.get(company)?));
            companies.iter().filter_map(holder).collect()
        }))
    }

    async fn save_product_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[ProductMapping],
        keep: Option<&Keep<'_, [ProductMapping]>>,
    ) -> Result<Result<Vec<ProductMapping>, Vec<ProductConflict>>, StoreError> {
        save::check_products(rows)?;
        self.with(partner, |shelf| {
            let save = match save::products(author, rows, &shelf.products)? {
                Ok(save) => save,
                Err(conflicts) => return Ok(Err(conflicts)),
            };
            let done = finished(shelf, keep.map(|keep| keep.with(&save.saved)).transpose()?)?;
            add_edits(shelf, &save.edits)?;
            shelf.attempts.extend(done);
            shelf.products.extend(save.saved.iter().map(|mapping| (mapping.code.clone(), mapping.clone())));
            Ok(Ok(save.saved))
        })
    }

    async fn save_customer_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[CustomerEdit],
        keep: Option<&Keep<'_, [CustomerMapping]>>,
    ) -> Result<Result<Vec<CustomerMapping>, Vec<CustomerConflict>>, StoreError> {
        self.with(partner, |shelf| save_customers(shelf, Some(author), rows, keep))
    }

    async fn add_edits(
        &self,
        partner: PartnerId,
        edits: &[Edit],
        keep: Option<&Keep<'_, ()>>,
    ) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            let done = finished(shelf, keep.map(|keep| keep.with(&())).transpose()?)?;
            add_edits(shelf, edits)?;
            shelf.attempts.extend(done);
            Ok(())
        })
    }

    async fn list_edits(
        &self,
        partner: PartnerId,
        of: Option<&Subject>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<EditPage, StoreError> {
        let cursor = after.map(Cursor::parse).transpose()?;
        let until = cursor.as_ref().map_or(Bound::Unbounded, |cursor| Bound::Included(cursor.place.clone()));
        let mut pages = Pages::new(of, cursor, limit);
        Ok(self.with(partner, |shelf| {
            let mut newest_first = shelf.edits.range((Bound::Unbounded, until)).rev();
            let is_full = newest_first.any(|(place, edits)| pages.is_full_after(place, edits.clone()));
            pages.into_page(is_full)
        }))
    }
}

/// Saves customer mappings; without an author, without an edit in the audit.
pub(super) fn save_customers(
    shelf: &mut Shelf,
    author: Option<&Author>,
    rows: &[CustomerEdit],
    keep: Option<&Keep<'_, [CustomerMapping]>>,
) -> Result<Result<Vec<CustomerMapping>, Vec<CustomerConflict>>, StoreError> {
    save::check_customers(rows)?;
    let read = |row: &CustomerEdit| Some((row.customer(), shelf.customers.get(&row.customer())?.0.clone()));
    let stored = rows.iter().filter_map(read).collect();
    let save = match save::customers(rows, &stored, &shelf.companies) {
        Ok(save) => save,
        Err(conflicts) => return Ok(Err(conflicts)),
    };
    let saved = save.saved();
    let done = finished(shelf, keep.map(|keep| keep.with(&saved)).transpose()?)?;
    if let Some(author) = author {
        add_edits(shelf, &save.edits(author)?)?;
    }
    shelf.attempts.extend(done);
    for (customer, read, saved) in &save.rows {
        let (_, names) = shelf.customers.remove(customer).unwrap_or_default();
        let stays = saved.as_ref().is_some_and(|saved| read.is_same_place(saved));
        let row = saved.as_ref().map_or_else(|| read.removed(), |saved| CustomerRow::of(saved.clone()));
        shelf.customers.insert(*customer, (row, names.filter(|_| stays)));
    }
    for (company, claim) in &save.companies {
        match claim {
            Claim::Take { by, .. } => shelf.companies.insert(*company, *by),
            Claim::Release { .. } => shelf.companies.remove(company),
        };
    }
    Ok(Ok(saved))
}

/// Saves are told apart by how many there were.
pub(super) fn add_edits(shelf: &mut Shelf, edits: &[Edit]) -> Result<(), StoreError> {
    let save = format!("{:020}", shelf.edits.len());
    for (place, edits) in edit::pack(edits, &save)? {
        shelf.edits.insert(place, edits.into_iter().cloned().collect());
    }
    Ok(())
}
