//! One measurement: a run in a world, from the worker's own words and from the simulator's counters.

use std::time::Duration;

use shared::clock::SystemClock;
use shared::domain::id::RunId;
use shared::domain::run::{Run, RunKind, RunRequest, RunScope};
use shared::ports::Clock;

use super::args::{Part, Plain};
use super::children::{World, work};
use super::worker::Job;
use super::{CALLS_PER_MINUTE, IN_FLIGHT, LATENCY_MS, ScaleError};
use local_stack::apart::Addresses;
use simulators::simulator::faults::{FaultPlan, Latency, RateLimit};

/// Worlds that are made once, and what is measured in each, in this order.
pub(super) struct Setting {
    pub(super) plain: Plain,
    pub(super) parts: &'static [Part],
}

/// Nothing typed in, so that the first apply creates everything.
pub(super) const SMALL: Setting = Setting {
    plain: Plain { customers: 1000, products: 10, typed_in: false },
    parts: &[Part::Preview, Part::Apply, Part::Sync, Part::Limited],
};

/// Everything typed in: to create 150,000 additions at 150 ms each would measure the latency for 47 minutes.
pub(super) const LARGE: Setting =
    Setting { plain: Plain { customers: 5000, products: 30, typed_in: true }, parts: &[Part::Large] };

/// What was measured.
pub(super) struct Measured {
    pub(super) part: Part,
    pub(super) plain: Plain,
    pub(super) run: Run,
    pub(super) wall: Duration,
    /// The worker's peak memory in KiB, where the system says it.
    pub(super) peak_kib: Option<u64>,
    /// Calls, as ConnectWise counted them.
    pub(super) calls: u64,
    /// Calls answered with 429.
    pub(super) refused: u64,
    /// Calls sent before a `Retry-After` was over.
    pub(super) early: u64,
    /// The most calls at one moment.
    pub(super) peak_in_flight: u64,
}

impl Measured {
    /// How long the calls take with no gap between them: calls × latency / in flight.
    pub(super) fn ideal(&self) -> Duration {
        Duration::from_millis(self.calls * LATENCY_MS / IN_FLIGHT)
    }

    /// The ideal wall time in thousandths of the real one.
    pub(super) fn permille(&self) -> u128 {
        self.ideal().as_millis() * 1000 / self.wall.as_millis().max(1)
    }

    /// Whether ConnectWise limited the calls, so that the ideal wall time means nothing.
    pub(super) fn is_limited(&self) -> bool {
        self.part == Part::Limited
    }
}

/// Measures one run.
pub(super) async fn take(
    setting: &Setting,
    part: Part,
    world: &World,
    preview: Option<&RunId>,
) -> Result<Measured, ScaleError> {
    world.begin(&plan(part)).await?;
    let told = work(&Job { addresses: world.addresses.clone(), request: request(part, world, preview) }).await?;
    let tally = world.tally().await?;
    Ok(Measured {
        part,
        plain: setting.plain,
        run: told.run,
        wall: told.wall,
        peak_kib: told.peak_kib,
        calls: tally.total,
        refused: tally.answered(429),
        early: tally.early,
        peak_in_flight: tally.peak_in_flight,
    })
}

fn plan(part: Part) -> FaultPlan {
    let rate = RateLimit { calls: CALLS_PER_MINUTE, window_ms: 60_000, retry_after_s: None };
    FaultPlan {
        seed: 1,
        latency: Some(Latency::fixed(LATENCY_MS)),
        rate: (part == Part::Limited).then_some(rate),
        ..FaultPlan::default()
    }
}

/// What a worker is asked to run.
pub(super) fn request(part: Part, world: &World, preview: Option<&RunId>) -> RunRequest {
    let (kind, preview) = match part {
        Part::Preview | Part::Large => (RunKind::Preview, None),
        Part::Apply => (RunKind::Apply, preview.cloned()),
        Part::Sync | Part::Limited => (RunKind::Now, None),
    };
    let scheduled_at = SystemClock.now();
    let Addresses { partner, month, .. } = world.addresses;
    RunRequest {
        partner,
        kind,
        month,
        slot: scheduled_at.to_string(),
        scheduled_at,
        preview,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    }
}
