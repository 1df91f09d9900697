//! What people edit, and the audit of it.

use std::collections::BTreeMap;

use super::read::Ask;
use crate::domain::id::{CompanyId, CustomerId, PartnerId, ProductCode};
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;
use crate::ports::{
    Author, CustomerConflict, CustomerEdit, Edit, EditPage, EditStore, Ids, Keep, MappedCustomer, ProductConflict,
    Subject,
};
use crate::store::Store;
use crate::store::edits::{Cursor, Pages};
use crate::store::item::{edit, keys, mapping as row};
use crate::store::limits::{self, MAX_PAGE};
use crate::table::{Table, Write};

/// How many pages of the table (1 MB each) one call looks through for the edits of one subject.
const PAGES_A_CALL: usize = 4;

impl<T: Table, I: Ids> EditStore for Store<T, I> {
    async fn find_product_mapping(
        &self,
        partner: PartnerId,
        code: &ProductCode,
    ) -> Result<Option<ProductMapping>, StoreError> {
        let entry = self.table.get(&keys::product_mapping(partner, code)).await?;
        entry.as_ref().map(row::product_from_entry).transpose()
    }

    async fn find_customer_mapping(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<MappedCustomer>, StoreError> {
        let entry = self.table.get(&keys::customer_mapping(partner, customer)).await?;
        Ok(entry.as_ref().map(row::customer_from_entry).transpose()?.flatten())
    }

    async fn list_customer_mappings_after(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<MappedCustomer>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let range = keys::customer_mappings_after(after);
        self.first_of_range(&keys::home(partner), &range, limit, row::customer_from_entry).await
    }

    async fn list_company_holders(
        &self,
        partner: PartnerId,
        companies: &[CompanyId],
    ) -> Result<BTreeMap<CompanyId, CustomerId>, StoreError> {
        self.holders(partner, companies).await
    }

    async fn save_product_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[ProductMapping],
        keep: Option<&Keep<'_, [ProductMapping]>>,
    ) -> Result<Result<Vec<ProductMapping>, Vec<ProductConflict>>, StoreError> {
        self.save_products(partner, author, rows, keep).await
    }

    async fn save_customer_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[CustomerEdit],
        keep: Option<&Keep<'_, [CustomerMapping]>>,
    ) -> Result<Result<Vec<CustomerMapping>, Vec<CustomerConflict>>, StoreError> {
        self.save_customers(partner, Some(author), rows, keep).await
    }

    async fn add_edits(
        &self,
        partner: PartnerId,
        edits: &[Edit],
        keep: Option<&Keep<'_, ()>>,
    ) -> Result<(), StoreError> {
        let entries = edit::to_entries(partner, edits, &self.ids.unique())?;
        let writes = entries.into_iter().map(|entry| Write::put(entry).if_absent()).collect();
        let kept = keep.map(|keep| keep.with(&())).transpose()?;
        if self.written(partner, writes, kept).await? {
            Ok(())
        } else {
            // The name of a save is unique: nobody else writes at its place.
            limits::refuse("an entry of the audit stands already where a new one was to be written".into())
        }
    }

    async fn list_edits(
        &self,
        partner: PartnerId,
        of: Option<&Subject>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<EditPage, StoreError> {
        let cursor = after.map(Cursor::parse).transpose()?;
        let range = keys::edits_until(cursor.as_ref().map(|cursor| cursor.place.as_str()));
        let mut pages = Pages::new(of, cursor, limit);
        let mut start = None;
        for _ in 0..PAGES_A_CALL {
            let ask = Ask { start, limit: pages.room(), backwards: true };
            let page = self.part_of_range(&keys::home(partner), &range, ask).await?;
            for entry in &page.entries {
                let (place, edits) = edit::from_entry(entry)?;
                if pages.is_full_after(&place, edits) {
                    return Ok(pages.into_page(true));
                }
            }
            start = page.next;
            if start.is_none() {
                return Ok(pages.into_page(false));
            }
        }
        Ok(pages.into_page(true))
    }
}
