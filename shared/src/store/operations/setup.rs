//! Connections and settings with their versions. A planted entry has none, which counts as 0.

use super::owner;
use crate::domain::id::PartnerId;
use crate::domain::settings::Settings;
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::keys;
use crate::store::item::{edit, find_number, find_text, from_json, number, read_body, text, to_json, with_body};
use crate::store::setup;
use crate::store::{Author, ConnectionsSaved, Databases, Edit, PsaOwner, SavedConnections, Versioned};
use crate::table::{Entry, Key, Table, Write, Written};

/// What may be shown of connections, beside what is sealed.
const SHOWN: &str = "shown";
/// How often an entry was saved.
const VERSION: &str = "version";

impl<T: Table> Store<T> {
    /// The partner's connections. Without anything to show where they were planted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_connections(&self, partner: PartnerId) -> Result<Versioned<SavedConnections>, StoreError> {
        self.find_versioned(&keys::credentials(partner), |entry| {
            let shown = find_text(entry, SHOWN).map(|json| from_json(entry, json)).transpose()?;
            Ok(SavedConnections { sealed: read_body(entry)?, shown: shown.unwrap_or_default() })
        })
        .await
    }

    /// Saves connections over those that were read, as the next version, with an edit of each half that differs by more
    /// than its last test. False when somebody else saved them meanwhile; then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_connections(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<SavedConnections>,
        connections: &SavedConnections,
    ) -> Result<bool, StoreError> {
        let mut entry = with_body(&keys::credentials(partner), &connections.sealed)?;
        entry.insert(SHOWN.to_owned(), text(&to_json("connections", &connections.shown)?));
        let edits = setup::edits_of_connections(author, read.value.as_ref(), &connections.shown)?;
        self.save_next(partner, entry, read.version, &edits).await
    }

    /// The same, and in the same transaction the partner takes the database that they lead to now, and gives up the one
    /// that they led to before: what is saved is never without its owner.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_connections_moving(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<SavedConnections>,
        connections: &SavedConnections,
        databases: Databases<'_>,
    ) -> Result<ConnectionsSaved, StoreError> {
        let mut entry = with_body(&keys::credentials(partner), &connections.sealed)?;
        entry.insert(SHOWN.to_owned(), text(&to_json("connections", &connections.shown)?));
        let edits = setup::edits_of_connections(author, read.value.as_ref(), &connections.shown)?;
        // The claim first: whether it is met tells who has the database.
        let mut writes: Vec<Write> = databases
            .taken
            .map(|taken| owner::claim(partner, taken, Some(author.at), databases.taken_from))
            .into_iter()
            .flatten()
            .collect();
        let claims = !writes.is_empty();
        if let (Some(taken), Some(holder)) = (databases.taken, databases.taken_from) {
            writes.extend(owner::release(holder.partner, taken, false));
        }
        if let Some(left) = databases.left {
            // Another's by now: then it is not given up, and the mark of ours goes.
            let is_ours = self.find_psa_owner(partner, left).await? == PsaOwner::Asker;
            writes.extend(owner::release(partner, left, is_ours));
        }
        writes.extend(self.next_version(partner, entry, read.version, &edits)?);
        Ok(match self.transact_for_a_person(writes).await? {
            Written::All => ConnectionsSaved::Saved,
            Written::Unmet(unmet) if claims && unmet.first().is_some_and(Option::is_some) => {
                ConnectionsSaved::HeldByAnother
            }
            Written::Unmet(_) => ConnectionsSaved::ChangedMeanwhile,
        })
    }

    /// The partner's settings.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_versioned_settings(&self, partner: PartnerId) -> Result<Versioned<Settings>, StoreError> {
        self.find_versioned(&keys::settings(partner), read_body).await
    }

    /// Saves the settings over those that were read, as the next version, with an edit. False when somebody else saved
    /// them meanwhile; then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_settings(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<Settings>,
        settings: &Settings,
    ) -> Result<bool, StoreError> {
        let entry = with_body(&keys::settings(partner), settings)?;
        let edit = setup::edit_of_settings(author, read.value.as_ref(), settings)?;
        self.save_next(partner, entry, read.version, &[edit]).await
    }
}

impl<T: Table> Store<T> {
    pub(super) async fn find_versioned<V: Send>(
        &self,
        key: &Key,
        read: impl Fn(&Entry) -> Result<V, StoreError> + Send,
    ) -> Result<Versioned<V>, StoreError> {
        let entry = self.table.get(key).await?;
        let version = entry.as_ref().and_then(|entry| find_number(entry, VERSION)).unwrap_or(0);
        Ok(Versioned { value: entry.as_ref().map(read).transpose()?, version })
    }

    /// Writes an entry as the one after `version`, with its edits, or nothing.
    pub(super) async fn save_next(
        &self,
        partner: PartnerId,
        entry: Entry,
        version: u64,
        edits: &[Edit],
    ) -> Result<bool, StoreError> {
        let writes = self.next_version(partner, entry, version, edits)?;
        self.written(partner, writes, None).await
    }

    /// The writes of an entry as the one after `version`, and of its edits.
    fn next_version(
        &self,
        partner: PartnerId,
        mut entry: Entry,
        version: u64,
        edits: &[Edit],
    ) -> Result<Vec<Write>, StoreError> {
        entry.insert(VERSION.to_owned(), number(version.saturating_add(1)));
        let write = Write::put(entry);
        let mut writes = vec![match version {
            0 => write.if_missing(VERSION),
            read => write.if_equals(VERSION, number(read)),
        }];
        let audit = edit::to_entries(partner, edits, &self.table.unique())?;
        writes.extend(audit.into_iter().map(|entry| Write::put(entry).if_absent()));
        Ok(writes)
    }
}
