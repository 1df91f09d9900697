//! How often it is noted that a partner works with its ConnectWise database.

use jiff::SignedDuration;

/// That a partner works with its database is noted at most this often.
pub(super) const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(24);
