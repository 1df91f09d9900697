//! The loop that is SQS and Lambda to a world's workers: delivers messages, ends invocations and redelivers until the
//! queue is empty.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::SignedDuration;
use shared::ports::Clock;
use tokio::time::sleep_until;
use usage_sync::policy::Policy;
use usage_sync::{Adapters, Handled, WorkError, Worker};

use super::SimulationError;
use super::fate::{Blow, Effects, Fated, When};
use super::queue::{Sender, Waiting};
use super::script::Script;
use super::source::Units;
use super::world::World;

/// The most invocations at once, frozen ones included.
const WORKERS: usize = 3;
/// How long an invocation may take, in milliseconds; one of these.
const TIMES_MS: [u64; 4] = [75_000, 120_000, 180_000, 900_000];
/// How long a freeze lasts, in milliseconds; up to one of these.
const FREEZES_MS: [u64; 6] = [1_500, 40_000, 100_000, 130_000, 200_000, 400_000];

/// The simulation fails if it is not idle after this time.
const LONGEST_MS: u64 = 15 * 24 * 3_600_000;

type Ended = (Waiting, Option<Result<Handled, WorkError>>);
type Invocation = Pin<Box<dyn Future<Output = Ended>>>;

/// The loop of one world.
pub(super) struct Drive {
    pub(super) policy: Policy,
    /// The fate of the next invocation, if it does not come from the fault profile.
    pub(super) fate: Option<(When, Blow)>,
    /// How often the invocation was polled without a fault of the fault profile.
    pub(super) polls: Arc<AtomicU64>,
    /// How long an invocation may take, in milliseconds, set by a test instead of drawn.
    pub(super) time_ms: Option<u64>,
    /// A change of usage that no seed draws, and when it comes, in milliseconds.
    pub(super) usage_at: Option<(u64, Units)>,
    pub(super) invocations: u64,
    /// Invocations that died.
    pub(super) deaths: u64,
    alive: FuturesUnordered<Invocation>,
}

impl Drive {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            fate: None,
            polls: Arc::default(),
            time_ms: None,
            usage_at: None,
            invocations: 0,
            deaths: 0,
            alive: FuturesUnordered::new(),
        }
    }

    /// Goes on until the script is over, the queue is empty and nobody works any more.
    pub(super) async fn until_idle(&mut self, world: &mut World, mut script: Script) -> Result<(), SimulationError> {
        loop {
            if world.environment.now_ms() > LONGEST_MS {
                return Err(SimulationError::Restless);
            }
            if let Some((_, units)) = self.usage_at.take_if(|(at, _)| *at <= world.environment.now_ms()) {
                world.usage().entry(world.month).or_default().extend(units);
            }
            while let Some(first) = script.first_entry().filter(|first| first.key().0 <= world.environment.now_ms()) {
                let event = first.remove();
                world.happen(event).await?;
            }
            while self.alive.len() < WORKERS
                && let Some(waiting) = world.messages.take()
            {
                let invocation = self.invoke(world, waiting);
                self.alive.push(invocation);
            }
            let message = world.messages.next_due().filter(|_| self.alive.len() < WORKERS);
            let event = script.keys().next().map(|(at, _)| *at);
            let next = message.into_iter().chain(event).min();
            if next.is_none() && self.alive.is_empty() {
                return Ok(());
            }
            let next_at = world.environment.moment(next.unwrap_or(u64::from(u32::MAX)));
            let changed = world.messages.changed.clone();
            tokio::select! {
                biased;
                Some((waiting, ended)) = self.alive.next() => {
                    self.deaths += u64::from(ended.is_none());
                    let over = match &ended {
                        Some(Ok(Handled::Over(run))) => Some(run.clone()),
                        Some(Ok(Handled::Continues | Handled::Waits | Handled::NoSettings) | Err(_)) | None => None,
                    };
                    finish(world, waiting, ended);
                    if let Some(run) = over {
                        world.print_run(&run).await?;
                    }
                }
                () = changed.notified() => {}
                () = sleep_until(next_at) => {}
            }
        }
    }

    fn invoke(&mut self, world: &World, waiting: Waiting) -> Invocation {
        self.invocations += 1;
        let environment = world.environment.clone();
        let effects = Effects::default();
        let polls: Arc<AtomicU64> = Arc::default();
        let fate = match self.fate.take() {
            Some(fate) => {
                self.polls = polls.clone();
                fate
            }
            None => fate_of(world),
        };
        let drawn_ms = if environment.is_calm() { 900_000 } else { environment.one_of(&TIMES_MS) };
        let time_ms = self.time_ms.unwrap_or(drawn_ms);
        environment.note("invoked", &[self.invocations, time_ms]);
        environment.say(|| format!("{fate:?}"));
        let adapters = Adapters {
            store: world.table.seen_by(effects.clone()),
            connections: world.services(self.invocations, effects.clone()),
            queue: Sender { messages: world.messages.clone(), effects: effects.clone() },
            clock: environment.clone(),
            ids: environment.clone(),
        };
        let worker = Worker::with_policy(adapters, world.limits, self.policy);
        let time = SignedDuration::from_millis(i64::try_from(time_ms).unwrap_or(0));
        let deadline = environment.now().saturating_add(time).unwrap_or(environment.now());
        let killed_at = environment.moment(environment.now_ms() + time_ms);
        Box::pin(async move {
            let message = waiting.message.clone();
            let work = async { worker.carry_on(&message, deadline).await };
            let ended = Fated::new(work, fate, effects, polls, killed_at).await;
            (waiting, ended)
        })
    }
}

/// What the fault profile does to an invocation.
fn fate_of(world: &World) -> (When, Blow) {
    let (environment, fault_profile) = (&world.environment, world.environment.fault_profile());
    let freeze_ms = environment.one_of(&FREEZES_MS);
    let blow = if environment.happens(fault_profile.crash) {
        Blow::Crash
    } else if environment.happens(fault_profile.freeze) {
        Blow::Freeze(Duration::from_millis(environment.between(freeze_ms / 2, freeze_ms)))
    } else {
        return (When::Never, Blow::Crash);
    };
    let when = match environment.happens(500) {
        true => When::Polls(environment.between(1, 160)),
        false => When::Effects(u32::try_from(environment.between(1, 30)).unwrap_or(1)),
    };
    (when, blow)
}

fn finish(world: &World, waiting: Waiting, ended: Option<Result<Handled, WorkError>>) {
    let environment = &world.environment;
    let code = match &ended {
        None => 0,
        Some(Err(_)) => 1,
        Some(Ok(Handled::Over(_))) => 2,
        Some(Ok(Handled::Continues)) => 3,
        Some(Ok(Handled::Waits)) => 4,
        Some(Ok(Handled::NoSettings)) => 5,
    };
    environment.note("ended", &[code]);
    environment.say(|| match &ended {
        None => "died".into(),
        Some(Ok(Handled::Over(run))) => format!("{} {:?}", run.id, run.state),
        Some(ended) => format!("{ended:?}"),
    });
    if !matches!(ended, Some(Ok(_))) {
        world.messages.put_back(waiting);
    }
}
