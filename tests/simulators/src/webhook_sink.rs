//! A receiver of alerts as a partner might run one: it checks each signature for itself, remembers what it took, and
//! misbehaves when it is told to.
//!
//! It speaks over bare sockets, since a web server would not let it misbehave. The time of an alert is kept and not judged:
//! the clocks of tests stand where they like.

mod check;
mod misbehaviour;
mod wire;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

pub use check::NotASecret;
pub use misbehaviour::Misbehaviour;

/// An alert that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenAlert {
    /// Its `webhook-id`.
    pub id: String,
    /// Its first `webhook-timestamp`, Unix seconds.
    pub at_s: i64,
    /// The path and query that it was first sent to.
    pub path: String,
    pub body: String,
    /// How often it came; each time with the same body, else it was refused.
    pub times: u32,
}

/// A receiver that runs until it is dropped; its connections end with it.
#[derive(Debug)]
pub struct WebhookSink {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    keys: Vec<hmac::Key>,
    taken: Vec<TakenAlert>,
    refused: Vec<String>,
    requests: u32,
    /// Each with how many requests it still hits.
    planned: VecDeque<(Misbehaviour, u32)>,
}

impl WebhookSink {
    /// A receiver on a free port of 127.0.0.1 that trusts nobody yet: it answers 401.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::<Mutex<State>>::default();
        let serving = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { address, state, serving })
    }

    /// Trusts alerts that are signed with this secret too (`whsec_…`).
    ///
    /// # Errors
    /// It is no secret.
    pub fn trust(&self, secret: &str) -> Result<(), NotASecret> {
        let key = check::key(secret)?;
        self.state().keys.push(key);
        Ok(())
    }

    /// The next `times` requests, after those of earlier calls, meet this misbehaviour; [`u32::MAX`] is for good.
    pub fn misbehave(&self, how: Misbehaviour, times: u32) {
        self.state().planned.push_back((how, times));
    }

    /// Behaves from now on.
    pub fn behave(&self) {
        self.state().planned.clear();
    }

    /// The address of `path`, which begins with a slash and may have a query.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The alerts that were taken, in the order in which each came first.
    #[must_use]
    pub fn taken(&self) -> Vec<TakenAlert> {
        self.state().taken.clone()
    }

    /// Why requests were refused as no alerts of one that is trusted, in their order.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        self.state().refused.clone()
    }

    /// How many whole requests came, whatever they met.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.state().requests
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for WebhookSink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, Arc::clone(&state)));
            }
            Err(refused) => tracing::warn!(%refused, "a connection to the webhook sink could not be accepted"),
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let served = match wire::read(&mut stream).await {
        Ok(request) => {
            let (misbehaviour, status) = lock(&state).meet(&request);
            match misbehaviour {
                None => wire::answer(&mut stream, status, "").await,
                Some(how) => how.carry_out(&mut stream, status).await,
            }
        }
        Err(broken) => Err(broken),
    };
    if let Err(ended) = served {
        tracing::debug!(%ended, "a connection to the webhook sink ended early");
    }
}

impl State {
    /// Takes or refuses a request, unless a misbehaviour that takes nothing hits it; the status tells what became of it.
    fn meet(&mut self, request: &wire::Request) -> (Option<Misbehaviour>, u16) {
        self.requests += 1;
        let misbehaviour = self.next_misbehaviour();
        if misbehaviour.as_ref().is_some_and(|how| !how.takes_the_alert()) {
            return (misbehaviour, 500);
        }
        match self.take(request) {
            Ok(()) => (misbehaviour, 204),
            Err(why) => {
                self.refused.push(why);
                (misbehaviour, 401)
            }
        }
    }

    fn next_misbehaviour(&mut self) -> Option<Misbehaviour> {
        let (how, times) = self.planned.front_mut()?;
        let how = how.clone();
        if *times != u32::MAX {
            *times = times.saturating_sub(1);
        }
        if *times == 0 {
            self.planned.pop_front();
        }
        Some(how)
    }

    fn take(&mut self, request: &wire::Request) -> Result<(), String> {
        let alert = check::alert(request, &self.keys)?;
        match self.taken.iter_mut().find(|known| known.id == alert.id) {
            None => self.taken.push(alert),
            Some(known) if known.body == alert.body => known.times += 1,
            Some(known) => return Err(format!("{} came again with another body", known.id)),
        }
        Ok(())
    }
}
