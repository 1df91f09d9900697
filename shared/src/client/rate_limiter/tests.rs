//! The rate limiter of one client, on paused time.

use jiff::Timestamp;

use super::simulated::Paused;
use super::*;
use crate::error::StoreError;
use crate::ports::Ids;
use crate::store::{MemoryStore, PsaDatabase, Store};
use crate::table::memory::MemoryTable;
use crate::table::{DueQuery, Entry, Key, Page, Query, Table, Write, WriteError, Written};

const MINUTE: Duration = Duration::from_secs(60);
const LONG_BUDGET: WaitBudget = WaitBudget { pause: MINUTE, total: MINUTE };

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A call that starts and ends at once.
async fn call(limiter: &RateLimiter, outcome: CallOutcome) {
    let permit = limiter.enter(LONG_BUDGET).await.unwrap_or_else(|none| panic!("{none:?}"));
    limiter.finish(permit, outcome).await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_one_clone_meets_applies_to_all_clones_until_its_end() {
    let limiter = RateLimiter::new(8);
    let clone = limiter.clone();
    let start = Instant::now();
    limiter.pause(s(30));
    limiter.pause(s(10));
    assert!(clone.enter(LONG_BUDGET).await.is_ok());
    assert_eq!(start.elapsed(), s(30));
}

#[tokio::test(start_paused = true)]
async fn a_pause_beyond_the_wait_budget_fails_at_once() {
    let limiter = RateLimiter::new(8);
    limiter.pause(s(90));
    let start = Instant::now();
    assert_eq!(limiter.enter(LONG_BUDGET).await.err(), Some(NoPermit::Throttled(s(90))));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_begins_while_a_call_waits_for_its_permit_applies_to_it() {
    let limiter = RateLimiter::new(1);
    let first = limiter.enter(LONG_BUDGET).await;
    let start = Instant::now();
    let second = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.enter(LONG_BUDGET).await.map(|_| start.elapsed()).ok() }
    });
    tokio::task::yield_now().await;
    limiter.pause(s(5));
    drop(first);
    assert_eq!(second.await.unwrap(), Some(s(5)));
}

#[tokio::test(start_paused = true)]
async fn calls_start_evenly_and_in_the_order_of_arrival() {
    let limiter = RateLimiter::adaptive(8, 240, None);
    let start = Instant::now();
    let started: Arc<Mutex<Vec<(usize, u128)>>> = Arc::default();
    let calls = (0..12).map(|n| {
        let (limiter, started) = (limiter.clone(), Arc::clone(&started));
        async move {
            call(&limiter, CallOutcome::Answered).await;
            started.lock().unwrap().push((n, start.elapsed().as_millis()));
        }
    });
    futures::future::join_all(calls).await;
    let started = started.lock().unwrap().clone();
    assert!(started.iter().map(|(n, _)| *n).eq(0..12), "{started:?}");
    // Half of the ceiling is two calls a second.
    let gaps: Vec<u128> = started.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    assert!(gaps.iter().all(|gap| (300..=510).contains(gap)), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_time_fills_a_short_bucket_and_a_pause_does_not() {
    let limiter = RateLimiter::adaptive(8, 120, None);
    for wait in [true, false] {
        if wait {
            tokio::time::sleep(MINUTE).await;
        } else {
            let permit = limiter.enter(LONG_BUDGET).await.ok().unwrap();
            limiter.finish(permit, CallOutcome::Throttled(Some(s(20)))).await;
            tokio::time::sleep(MINUTE).await;
        }
        let start = Instant::now();
        let mut at_once = 0;
        while start.elapsed() < Duration::from_millis(500) {
            call(&limiter, CallOutcome::Answered).await;
            at_once += usize::from(start.elapsed() < Duration::from_millis(500));
        }
        assert!(at_once <= BUCKET as usize, "{at_once} calls at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_with_a_reservation_starts_at_once() {
    let limiter = RateLimiter::adaptive(8, 60, None);
    let short_budget = WaitBudget { pause: s(1), total: s(1) };
    let reads = (0..6).map(|_| call(&limiter, CallOutcome::Answered));
    let write = async {
        limiter.reserve_permit(LONG_BUDGET).await.unwrap();
        let start = Instant::now();
        assert!(limiter.enter_reserved(short_budget).await.is_ok());
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(limiter.enter_reserved(short_budget).await.is_err(), "a reservation is for one call");
    };
    futures::future::join(futures::future::join_all(reads), write).await;
}

#[tokio::test(start_paused = true)]
async fn an_old_reservation_expires() {
    let limiter = RateLimiter::adaptive(8, 60, None);
    limiter.reserve_permit(LONG_BUDGET).await.unwrap();
    tokio::time::sleep(RESERVATION_VALID_FOR + s(1)).await;
    assert_eq!(limiter.state().take_reservation(), None);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_could_not_start_keeps_its_reservation() {
    let limiter = RateLimiter::adaptive(8, 60, None);
    let short_budget = WaitBudget { pause: Duration::ZERO, total: s(1) };
    limiter.reserve_permit(LONG_BUDGET).await.unwrap();
    limiter.pause(s(1));
    assert_eq!(limiter.enter_reserved(short_budget).await.err(), Some(NoPermit::Throttled(s(1))));
    tokio::time::sleep(s(1)).await;
    let start = Instant::now();
    assert!(limiter.enter_reserved(short_budget).await.is_ok());
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(limiter.state().take_reservation(), None, "it is used once");
}

#[tokio::test(start_paused = true)]
async fn the_open_circuit_of_one_worker_does_not_pause_the_others() {
    let (store, start) = (MemoryStore::default(), Instant::now());
    let worker = || RateLimiter::adaptive(8, 60_000, Some(SharedLimit::open(store.clone(), Paused(start), psa())));
    let (one, other) = (worker(), worker());
    for _ in 0..10 {
        call(&one, CallOutcome::Failed).await;
    }
    assert_eq!(one.enter(LONG_BUDGET).await.err(), Some(NoPermit::CircuitOpen(OPEN_FOR)));
    let before = Instant::now();
    call(&other, CallOutcome::Answered).await;
    assert!(before.elapsed() < s(1), "{:?}", before.elapsed());
    call(&other, CallOutcome::Throttled(Some(s(7)))).await;
    let third = worker();
    third.resume().await;
    let budget = WaitBudget { pause: Duration::ZERO, total: s(1) };
    assert!(
        matches!(third.enter(budget).await.err(), Some(NoPermit::Throttled(_))),
        "what the service asks for is shared"
    );
}

#[tokio::test(start_paused = true)]
async fn ten_failures_open_the_circuit_and_one_call_tests_it_later() {
    let limiter = RateLimiter::adaptive(8, 60_000, None);
    for _ in 0..10 {
        call(&limiter, CallOutcome::Failed).await;
    }
    assert_eq!(limiter.enter(LONG_BUDGET).await.err(), Some(NoPermit::CircuitOpen(OPEN_FOR)));
    tokio::time::sleep(OPEN_FOR).await;
    let probe = limiter.enter(LONG_BUDGET).await.ok().unwrap();
    assert!(matches!(limiter.enter(LONG_BUDGET).await.err(), Some(NoPermit::CircuitOpen(_))));
    drop(probe);
    call(&limiter, CallOutcome::Answered).await;
    assert!(limiter.enter(LONG_BUDGET).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_test_call_leaves_the_test_to_the_next_call() {
    let limiter = RateLimiter::adaptive(8, 60_000, None);
    for _ in 0..10 {
        call(&limiter, CallOutcome::Failed).await;
    }
    tokio::time::sleep(OPEN_FOR).await;
    let probe = limiter.enter(LONG_BUDGET).await.ok().unwrap();
    drop(probe);
    assert!(limiter.enter(LONG_BUDGET).await.is_ok());
}

fn psa() -> PsaDatabase {
    PsaDatabase::new("psa.example.com", "acme")
}

/// A table whose reads take this long.
#[derive(Clone)]
struct SlowTable(Duration, MemoryTable);

impl Ids for SlowTable {
    fn unique(&self) -> String {
        self.1.unique()
    }
}

impl Table for SlowTable {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        tokio::time::sleep(self.0).await;
        self.1.get(key).await
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Entry>, StoreError> {
        self.1.get_many(keys).await
    }

    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.1.query(query).await
    }

    async fn query_due(&self, query: DueQuery) -> Result<Page, StoreError> {
        self.1.query_due(query).await
    }

    async fn write(&self, write: Write) -> Result<Written, WriteError> {
        self.1.write(write).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<Written, WriteError> {
        self.1.transact(writes).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_start_if_reading_the_shared_limit_exceeds_its_wait_budget() {
    let start = Instant::now();
    let shared = SharedLimit::open(Store::on(SlowTable(s(20), MemoryTable::default())), Paused(start), psa());
    let limiter = RateLimiter::adaptive(8, 900, Some(shared));
    let short_budget = WaitBudget { pause: s(1), total: s(1) };
    assert_eq!(limiter.enter_reserved(short_budget).await.err(), Some(NoPermit::TimedOut));
    assert_eq!(start.elapsed(), s(1));
}

#[tokio::test(start_paused = true)]
async fn the_rate_grows_over_consecutive_slices_of_four_minutes() {
    let (store, start) = (MemoryStore::default(), Instant::now());
    store.put_adaptive_rate(&psa(), 120, Timestamp::UNIX_EPOCH).await.unwrap();
    for _ in 0..8 {
        let limiter = RateLimiter::adaptive(8, 900, Some(SharedLimit::open(store.clone(), Paused(start), psa())));
        limiter.resume().await;
        let end = Instant::now() + 4 * MINUTE;
        while Instant::now() < end {
            call(&limiter, CallOutcome::Answered).await;
        }
    }
    let calls_per_minute = store.find_rate(&psa()).await.unwrap().unwrap().calls_per_minute;
    assert!(
        calls_per_minute.is_some_and(|calls_per_minute| calls_per_minute >= 180),
        "half as much again: {calls_per_minute:?} calls a minute"
    );
}
