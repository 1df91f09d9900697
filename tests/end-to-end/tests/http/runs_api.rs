//! The routes of `sync-runs`, asked as API Gateway asks them: runs go to the queue of the local stack and are worked off by
//! the real worker.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod billing;
mod holds;
mod invoke;
mod italian;
mod landing;
mod large;
mod lines;
mod moves;
mod names;
mod other_quantities;
mod overview;
mod scope;
mod settings;
mod start;
mod unfinished;
mod usage_lines;
mod vendor_sync;
mod world;
