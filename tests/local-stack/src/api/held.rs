//! Requests that are slow at a moment of the test's choice: each waits for its connection until it is let go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use shared::domain::id::PartnerId;
use shared::error::ConnectError;
use shared::ports::{Clock, Connections};
use tokio::sync::Semaphore;

/// The most connections that can be asked for.
const MOST: usize = 8;

/// Connections that are made once the test lets them go.
#[derive(Clone, Debug)]
pub struct Held<N> {
    inner: N,
    gates: Arc<Gates>,
}

#[derive(Debug)]
struct Gates {
    asked: AtomicUsize,
    arrivals: Semaphore,
    gates: [Semaphore; MOST],
}

impl<N> Held<N> {
    /// Holds these.
    #[must_use]
    pub fn new(inner: N) -> Self {
        let gates = std::array::from_fn(|_| Semaphore::new(0));
        let gates = Gates { asked: AtomicUsize::new(0), arrivals: Semaphore::new(0), gates };
        Self { inner, gates: Arc::new(gates) }
    }

    /// Waits until one more request asks for its connection.
    pub async fn arrived(&self) {
        pass(&self.gates.arrivals).await;
    }

    /// Lets the request go that asked as the `n`-th, from 0.
    pub fn let_go(&self, n: usize) {
        if let Some(gate) = self.gates.gates.get(n) {
            gate.add_permits(1);
        }
    }

    async fn wait(&self) {
        let n = self.gates.asked.fetch_add(1, Ordering::Relaxed);
        self.gates.arrivals.add_permits(1);
        if let Some(gate) = self.gates.gates.get(n) {
            pass(gate).await;
        }
    }
}

/// Takes a permit for good.
async fn pass(gate: &Semaphore) {
    if let Ok(permit) = gate.acquire().await {
        permit.forget();
    }
}

impl<N: Connections> Connections for Held<N> {
    type Psa = N::Psa;
    type UsageSource = N::UsageSource;

    async fn psa(&self, partner: PartnerId) -> Result<N::Psa, ConnectError> {
        self.wait().await;
        self.inner.psa(partner).await
    }

    async fn usage_source(&self, partner: PartnerId) -> Result<N::UsageSource, ConnectError> {
        self.wait().await;
        self.inner.usage_source(partner).await
    }
}

/// A clock that stands until it is moved.
#[derive(Clone, Debug)]
pub struct Standing(Arc<Mutex<Timestamp>>);

impl Standing {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves it on.
    pub fn pass(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
