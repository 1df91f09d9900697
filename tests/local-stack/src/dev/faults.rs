//! The options by which a simulator that is served alone limits, delays, refuses and loses calls.

use simulators::simulator::faults::{Fault, FaultKind, FaultPlan, Latency, RateLimit};

/// The calls that change something; a read cannot be committed late.
const WRITES: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// What the server itself answers; an edge says 503.
const INTERNAL: u16 = 500;
const UNAVAILABLE: u16 = 503;
const TIMED_OUT: u16 = 504;

/// Limits and faults, as a fault plan that the command line can say. `PUT /_sim/faults` takes any other plan.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Limits and faults")]
pub struct Faults {
    /// Refuse with 429 and Retry-After what exceeds N calls a minute of one caller.
    #[arg(long, value_name = "N", value_parser = super::args::at_least_one)]
    calls_per_minute: Option<usize>,
    /// Refuse with 429 what comes while N calls of one caller are being answered.
    #[arg(long, value_name = "N", value_parser = super::args::at_least_one)]
    calls_in_flight: Option<usize>,
    /// Take MS milliseconds for each answer: half before the call is carried out, half after.
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    latency: Option<u64>,
    /// Carry out this share of the calls, from 0 to 1, and close the connection without an answer.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    lost: Option<f64>,
    /// Answer this share of the POST, PUT, PATCH and DELETE calls with 504 and carry them out later.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    late_commits: Option<f64>,
    /// How much later, in milliseconds.
    #[arg(long, value_name = "MS", value_parser = milliseconds, default_value = "5000")]
    late_by: u64,
    /// Answer this share of the calls with 503 and an HTML page, as a proxy does, and do not carry them out.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    html: Option<f64>,
    /// Answer this share of the calls with 500 and do not carry them out.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    errors_before: Option<f64>,
    /// Carry out this share of the calls and answer them with 500.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    errors_after: Option<f64>,
    /// What all shares are drawn from: the same calls meet the same faults.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

impl Faults {
    /// What was asked for, on top of what the simulator does by itself.
    pub fn on(&self, by_itself: FaultPlan) -> FaultPlan {
        let mut plan = FaultPlan { seed: self.seed, ..by_itself };
        if let Some(calls) = self.calls_per_minute {
            // What was asked for replaces the limit that the simulator has by itself.
            plan.bucket = None;
            plan.rate = Some(RateLimit { calls, window_ms: 60_000, retry_after_s: None });
        }
        plan.max_in_flight = self.calls_in_flight.map(|most| most as u64).or(plan.max_in_flight);
        plan.latency = self.latency.map(Latency::fixed).or(plan.latency);
        let everywhere = [
            (FaultKind::ResetAfter, self.lost),
            (FaultKind::Html { status: UNAVAILABLE }, self.html),
            (FaultKind::ErrorBefore { status: INTERNAL }, self.errors_before),
            (FaultKind::ErrorAfter { status: INTERNAL }, self.errors_after),
        ];
        let asked = everywhere.into_iter().filter_map(|(kind, share)| Some((kind, share?)));
        plan.faults.extend(asked.map(|(kind, share)| Fault::new(kind).with_probability(share)));
        if let Some(share) = self.late_commits {
            let late = FaultKind::LateCommit { status: TIMED_OUT, delay_ms: self.late_by };
            plan.faults.extend(WRITES.map(|verb| Fault::new(late.clone()).on(verb, "*").with_probability(share)));
        }
        plan
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) | Err(_) => Err("expected a share of the calls from 0 to 1, such as 0.05".into()),
    }
}

fn milliseconds(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(number @ 0..=600_000) => Ok(number),
        Ok(_) | Err(_) => Err("expected milliseconds from 0 to 600000".into()),
    }
}
