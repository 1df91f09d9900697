//! The folder of a real partner: marked as such before anything else is in it, and readable for its owner only.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shared::domain::id::PartnerId;

use crate::stack::FilesError;
use crate::stack::files::{KEY, LIVE, TABLE, has_demo, io_error, lock};

/// What the mark says.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Mark {
    /// Whose folder it is, once its Sophos credentials have told.
    partner: Option<PartnerId>,
}

/// The folder while it is used.
pub(super) struct LiveFiles {
    folder: PathBuf,
    mark: Mark,
    _lock: File,
}

impl LiveFiles {
    pub(super) fn open(folder: &Path) -> Result<Self, FilesError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|source| io_error(folder, source))?;
        let lock = lock(folder)?;
        let path = folder.join(LIVE);
        let mark = if path.exists() {
            let bytes = fs::read(&path).map_err(|source| io_error(&path, source))?;
            serde_json::from_slice(&bytes).map_err(|_| not_live(folder))?
        } else if has_demo(folder) {
            return Err(not_live(folder));
        } else {
            Mark::default()
        };
        let files = Self { folder: folder.to_owned(), mark, _lock: lock };
        files.write()?;
        Ok(files)
    }

    pub(super) fn table(&self) -> PathBuf {
        self.folder.join(TABLE)
    }

    pub(super) fn key(&self) -> PathBuf {
        self.folder.join(KEY)
    }

    pub(super) const fn partner(&self) -> Option<PartnerId> {
        self.mark.partner
    }

    pub(super) fn belongs_to(&mut self, partner: PartnerId) -> Result<(), FilesError> {
        self.mark.partner = Some(partner);
        self.write()
    }

    /// Whole or not at all: half a mark would lock its owner out.
    fn write(&self) -> Result<(), FilesError> {
        let path = self.folder.join(LIVE);
        let draft = path.with_extension("new");
        let text = serde_json::json!(self.mark).to_string();
        fs::write(&draft, text).and_then(|()| fs::rename(&draft, &path)).map_err(|source| io_error(&path, source))
    }
}

fn not_live(folder: &Path) -> FilesError {
    FilesError::NotLive { path: folder.display().to_string() }
}
