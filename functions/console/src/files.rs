//! The files of `web/`, compiled into the binary. A debug build reads them from the folder at every request, so that an edit
//! of a script needs no compiler.

use std::borrow::Cow;

use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// The start page, in which [`VERSION`] stands for the version of all files.
const START: &str = "index.html";
/// What the start page has in the place of the version.
const VERSION: &str = "{version}";

/// A file by its path below `web/`; none if there is no such file. The start page has an address of its own.
pub(crate) fn find(path: &str) -> Option<EmbeddedFile> {
    if path == START { None } else { Web::get(path) }
}

/// A text that changes when any file does: the folder that the start page takes all other files from.
pub(crate) fn version() -> String {
    let mut names: Vec<Cow<'static, str>> = Web::iter().collect();
    names.sort_unstable();
    let mut all = Sha256::new();
    for name in names {
        if let Some(file) = Web::get(&name) {
            all.update(name.as_bytes());
            all.update([0]);
            all.update(file.metadata.sha256_hash());
        }
    }
    all.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The start page with the addresses of this version; none if the folder has none.
pub(crate) fn start_page(version: &str) -> Option<String> {
    let page = Web::get(START)?;
    Some(String::from_utf8_lossy(&page.data).replace(VERSION, version))
}

/// The content type of a file, by the end of its name.
pub(crate) fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}
