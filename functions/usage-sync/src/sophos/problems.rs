//! Why a list of Sophos is not taken.

use shared::domain::run::RunFailureCode;

use crate::errors::{StageError, never};

/// The list has more rows or pages than any partner's.
pub(super) fn too_long(list: &str, bound: String) -> StageError {
    never(RunFailureCode::ListTooLong, format!("Sophos' list of {list} has no end that is reached: {bound}"))
}

/// The list is not whole, or does not match Sophos' own count of it.
pub(super) fn incomplete(what: String) -> StageError {
    never(RunFailureCode::UsageIncomplete, what)
}
