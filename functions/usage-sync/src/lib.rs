//! The worker: carries one partner's run on by one slice.
//!
//! A message names a run. [`Worker::carry_on`] opens it (or finds it open), takes the partner's lease, works until the
//! run ends or the deadline is near, and sends the next message. Everything that it needs of the world is a port, so
//! that tests and the local stack run this very code.
//!
//! - `slice`: the stages of a run, one after the other: what Sophos has, what ConnectWise has, then customer by
//!   customer: read, settle, plan, write, ledger.
//! - [`work_off`]: what the queue delivers.
//! - `committer`: the one place through which a slice writes to the table.
//! - [`policy`]: the guards of the write protocol.

mod batch;
mod chunks;
mod committer;
pub mod policy;
mod slice;
mod trouble;
mod worker;

pub use batch::work_off;
pub use worker::{Adapters, Handled, Limits, WorkError, Worker, World};
