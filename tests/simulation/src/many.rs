//! Many schedules on all cores.

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use usage_sync::policy::Policy;

use super::environment::locked;
use super::{Args, live};

/// What came of many schedules.
#[derive(Debug, Default)]
pub struct Many {
    pub lived: u64,
    /// Writes sent to ConnectWise in all of them.
    pub writes: u64,
    /// Seeds whose schedule went wrong, and how.
    pub wrong: BTreeMap<u64, Vec<String>>,
    /// How long it took.
    pub took: Duration,
}

/// Lives the schedules of the seeds on so many threads. `stop`: at the first that goes wrong; the lowest seed of those
/// lived by then is told.
#[must_use]
pub fn many(seeds: Range<u64>, policy: Policy, threads: usize, stop: bool, each: &(impl Fn() + Sync)) -> Many {
    let began = Instant::now();
    let (next, stopped) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let many = Mutex::new(Many::default());
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    let lived = live(seed, policy, false);
                    let mut many = locked(&many);
                    many.lived += 1;
                    many.writes += lived.as_ref().map_or(0, |outcome| outcome.writes);
                    let wrongs = lived.map_or_else(|error| vec![error.to_string()], |outcome| outcome.wrongs);
                    if !wrongs.is_empty() {
                        many.wrong.insert(seed, wrongs);
                        stopped.store(stop, Ordering::Relaxed);
                    }
                    drop(many);
                    each();
                }
            });
        }
    });
    let many = many.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Many { took: began.elapsed(), ..many }
}

/// The seeds that a test lives: `whole` unless the environment names one (`SIMULATION_SEED`) or another count
/// (`SIMULATION_SCHEDULES`), from the same beginning.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "which seeds are lived is the harness' own setting")]
pub fn seeds_asked_for(whole: Range<u64>) -> Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match (number("SIMULATION_SEED"), number("SIMULATION_SCHEDULES")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(count)) => whole.start..whole.start + count,
        (None, None) => whole,
    }
}

impl Args {
    /// Does what was asked for; the exit code is 1 where a schedule went wrong.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        match self.seed {
            Some(seed) => tell(seed),
            None => self.run_many(),
        }
    }

    fn run_many(&self) -> ExitCode {
        let threads = self.threads.or_else(|| thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
        let bar = ProgressBar::new(self.schedules);
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} schedules, {per_sec}, {eta} left") {
            bar.set_style(style);
        }
        let seeds = self.first..self.first.saturating_add(self.schedules);
        let many = many(seeds, Policy::guarded(), threads, !self.go_on, &|| bar.inc(1));
        bar.finish_and_clear();
        for (seed, wrongs) in many.wrong.iter().take(20) {
            println!("seed {seed}: {}", wrongs.join("; "));
            println!("  again, with all that happened: cargo simulate -- --seed {seed}");
        }
        let (lived, wrong, ms) = (many.lived, many.wrong.len(), many.took.as_millis());
        let each_us = many.took.as_micros() / u128::from(lived.max(1));
        println!(
            "{lived} schedules, {} writes, {wrong} wrong, {ms} ms on {threads} threads ({each_us} µs each)",
            many.writes
        );
        if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn tell(seed: u64) -> ExitCode {
    match live(seed, Policy::guarded(), true) {
        Ok(outcome) => {
            outcome.trace.iter().for_each(|line| println!("{line}"));
            println!("trace {:016x}", outcome.hash);
            outcome.wrongs.iter().for_each(|wrong| println!("WRONG: {wrong}"));
            if outcome.wrongs.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("{error}");
            ExitCode::from(2)
        }
    }
}
