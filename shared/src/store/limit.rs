//! Counters of limits: how often a partner may do something within an hour. They are conditional writes, so that five stay
//! five when forty come at once.

use jiff::Timestamp;

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::entry::{find_number, keyed, number};
use crate::store::{Store, keys};
use crate::table::{EXPIRY, Entry, Key, Table, Write, Written};

const COUNT: &str = "count";
/// The seconds of a window. Windows begin on the hour, for all partners.
const WINDOW_S: i64 = 3600;
/// A counter is kept this much longer than its window: clocks differ.
const KEPT_S: i64 = 3600;
/// How often others may count between our read and our write before we give up; each time one of them has succeeded.
const ATTEMPTS: usize = 200;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Tests of a connection to ConnectWise.
    ConnectWiseTests,
    /// Tests of a connection to Sophos.
    SophosTests,
    /// Keys of a service that turn out to be wrong.
    WrongKeys,
    /// Previews.
    Previews,
    /// Runs that a person starts.
    Runs,
    /// Imports of sheets.
    Imports,
    /// Test alerts.
    TestAlerts,
    /// New idempotency keys.
    IdempotencyKeys,
}

impl Limited {
    /// How many an hour has.
    #[must_use]
    pub const fn an_hour(self) -> u64 {
        match self {
            Self::ConnectWiseTests | Self::SophosTests | Self::TestAlerts => 5,
            Self::WrongKeys => 10,
            Self::Previews | Self::Runs | Self::Imports => 60,
            Self::IdempotencyKeys => 1_000,
        }
    }

    /// Its name in sort keys.
    const fn name(self) -> &'static str {
        match self {
            Self::ConnectWiseTests => "connectwiseTests",
            Self::SophosTests => "sophosTests",
            Self::WrongKeys => "wrongKeys",
            Self::Previews => "previews",
            Self::Runs => "runs",
            Self::Imports => "imports",
            Self::TestAlerts => "testAlerts",
            Self::IdempotencyKeys => "idempotencyKeys",
        }
    }
}

/// One that was counted, to be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    partner: PartnerId,
    limited: Limited,
    window: i64,
}

/// The hour has as many as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitReached {
    /// When the next hour begins.
    pub until: Timestamp,
}

impl<T: Table> Store<T> {
    /// Counts one more of `limited` in the hour of `at`, unless the hour has all that it may have.
    pub async fn count(
        &self,
        partner: PartnerId,
        limited: Limited,
        at: Timestamp,
    ) -> Result<Result<Counted, LimitReached>, StoreError> {
        let window = at.as_second().div_euclid(WINDOW_S);
        let change = |count: u64| (count < limited.an_hour()).then_some(count + 1);
        let counted = Counted { partner, limited, window };
        if self.change_count(&counted, change).await? {
            return Ok(Ok(counted));
        }
        let until = Timestamp::from_second(window.saturating_add(1).saturating_mul(WINDOW_S));
        Ok(Err(LimitReached { until: until.unwrap_or(at) }))
    }

    /// Takes back one that was counted.
    pub async fn uncount(&self, counted: &Counted) -> Result<(), StoreError> {
        self.change_count(counted, |count| count.checked_sub(1)).await?;
        Ok(())
    }

    /// Changes a counter; false where `change` leaves it as it is.
    async fn change_count(
        &self,
        counted: &Counted,
        change: impl Fn(u64) -> Option<u64> + Send + Sync,
    ) -> Result<bool, StoreError> {
        let key = keys::limit(counted.partner, counted.limited.name(), counted.window);
        let mut found = self.table.get(&key).await?;
        for _ in 0..ATTEMPTS {
            let count = found.as_ref().and_then(|entry| find_number(entry, COUNT));
            let Some(next) = change(count.unwrap_or_default()) else { return Ok(false) };
            let write = Write::put(to_entry(&key, counted.window, next));
            let write = match count {
                Some(count) => write.if_equals(COUNT, number(count)),
                None => write.if_absent(),
            };
            match self.table.write(write).await? {
                Written::All => return Ok(true),
                Written::Unmet(old) => found = old.into_iter().flatten().next().filter(|entry| !entry.is_empty()),
            }
        }
        Err(StoreError::Unavailable { why: format!("others counted {} all the time", counted.limited.name()) })
    }
}

fn to_entry(key: &Key, window: i64, count: u64) -> Entry {
    let mut entry = keyed(key);
    entry.insert(COUNT.to_owned(), number(count));
    let end = window.saturating_add(1).saturating_mul(WINDOW_S);
    entry.insert(EXPIRY.to_owned(), number(end.saturating_add(KEPT_S)));
    entry
}
