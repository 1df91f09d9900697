//! What is shown of connections: where they lead, how their keys end, who saved them, and what their last test found.

use axum::extract::State;
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use shared::http::{Caller, IfNoneMatch, NoQuery, Problem, Read, represent};
use shared::store::{LastTest, ShownConnectWise, ShownConnections, ShownSophos};
use shared::table::Table;
use utoipa::ToSchema;

use crate::{Sealer, Time, World};

/// A partner's connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionsRow {
    /// ConnectWise's; absent where none is saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    connectwise: Option<ConnectWiseRow>,
    /// Sophos'; absent where none is saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    sophos: Option<SophosRow>,
}

/// The connection to ConnectWise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectWiseRow {
    /// The host.
    site: String,
    /// The company id that is typed at sign-in.
    company: String,
    /// The last four characters of the public key; empty where it is too short to show them.
    public_key_end: String,
    /// The last four characters of the client id; empty where it is too short to show them.
    client_id_end: String,
    /// When it was saved.
    #[schema(format = DateTime)]
    saved_at: String,
    /// Who saved it.
    saved_by: String,
    /// What its last test found.
    last_test: LastTestRow,
    /// Rises with each save: what `If-Match` of the next one names.
    version: u64,
}

/// The connection to Sophos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SophosRow {
    /// The last four characters of the client id; empty where it is too short to show them.
    client_id_end: String,
    /// When it was saved.
    #[schema(format = DateTime)]
    saved_at: String,
    /// Who saved it.
    saved_by: String,
    /// What its last test found.
    last_test: LastTestRow,
    /// Rises with each save: what `If-Match` of the next one names.
    version: u64,
}

/// The last test of a saved connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastTestRow {
    /// When it was made.
    #[schema(format = DateTime)]
    at: String,
    /// Whether the connection worked.
    works: bool,
    /// What was found, in the word of the test's own answer.
    verdict: String,
}

impl From<&LastTest> for LastTestRow {
    fn from(test: &LastTest) -> Self {
        Self { at: test.at.to_string(), works: test.works, verdict: test.verdict.clone() }
    }
}

impl ConnectWiseRow {
    /// What the next save is based on.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }
}

impl SophosRow {
    /// What the next save is based on.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }
}

impl From<&ShownConnectWise> for ConnectWiseRow {
    fn from(shown: &ShownConnectWise) -> Self {
        Self {
            site: shown.site.clone(),
            company: shown.company.clone(),
            public_key_end: shown.public_key_end.clone(),
            client_id_end: shown.client_id_end.clone(),
            saved_at: shown.saved.at.to_string(),
            saved_by: shown.saved.who.clone(),
            last_test: (&shown.tested).into(),
            version: shown.saved.version,
        }
    }
}

impl From<&ShownSophos> for SophosRow {
    fn from(shown: &ShownSophos) -> Self {
        Self {
            client_id_end: shown.client_id_end.clone(),
            saved_at: shown.saved.at.to_string(),
            saved_by: shown.saved.who.clone(),
            last_test: (&shown.tested).into(),
            version: shown.saved.version,
        }
    }
}

impl From<&ShownConnections> for ConnectionsRow {
    fn from(shown: &ShownConnections) -> Self {
        Self { connectwise: shown.connectwise.as_ref().map(Into::into), sophos: shown.sophos.as_ref().map(Into::into) }
    }
}

/// How a key ends. Of a short one four characters would be too large a part.
pub(crate) fn end_of(key: &SecretString) -> String {
    let key = key.expose_secret();
    let shown = key.len().checked_sub(4).filter(|_| key.len() >= 12);
    shown.and_then(|start| key.get(start..)).unwrap_or_default().to_owned()
}

/// Show the connections.
///
/// Where they lead, how their keys end, who saved them when, and what their last test found. No secret is ever shown.
#[utoipa::path(
    get,
    path = "/v1/connections",
    operation_id = "getConnections",
    tag = "connections",
    security(("token" = ["psa/read"])),
    params(IfNoneMatch),
    responses((status = 200, description = "The connections that are saved.", body = ConnectionsRow)),
)]
pub(crate) async fn get_connections<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Read>,
    _: NoQuery,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let saved = world.store.find_connections(caller.partner()).await?.value;
    let shown = saved.map(|saved| saved.shown).unwrap_or_default();
    Ok(represent(&if_none_match, None, &ConnectionsRow::from(&shown)))
}
