//! The widest room: what a usage sync is, as values and pure functions.
//!
//! Imports std, serde and value crates (dates, decimals, UUIDs) only: no I/O, no clock, no environment. "Now" is an
//! argument. Read it in this order: [`id`], [`month`], [`mapping`], [`usage`], [`psa`], [`snapshot`], [`settle`],
//! [`departure`], [`plan`], [`recall`], [`outcome`], [`decision`], [`terms`], [`ledger`], [`landing`], [`tally`], [`run`], [`stamp`], [`still_billed`], [`ending`], [`vendor_sync`]. Beside the sync, for a
//! person at a form: [`catalogue`], [`search`]. For a person who is told: [`alert`], [`mail_address`], [`host_name`].

pub mod alert;
pub mod billing_period;
pub mod catalogue;
pub mod decision;
pub mod departure;
pub mod ending;
pub mod follow_up;
pub mod host_name;
pub mod id;
pub mod known_products;
pub mod landing;
pub mod language;
pub mod ledger;
pub mod mail_address;
pub mod mapping;
pub mod month;
pub mod outcome;
pub mod plan;
pub mod psa;
pub mod recall;
pub mod run;
pub mod schedule;
pub mod search;
pub mod settings;
pub mod settle;
pub mod snapshot;
pub mod still_billed;
pub mod sync_status;
pub mod tally;
pub mod terms;
pub mod usage;
pub mod vendor_sync;
pub mod vendor_text;
