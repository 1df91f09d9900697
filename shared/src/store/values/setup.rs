//! What an administrator sets up: the connections of a partner and its settings, each read at a version and saved over
//! exactly that, never without saying who.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Sealed;
use super::owner::PsaHolder;
use super::psa_database::PsaDatabase;

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
