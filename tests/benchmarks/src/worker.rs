//! The process that is the worker: the library that the Lambda runs, with the Lambda's own adapters of table and wire.

use std::io::Read as _;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use shared::clock::SystemClock;
use shared::domain::run::{Run, RunRequest};
use shared::ports::{Clock, Queue, SyncMessage};
use shared::queue::LocalQueue;
use usage_sync::{Handled, Limits, Worker, World};

use super::ScaleError;
use local_stack::apart::Addresses;
use local_stack::stack::StackError;

/// How long a slice may take, as a Lambda's longest time-out.
const SLICE: SignedDuration = SignedDuration::from_mins(15);

/// What the worker is started for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    pub(super) addresses: Addresses,
    pub(super) request: RunRequest,
}

/// What the worker tells of its run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    pub(super) run: Run,
    /// From the first look at the message to the run's end.
    pub(super) wall: Duration,
    /// The most memory that the process ever had resident, in KiB; none where the system does not say.
    pub(super) peak_kib: Option<u64>,
}

/// Carries out the run that standard input asks for and prints what it was like.
pub(super) async fn work() -> Result<(), ScaleError> {
    let mut job = String::new();
    std::io::stdin().read_to_string(&mut job)?;
    let job: Job = serde_json::from_str(&job)?;
    let queue = LocalQueue::new(Duration::from_secs(5));
    let worker = Worker::new(job.addresses.world(queue, SystemClock).await?, Limits::default());
    let start = Instant::now();
    let run = carry_out(&worker, job.request).await?;
    let told = Told { run, wall: start.elapsed(), peak_kib: peak_kib() };
    println!("{}", serde_json::to_string(&told)?);
    Ok(())
}

/// Slice by slice until the run is over, as queue and Lambda do it.
async fn carry_out<W: World<Queue = LocalQueue>>(worker: &Worker<W>, request: RunRequest) -> Result<Run, ScaleError> {
    let queue = worker.world().queue();
    let first = SyncMessage { request, attempt: 0, turns: 0, first_sent_at: SystemClock.now() };
    queue.send(&first, 0).await.map_err(StackError::from)?;
    loop {
        let delivery = queue.receive().await;
        let deadline = SystemClock.now().saturating_add(SLICE).map_err(|error| ScaleError::Work(error.to_string()))?;
        let handled = worker.carry_on(&delivery.message, deadline).await;
        let handled = handled.map_err(|error| ScaleError::Work(error.to_string()))?;
        if !matches!(handled, Handled::Over(_) | Handled::Continues | Handled::Waits) {
            return Err(ScaleError::Work(format!("{handled:?}")));
        }
        delivery.acknowledge();
        if let Handled::Over(run) = handled {
            return Ok(*run);
        }
    }
}

/// `VmHWM` of Linux.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
