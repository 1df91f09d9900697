//! Why a run as a whole came to nothing, and what to do about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a run as a whole came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunFailure {
    /// A stable word.
    pub code: RunFailureCode,
    /// What happened, for a person.
    pub what: String,
}

/// The kinds of [`RunFailure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunFailureCode {
    /// A connection is missing or its credentials do not work.
    Connection,
    /// Sophos' usage could not be read to its end: nothing was written.
    UsageIncomplete,
    /// Sophos has no usage for the month.
    NoUsage,
    /// ConnectWise could not be read.
    PsaUnreadable,
    /// A list of Sophos or ConnectWise has no end that is reached.
    ListTooLong,
    /// Units were lost between usage and ledger: a defect of this program.
    TieOut,
    /// Writes to ConnectWise were switched off while the run was open.
    WritesOff,
    /// The run was interrupted for so long that what it had read is out of date.
    TooOld,
    /// What the run keeps cannot be read or written.
    Table,
    /// The preview to apply is unknown, unfinished or too old.
    NoPreview,
}

impl RunFailureCode {
    /// Whether the same run may go better on another night.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        match self {
            Self::Connection
            | Self::UsageIncomplete
            | Self::NoUsage
            | Self::PsaUnreadable
            | Self::ListTooLong
            | Self::TooOld => true,
            Self::TieOut | Self::WritesOff | Self::Table | Self::NoPreview => false,
        }
    }

    /// What to do next.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Connection => "Save and test the connection again under Settings and policies > PSA integration.",
            Self::UsageIncomplete => {
                "Nothing was written. The next run reads the usage again from its start; run the sync again later."
            }
            Self::NoUsage => "Nothing was written. Wait until Sophos has published the month's usage.",
            Self::WritesOff => {
                "Nothing more is written. Switch writes on and run the sync again if that was not meant."
            }
            Self::TooOld => "Nothing more is written. Run the sync again; what was written already is found and kept.",
            Self::Table => "Nothing more is written. Report it with the run's id; then run the sync again.",
            Self::PsaUnreadable => {
                "Nothing more is written. Check that ConnectWise is up and the API member's role can read; run the sync again."
            }
            Self::ListTooLong => {
                "Nothing more is written. Running the sync again does not help soon: check the connection's address, and \
                 report the run's id."
            }
            Self::TieOut => "Do not bill from this run. Report it with the run's id.",
            Self::NoPreview => "Make a new preview, look at it and apply it.",
        }
    }
}

impl fmt::Display for RunFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.code.advice())
    }
}
