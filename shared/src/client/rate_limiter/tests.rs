//! The pace by itself, on paused time.

use jiff::Timestamp;

use super::simulated::Paused;
use super::*;
use crate::error::StoreError;
use crate::ports::Ids;
use crate::store::{MemoryStore, PsaDatabase, Store};
use crate::table::memory::MemoryTable;
use crate::table::{DueQuery, Entry, Key, Page, Query, Table, Write, WriteError, Written};

const MINUTE: Duration = Duration::from_secs(60);
const PATIENT: WaitBudget = WaitBudget { hold: MINUTE, turn: MINUTE };

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A call that leaves and ends at once.
async fn call(limiter: &RateLimiter, ended: Ended) {
    let slot = limiter.enter(PATIENT).await.unwrap_or_else(|none| panic!("{none:?}"));
    limiter.learn(slot, ended).await;
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_one_clone_meets_keeps_every_clone_waiting_to_its_end() {
    let limiter = RateLimiter::new(8);
    let clone = limiter.clone();
    let start = Instant::now();
    limiter.hold(s(30));
    limiter.hold(s(10));
    assert!(clone.enter(PATIENT).await.is_ok());
    assert_eq!(start.elapsed(), s(30));
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_is_too_long_is_told_at_once() {
    let limiter = RateLimiter::new(8);
    limiter.hold(s(90));
    let start = Instant::now();
    assert_eq!(limiter.enter(PATIENT).await.err(), Some(NoPermit::Held(s(90))));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_begins_while_a_call_waits_for_its_slot_holds_it_too() {
    let limiter = RateLimiter::new(1);
    let first = limiter.enter(PATIENT).await;
    let start = Instant::now();
    let second = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.enter(PATIENT).await.map(|_| start.elapsed()).ok() }
    });
    tokio::task::yield_now().await;
    limiter.hold(s(5));
    drop(first);
    assert_eq!(second.await.unwrap(), Some(s(5)));
}

#[tokio::test(start_paused = true)]
async fn calls_leave_evenly_and_in_the_order_in_which_they_came() {
    let limiter = RateLimiter::learning(8, 240, None);
    let start = Instant::now();
    let left: Arc<Mutex<Vec<(usize, u128)>>> = Arc::default();
    let calls = (0..12).map(|n| {
        let (limiter, left) = (limiter.clone(), Arc::clone(&left));
        async move {
            call(&limiter, Ended::Well).await;
            left.lock().unwrap().push((n, start.elapsed().as_millis()));
        }
    });
    futures::future::join_all(calls).await;
    let left = left.lock().unwrap().clone();
    assert!(left.iter().map(|(n, _)| *n).eq(0..12), "{left:?}");
    // Half of the ceiling is two a second.
    let gaps: Vec<u128> = left.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    assert!(gaps.iter().all(|gap| (300..=510).contains(gap)), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_pause_a_short_bucket_leaves_at_once_and_after_a_hold_none() {
    let limiter = RateLimiter::learning(8, 120, None);
    for wait in [true, false] {
        if wait {
            tokio::time::sleep(MINUTE).await;
        } else {
            let slot = limiter.enter(PATIENT).await.ok().unwrap();
            limiter.learn(slot, Ended::TooMany(Some(s(20)))).await;
            tokio::time::sleep(MINUTE).await;
        }
        let start = Instant::now();
        let mut at_once = 0;
        while start.elapsed() < Duration::from_millis(500) {
            call(&limiter, Ended::Well).await;
            at_once += usize::from(start.elapsed() < Duration::from_millis(500));
        }
        assert!(at_once <= BUCKET as usize, "{at_once} calls at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_turn_was_taken_beforehand_leaves_at_once() {
    let limiter = RateLimiter::learning(8, 60, None);
    let hurried = WaitBudget { hold: s(1), turn: s(1) };
    let reads = (0..6).map(|_| call(&limiter, Ended::Well));
    let write = async {
        limiter.reserve_permit(PATIENT).await.unwrap();
        let start = Instant::now();
        assert!(limiter.enter_reserved(hurried).await.is_ok());
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(limiter.enter_reserved(hurried).await.is_err(), "a turn is one call's");
    };
    futures::future::join(futures::future::join_all(reads), write).await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_was_taken_long_ago_is_lost() {
    let limiter = RateLimiter::learning(8, 60, None);
    limiter.reserve_permit(PATIENT).await.unwrap();
    tokio::time::sleep(RESERVATION_VALID_FOR + s(1)).await;
    assert!(!limiter.state().use_reservation());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_answer_is_left_alone_and_then_asked_by_one_call() {
    let limiter = RateLimiter::learning(8, 60_000, None);
    for _ in 0..10 {
        call(&limiter, Ended::Failed).await;
    }
    assert_eq!(limiter.enter(PATIENT).await.err(), Some(NoPermit::Away(OPEN_FOR)));
    tokio::time::sleep(OPEN_FOR).await;
    let probe = limiter.enter(PATIENT).await.ok().unwrap();
    assert!(matches!(limiter.enter(PATIENT).await.err(), Some(NoPermit::Away(_))));
    drop(probe);
    call(&limiter, Ended::Well).await;
    assert!(limiter.enter(PATIENT).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_given_up_while_it_was_to_find_out_leaves_that_to_the_next_one() {
    let limiter = RateLimiter::learning(8, 60_000, None);
    for _ in 0..10 {
        call(&limiter, Ended::Failed).await;
    }
    tokio::time::sleep(OPEN_FOR).await;
    let probe = limiter.enter(PATIENT).await.ok().unwrap();
    drop(probe);
    assert!(limiter.enter(PATIENT).await.is_ok());
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
async fn a_write_whose_look_at_the_board_takes_longer_than_its_patience_does_not_leave() {
    let start = Instant::now();
    let shared = SharedLimit::open(Store::on(SlowTable(s(20), MemoryTable::default())), Paused(start), psa());
    let limiter = RateLimiter::learning(8, 900, Some(shared));
    let hurried = WaitBudget { hold: s(1), turn: s(1) };
    assert_eq!(limiter.enter_reserved(hurried).await.err(), Some(NoPermit::Full));
    assert_eq!(start.elapsed(), s(1));
}

#[tokio::test(start_paused = true)]
async fn what_slices_of_four_minutes_learn_one_after_the_other_adds_up() {
    let (store, start) = (MemoryStore::default(), Instant::now());
    store.put_adaptive_rate(&psa(), 120, Timestamp::UNIX_EPOCH).await.unwrap();
    for _ in 0..8 {
        let limiter = RateLimiter::learning(8, 900, Some(SharedLimit::open(store.clone(), Paused(start), psa())));
        limiter.resume().await;
        let end = Instant::now() + 4 * MINUTE;
        while Instant::now() < end {
            call(&limiter, Ended::Well).await;
        }
    }
    let calls_per_minute = store.find_rate(&psa()).await.unwrap().unwrap().calls_per_minute;
    assert!(
        calls_per_minute.is_some_and(|calls_per_minute| calls_per_minute >= 180),
        "half as much again: {calls_per_minute:?} calls a minute"
    );
}
