//! A run: one occasion on which one partner's usage of one month is compared with ConnectWise, and where it stands.
//!
//! A run is one piece of work with one checkpoint, continued slice by slice until it ends.

mod apply;
mod bucket;
mod failure;
mod reads;
mod retry;
mod scope;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::id::{CustomerId, IdError, PartnerId, RunId};
use super::month::UsageMonth;
use super::plan::{AskedForAll, Unfinished, UnfinishedProducts};
use super::schedule::stable_hash;
use super::tally::Tally;
use super::vendor_sync::Members;

pub use self::apply::NotApplicable;
pub use self::bucket::bucket_of;
pub use self::failure::{RunFailure, RunFailureCode};
pub use self::reads::{PsaReads, ReadFor};
pub use self::retry::NotRetryable;
pub use self::scope::{CustomerFilter, MOST_CHOSEN, RunScope};

/// How long a preview can be applied, in hours after its end; and how long a run may take.
pub const GOOD_FOR_H: i64 = 24;

/// What asked for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunKind {
    /// The partner's schedule.
    Scheduled,
    /// *Sync now*.
    Now,
    /// A person who wants to see what would be done. Writes nothing to ConnectWise.
    Preview,
    /// A person who saw a preview and wants exactly that done.
    Apply,
}

impl RunKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Now => "now",
            Self::Preview => "preview",
            Self::Apply => "apply",
        }
    }
}

/// A request for a run. Equal requests are one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRequest {
    /// Whose run.
    pub partner: PartnerId,
    /// What asked for it.
    pub kind: RunKind,
    /// The month to bill.
    pub month: UsageMonth,
    /// What distinguishes it from the partner's other runs of that month: a date, a month, or the request's key.
    pub slot: String,
    /// The time that the schedule or the first request names.
    pub scheduled_at: Timestamp,
    /// For an apply: the preview that is applied, whose usage is used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<RunId>,
    /// For a retry: the scheduled run that ended partial or failed, whose month it takes up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<RunId>,
    /// What it is about: everything, unless a person asked for less.
    #[serde(default, skip_serializing_if = "RunScope::is_everything")]
    pub scope: RunScope,
    /// The person or program that asked, as its token names it; none for the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
}

impl RunRequest {
    /// A request about everything that the partner has.
    #[must_use]
    pub fn new(partner: PartnerId, kind: RunKind, month: UsageMonth, slot: String, scheduled_at: Timestamp) -> Self {
        let scope = RunScope::default();
        Self { partner, kind, month, slot, scheduled_at, preview: None, retry_of: None, scope, asked_by: None }
    }

    /// The run's id: a function of partner, month, slot and kind; where a person asked, of the time of asking too.
    ///
    /// # Errors
    /// None in practice: what is composed here is well-formed.
    pub fn id(&self) -> Result<RunId, IdError> {
        // Uses the slot's date instead of the time, so that moving the schedule within a day does not start a second
        // run.
        let time = match (self.kind, self.slot_day()) {
            (RunKind::Scheduled, Some(day)) => day.strftime("%Y%m%dT000000Z").to_string(),
            (RunKind::Scheduled | RunKind::Now | RunKind::Preview | RunKind::Apply, _) => {
                self.scheduled_at.strftime("%Y%m%dT%H%M%SZ").to_string()
            }
        };
        let hash = stable_hash(&format!("{}|{}|{}", self.partner, self.month, self.slot));
        RunId::parse(&format!("{time}-{}-{:08x}", self.kind.word(), hash >> 32))
    }

    /// The day that the slot names: a date, or the first of a month.
    fn slot_day(&self) -> Option<Date> {
        let month = || UsageMonth::parse(&self.slot).map(UsageMonth::first_day).ok();
        self.slot.parse().ok().or_else(month)
    }

    /// The same request for the month before: for a nightly run while Sophos has no usage of the month yet.
    #[must_use]
    pub fn for_previous_month(&self) -> Self {
        Self { month: self.month.previous(), ..self.clone() }
    }

    /// The run whose place this one may take, seen back from [`Self::for_previous_month`]; none where there can be none.
    ///
    /// # Errors
    /// As [`Self::id`].
    pub fn may_stand_for(&self) -> Result<Option<RunId>, IdError> {
        let makes_way = match self.kind {
            RunKind::Scheduled => self.retry_of.is_none(),
            RunKind::Now => !self.scope.month_alone,
            RunKind::Preview | RunKind::Apply => false,
        };
        makes_way.then(|| Self { month: self.month.next(), ..self.clone() }.id()).transpose()
    }
}

/// Where a run stands in its work. Each stage is checkpointed; a slice takes it up where the last one left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Stage {
    /// Taking over the customers and usage of the preview that is applied.
    Preview,
    /// Reading Sophos' customers, from this page on.
    Customers {
        /// Page number, from 1.
        page: u32,
        /// How many customers the pages before had.
        #[serde(default)]
        listed: u64,
        /// How many there are, once a page has said so.
        #[serde(default)]
        total: Option<u64>,
        /// Fingerprints of the pages.
        #[serde(default)]
        prints: Vec<u64>,
    },
    /// Reading the pages of customers once more, where no page said how many there are.
    CustomersAgain {
        /// Page number, from 1.
        page: u32,
        /// How many customers all pages had.
        listed: u64,
        /// What each page was known by.
        prints: Vec<u64>,
    },
    /// Reading the month's usage.
    Usage {
        /// How many pages were stored.
        page: u32,
        /// Sophos' key of the next page; none for the first.
        key: Option<String>,
        /// How many lines were stored.
        lines: u64,
        /// How many lines the month has, once a page has said so.
        #[serde(default)]
        total: Option<u64>,
        /// What tells each stored page from any other.
        #[serde(default)]
        prints: Vec<u64>,
    },
    /// Reading the pages of the month's usage once more: to detect lines that moved between pages.
    UsageAgain {
        /// How many pages were found as they were.
        page: u32,
        /// Sophos' key of the next one; none for the first.
        key: Option<String>,
        /// What each page was known by.
        prints: Vec<u64>,
    },
    /// Reading ConnectWise's agreements.
    Agreements {
        /// How many pages were stored.
        page: u32,
        /// Where the next page starts.
        after: Option<String>,
    },
    /// Reading the mapped ConnectWise products.
    Products,
    /// Comparing the month's usage as a whole with what was written for the month before.
    Check,
    /// Comparing and writing, customer by customer; the bucket that is worked on.
    Sync {
        /// From 0 to the number of buckets: the last one is the usage without a customer.
        bucket: u32,
    },
    /// Once more, for the customers that were set aside: what became of their writes is read back.
    Settle {
        /// As in `Sync`.
        bucket: u32,
        /// Not before: by then each of these writes has taken effect, or never will.
        from: Timestamp,
        /// How often it was begun, this time included; from 1.
        round: u32,
    },
    /// Done.
    Ended,
}

impl Stage {
    /// Whether a list of Sophos is being read.
    #[must_use]
    pub const fn reads_sophos(&self) -> bool {
        matches!(
            self,
            Self::Customers { .. } | Self::CustomersAgain { .. } | Self::Usage { .. } | Self::UsageAgain { .. }
        )
    }

    /// The same stage with all buckets before `bucket` done.
    #[must_use]
    pub const fn passed_to(&self, bucket: u32) -> Self {
        match self {
            Self::Settle { from, round, .. } => Self::Settle { bucket, from: *from, round: *round },
            Self::Preview
            | Self::Customers { .. }
            | Self::CustomersAgain { .. }
            | Self::Usage { .. }
            | Self::UsageAgain { .. }
            | Self::Agreements { .. }
            | Self::Products
            | Self::Check
            | Self::Sync { .. }
            | Self::Ended => Self::Sync { bucket },
        }
    }
}

/// How a run stands or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RunState {
    /// Being worked on, or waiting for it.
    Running,
    /// All pairs ended, none failed.
    Succeeded,
    /// All pairs ended, some failed.
    Partial,
    /// Nothing was compared or written, or not all of it.
    Failed(RunFailure),
    /// A person ended it before its time. What was written by then is written.
    Cancelled { by: String },
    /// Sophos has no usage of this month yet; the run of the month before stands for it.
    Superseded { by: RunId },
}

impl RunState {
    /// Whether the run is over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        !matches!(self, Self::Running)
    }
}

/// One run of one partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub id: RunId,
    /// What asked for it.
    pub request: RunRequest,
    /// Whether it may write to ConnectWise; decided when it is opened. A run that may not is a preview.
    pub writes: bool,
    /// Where it stands.
    pub stage: Stage,
    /// How it stands or ended.
    pub state: RunState,
    /// Into how many buckets of customers its work is cut: 1 or 16.
    pub buckets: u32,
    /// Its counts and tie-out.
    pub tally: Tally,
    /// What it read of ConnectWise.
    pub psa: PsaReads,
    /// Whether the month's usage as a whole looks unfinished: then all changes are held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Unfinished>,
    /// The Sophos products whose usage looks unfinished: what they make up waits for one decision a product.
    #[serde(default, skip_serializing_if = "UnfinishedProducts::is_empty")]
    pub unfinished_products: UnfinishedProducts,
    /// The doubts about usage lines that the partner answers for all of them at once: what they concern waits for that.
    #[serde(default, skip_serializing_if = "AskedForAll::is_empty")]
    pub asked: AskedForAll,
    /// Customers of which something failed and whose ConnectWise invoice is still to come: a retry may mend them.
    #[serde(default)]
    pub to_retry: u64,
    /// Customers that could not be brought to their end when they were worked on: the end of a write was not known, or
    /// ConnectWise put one off. They have their turn once more when the others are done.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub set_aside: BTreeSet<CustomerId>,
    /// Those of them that have to wait beyond this slice as well.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub set_aside_again: BTreeSet<CustomerId>,
    /// Which members changed lines in ConnectWise that bill something of Sophos.
    #[serde(default, skip_serializing_if = "Members::is_empty")]
    pub members: Members,
    pub opened_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Run {
    /// A run as it is opened: at its first stage, with nothing counted.
    ///
    /// # Errors
    /// As [`RunRequest::id`].
    pub fn open(request: RunRequest, writes: bool, now: Timestamp) -> Result<Self, IdError> {
        let stage = match request.kind {
            RunKind::Apply => Stage::Preview,
            RunKind::Scheduled | RunKind::Now | RunKind::Preview => {
                Stage::Customers { page: 1, listed: 0, total: None, prints: Vec::new() }
            }
        };
        Ok(Self {
            id: request.id()?,
            writes: writes && request.kind != RunKind::Preview,
            request,
            stage,
            state: RunState::Running,
            buckets: 1,
            tally: Tally::default(),
            psa: PsaReads::default(),
            unfinished: None,
            unfinished_products: UnfinishedProducts::new(),
            asked: AskedForAll::new(),
            to_retry: 0,
            set_aside: BTreeSet::new(),
            set_aside_again: BTreeSet::new(),
            members: Members::default(),
            opened_at: now,
            ended_at: None,
        })
    }

    /// The run whose customers and usage this one works on: its own, or those of the preview that it applies.
    #[must_use]
    pub fn usage_of(&self) -> &RunId {
        self.request.preview.as_ref().unwrap_or(&self.id)
    }

    /// The calls that its full read needs. Compare with `self.psa.calls`.
    #[must_use]
    pub fn call_formula(&self) -> u64 {
        self.psa.formula(self.tally.counts.writes())
    }
}

#[cfg(test)]
mod tests;
