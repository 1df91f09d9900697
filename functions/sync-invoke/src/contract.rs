//! The event and the answer, as other services write and read them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::domain::run::{Run, RunKind, RunState};
use utoipa::{PartialSchema, ToSchema};

/// The version of the contract that this release speaks.
pub const VERSION: &str = "1";

/// What another service sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvokeEvent {
    /// `1`.
    #[schema(pattern = "^1$")]
    pub version: String,
    /// What is asked for.
    pub operation: Operation,
    /// The partner's id in Sophos Central.
    #[schema(format = "uuid")]
    pub partner_id: String,
    /// A new text for each event that starts something, and the same text with each repetition of it within 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255)]
    pub idempotency_key: Option<String>,
    /// What the operation takes: see `StartSyncInput`, `PreviewInput` and `GetRunInput`.
    #[serde(default = "nothing")]
    #[schema(value_type = Object)]
    pub input: Value,
}

fn nothing() -> Value {
    json!({})
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// Sync now, or apply a preview.
    StartSync,
    /// Show what a sync would do; writes nothing to ConnectWise.
    Preview,
    /// How a run stands.
    GetRun,
}

impl Operation {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::StartSync, Self::Preview, Self::GetRun].into_iter().find(|operation| operation.word() == text)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::StartSync => "startSync",
            Self::Preview => "preview",
            Self::GetRun => "getRun",
        }
    }
}

/// What `startSync` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartSyncInput {
    /// The usage month, such as `2026-11`; the present one by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Option<String>,
    /// Only these customers, by their Sophos ids; all of them by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub customers: Option<Vec<String>>,
    /// Applies exactly this preview; then neither month nor customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

/// What `preview` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviewInput {
    /// The usage month, such as `2026-11`; the present one by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Option<String>,
    /// Only these customers, by their Sophos ids; all of them by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub customers: Option<Vec<String>>,
    /// Takes every sync switch for on. Such a preview cannot be applied.
    #[serde(default)]
    pub ignore_switches: bool,
}

/// What `getRun` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetRunInput {
    /// The run.
    pub run_id: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvokeAnswer {
    /// `1`.
    #[schema(pattern = "^1$")]
    pub version: String,
    /// The run that was started or asked for.
    pub result: InvokedRun,
}

/// A run as other services see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvokedRun {
    /// Its id.
    pub run_id: String,
    /// What asked for it.
    pub kind: InvokedKind,
    /// The usage month.
    pub month: String,
    /// How it stands.
    pub state: InvokedState,
    /// Whether it is over: nothing of it changes any more.
    pub over: bool,
    /// Whether it may write to ConnectWise.
    pub writes: bool,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// Why it came to nothing, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The run of the month before that stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    /// Pairs of customer and Sophos product by how they ended.
    pub counts: InvokedCounts,
}

/// What asked for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum InvokedKind {
    /// The schedule.
    Scheduled,
    /// Somebody: sync now.
    Now,
    /// A preview.
    Preview,
    /// A preview that is applied.
    Apply,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum InvokedState {
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

/// Pairs of customer and Sophos product by how they ended, and writes to ConnectWise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvokedCounts {
    /// Right already.
    pub unchanged: u64,
    /// On a new addition.
    pub created: u64,
    /// On an addition whose quantity was set.
    pub updated: u64,
    /// On an addition that is looked after from now on.
    pub adopted: u64,
    /// Waiting by itself: a later run writes it.
    #[serde(default)]
    pub waiting: u64,
    /// Waiting for a person.
    pub held: u64,
    /// Not synced, by a decision.
    pub skipped: u64,
    /// Not synced, because something is wrong.
    pub failed: u64,
    /// Additions created in ConnectWise.
    pub additions_created: u64,
    /// Quantities set in ConnectWise.
    pub quantities_set: u64,
}

impl InvokedRun {
    pub(crate) fn of(run: &Run) -> Self {
        let counts = &run.tally.counts;
        let (state, failure, superseded_by) = match &run.state {
            RunState::Running => (InvokedState::Running, None, None),
            RunState::Succeeded => (InvokedState::Succeeded, None, None),
            RunState::Partial => (InvokedState::Partial, None, None),
            RunState::Failed(failure) => (InvokedState::Failed, Some(failure.to_string()), None),
            RunState::Cancelled { .. } => (InvokedState::Cancelled, None, None),
            RunState::Superseded { by } => (InvokedState::Superseded, None, Some(by.to_string())),
        };
        Self {
            run_id: run.id.to_string(),
            kind: match run.request.kind {
                RunKind::Scheduled => InvokedKind::Scheduled,
                RunKind::Now => InvokedKind::Now,
                RunKind::Preview => InvokedKind::Preview,
                RunKind::Apply => InvokedKind::Apply,
            },
            month: run.request.month.to_string(),
            state,
            over: run.state.is_over(),
            writes: run.writes,
            opened_at: run.opened_at.to_string(),
            ended_at: run.ended_at.map(|at| at.to_string()),
            failure,
            superseded_by,
            counts: InvokedCounts {
                unchanged: counts.unchanged,
                created: counts.created,
                updated: counts.updated,
                adopted: counts.adopted,
                waiting: counts.waiting,
                held: counts.held,
                skipped: counts.skipped,
                failed: counts.failed,
                additions_created: counts.additions_created,
                quantities_set: counts.quantities_set,
            },
        }
    }
}

/// The JSON Schema (2020-12) of the event, its inputs and the answer, as it is committed.
///
/// # Errors
/// A type whose schema is no JSON.
pub fn schema() -> Result<Value, serde_json::Error> {
    let mut all = vec![
        (InvokeEvent::name().into_owned(), InvokeEvent::schema()),
        (StartSyncInput::name().into_owned(), StartSyncInput::schema()),
        (PreviewInput::name().into_owned(), PreviewInput::schema()),
        (GetRunInput::name().into_owned(), GetRunInput::schema()),
        (InvokeAnswer::name().into_owned(), InvokeAnswer::schema()),
    ];
    InvokeEvent::schemas(&mut all);
    InvokeAnswer::schemas(&mut all);
    let mut defs = serde_json::Map::new();
    for (name, schema) in all {
        defs.insert(name, serde_json::to_value(schema)?);
    }
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The direct contract of sync-invoke, version 1",
        "oneOf": [{ "$ref": "#/$defs/InvokeEvent" }, { "$ref": "#/$defs/InvokeAnswer" }],
        "$defs": defs,
    });
    serde_json::from_str(&document.to_string().replace("#/components/schemas/", "#/$defs/"))
}
