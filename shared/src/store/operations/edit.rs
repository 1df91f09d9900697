//! What people edit, and the audit of it.

use std::collections::BTreeMap;

use super::read::Ask;
use crate::domain::id::{CompanyId, CustomerId, PartnerId, ProductCode};
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;
use crate::store::Store;
use crate::store::edits::{Cursor, Pages};
use crate::store::item::{edit, keys, mapping as row};
use crate::store::limits::{self, MAX_PAGE};
use crate::store::{
    Author, CustomerConflict, CustomerEdit, Edit, EditPage, Keep, MappedCustomer, ProductConflict, Subject,
};
use crate::table::{Table, Write};

/// How many pages of the table (1 MB each) one call looks through for the edits of one subject.
const PAGES_A_CALL: usize = 4;

impl<T: Table> Store<T> {
    /// A product's mapping, if it was ever saved.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_product_mapping(
        &self,
        partner: PartnerId,
        code: &ProductCode,
    ) -> Result<Option<ProductMapping>, StoreError> {
        let entry = self.table.get(&keys::product_mapping(partner, code)).await?;
        entry.as_ref().map(row::product_from_entry).transpose()
    }

    /// A customer's mapping, if it is mapped.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_customer_mapping(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<MappedCustomer>, StoreError> {
        let entry = self.table.get(&keys::customer_mapping(partner, customer)).await?;
        Ok(entry.as_ref().map(row::customer_from_entry).transpose()?.flatten())
    }

    /// At most `limit` (1 to 1,000) mapped customers behind `after`, by id. Fewer only where no more are behind them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_customer_mappings_after(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<MappedCustomer>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let range = keys::customer_mappings_after(after);
        self.first_of_range(&keys::home(partner), &range, limit, row::customer_from_entry).await
    }

    /// Which customers have these companies (at most 100); a company that nobody has is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_company_holders(
        &self,
        partner: PartnerId,
        companies: &[CompanyId],
    ) -> Result<BTreeMap<CompanyId, CustomerId>, StoreError> {
        self.holders(partner, companies).await
    }

    /// Saves up to 90 product mappings, each read at its version, their edits, and the answer that is to be kept, if one
    /// is: all or nothing. Returns them as they are stored, or every row that was changed meanwhile.
    ///
    /// # Errors
    /// `Refused` for more rows, or two of the same product; `Conflict` when another attempt has taken over; otherwise
    /// [`StoreError`].
    pub async fn save_product_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[ProductMapping],
        keep: Option<&Keep<'_, [ProductMapping]>>,
    ) -> Result<Result<Vec<ProductMapping>, Vec<ProductConflict>>, StoreError> {
        self.save_products(partner, author, rows, keep).await
    }

    /// Saves or removes up to 30 customer mappings, each read at its version, with the claims of their companies, their
    /// edits, and the answer that is to be kept, if one is: all or nothing. Customers may exchange companies in one save.
    /// Of a mapping that was there before, what runs have written (names, the applied agreement) stays, but for the names of a place that it left; the
    /// applied agreement outlives the mapping, so that a customer mapped anew is not billed on two agreements unseen.
    /// Returns those that are mapped as they are stored, or every row that cannot be saved and why.
    ///
    /// # Errors
    /// `Refused` for more rows, or two of the same customer; `Conflict` when another attempt has taken over; otherwise
    /// [`StoreError`].
    pub async fn save_customer_mappings(
        &self,
        partner: PartnerId,
        author: &Author,
        rows: &[CustomerEdit],
        keep: Option<&Keep<'_, [CustomerMapping]>>,
    ) -> Result<Result<Vec<CustomerMapping>, Vec<CustomerConflict>>, StoreError> {
        self.save_customers(partner, Some(author), rows, keep).await
    }

    /// Adds edits of what is stored elsewhere (a product in ConnectWise, a connection) to the audit, with the answer that
    /// is to be kept, if one is: all or none. The first one's time counts for all.
    ///
    /// # Errors
    /// `Refused` when they are more than a transaction takes (some megabytes); `Conflict` when another attempt has taken
    /// over; otherwise [`StoreError`].
    pub async fn add_edits(
        &self,
        partner: PartnerId,
        edits: &[Edit],
        keep: Option<&Keep<'_, ()>>,
    ) -> Result<(), StoreError> {
        let entries = edit::to_entries(partner, edits, &self.table.unique())?;
        let writes = entries.into_iter().map(|entry| Write::put(entry).if_absent()).collect();
        let kept = keep.map(|keep| keep.with(&())).transpose()?;
        if self.written(partner, writes, kept).await? {
            Ok(())
        } else {
            // The name of a save is unique: nobody else writes at its place.
            limits::refuse("an entry of the audit stands already where a new one was to be written".into())
        }
    }

    /// A page of the audit, newest first, from `after` (a page's `next`) on: at most `limit` (1 to 1,000) edits, of one
    /// subject where `of` names it. A page of one subject may be short or empty though a next one follows: a call looks
    /// through a bounded part of the audit.
    ///
    /// # Errors
    /// `Refused` for an `after` that is none of ours; otherwise [`StoreError`].
    pub async fn list_edits(
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
