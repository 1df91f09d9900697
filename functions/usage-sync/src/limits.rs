//! The numbers that bound a slice.

use jiff::{SignedDuration, Timestamp};

/// What is known of earlier writes is read for at most this many customers in one call; as many are planned at once.
pub(crate) const RECALLED_AT_ONCE: usize = 50;

/// The numbers that bound a slice.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many calls to ConnectWise are in flight, as its client is made. Half as many customers again are worked on
    /// at once: some of them are at the table.
    pub in_flight: usize,
    /// How long a lease lasts, in seconds; it is renewed long before.
    pub lease_s: u32,
    /// How long after a write was sent its effect can still appear in ConnectWise, in seconds.
    pub settle_s: i64,
    /// The longest that one request to ConnectWise can take, in seconds. A write is sent only if the lease has this and
    /// five more seconds left.
    pub request_s: i64,
    /// A slice starts nothing new when the deadline is nearer than this, in seconds.
    pub margin_s: i64,
    /// The delay of a requeued message, in seconds, times the number of the attempt.
    pub wait_s: u32,
    /// How long a write waits that ConnectWise put off without a Retry-After, in milliseconds; each time twice as
    /// long, up to 10 s.
    pub retry_ms: u64,
    /// How many times in a row a service may be away before the run ends as failed.
    pub attempts: u32,
    /// How many times in a row a message may wait for another worker or another run before it is left to the dead
    /// letters (100 × 15 min ≈ one day).
    pub turns: u32,
}

impl Limits {
    /// How many customers are worked on at once, and how many writes may be stored and not answered: while some are at
    /// the table, the others keep ConnectWise busy; its client holds to `in_flight`.
    pub(crate) const fn at_once(&self) -> usize {
        self.in_flight + self.in_flight.div_ceil(2)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 8,
            lease_s: 90,
            settle_s: 120,
            request_s: 30,
            margin_s: 60,
            wait_s: 30,
            retry_ms: 500,
            attempts: 8,
            turns: 100,
        }
    }
}

/// Whether `deadline` is so near that nothing new may be started.
pub(crate) fn is_near(now: Timestamp, deadline: Timestamp, limits: &Limits) -> bool {
    deadline.duration_since(now) < SignedDuration::from_secs(limits.margin_s)
}
