//! Workers that die: each message is worked on by a process of its own, which is killed where a plan says so.
//!
//! This process is the world (both simulators, the table) and the queue. Workers are killed with SIGKILL after a given
//! number of calls; the message comes again when its visibility time-out is over. Nobody waits for that: clock and
//! queue jump to the next message that is due, and the time is told to the worker with the message, so that every limit
//! of the worker (lease, settle time) is the deployed one.

mod supervisor;
mod worker;
mod world;

use serde::{Deserialize, Serialize};
use shared::ports::SyncMessage;

use local_stack::apart::Addresses;

pub use supervisor::{Kill, KillableError, Supervisor, Worked};
pub use worker::work;
pub use world::KillableWorld;

/// What a worker is started for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    addresses: Addresses,
    message: SyncMessage,
    /// How far the worker's clock is ahead of the machine's.
    ahead_ms: i64,
}

/// What a worker tells, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Told {
    Sent {
        message: SyncMessage,
        delay_s: u32,
    },
    /// It has worked its message off.
    Done,
    /// It gives its message back.
    Failed {
        why: String,
    },
    /// The most memory that it had in use, told right before its end.
    Peak {
        kib: u64,
    },
}
