//! What stays of a removed partner: that it was removed, when, and who asked for it. It informs and refuses nothing: a partner may
//! come back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::entry::{read_body, with_body};
use crate::store::instant::{self, HISTORY_DAYS};
use crate::store::read::Ask;
use crate::store::{Author, Edit, Store, Subject, keys};
use crate::table::{EXPIRY, Table, Write};

/// How many removals are listed at most.
const MAX_REMOVALS: usize = 20;

/// The last removal of a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// When it was over.
    pub at: Timestamp,
    /// Who asked for it, as the token named them.
    pub by: String,
}

impl<T: Table> Store<T> {
    /// Stores that a partner was removed, and an entry of the audit that outlives it for 400 days. Both are outside of the
    /// partner's own partitions.
    pub async fn put_tombstone(&self, partner: PartnerId, author: &Author) -> Result<(), StoreError> {
        let Author { who, at, note } = author.clone();
        let tombstone = Tombstone { at, by: who.clone() };
        let edit = Edit { at, who, subject: Subject::Partner, before: None, after: None, note };
        let mut audit = with_body(&keys::removal_edit(partner, at), &[edit])?;
        audit.insert(EXPIRY.to_owned(), instant::expiry(at, HISTORY_DAYS));
        let entry = with_body(&keys::tombstone(partner), &tombstone)?;
        self.table.transact(vec![Write::put(entry), Write::put(audit)]).await?;
        Ok(())
    }

    /// The removals of a partner in the audit, the newest ones first.
    pub async fn list_removals(&self, partner: PartnerId) -> Result<Vec<Edit>, StoreError> {
        let ask = Ask { start: None, limit: MAX_REMOVALS, backwards: true };
        let page = self.part_of_range(&keys::tombstones(partner), &keys::edits_until(None), ask).await?;
        let edits: Vec<Vec<Edit>> = page.entries.iter().map(read_body).collect::<Result<_, _>>()?;
        Ok(edits.concat())
    }

    /// The last removal of a partner, if it was ever removed.
    pub async fn find_tombstone(&self, partner: PartnerId) -> Result<Option<Tombstone>, StoreError> {
        self.table.get(&keys::tombstone(partner)).await?.as_ref().map(read_body).transpose()
    }
}
