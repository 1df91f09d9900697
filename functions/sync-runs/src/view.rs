//! A run as it is shown.

use serde::Serialize;
use shared::domain::id::CustomerId;
use shared::domain::outcome::OutcomeKind;
use shared::domain::plan::Unfinished;
use shared::domain::run::{CustomerFilter, Run, RunKind, RunState};
use shared::domain::vendor_sync::VendorSync;
use shared::http::Language;
use utoipa::ToSchema;

use crate::change::BillingChange;
use crate::progress::RunProgress;
use crate::readings::UsageQuestion;

/// A run: how it stands and what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunView {
    /// Its id.
    run_id: String,
    /// What asked for it.
    kind: RunKindShown,
    /// The usage month.
    month: String,
    /// How it stands.
    state: RunStateShown,
    /// Whether it may write to ConnectWise.
    writes: bool,
    /// How far it is.
    progress: RunProgress,
    /// The customers that it is about, where they were chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    customers: Option<Vec<CustomerId>>,
    /// The run whose failures it tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_in: Option<String>,
    /// Whether sync switches are taken for on.
    ignores_switches: bool,
    /// Whether it writes decided lines alone.
    decided_alone: bool,
    /// The preview that it applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<String>,
    /// Who asked; absent for the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<String>,
    /// When it was opened.
    #[schema(format = DateTime)]
    opened_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Why it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<RunTrouble>,
    /// Who cancelled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_by: Option<String>,
    /// The run of the month before that stands for it: Sophos had no usage of this month yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    superseded_by: Option<String>,
    /// The month's usage as a whole looks unfinished. All that would be done waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished: Option<UnfinishedShown>,
    /// The Sophos products whose usage looks unfinished. What each of them makes up waits for one decision: that on all holds
    /// of the reason `productUnfinished` and of the product.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfinished_products: Vec<UnfinishedProduct>,
    /// Usage lines in doubt that are one question each, for the sync settings to answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    questions: Vec<UsageQuestion>,
    /// The vendor's own usage sync may still be on, as well as this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_sync: Option<VendorSyncShown>,
    /// Pairs of customer and Sophos product by how they ended.
    counts: RunCounts,
    /// Whether the figures are of all that the run is about: it has come to its end, and Sophos reported usage. Those of
    /// a run that has not are what was done so far, and no total of the month.
    complete: bool,
    /// What was done to what is billed; in a preview, what would be.
    done: BillingChange,
    /// What waits by itself.
    waiting: BillingChange,
    /// What waits for a person.
    held: BillingChange,
    /// What could not be done.
    failed: BillingChange,
    /// Calls to ConnectWise.
    psa_calls: u64,
}

/// What asked for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RunKindShown {
    /// The schedule.
    Scheduled,
    /// A person or program: sync now, or a retry.
    Now,
    /// A preview.
    Preview,
    /// A preview that is applied.
    Apply,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RunStateShown {
    /// Under way, or waiting for its turn.
    Running,
    /// All went as it must; some may wait for a person.
    Succeeded,
    /// Some failed.
    Partial,
    /// It came to nothing, or not to its end.
    Failed,
    /// A person ended it.
    Cancelled,
    /// The run of the month before stands for it.
    Superseded,
}

/// Why a run came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunTrouble {
    /// For programs.
    code: String,
    /// What happened.
    what: String,
    /// What to do next.
    advice: &'static str,
}

/// Why the vendor's own usage sync may still be on: one ConnectWise member, not the one as which this sync writes, changed lines
/// of at least three customers in the last 35 days that bill something of Sophos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VendorSyncShown {
    /// The member, as ConnectWise names it.
    member: String,
    /// Lines that it changed.
    lines: u64,
    /// Customers whose lines they are.
    customers: u64,
    /// The day of the earliest of these changes.
    #[schema(format = Date)]
    since: String,
    /// The same in words.
    what: String,
    /// What to do next.
    advice: &'static str,
}

impl VendorSyncShown {
    fn of(sync: VendorSync, language: Language) -> Self {
        let (what, advice) = (language.vendor_sync(&sync), language.vendor_sync_advice(&sync));
        let VendorSync { member, lines, customers, since } = sync;
        Self { member, lines, customers, since: since.to_string(), what, advice }
    }
}

/// Usage against what was written for the month before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnfinishedShown {
    /// The pairs that were written for an earlier month.
    pairs: u64,
    /// Those among them that are gone or newly 0.
    gone: u64,
    /// The units that were written for an earlier month.
    units_before: u64,
    /// The units of the same products now.
    units_now: u64,
}

/// A Sophos product whose usage looks unfinished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnfinishedProduct {
    /// Its code.
    product: String,
    /// How much of it.
    #[serde(flatten)]
    found: UnfinishedShown,
}

impl From<Unfinished> for UnfinishedShown {
    fn from(found: Unfinished) -> Self {
        let Unfinished { pairs, gone, before, now } = found;
        Self { pairs, gone, units_before: before, units_now: now }
    }
}

/// Pairs of customer and Sophos product by how they ended; in a preview, by how they would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunCounts {
    /// Right already.
    unchanged: u64,
    /// On a new addition.
    created: u64,
    /// On an addition whose quantity was set.
    updated: u64,
    /// On an addition that is looked after from now on.
    adopted: u64,
    /// Waiting by itself: a later run writes it.
    waiting: u64,
    /// Waiting for a person.
    held: u64,
    /// Not synced, by a decision.
    skipped: u64,
    /// Not synced, because something is wrong.
    failed: u64,
    /// Customers that are done.
    customers: u64,
    /// Additions created in ConnectWise.
    additions_created: u64,
    /// Quantities set in ConnectWise.
    quantities_set: u64,
}

impl RunView {
    pub(crate) fn of(run: &Run, language: Language) -> Self {
        let counts = &run.tally.counts;
        let scope = &run.request.scope;
        let (mut failure, mut cancelled_by, mut superseded_by) = (None, None, None);
        let state = match &run.state {
            RunState::Running => RunStateShown::Running,
            RunState::Succeeded => RunStateShown::Succeeded,
            RunState::Partial => RunStateShown::Partial,
            RunState::Failed(why) => {
                let code = serde_json::to_value(why.code).ok().and_then(|code| code.as_str().map(str::to_owned));
                let (code, advice) = (code.unwrap_or_default(), language.run_advice(why.code));
                failure = Some(RunTrouble { code, what: language.run_failure(why), advice });
                RunStateShown::Failed
            }
            RunState::Cancelled { by } => {
                cancelled_by = Some(by.clone());
                RunStateShown::Cancelled
            }
            RunState::Superseded { by } => {
                superseded_by = Some(by.to_string());
                RunStateShown::Superseded
            }
        };
        Self {
            run_id: run.id.to_string(),
            kind: match run.request.kind {
                RunKind::Scheduled => RunKindShown::Scheduled,
                RunKind::Now => RunKindShown::Now,
                RunKind::Preview => RunKindShown::Preview,
                RunKind::Apply => RunKindShown::Apply,
            },
            month: run.request.month.to_string(),
            state,
            writes: run.writes,
            progress: RunProgress::of(run, language),
            customers: match &scope.customers {
                CustomerFilter::Chosen { customers } => Some(customers.iter().copied().collect()),
                CustomerFilter::Everyone | CustomerFilter::FailedIn { .. } => None,
            },
            failed_in: match &scope.customers {
                CustomerFilter::FailedIn { run } => Some(run.to_string()),
                CustomerFilter::Everyone | CustomerFilter::Chosen { .. } => None,
            },
            ignores_switches: scope.ignores_switches,
            decided_alone: scope.decided_alone,
            preview: run.request.preview.as_ref().map(ToString::to_string),
            asked_by: run.request.asked_by.clone(),
            opened_at: run.opened_at.to_string(),
            ended_at: run.ended_at.map(|at| at.to_string()),
            failure,
            cancelled_by,
            superseded_by,
            vendor_sync: run.members.vendor_sync().map(|sync| VendorSyncShown::of(sync, language)),
            questions: UsageQuestion::all(&run.asked, language),
            unfinished: run.unfinished.map(UnfinishedShown::from),
            unfinished_products: (run.unfinished_products.iter())
                .map(|(code, found)| UnfinishedProduct { product: code.to_string(), found: (*found).into() })
                .collect(),
            counts: RunCounts {
                unchanged: counts.unchanged,
                created: counts.created,
                updated: counts.updated,
                adopted: counts.adopted,
                waiting: counts.waiting,
                held: counts.held,
                skipped: counts.skipped,
                failed: counts.failed,
                customers: counts.customers,
                additions_created: counts.additions_created,
                quantities_set: counts.quantities_set,
            },
            complete: is_complete(run),
            done: BillingChange::of(&run.tally.billing.done),
            waiting: BillingChange::of(&run.tally.billing.total(OutcomeKind::Waiting).change),
            held: BillingChange::of(&run.tally.billing.total(OutcomeKind::Held).change),
            failed: BillingChange::of(&run.tally.billing.total(OutcomeKind::Failed).change),
            psa_calls: run.psa.calls,
        }
    }
}

/// Whether a run's figures are of all that it is about.
pub(crate) fn is_complete(run: &Run) -> bool {
    matches!(run.state, RunState::Succeeded | RunState::Partial) && run.tally.has_usage()
}
