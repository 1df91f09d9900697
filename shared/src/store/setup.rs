//! Connections and settings as people save them: with a version against lost updates, and with an edit in the audit.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::PartnerId;
use crate::domain::settings::Settings;
use crate::error::StoreError;
use crate::ports::Sealed;
use crate::store::entry::{find_number, find_text, from_json, number, read_body, text, to_json, with_body};
use crate::store::{
    Author, Edit, PsaDatabase, PsaHolder, PsaOwner, SavedAlertSettings, Store, Subject, edit, keys, owner,
};
use crate::table::{Entry, Key, Table, Write, Written};

/// What may be shown of connections; the body has what is sealed.
const SHOWN: &str = "shown";
const VERSION: &str = "version";

/// A value with the version at which it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value; none before the first save.
    pub value: Option<T>,
    /// The number of saves so far; 0 before the first.
    pub version: u64,
}

/// A partner's connections: the sealed credentials, and what may be shown of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedConnections {
    /// The credentials of both services, sealed together.
    pub sealed: Sealed,
    /// What may be shown of them.
    pub shown: ShownConnections,
}

/// What may be shown of a partner's connections. It contains no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownConnections {
    /// The connection to ConnectWise, if it is saved.
    pub connectwise: Option<ShownConnectWise>,
    /// The connection to Sophos, if it is saved.
    pub sophos: Option<ShownSophos>,
}

/// What may be shown of a connection to ConnectWise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownConnectWise {
    /// The host, as the partner typed it.
    pub site: String,
    /// The company id that people type when they sign in to ConnectWise.
    pub company: String,
    /// The hash of its database; see [`PsaDatabase`].
    pub database: String,
    /// The last characters of the API member's public key; empty if the key is too short to show a part of it.
    pub public_key_end: String,
    /// The last characters of the client id, in the same way.
    pub client_id_end: String,
    pub saved: SavedBy,
    /// What its last test found.
    pub tested: LastTest,
}

/// What may be shown of a connection to Sophos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownSophos {
    /// The last characters of the client id; empty if it is too short to show a part of it.
    pub client_id_end: String,
    pub saved: SavedBy,
    /// What its last test found.
    pub tested: LastTest,
}

/// Who saved a connection and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedBy {
    /// The person or program, as its token named it.
    pub who: String,
    pub at: Timestamp,
    /// The version of the connections that this save made; saving a test or the other half does not change it.
    pub version: u64,
}

/// What the last test of a saved connection found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastTest {
    pub at: Timestamp,
    /// Whether the connection works.
    pub works: bool,
    /// The result as a code for programs.
    pub verdict: String,
}

impl ShownConnectWise {
    /// Its database; none if the stored hash cannot be parsed.
    #[must_use]
    pub fn database(&self) -> Option<PsaDatabase> {
        PsaDatabase::parse(&self.database)
    }
}

/// The ConnectWise databases whose owner a save of connections changes; never the same twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Databases<'a> {
    /// The database to claim, if nobody else owns it.
    pub taken: Option<&'a PsaDatabase>,
    /// The owner that loses `taken`, as it was read; nothing is saved if that has changed.
    pub taken_from: Option<PsaHolder>,
    /// The database to release, if the partner owns it.
    pub left: Option<&'a PsaDatabase>,
}

/// The result of a save of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionsSaved {
    /// They are saved, and the partner owns the database.
    Saved,
    /// Somebody else saved them meanwhile; nothing is written.
    ChangedMeanwhile,
    /// Another partner owns the database; nothing is written. Which partner is never disclosed.
    HeldByAnother,
}

impl<T: Table> Store<T> {
    /// The partner's connections. Without anything to show if only [`Store::put_credentials`] has stored them.
    pub async fn find_connections(&self, partner: PartnerId) -> Result<Versioned<SavedConnections>, StoreError> {
        self.find_versioned(&keys::credentials(partner), |entry| {
            let shown = find_text(entry, SHOWN).map(|json| from_json(entry, json)).transpose()?;
            Ok(SavedConnections { sealed: read_body(entry)?, shown: shown.unwrap_or_default() })
        })
        .await
    }

    /// Saves connections over those that were read, as the next version, with an edit of each half that differs by more
    /// than its last test. False when somebody else saved them meanwhile; then nothing is written.
    pub async fn save_connections(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<SavedConnections>,
        connections: &SavedConnections,
    ) -> Result<bool, StoreError> {
        let mut entry = with_body(&keys::credentials(partner), &connections.sealed)?;
        entry.insert(SHOWN.to_owned(), text(&to_json("connections", &connections.shown)?));
        let edits = edits_of_connections(author, read.value.as_ref(), &connections.shown)?;
        self.save_next(partner, entry, read.version, &edits).await
    }

    /// Like [`Self::save_connections`]; in the same transaction the partner takes the database of the new connections and
    /// releases that of the old ones, so that saved connections always have an owned database.
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
        let edits = edits_of_connections(author, read.value.as_ref(), &connections.shown)?;
        // The claim comes first, so that its condition shows whether another partner owns the database.
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
            // If another partner owns it by now, only our mark is removed.
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

    /// The partner's settings; version 0 and no value before the first save.
    pub async fn find_versioned_settings(&self, partner: PartnerId) -> Result<Versioned<Settings>, StoreError> {
        self.find_versioned(&keys::settings(partner), read_body).await
    }

    /// Saves the settings over those that were read, as the next version, with an edit. False when somebody else saved
    /// them meanwhile; then nothing is written.
    pub async fn save_settings(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<Settings>,
        settings: &Settings,
    ) -> Result<bool, StoreError> {
        let entry = with_body(&keys::settings(partner), settings)?;
        let edit = edit_of_settings(author, read.value.as_ref(), settings)?;
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

    /// Writes an entry as the version after `version`, with its edits; false and nothing written if it has changed.
    pub(super) async fn save_next(
        &self,
        partner: PartnerId,
        entry: Entry,
        version: u64,
        edits: &[Edit],
    ) -> Result<bool, StoreError> {
        let writes = self.next_version(partner, entry, version, edits)?;
        self.write_with_answer(partner, writes, None).await
    }

    /// The writes of an entry as the version after `version`, and of its edits.
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

/// One edit for each half that a person saved; a new test of a half is not an edit.
fn edits_of_connections(
    author: &Author,
    before: Option<&SavedConnections>,
    after: &ShownConnections,
) -> Result<Vec<Edit>, StoreError> {
    let none = ShownConnections::default();
    let before = before.map_or(&none, |saved| &saved.shown);
    let mut edits = Vec::new();
    let by_connectwise = |shown: &ShownConnections| shown.connectwise.as_ref().map(|half| half.saved.clone());
    if by_connectwise(before) != by_connectwise(after) {
        edits.push(edit::edit(
            author,
            Subject::ConnectWiseConnection,
            before.connectwise.as_ref(),
            after.connectwise.as_ref(),
        )?);
    }
    let by_sophos = |shown: &ShownConnections| shown.sophos.as_ref().map(|half| half.saved.clone());
    if by_sophos(before) != by_sophos(after) {
        edits.push(edit::edit(author, Subject::SophosConnection, before.sophos.as_ref(), after.sophos.as_ref())?);
    }
    Ok(edits)
}

fn edit_of_settings(author: &Author, before: Option<&Settings>, after: &Settings) -> Result<Edit, StoreError> {
    edit::edit(author, Subject::Settings, before, Some(after))
}

/// The edit of a save of alert settings. If only the secret is new, the edit shows it by who saved the webhook and when.
pub(super) fn edit_of_alerts(
    author: &Author,
    before: Option<&SavedAlertSettings>,
    after: &SavedAlertSettings,
) -> Result<Edit, StoreError> {
    edit::edit(author, Subject::Alerts, before.map(|saved| &saved.settings), Some(&after.settings))
}
