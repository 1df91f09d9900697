//! The domain: what a usage sync is, as values and pure functions.
//!
//! It imports std, serde and value crates (dates, decimals, UUIDs) only: no I/O, no clock, no environment. "Now" is an
//! argument. A good order to read it:
//!
//! - what is compared: [`id`], [`month`], [`mapping`], [`usage`], [`psa`], [`snapshot`]
//! - the plan for a customer: [`settle`], [`departure`], [`plan`], [`recall`], [`outcome`], [`decision`],
//!   [`quantity_override`], [`terms`]
//! - the account of a run: [`ledger`], [`landing`], [`tally`], [`run`], [`sync_status`], [`follow_up`]
//! - additions that are billed without a sync: [`still_billed`], [`ending`], [`vendor_sync`]
//! - forms for people: [`catalogue`], [`search`]
//! - alerts: [`alert`], [`mail_address`], [`host_name`], [`language`]

pub mod alert;
pub mod billing_period;
pub mod catalogue;
pub mod customer;
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
pub mod quantity_override;
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
