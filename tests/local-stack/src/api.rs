//! The API as a whole: the documents of all functions, and `infra/openapi.json` made of them.

pub mod asking;
pub mod held;
pub mod limits;
pub mod operation;
mod readme;
pub mod routers;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mappings::World;
use serde_json::Value;
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::http::{Http, HttpLimits};
use shared::clock::SystemClock;
use shared::ids::UuidV7;
use shared::ports::AlertMessage;
use shared::queue::LocalQueue;
use shared::seal::LocalSeal;
use shared::store::Store;
use shared::table::Table;
use shared::table::memory::MemoryTable;
use utoipa::openapi::OpenApi;

use crate::stack::{StackError, UNLIMITED};

/// Connections to services, as the functions' documents need a type of them.
type Stored = StoredConnections<MemoryTable, LocalSeal>;

/// Each function behind API Gateway by its folder, with what its routes say of themselves; by folder.
#[must_use]
pub fn functions() -> Vec<(&'static str, OpenApi)> {
    vec![
        (
            "alerts",
            alerts::routes::<MemoryTable, LocalQueue<AlertMessage>, LocalSeal, SystemClock, UuidV7>().into_openapi(),
        ),
        ("connections", connections::routes::<MemoryTable, LocalSeal, SystemClock>().into_openapi()),
        ("mappings", mappings::routes::<MemoryTable, Stored, SystemClock, UuidV7>().into_openapi()),
        ("psa-products", psa_products::routes::<MemoryTable, Stored, SystemClock, UuidV7>().into_openapi()),
        ("psa-search", psa_search::routes::<Stored, SystemClock>().into_openapi()),
        ("sync-runs", sync_runs::routes::<MemoryTable, LocalQueue, SystemClock, UuidV7>().into_openapi()),
    ]
}

/// The world of `mappings` around a store: a ConnectWise of this machine may be reached, by what is saved and sealed there.
///
/// # Errors
/// No HTTP client can be made.
pub fn mappings_world<T: Table>(
    store: Store<T>,
    seal: LocalSeal,
) -> Result<World<T, StoredConnections<T, LocalSeal>, SystemClock, UuidV7>, StackError> {
    let policy = AddressPolicy::Loopback;
    let http = Http::build(policy, HttpLimits::default())?;
    let mut options = ConnectionOptions::new(http, AddressRules { policy, ..AddressRules::default() })?.interactive();
    options.connectwise.calls_per_minute = UNLIMITED;
    let connections = StoredConnections::new(store.clone(), seal, options);
    Ok(World { store, connections, clock: SystemClock, ids: UuidV7 })
}

/// The document of some functions.
#[must_use]
pub fn document_of(functions: impl IntoIterator<Item = OpenApi>) -> Value {
    shared::http::document(functions)
}

/// The whole API's document, as it is committed.
#[must_use]
pub fn document() -> Value {
    document_of(functions().into_iter().map(|(_, document)| document))
}

/// Where it is committed.
#[must_use]
pub fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/openapi.json")
}

/// Where the schema of the direct contract is committed.
#[must_use]
pub fn committed_contract() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions/sync-invoke/contract.schema.json")
}

/// Whether the committed document, and the table of routes, are what the routes make.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn is_committed() -> io::Result<bool> {
    let text = fs::read_to_string(committed())?;
    let document = document();
    Ok(serde_json::from_str::<Value>(&text)? == document && readme::is_of(&document)?)
}

/// Writes the document where it is committed, the schema of the direct contract, and the table of routes.
///
/// # Errors
/// One of them cannot be written.
pub fn commit() -> io::Result<()> {
    let document = document();
    fs::write(committed(), format!("{document:#}\n"))?;
    let contract = sync_invoke::schema().map_err(io::Error::other)?;
    fs::write(committed_contract(), format!("{contract:#}\n"))?;
    readme::write(&document)
}
