//! The process that dies: the worker's library with a queue that is a pipe and a clock that is told.

use std::io::{Read as _, Write as _};

use jiff::{SignedDuration, Timestamp};
use shared::clock::SystemClock;
use shared::error::QueueError;
use shared::ports::{Clock, Queue, SyncMessage};
use usage_sync::{Limits, Worker};

use super::{Order, Told};
use local_stack::stack::LONGEST_SLICE;

/// Works on the message that standard input brings, as one invocation of the Lambda does.
///
/// # Errors
/// It was not told what to do, or nobody listens.
pub async fn work() -> Result<(), String> {
    let mut order = String::new();
    std::io::stdin().read_to_string(&mut order).map_err(|error| error.to_string())?;
    let order: Order = serde_json::from_str(&order).map_err(|error| error.to_string())?;
    let clock = AheadClock(SignedDuration::from_millis(order.ahead_ms));
    let told = match work_on(&order, clock).await {
        Ok(()) => Told::Done,
        Err(why) => Told::Failed { why },
    };
    tell(&Told::Peak { kib: peak_kib()? })?;
    tell(&told)
}

/// The most memory that this process had in use so far, in KiB (`VmHWM`).
fn peak_kib() -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
    kib.ok_or_else(|| "/proc/self/status says nothing of the peak".to_owned())
}

async fn work_on(order: &Order, clock: AheadClock) -> Result<(), String> {
    let world = order.addresses.world(Pipe, clock).await.map_err(|error| error.to_string())?;
    let deadline = clock.now().saturating_add(LONGEST_SLICE).map_err(|error| error.to_string())?;
    let worker = Worker::new(world, Limits::default());
    worker.carry_on(&order.message, deadline).await.map(drop).map_err(|error| error.to_string())
}

fn tell(told: &Told) -> Result<(), String> {
    let line = serde_json::to_string(told).map_err(|error| error.to_string())?;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").and_then(|()| output.flush()).map_err(|error| error.to_string())
}

/// The system clock plus the time that the queue skipped.
#[derive(Clone, Copy, Debug)]
struct AheadClock(SignedDuration);

impl Clock for AheadClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        now.checked_add(self.0).unwrap_or(now)
    }
}

/// The way to the queue. Written data survives the process.
#[derive(Clone, Copy, Debug)]
struct Pipe;

impl Queue for Pipe {
    async fn send(&self, message: &SyncMessage, delay_s: u32) -> Result<(), QueueError> {
        tell(&Told::Sent { message: message.clone(), delay_s }).map_err(|why| QueueError { why })
    }
}
