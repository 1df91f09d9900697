//! The files of a stack that is started again: the table, ConnectWise, the key, and what the partner was made from.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use shared::domain::month::UsageMonth;

use super::StackError;
use crate::demo::{Demo, PlantedPsa, Size};
use simulators::connectwise::ConnectWise;

/// What the partner was made from; shows that the folder is incomplete.
const MADE: &str = "demo.json";
pub(super) const TABLE: &str = "table.db";
const PSA: &str = "connectwise.json";
pub(super) const KEY: &str = "seal.key";
/// Signs the tokens of the HTTP API; made when the API is first served.
const ISSUER_KEY: &str = "issuer.key";
/// Locked by the stack that uses the folder. It is never deleted: a lock on a deleted file would protect nothing.
const LOCK: &str = "in-use.lock";

/// Marks the folder of a real partner, from before anything else is in it.
pub(super) const LIVE: &str = "live.json";

/// The files of an earlier start cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The file system refused.
    #[error("{path} could not be used: {source}")]
    Io { path: String, source: io::Error },
    /// They were made for another partner.
    #[error(
        "{path} holds a partner of {} customers and {} products (seed {}). Add --fresh to start over, or --data with another folder.",
        found.customers, found.products, found.seed
    )]
    OtherPartner {
        /// The folder.
        path: String,
        /// What it holds.
        found: Size,
    },
    /// Another stack works on them.
    #[error("{path} is in use by another cargo dev. End it first, or give --data another folder.")]
    InUse {
        /// The folder.
        path: String,
    },
    /// They are a real partner's.
    #[error("{path} holds a real partner's connections and runs. Give --data another folder.")]
    Live {
        /// The folder.
        path: String,
    },
    /// They are of the demo, or of something else.
    #[error("{path} holds the demo's files, or half of them. Give --live another folder by --data.")]
    NotLive {
        /// The folder.
        path: String,
    },
    /// They were not all written.
    #[error("{path} was left half made. Add --fresh to start over.")]
    HalfMade {
        /// The folder.
        path: String,
    },
}

/// The folder of a stack, if it has one.
pub(super) struct Files {
    folder: Option<PathBuf>,
    size: Size,
    /// Held for as long as the files are used.
    _lock: Option<File>,
}

impl Files {
    pub(super) fn open(folder: Option<PathBuf>, size: Size) -> Result<Self, FilesError> {
        let Some(path) = &folder else { return Ok(Self { folder, size, _lock: None }) };
        std::fs::create_dir_all(path).map_err(|source| io_error(path, source))?;
        let lock = Some(lock(path)?);
        not_live(path)?;
        let made = path.join(MADE);
        match std::fs::read(&made) {
            Ok(bytes) => match serde_json::from_slice::<Size>(&bytes) {
                Ok(found) if found == size => Ok(Self { folder, size, _lock: lock }),
                Ok(found) => Err(FilesError::OtherPartner { path: path.display().to_string(), found }),
                Err(_) => Err(FilesError::HalfMade { path: path.display().to_string() }),
            },
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                let empty = ![TABLE, PSA, KEY].iter().any(|name| path.join(name).exists());
                let half = FilesError::HalfMade { path: path.display().to_string() };
                if empty { Ok(Self { folder, size, _lock: lock }) } else { Err(half) }
            }
            Err(source) => Err(io_error(&made, source)),
        }
    }

    pub(super) fn table(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(TABLE))
    }

    pub(super) fn key(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(KEY))
    }

    pub(super) fn issuer_key(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(ISSUER_KEY))
    }

    /// ConnectWise as it was left, or a new one and what was planted in it.
    pub(super) fn psa(&self, demo: &Demo, month: UsageMonth) -> Result<(ConnectWise, Option<PlantedPsa>), StackError> {
        if let Some(folder) = &self.folder
            && let Some(psa) = ConnectWise::open(demo.psa_settings().clone(), &folder.join(PSA))?
        {
            return Ok((psa, None));
        }
        let psa = ConnectWise::new(demo.psa_settings().clone());
        let planted = demo.fill_psa(&psa, month)?;
        Ok((psa, Some(planted)))
    }

    /// Writes what is only in memory. The partner counts as made once this was done.
    pub(super) fn remember(&self, psa: &ConnectWise) -> Result<(), StackError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        psa.save(&folder.join(PSA))?;
        let made = folder.join(MADE);
        let text = serde_json::json!(self.size).to_string();
        std::fs::write(&made, text).map_err(|source| io_error(&made, source))?;
        Ok(())
    }
}

/// Whether the demo, or half of it, is in a folder.
pub(super) fn has_demo(folder: &Path) -> bool {
    [MADE, TABLE, PSA, KEY].iter().any(|name| folder.join(name).exists())
}

fn not_live(folder: &Path) -> Result<(), FilesError> {
    let is_live = folder.join(LIVE).exists();
    if is_live { Err(FilesError::Live { path: folder.display().to_string() }) } else { Ok(()) }
}

pub(super) fn io_error(path: &Path, source: io::Error) -> FilesError {
    FilesError::Io { path: path.display().to_string(), source }
}

/// Keeps every other stack out of a folder until the result is dropped.
pub(super) fn lock(folder: &Path) -> Result<File, FilesError> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(|source| io_error(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FilesError::InUse { path: folder.display().to_string() }),
        Err(TryLockError::Error(source)) => Err(io_error(&path, source)),
    }
}

/// Deletes the files of a stack that no stack uses; SQLite keeps two more beside the table.
pub(super) fn forget(folder: &Path) -> Result<(), FilesError> {
    if !folder.exists() {
        return Ok(());
    }
    let _lock = lock(folder)?;
    not_live(folder)?;
    let beside = ["-wal", "-shm"].map(|end| format!("{TABLE}{end}"));
    for name in [MADE, TABLE, PSA, KEY, ISSUER_KEY].into_iter().chain(beside.iter().map(String::as_str)) {
        let path = folder.join(name);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(io_error(&path, source)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
