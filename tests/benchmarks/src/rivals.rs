//! The same work done by what others would use, against the same simulator: `cargo scale rivals`.
//!
//! Each contender gets a world of its own, made alike, so that none finds what another one wrote. In it the contender
//! does the first run, and then the runs after which little or nothing has changed. Contenders take turns, round by
//! round, so that whatever else the machine does meets all of them. At last each of them runs once in a world where
//! ConnectWise loses answers, and ConnectWise's own records say what came of it.

mod contender;
mod report;
mod verdict;
mod wanted;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::ScaleError;
use super::args::Plain;
use super::children::World;
use contender::Contender;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan, Latency};
use verdict::{Verdict, judge};
use wanted::{Ask, Changed, Found, Wanted};
pub(super) use world::serve;

/// How long after its answer a late write takes effect.
const LATE_MS: u64 = 5_000;
/// After a run, late writes have this much longer than they need.
const LATE_ENOUGH: Duration = Duration::from_millis(LATE_MS + 1_000);

/// What can be said to `cargo scale rivals`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Options {
    #[arg(long, default_value_t = 200)]
    pub(super) customers: usize,
    /// How many products each of them uses.
    #[arg(long, default_value_t = 10)]
    pub(super) products: usize,
    /// How many times everybody takes a turn; the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rounds: u32,
    /// The fastest answer of the simulated ConnectWise, in milliseconds.
    #[arg(long, default_value_t = 20)]
    pub(super) fastest_ms: u64,
    /// The slowest answer; all between the two are as likely.
    #[arg(long, default_value_t = 50)]
    pub(super) slowest_ms: u64,
    /// What the faults are drawn from; the same seed is the same faults.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Only these take part; everybody by default.
    #[arg(long, value_delimiter = ',', default_values_t = Contender::ALL)]
    pub(super) only: Vec<Contender>,
    /// Leaves out the runs in a world that loses answers.
    #[arg(long)]
    pub(super) without_faults: bool,
    /// Only what went wrong decides about the exit code, not how long it took.
    #[arg(long)]
    pub(super) without_times: bool,
    /// The Python that has aiohttp and connectpyse.
    #[arg(long, default_value = ".tools/venv/bin/python")]
    pub(super) python: PathBuf,
    #[arg(long, default_value = "node")]
    pub(super) node: PathBuf,
    /// The folder that has connectwise-rest.
    #[arg(long, default_value = ".tools/node/node_modules")]
    pub(super) node_modules: PathBuf,
}

/// A run that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// A third of the additions is created, a third is updated, a third is right.
    First,
    /// The same once more, which for ours means to read what it had written to.
    AtOnce,
    /// And once more: nothing is to be done, and ours knows it.
    Nothing,
    /// One customer in 20 uses more of everything.
    Customers,
    /// One pair in 20 is used more.
    Pairs,
    /// The first run, while ConnectWise loses answers.
    Faulty,
}

impl Work {
    /// The runs in a world without faults, one after the other.
    const CALM: [Self; 5] = [Self::First, Self::AtOnce, Self::Nothing, Self::Customers, Self::Pairs];
    const ALL: [Self; 6] = [Self::First, Self::AtOnce, Self::Nothing, Self::Customers, Self::Pairs, Self::Faulty];

    const fn words(self) -> &'static str {
        match self {
            Self::First => "full",
            Self::AtOnce => "again, right after the writes",
            Self::Nothing => "again, nothing changed",
            Self::Customers => "again, 5 % of customers changed",
            Self::Pairs => "again, 5 % of pairs changed",
            Self::Faulty => "full, with faults",
        }
    }

    const fn changed(self) -> Changed {
        match self {
            Self::First | Self::Faulty => Changed::First,
            Self::AtOnce | Self::Nothing => Changed::Nothing,
            Self::Customers => Changed::Customers,
            Self::Pairs => Changed::Pairs,
        }
    }
}

/// What was measured of one run.
#[derive(Clone, Debug)]
struct Measured {
    contender: Contender,
    work: Work,
    wall_ms: u64,
    /// From when ConnectWise met the first call to when it had answered the last one.
    span_ms: u64,
    calls: u64,
    peak_in_flight: u64,
    /// Calls answered with 429.
    refused: u64,
    /// Calls sent before a `Retry-After` was over.
    early: u64,
    peak_kib: Option<u64>,
    verdict: Verdict,
}

/// Runs the benchmark. The exit code is 1 where a target was missed.
pub(super) async fn bench(options: &Options) -> Result<ExitCode, ScaleError> {
    let load = [load(), String::new()];
    let mut measured = Vec::new();
    for round in 1..=options.rounds {
        for &contender in &options.only {
            eprintln!("Round {round} of {}: {}", options.rounds, contender.name());
            take(options, contender, &Work::CALM, &mut measured).await?;
        }
    }
    for &contender in options.only.iter().filter(|_| !options.without_faults) {
        eprintln!("With faults, seed {}: {}", options.seed, contender.name());
        take(options, contender, &[Work::Faulty], &mut measured).await?;
    }
    let load = [load[0].clone(), self::load()];
    println!("{}", report::table(&measured));
    println!("{}", report::circumstances(options, &load));
    let missed = report::missed(&measured, options.without_times);
    missed.iter().for_each(|missed| println!("Missed: {missed}"));
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets one contender do these works one after the other in a world of its own.
async fn take(
    options: &Options,
    contender: Contender,
    works: &[Work],
    measured: &mut Vec<Measured>,
) -> Result<(), ScaleError> {
    let plain = Plain { customers: options.customers, products: options.products, typed_in: false };
    let mut world = World::start("rivals-world", plain).await?;
    for &work in works {
        let wanted: Wanted = world.ask(&Ask::Change(work.changed())).await?;
        world.begin(&plan(options, work)).await?;
        let told = contender::run(contender, options, &world, &wanted).await?;
        let tally = world.tally().await?;
        if work == Work::Faulty {
            tokio::time::sleep(LATE_ENOUGH).await;
        }
        let found: Vec<Found> = world.ask(&Ask::FollowUp).await?;
        measured.push(Measured {
            contender,
            work,
            wall_ms: told.wall_ms,
            span_ms: tally.span_ms,
            calls: tally.total,
            peak_in_flight: tally.peak_in_flight,
            refused: tally.answered(429),
            early: tally.early,
            peak_kib: told.peak_kib,
            verdict: judge(&wanted, &found, &told.ended),
        });
    }
    world.stop().await
}

fn plan(options: &Options, work: Work) -> FaultPlan {
    let (fastest, slowest) = (options.fastest_ms, options.slowest_ms.max(options.fastest_ms));
    let at = |percent: u64| fastest + (slowest - fastest) * percent / 100;
    let latency = Latency { min_ms: fastest, p50_ms: at(50), p90_ms: at(90), p99_ms: at(99), max_ms: slowest };
    let faults = if work == Work::Faulty { faults() } else { Vec::new() };
    FaultPlan { latency: Some(latency), ..FaultPlan::of(options.seed, faults) }
}

/// Of all calls 2 % are refused with 429. Of all writes 10 % are answered with 500 and 10 % not at all, although they
/// took effect, and 5 % take effect some time after their 500.
fn faults() -> Vec<Fault> {
    let writes = ["POST", "PATCH"].into_iter().flat_map(|verb| {
        [
            (FaultKind::ErrorAfter { status: 500 }, 0.10),
            (FaultKind::ResetAfter, 0.10),
            (FaultKind::LateCommit { status: 500, delay_ms: LATE_MS }, 0.05),
        ]
        .map(|(kind, share)| Fault::new(kind).on(verb, "*").with_probability(share))
    });
    let refused = Fault::new(FaultKind::TooManyCalls { retry_after_s: 1 }).with_probability(0.02);
    [refused].into_iter().chain(writes).collect()
}

/// How busy the machine is, in Linux' words: over 1, 5 and 15 minutes.
fn load() -> String {
    let told = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<&str> = told.split_whitespace().take(3).collect();
    if averages.is_empty() { "not known".to_owned() } else { averages.join(" ") }
}
