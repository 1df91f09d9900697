//! The PSA in a file, so that a local stack that is started again finds it as it was.

use std::io;
use std::path::Path;

use super::state::{SavedState, State};
use super::{ConnectWise, Settings};

/// Why a state file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    /// The file system refused.
    #[error("the PSA's state file {path} could not be {done}: {source}")]
    Io {
        path: String,
        /// `read` or `written`.
        done: &'static str,
        source: io::Error,
    },
    /// The file holds something else.
    #[error("the PSA's state file {path} cannot be understood; delete it to start afresh: {source}")]
    Content {
        path: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl ConnectWise {
    /// Opens the PSA of a file; `None` if there is no such file.
    pub fn open(settings: Settings, path: &Path) -> Result<Option<Self>, StateFileError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(StateFileError::Io { path: path.display().to_string(), done: "read", source });
            }
        };
        let saved: SavedState = serde_json::from_slice(&bytes)
            .map_err(|source| StateFileError::Content { path: path.display().to_string(), source })?;
        Ok(Some(Self::with_state(settings, State::from_saved(saved))))
    }

    /// Writes the PSA to a file, whole or not at all: a crash leaves the file that was there.
    pub fn save(&self, path: &Path) -> Result<(), StateFileError> {
        let saved = self.inner.state().to_saved();
        let failed = |source| StateFileError::Io { path: path.display().to_string(), done: "written", source };
        let bytes = serde_json::to_vec(&saved)
            .map_err(|source| StateFileError::Content { path: path.display().to_string(), source })?;
        let draft = path.with_extension("draft");
        std::fs::write(&draft, bytes).map_err(failed)?;
        std::fs::rename(&draft, path).map_err(failed)
    }
}
