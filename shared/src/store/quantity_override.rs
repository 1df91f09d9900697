//! Other quantities than the usage, as people decided them: one entry for each decision.

use jiff::tz::TimeZone;

use crate::domain::id::PartnerId;
use crate::domain::quantity_override::{OverrideKey, QuantityOverride};
use crate::error::StoreError;
use crate::store::entry::{BODY, read_body, read_text, text, with_body};
use crate::store::instant::HISTORY_DAYS;
use crate::store::read::Ask;
use crate::store::{Author, Store, Subject, edit, instant, keys};
use crate::table::{EXPIRY, Entry, Table, Write, Written};

/// One page of overrides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverridePage {
    /// They, in the order of customer, ConnectWise product and first month.
    pub overrides: Vec<QuantityOverride>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

impl OverridePage {
    /// Whether a page may start after this text: a page's `next` has this form.
    #[must_use]
    pub fn can_start_after(text: &str) -> bool {
        keys::is_override_name(text)
    }
}

impl<T: Table> Store<T> {
    /// All overrides of customers whose id starts with `prefix` (lower-case hex; empty for all), also those that have
    /// ended.
    pub async fn list_overrides(&self, partner: PartnerId, prefix: &str) -> Result<Vec<QuantityOverride>, StoreError> {
        self.list(&keys::holds(partner), &keys::overrides(prefix), |entry| read_body(&entry)).await
    }

    /// A page of at most `limit` overrides after `after` (a page's `next`).
    pub async fn page_of_overrides(
        &self,
        partner: PartnerId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<OverridePage, StoreError> {
        let range = keys::overrides_after(after);
        let ask = Ask { start: None, limit: limit + 1, backwards: false };
        let page = self.part_of_range(&keys::holds(partner), &range, ask).await?;
        let mut overrides: Vec<QuantityOverride> = page.entries.iter().map(read_body).collect::<Result<_, _>>()?;
        let more = overrides.len() > limit || page.next.is_some();
        overrides.truncate(limit);
        let next = overrides.last().filter(|_| more).map(|last| keys::override_name(last.key));
        Ok(OverridePage { overrides, next })
    }

    /// An override.
    pub async fn find_override(
        &self,
        partner: PartnerId,
        key: OverrideKey,
    ) -> Result<Option<QuantityOverride>, StoreError> {
        let found = self.table.get(&keys::quantity_override(partner, key)).await?;
        found.map(|entry| read_body(&entry)).transpose()
    }

    /// Removes the override that a person has `seen`, with its edit in the audit: from the next run on the usage is billed
    /// again.
    ///
    /// # Errors
    /// `Conflict` when it is gone or another by now.
    pub async fn remove_override(
        &self,
        partner: PartnerId,
        seen: &QuantityOverride,
        by: &Author,
    ) -> Result<(), StoreError> {
        let conflict = || StoreError::Conflict { what: "what was decided on this quantity".to_owned() };
        let key = keys::quantity_override(partner, seen.key);
        let Some(stored) = self.table.get(&key).await? else { return Err(conflict()) };
        if read_body::<QuantityOverride>(&stored)? != *seen {
            return Err(conflict());
        }
        let edit = edit::edit(by, Subject::Override(seen.key), Some(seen), None)?;
        let mut writes = vec![Write::delete(key).if_equals(BODY, text(read_text(&stored, BODY)?))];
        for entry in edit::to_entries(partner, &[edit], &self.table.unique())? {
            writes.push(Write::put(entry).if_absent());
        }
        match self.transact_for_a_person(writes).await? {
            Written::All => Ok(()),
            Written::Unmet(_) => Err(conflict()),
        }
    }
}

pub(super) fn to_entry(partner: PartnerId, one: &QuantityOverride) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::quantity_override(partner, one.key), one)?;
    // The end of its last month may be years ahead.
    let ends = one.until.last_day().to_zoned(TimeZone::UTC).map_or(one.key.at, |day| day.timestamp());
    entry.insert(EXPIRY.to_owned(), instant::expiry(ends.max(one.key.at), HISTORY_DAYS));
    Ok(entry)
}
