//! The plan of what goes wrong, and when: a value that a test writes, an admin route takes, and a seed replays.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Everything that a simulator shall do wrong. The default does nothing wrong.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FaultPlan {
    /// The seed: the same call gets the same faults in every run, in any order.
    pub seed: u64,
    /// How long each answer takes; half of it passes before the call takes effect, half after.
    pub latency: Option<Latency>,
    /// Refuses with 429 by rate.
    pub rate: Option<RateLimit>,
    /// Refuses with 429 by a steady rate that allows bursts.
    pub bucket: Option<Bucket>,
    /// Refuses with 429 when more calls than this of one caller are being answered.
    pub max_in_flight: Option<u64>,
    /// The single faults, tried in this order; the first that applies to a call is used.
    pub faults: Vec<Fault>,
}

/// The 429 by calls per window, for each caller on its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// Calls admitted in a window.
    pub calls: usize,
    /// The length of the sliding window in milliseconds; a minute unless told.
    #[serde(default = "minute_ms")]
    pub window_ms: u64,
    /// `Retry-After` in seconds; the time until the window has room, unless told.
    #[serde(default)]
    pub retry_after_s: Option<u64>,
}

/// The 429 by a token bucket, for each caller on its own: full at first, and refilled at a steady rate.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bucket {
    /// Calls that come into the bucket each minute, one after the other.
    pub per_minute: NonZeroU32,
    /// Calls that it holds: so many at once are let through after a pause.
    pub burst: NonZeroU32,
}

impl Bucket {
    /// How long until the next call comes in.
    pub(crate) fn interval(self) -> Duration {
        Duration::from_secs(60) / self.per_minute.get()
    }
}

fn minute_ms() -> u64 {
    60_000
}

/// How long answers take: milliseconds at five points of the distribution, straight lines between them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Latency {
    /// The fastest answer.
    pub min_ms: u64,
    /// Half of the answers are faster.
    pub p50_ms: u64,
    /// Nine of ten answers are faster.
    pub p90_ms: u64,
    /// All but one in a hundred are faster.
    pub p99_ms: u64,
    /// The slowest answer.
    pub max_ms: u64,
}

impl Latency {
    /// The same latency for every answer.
    pub fn fixed(ms: u64) -> Self {
        Self { min_ms: ms, p50_ms: ms, p90_ms: ms, p99_ms: ms, max_ms: ms }
    }

    /// The latency at `draw` thousandths of the distribution (0 to 999).
    pub(crate) fn at(&self, draw: u64) -> u64 {
        let (from, to, low, high) = match draw {
            0..500 => (0, 500, self.min_ms, self.p50_ms),
            500..900 => (500, 900, self.p50_ms, self.p90_ms),
            900..990 => (900, 990, self.p90_ms, self.p99_ms),
            _ => (990, 1000, self.p99_ms, self.max_ms),
        };
        low + high.saturating_sub(low) * (draw.min(999) - from) / (to - from)
    }
}

/// One thing that goes wrong, and the calls it happens to.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Only calls of this verb; any, if absent.
    #[serde(default)]
    pub verb: Option<String>,
    /// Only paths that fit this pattern, `*` standing for any text; any path, if absent. It is held against the path
    /// as sent and against its template.
    #[serde(default)]
    pub path: Option<String>,
    /// Which of the calls that fit; all of them, unless told.
    #[serde(default)]
    pub when: When,
    /// At most so often; without limit, if absent.
    #[serde(default)]
    pub at_most: Option<u64>,
}

impl Fault {
    /// A fault that every call meets, to be narrowed by [`Fault::on`], [`Fault::call`] and [`Fault::with_probability`].
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, verb: None, path: None, when: When::Always, at_most: None }
    }

    /// Only calls of `verb` whose path fits the pattern `path`.
    pub fn on(mut self, verb: &str, path: &str) -> Self {
        self.verb = Some(verb.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    /// Only the `n`-th call that fits, counted from 1.
    pub fn call(mut self, n: u64) -> Self {
        self.when = When::Calls(vec![n]);
        self
    }

    /// Only this share of the calls that fit, from 0 to 1.
    pub fn with_probability(mut self, share: f64) -> Self {
        self.when = When::Probability(share);
        self
    }

    /// At most `n` times.
    pub fn at_most(mut self, n: u64) -> Self {
        self.at_most = Some(n);
        self
    }
}

/// Which of the calls that fit a fault's verb and path meet it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// Every one.
    #[default]
    Always,
    /// These, counted from 1 among the calls that fit.
    Calls(Vec<u64>),
    /// This share of them, from 0 to 1, drawn from the plan's seed.
    Probability(f64),
}

/// What can go wrong. *Before* and *after* are before and after the call takes effect.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum FaultKind {
    /// The vendor's own 5xx; the call has no effect.
    ErrorBefore {
        /// 500 to 599.
        status: u16,
    },
    /// The vendor's own 5xx; the call has taken effect.
    ErrorAfter {
        /// 500 to 599.
        status: u16,
    },
    /// The connection is closed without an answer; the call has no effect.
    ResetBefore,
    /// The connection is closed without an answer; the call has taken effect.
    ResetAfter,
    /// The vendor's own 5xx now; the call takes effect later.
    LateCommit {
        /// 500 to 599.
        status: u16,
        /// How much later.
        delay_ms: u64,
    },
    /// An HTML page from something in front of the vendor's server; the call has no effect.
    Html {
        /// Any status; an edge is known to send 200 too.
        status: u16,
    },
    /// The same with a `Retry-After`, in whatever form: seconds, a date, or nonsense.
    HtmlAfter {
        status: u16,
        /// The header's text.
        retry_after: String,
    },
    /// The vendor's 429, whatever the rate.
    TooManyCalls {
        /// `Retry-After`.
        retry_after_s: u64,
    },
    /// The call takes effect at once, its answer comes late.
    SlowAnswer {
        /// How late.
        delay_ms: u64,
    },
    /// The call takes effect; the body ends in the middle, with the length of what is there.
    TruncatedJson,
    /// The call takes effect; the body is as long as it was but is not JSON.
    MalformedJson,
    /// The call takes effect; wherever the body has `text`, it says something else: a single row that cannot be read.
    TextReplaced {
        /// What is replaced.
        text: String,
        by: String,
    },
    /// The list has no end: whatever page is asked for has so many rows, copies of the first one, and leads to a next.
    EndlessList {
        /// Rows a page.
        rows: u32,
    },
    /// Right after the call, other people insert and delete rows of the list it read: what paging must survive.
    RowsChange {
        /// How many rows appear.
        insert: u32,
        /// How many rows go.
        delete: u32,
    },
}

/// A plan that cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A share outside 0 to 1.
    #[error("fault {fault}: the probability {share} is not between 0 and 1")]
    Probability {
        /// Which fault, counted from 0.
        fault: usize,
        /// What it says.
        share: f64,
    },
    /// A status that HTTP does not have.
    #[error("fault {fault}: {status} is not a status that HTTP can carry (200 to 599)")]
    Status {
        /// Which fault, counted from 0.
        fault: usize,
        /// What it says.
        status: u16,
    },
}

impl FaultPlan {
    /// A plan with this seed and these faults.
    pub fn of(seed: u64, faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { seed, faults: faults.into_iter().collect(), ..Self::default() }
    }

    /// Says what in the plan cannot be carried out.
    pub fn check(&self) -> Result<(), PlanError> {
        for (fault, planned) in self.faults.iter().enumerate() {
            if let When::Probability(share) = planned.when
                && !(0.0..=1.0).contains(&share)
            {
                return Err(PlanError::Probability { fault, share });
            }
            if let Some(status) = planned.kind.status().filter(|status| !(200..600).contains(status)) {
                return Err(PlanError::Status { fault, status });
            }
        }
        Ok(())
    }
}

impl FaultKind {
    fn status(&self) -> Option<u16> {
        match self {
            Self::ErrorBefore { status }
            | Self::ErrorAfter { status }
            | Self::LateCommit { status, .. }
            | Self::Html { status }
            | Self::HtmlAfter { status, .. } => Some(*status),
            Self::ResetBefore
            | Self::ResetAfter
            | Self::TooManyCalls { .. }
            | Self::SlowAnswer { .. }
            | Self::TruncatedJson
            | Self::MalformedJson
            | Self::TextReplaced { .. }
            | Self::EndlessList { .. }
            | Self::RowsChange { .. } => None,
        }
    }
}
