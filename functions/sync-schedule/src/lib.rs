//! sync-schedule
