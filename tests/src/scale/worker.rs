//! The process that is the worker: the library that the Lambda runs, with the Lambda's own adapters of table and wire.

use std::io::Read as _;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use shared::client::connections::StoredConnections;
use shared::clock::SystemClock;
use shared::domain::run::{Run, RunRequest};
use shared::ids::UuidV7;
use shared::ports::{Clock, Queue, Seal, SettingsStore, SyncMessage};
use shared::queue::LocalQueue;
use shared::seal::LocalSeal;
use shared::store::DynamoStore;
use usage_sync::{Adapters, Handled, Limits, Worker, World};

use super::{Addresses, ScaleError};
use crate::stack::{StackError, connection_options, credentials};

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
    let worker = Worker::new(world(&job.addresses).await?, Limits::default());
    let start = Instant::now();
    let run = carry_out(&worker, job.request).await?;
    let told = Told { run, wall: start.elapsed(), peak_kib: peak_kib() };
    println!("{}", serde_json::to_string(&told)?);
    Ok(())
}

/// The Lambda's adapters, but for the queue and the key, which are this process's own.
async fn world(addresses: &Addresses) -> Result<impl World<Queue = LocalQueue> + use<>, ScaleError> {
    let aws = shared::aws::connect_local(&addresses.table).await;
    let store = DynamoStore::new(Client::new(&aws), addresses.table_name.clone(), UuidV7);
    let seal = LocalSeal::ephemeral();
    let credentials = credentials(&addresses.connectwise).to_json();
    let sealed = seal.seal(addresses.partner, credentials.expose_secret()).await.map_err(StackError::from)?;
    store.put_credentials(addresses.partner, &sealed).await.map_err(StackError::from)?;
    let connections = StoredConnections::new(store.clone(), seal, connection_options(&addresses.sophos)?);
    Ok(Adapters { store, connections, queue: LocalQueue::new(Duration::from_secs(5)), clock: SystemClock, ids: UuidV7 })
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
