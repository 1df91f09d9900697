//! usage-sync
