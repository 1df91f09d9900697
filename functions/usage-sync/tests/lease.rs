//! A lease that somebody takes while a worker has it, and a run whose predecessor was cancelled.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use shared::cancel::cancel;
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::http::{Http, HttpLimits};
use shared::clock::SystemClock;
use shared::domain::id::PartnerId;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunRequest, RunState, Stage};
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::ids::CountedIds;
use shared::ports::{Clock, SyncMessage};
use shared::queue::LocalQueue;
use shared::seal::LocalSeal;
use shared::store::Change;
use shared::store::MemoryStore;
use usage_sync::{Adapters, Handled, Limits, Worker};

fn partner() -> PartnerId {
    PartnerId::parse("00000000-0000-4000-8000-000000000001").unwrap()
}

fn december() -> RunRequest {
    let month = UsageMonth::parse("2026-12").unwrap();
    RunRequest::new(partner(), RunKind::Now, month, "key-1".into(), SystemClock.now())
}

fn message(request: RunRequest) -> SyncMessage {
    SyncMessage { request, attempt: 0, turns: 0, first_sent_at: SystemClock.now() }
}

/// The wall clock; whoever looks at it while a worker has the lease sees somebody take it.
#[derive(Clone)]
struct Taking {
    store: MemoryStore,
    how: fn(&MemoryStore, Timestamp),
    taken: Arc<AtomicBool>,
}

impl Clock for Taking {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        if self.taken.load(Ordering::Relaxed) {
            return now;
        }
        match self.store.acquire_lease(partner(), "is it free?", now, 60).now_or_never().unwrap().unwrap() {
            Ok(free) => self.store.release_lease(&free).now_or_never().unwrap().unwrap(),
            Err(_) => {
                self.taken.store(true, Ordering::Relaxed);
                (self.how)(&self.store, now);
            }
        }
        now
    }
}

async fn store() -> MemoryStore {
    let store = MemoryStore::default();
    let settings = Settings {
        time_zone: TimeZoneName::parse("Europe/Rome").unwrap(),
        frequency: Frequency::Nightly,
        writes: true,
        guards: Guards::default(),
    };
    store.put_settings(partner(), &settings).await.unwrap();
    store
}

/// Hands the message to a worker that has no connections: a run on which it works fails.
async fn carry_on(store: &MemoryStore, clock: impl Clock, message: &SyncMessage) -> (Handled, LocalQueue) {
    let http = Http::build(AddressPolicy::Vendor, HttpLimits::default()).unwrap();
    let options = ConnectionOptions::new(http, AddressRules::default()).unwrap();
    let queue = LocalQueue::new(Duration::from_secs(60));
    let world = Adapters {
        connections: StoredConnections::new(store.clone(), LocalSeal::ephemeral(), options),
        store: store.clone(),
        queue: queue.clone(),
        clock,
        ids: CountedIds::new("worker"),
    };
    let limits = Limits { wait_s: 0, ..Limits::default() };
    (Worker::new(world, limits).carry_on(message, Timestamp::MAX).await.unwrap(), queue)
}

#[tokio::test]
async fn a_cancel_of_the_run_before_that_meets_the_next_runs_worker_leaves_that_run_its_message() {
    let store = store().await;
    // What a cancel does that finds its run over, once it has the lease.
    let how = |store: &MemoryStore, now| {
        let lease = store.seize_lease(partner(), "the cancel", now, 60).now_or_never().unwrap().unwrap();
        store.release_lease(&lease).now_or_never().unwrap().unwrap();
    };
    let taken = Arc::new(AtomicBool::new(false));
    let clock = Taking { store: store.clone(), how, taken: taken.clone() };
    let message = message(december());

    let (handled, queue) = carry_on(&store, clock, &message).await;

    assert!(taken.load(Ordering::Relaxed), "nobody took the lease");
    assert_eq!(handled, Handled::Waits);
    let run = store.find_run(partner(), &message.request.id().unwrap()).await.unwrap().unwrap();
    assert_eq!(run.state, RunState::Running);
    let next = queue.receive().now_or_never().expect("the run has no message any more");
    assert_eq!(next.message, SyncMessage { turns: 1, ..message });
}

#[tokio::test]
async fn the_worker_of_a_run_that_is_cancelled_sends_no_further_message() {
    let store = store().await;
    let how = |store: &MemoryStore, now| {
        let (id, by) = (december_at(store), "Ann".to_owned());
        cancel(store, "the cancel", now, partner(), &id, by).now_or_never().unwrap().unwrap();
    };
    let clock = Taking { store: store.clone(), how, taken: Arc::default() };

    let (handled, queue) = carry_on(&store, clock, &message(december())).await;

    let Handled::Over(run) = handled else { panic!("{handled:?}") };
    assert_eq!(run.state, RunState::Cancelled { by: "Ann".into() });
    assert!(queue.receive().now_or_never().is_none());
}

/// The partner's one run.
fn december_at(store: &MemoryStore) -> shared::domain::id::RunId {
    let runs = store.list_runs_before(partner(), None, 1).now_or_never().unwrap().unwrap();
    runs[0].id.clone()
}

/// A run that has asked for the one of the month before to take its place, as it ended.
async fn predecessor(store: &MemoryStore, state: RunState) -> RunRequest {
    let request = december();
    let run = Run::open(request.clone(), true, SystemClock.now()).unwrap();
    store.open_run(&run).await.unwrap();
    let lease = store.acquire_lease(partner(), "before", SystemClock.now(), 60).await.unwrap().unwrap();
    let over = Run { stage: Stage::Ended, state, ended_at: Some(SystemClock.now()), ..run };
    store.commit(&lease, lease.expires_at, vec![Change::PutRun(Box::new(over))]).await.unwrap();
    store.release_lease(&lease).await.unwrap();
    request
}

#[tokio::test]
async fn a_run_that_takes_the_place_of_a_cancelled_one_is_cancelled_with_it() {
    let store = store().await;
    let request = predecessor(&store, RunState::Cancelled { by: "Ann".into() }).await;
    let successor = request.for_previous_month();

    let (handled, _) = carry_on(&store, SystemClock, &message(successor.clone())).await;

    let Handled::Over(run) = handled else { panic!("{handled:?}") };
    assert_eq!((&run.request, &run.state), (&successor, &RunState::Cancelled { by: "Ann".into() }));
    assert!(run.ended_at.is_some() && run.psa.slices == 0, "{run:?}");
    let next = RunRequest { slot: "key-2".into(), ..december() };
    let (handled, _) = carry_on(&store, SystemClock, &message(next)).await;
    assert!(matches!(handled, Handled::Over(run) if matches!(run.state, RunState::Failed(_))), "the way is free");
}

#[tokio::test]
async fn a_run_that_takes_the_place_of_one_that_made_way_is_worked_on() {
    let store = store().await;
    let by = december().for_previous_month().id().unwrap();
    let request = predecessor(&store, RunState::Superseded { by }).await;

    let (handled, _) = carry_on(&store, SystemClock, &message(request.for_previous_month())).await;

    // There are no connections: whoever works on it finds that out.
    assert!(matches!(handled, Handled::Over(run) if matches!(run.state, RunState::Failed(_))));
}
