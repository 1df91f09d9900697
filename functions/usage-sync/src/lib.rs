//! The worker: does one slice of a partner's run.
//!
//! A message names a run. [`Worker::carry_on`] opens it (or finds it open), takes the partner's lease, works until the
//! run ends or the deadline is near, and sends the next message. Everything that it needs of the world is a port, so
//! that tests and the local stack run this very code.
//!
//! The modules use each other in one direction, from the first to the last:
//! - [`work_off`]: what the queue delivers; `handler`: the message, the lease and the next message.
//! - `stages`: which stage of the run comes next. `preview`, `sophos`, `connectwise` and `check` are the stages that
//!   read.
//! - `customers`: the stages that write; `customer`: one of them, read, settled, planned, written and put into the
//!   ledger.
//! - `write`: the writes to one agreement.
//! - `bucket`: the customers that are loaded together; `recall` and `usage`: what the table knows of them.
//! - `flow`: what the customers of a slice share; `run_end`: the tie-out and the end.
//! - `context`: what the stages of a slice share; `committer`: the one place through which a slice commits.
//! - `scope`, `chunks`, `limits`, `world`, `errors` and [`policy`], the guards of the write protocol.

mod bucket;
mod check;
mod chunks;
mod committer;
mod connectwise;
mod context;
mod customer;
mod customers;
mod delivery;
mod errors;
mod flow;
mod handler;
mod limits;
pub mod policy;
mod preview;
mod recall;
mod run_end;
mod scope;
mod sophos;
mod stages;
mod usage;
mod world;
mod write;

pub use delivery::work_off;
pub use errors::WorkError;
pub use handler::{Handled, Worker};
pub use limits::Limits;
pub use world::{Adapters, World};
