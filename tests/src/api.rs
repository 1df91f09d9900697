//! The API as a whole: the documents of all functions, and `infra/openapi.json` made of them.

pub mod asking;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use shared::client::connections::StoredConnections;
use shared::clock::SystemClock;
use shared::ids::UuidV7;
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use utoipa::openapi::OpenApi;

/// Connections as a document needs them: by their type alone.
type Links = StoredConnections<MemoryStore, LocalSeal>;

/// Each function behind API Gateway by its folder, with what its routes say of themselves; by folder.
#[must_use]
pub fn functions() -> Vec<(&'static str, OpenApi)> {
    vec![("mappings", mappings::routes::<MemoryStore, Links, SystemClock, UuidV7>().into_openapi())]
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
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/openapi.json")
}

/// Whether the committed document is the one that the routes make.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn is_committed() -> io::Result<bool> {
    let text = fs::read_to_string(committed())?;
    Ok(serde_json::from_str::<Value>(&text)? == document())
}

/// Writes the document where it is committed.
///
/// # Errors
/// It cannot be written.
pub fn commit() -> io::Result<()> {
    fs::write(committed(), format!("{:#}\n", document()))
}
