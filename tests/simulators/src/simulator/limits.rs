//! Decides for each call which fault it meets and whether it is one too many: the state behind a plan.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::faults::{Fault, FaultKind, FaultPlan, When};

/// A grace period: calls that were already under way when the refusal was sent do not count as too early.
const GRACE: Duration = Duration::from_millis(100);

/// The faults of one call.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) latency_ms: u64,
    pub(crate) kind: Option<FaultKind>,
    /// The call counts among those in flight, and must be given back to [`Limits::leave`].
    pub(crate) admitted: bool,
    /// The caller had been told to wait and did not.
    pub(crate) early: bool,
    /// A random number of this call.
    pub(crate) draw: u64,
}

#[derive(Default)]
struct Caller {
    admitted: VecDeque<Instant>,
    in_flight: u64,
    refused: Option<(Instant, Instant)>,
    /// When the plan's bucket is full again.
    full_at: Option<Instant>,
}

/// A plan at work.
#[derive(Default)]
pub(crate) struct Limits {
    plan: FaultPlan,
    fitting: Vec<u64>,
    met: Vec<u64>,
    occurrences: HashMap<(String, String), u64>,
    callers: HashMap<String, Caller>,
}

impl Limits {
    pub(crate) fn new(plan: FaultPlan) -> Self {
        let faults = plan.faults.len();
        Self { plan, fitting: vec![0; faults], met: vec![0; faults], ..Self::default() }
    }

    pub(crate) fn plan(&self) -> &FaultPlan {
        &self.plan
    }

    /// Admits or refuses a call. A refused one takes no place among those in flight, however long its answer takes.
    pub(crate) fn enter(&mut self, verb: &str, path: &str, template: &str, caller: &str, now: Instant) -> Verdict {
        let occurrence = self.occurrences.entry((verb.to_owned(), path.to_owned())).or_default();
        *occurrence += 1;
        let mut rng = ChaCha8Rng::seed_from_u64(fingerprint(self.plan.seed, verb, path, *occurrence));
        let latency_ms = self.plan.latency.as_ref().map_or(0, |latency| latency.at(rng.random_range(0..1000)));
        let (early, refusal) = self.refusal(caller, now);
        let kind = refusal.or_else(|| self.draw_fault(verb, path, template, &mut rng));
        let caller = self.callers.entry(caller.to_owned()).or_default();
        let retry_after = match kind {
            Some(FaultKind::TooManyCalls { retry_after_s }) => Some(Duration::from_secs(retry_after_s)),
            _ => None,
        };
        match retry_after {
            // Nobody can have read the refusal before it was sent.
            Some(wait) => caller.refused = Some((now + Duration::from_millis(latency_ms), now + wait)),
            None => caller.in_flight += 1,
        }
        Verdict { latency_ms, admitted: retry_after.is_none(), kind, early, draw: rng.random() }
    }

    /// A call has been answered.
    pub(crate) fn leave(&mut self, caller: &str) {
        if let Some(caller) = self.callers.get_mut(caller) {
            caller.in_flight = caller.in_flight.saturating_sub(1);
        }
    }

    fn refusal(&mut self, caller: &str, now: Instant) -> (bool, Option<FaultKind>) {
        let caller = self.callers.entry(caller.to_owned()).or_default();
        let early = caller.refused.is_some_and(|(at, until)| now > at + GRACE && now < until);
        if self.plan.max_in_flight.is_some_and(|most| caller.in_flight >= most) {
            return (early, Some(FaultKind::TooManyCalls { retry_after_s: 1 }));
        }
        let full_at = self.plan.bucket.map(|bucket| caller.full_at.unwrap_or(now).max(now) + bucket.interval());
        if let Some((bucket, full_at)) = self.plan.bucket.zip(full_at) {
            let wait = full_at.saturating_duration_since(now + bucket.interval() * bucket.burst.get());
            if !wait.is_zero() {
                return (early, Some(FaultKind::TooManyCalls { retry_after_s: whole_seconds(wait) }));
            }
        }
        let Some(rate) = &self.plan.rate else {
            caller.full_at = full_at;
            return (early, None);
        };
        let window = Duration::from_millis(rate.window_ms);
        while caller.admitted.front().is_some_and(|&at| at + window <= now) {
            caller.admitted.pop_front();
        }
        if caller.admitted.len() < rate.calls {
            caller.admitted.push_back(now);
            caller.full_at = full_at;
            return (early, None);
        }
        let room = caller.admitted.front().map_or(window, |&at| (at + window).saturating_duration_since(now));
        let retry_after_s = rate.retry_after_s.unwrap_or_else(|| whole_seconds(room));
        (early, Some(FaultKind::TooManyCalls { retry_after_s }))
    }

    fn draw_fault(&mut self, verb: &str, path: &str, template: &str, rng: &mut ChaCha8Rng) -> Option<FaultKind> {
        let mut found = None;
        for (index, fault) in self.plan.faults.iter().enumerate() {
            let share: f64 = rng.random();
            if !fits(fault, verb, path, template) {
                continue;
            }
            self.fitting[index] += 1;
            let due = match &fault.when {
                When::Always => true,
                When::Calls(calls) => calls.contains(&self.fitting[index]),
                When::Probability(limit) => share < *limit,
            };
            if found.is_none() && due && fault.at_most.is_none_or(|most| self.met[index] < most) {
                self.met[index] += 1;
                found = Some(fault.kind.clone());
            }
        }
        found
    }
}

/// A wait as `Retry-After` says it: never too short.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn fits(fault: &Fault, verb: &str, path: &str, template: &str) -> bool {
    let path_fits = |pattern: &String| like(pattern, path) || like(pattern, template);
    fault.verb.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(verb))
        && fault.path.as_ref().is_none_or(path_fits)
}

/// Whether `text` fits `pattern`, in which `*` stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pattern.contains('*').then(|| parts.next_back().unwrap_or_default()) else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The same call under the same seed has the same number, whatever else is in flight (FNV-1a).
fn fingerprint(seed: u64, verb: &str, path: &str, occurrence: u64) -> u64 {
    let texts = [verb.as_bytes(), b" ", path.as_bytes()].concat();
    let bytes = seed.to_le_bytes().into_iter().chain(texts).chain(occurrence.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(plan: &FaultPlan, order: &[&str]) -> Vec<(String, Option<FaultKind>)> {
        let mut limits = Limits::new(plan.clone());
        let mut met: Vec<_> = order
            .iter()
            .map(|path| ((*path).to_owned(), limits.enter("GET", path, path, "a", Instant::now()).kind))
            .collect();
        met.sort_by(|a, b| a.0.cmp(&b.0));
        met
    }

    #[test]
    fn the_same_seed_gives_each_call_the_same_fault_in_any_order() {
        let plan = FaultPlan::of(7, [Fault::new(FaultKind::ResetBefore).with_probability(0.5)]);
        let forward: Vec<String> = (0..64).map(|n| format!("/rows/{n}")).collect();
        let names: Vec<&str> = forward.iter().map(String::as_str).collect();
        let backward: Vec<&str> = names.iter().rev().copied().collect();
        let met = kinds(&plan, &names);
        assert_eq!(met, kinds(&plan, &backward));
        let resets = met.iter().filter(|(_, kind)| kind.is_some()).count();
        assert!((16..48).contains(&resets), "{resets} of 64 calls were reset at a share of one half");
    }

    #[test]
    fn a_call_beyond_the_rate_is_told_when_the_window_has_room() {
        let rate = super::super::faults::RateLimit { calls: 2, window_ms: 60_000, retry_after_s: None };
        let mut limits = Limits::new(FaultPlan { rate: Some(rate), ..FaultPlan::default() });
        let start = Instant::now();
        let mut enter = |after_s| limits.enter("GET", "/", "/", "a", start + Duration::from_secs(after_s));
        assert_eq!((enter(0).kind, enter(10).kind), (None, None));
        assert_eq!(enter(15).kind, Some(FaultKind::TooManyCalls { retry_after_s: 45 }));
        assert!(enter(20).early, "it was told to wait for 45 s and came back after 5");
        let waited = enter(61);
        assert_eq!((waited.kind, waited.early), (None, false));
    }

    #[test]
    fn a_bucket_lets_a_burst_through_and_then_a_steady_rate() {
        let number = |number| std::num::NonZeroU32::new(number).unwrap_or(std::num::NonZeroU32::MIN);
        let bucket = super::super::faults::Bucket { per_minute: number(100), burst: number(300) };
        let mut limits = Limits::new(FaultPlan { bucket: Some(bucket), ..FaultPlan::default() });
        let start = Instant::now();
        let mut admitted = |calls: u64, after_s| {
            let call = |_: &u64| limits.enter("GET", "/", "/", "a", start + Duration::from_secs(after_s)).admitted;
            (0..calls).filter(call).count()
        };
        assert_eq!(admitted(500, 0), 300, "a burst out of a full bucket");
        assert_eq!(admitted(500, 60), 100, "what came in within a minute");
        assert_eq!(admitted(500, 90), 50);
        assert_eq!(admitted(500, 3600), 300, "full again, and no fuller");
    }

    #[test]
    fn a_call_beyond_the_bucket_is_told_when_the_next_one_comes_in() {
        let one = std::num::NonZeroU32::MIN;
        let bucket = super::super::faults::Bucket { per_minute: one, burst: one };
        let mut limits = Limits::new(FaultPlan { bucket: Some(bucket), ..FaultPlan::default() });
        let start = Instant::now();
        let mut enter = |after_s| limits.enter("GET", "/", "/", "a", start + Duration::from_secs(after_s)).kind;
        assert_eq!(enter(0), None);
        assert_eq!(enter(15), Some(FaultKind::TooManyCalls { retry_after_s: 45 }));
        assert_eq!(enter(60), None);
    }

    #[test]
    fn a_refusal_that_is_still_on_its_way_is_not_held_against_its_caller() {
        let rate = super::super::faults::RateLimit { calls: 1, window_ms: 60_000, retry_after_s: None };
        let latency = Some(super::super::faults::Latency::fixed(500));
        let mut limits = Limits::new(FaultPlan { latency, rate: Some(rate), ..FaultPlan::default() });
        let start = Instant::now();
        let mut enter = |after_ms| limits.enter("GET", "/", "/", "a", start + Duration::from_millis(after_ms));
        assert!(enter(0).admitted);
        assert_eq!(enter(10).kind, Some(FaultKind::TooManyCalls { retry_after_s: 60 }));
        assert!(!enter(400).early, "the first refusal arrives at 510 ms");
        assert!(enter(1200).early, "the second one arrived at 900 ms");
    }

    #[test]
    fn a_refused_call_takes_no_place_among_those_in_flight() {
        let mut limits = Limits::new(FaultPlan { max_in_flight: Some(1), ..FaultPlan::default() });
        let enter = |limits: &mut Limits| limits.enter("GET", "/", "/", "a", Instant::now()).admitted;
        assert_eq!((enter(&mut limits), enter(&mut limits), enter(&mut limits)), (true, false, false));
        limits.leave("a");
        assert!(enter(&mut limits), "the place is free again, though two refusals have not been sent yet");
    }

    #[test]
    fn a_star_in_a_pattern_stands_for_any_text() {
        assert!(like("/finance/agreements/*/additions", "/finance/agreements/7/additions"));
        assert!(like("*additions*", "/finance/agreements/7/additions/9"));
        assert!(!like("/finance/agreements", "/finance/agreements/7"));
        assert!(!like("/a*b", "/b"));
    }
}
