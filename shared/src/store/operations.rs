//! The duties of [`crate::ports`], on the table port.

mod alert;
mod commit;
mod due;
mod edit;
mod hold;
mod idempotency;
mod known;
mod lease;
mod ledger;
mod mapping;
mod open;
mod oversight;
mod owner;
mod rate;
mod read;
mod removal;
mod run;
mod save;
mod settings;
mod setup;
