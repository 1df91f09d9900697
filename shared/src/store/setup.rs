//! What a person sets up: connections and settings, each save with its edits.

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

/// What may be shown of connections, beside what is sealed.
const SHOWN: &str = "shown";
/// How often an entry was saved.
const VERSION: &str = "version";

/// Something and how often it was saved: 0 before the first time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versioned<T> {
    /// What was saved; none before the first time.
    pub value: Option<T>,
    /// Counts the saves.
    pub version: u64,
}

/// A partner's connections: the sealed credentials, and what may be shown of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedConnections {
    /// The credentials of both services.
    pub sealed: Sealed,
    /// What may be shown.
    pub shown: ShownConnections,
}

/// What may be shown of a partner's connections. No secret is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownConnections {
    /// ConnectWise's, if it is saved.
    pub connectwise: Option<ShownConnectWise>,
    /// Sophos', if it is saved.
    pub sophos: Option<ShownSophos>,
}

/// What may be shown of a connection to ConnectWise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownConnectWise {
    /// The host, as the partner typed it.
    pub site: String,
    /// The company id that is typed at sign-in.
    pub company: String,
    /// The hash of the database that it leads to; see [`PsaDatabase`].
    pub database: String,
    /// How the public key of the API member ends; empty where it is too short to show a part of it.
    pub public_key_end: String,
    /// How the client id ends; as the key's.
    pub client_id_end: String,
    /// Who saved it and when.
    pub saved: SavedBy,
    /// What its last test found.
    pub tested: LastTest,
}

/// What may be shown of a connection to Sophos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownSophos {
    /// How the client id ends; empty where it is too short to show a part of it.
    pub client_id_end: String,
    /// Who saved it and when.
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
    /// When.
    pub at: Timestamp,
    /// The version of the connections that this save made; it stays when a test is noted or the other half is saved.
    pub version: u64,
}

/// What the last test of a saved connection found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastTest {
    /// When.
    pub at: Timestamp,
    /// Whether it works.
    pub works: bool,
    /// What was found, in one word for programs.
    pub verdict: String,
}

impl ShownConnectWise {
    /// The database that it leads to; none where what is stored names none.
    #[must_use]
    pub fn database(&self) -> Option<PsaDatabase> {
        PsaDatabase::parse(&self.database)
    }
}

/// The ConnectWise databases that a save of connections is about; never the same twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Databases<'a> {
    /// Taken, if it is nobody's, or kept.
    pub taken: Option<&'a PsaDatabase>,
    /// Who loses it, as that one was found: only as long as nothing of that has changed.
    pub taken_from: Option<PsaHolder>,
    /// Given up, if it is the partner's.
    pub left: Option<&'a PsaDatabase>,
}

/// What came of a save of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionsSaved {
    /// They are saved, and the database is the partner's.
    Saved,
    /// Somebody else saved them meanwhile; nothing is written.
    ChangedMeanwhile,
    /// Another partner has the database; nothing is written. Nobody is told which.
    HeldByAnother,
}

impl<T: Table> Store<T> {
    /// The partner's connections. Without anything to show where they were planted.
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

    /// The same, and in the same transaction the partner takes the database that they lead to now, and gives up the one
    /// that they led to before: what is saved is never without its owner.
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

/// What a person changed of the connections: a half of which only the test is new was not edited.
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

/// The edit of a save of settings.
fn edit_of_settings(author: &Author, before: Option<&Settings>, after: &Settings) -> Result<Edit, StoreError> {
    edit::edit(author, Subject::Settings, before, Some(after))
}

/// The edit of a save of alert settings. A new secret alone shows by who saved the webhook.
pub(super) fn edit_of_alerts(
    author: &Author,
    before: Option<&SavedAlertSettings>,
    after: &SavedAlertSettings,
) -> Result<Edit, StoreError> {
    edit::edit(author, Subject::Alerts, before.map(|saved| &saved.settings), Some(&after.settings))
}
