//! Starting runs: a preview, exactly that preview, everything now, or what failed once more.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::domain::id::{PartnerId, RunId};
use shared::domain::month::UsageMonth;
use shared::domain::run::{CustomerFilter, RunScope};
use shared::http::{
    Caller, Done, FieldError, IdempotencyKey, Language, NoQuery, Once, Path, Problem, ProblemBody, ProblemCode, Text,
    Write, answer, count,
};
use shared::start::{Asked, Asker, NotChosen, StartError, choose, start};
use shared::store::{Answer, Attempt, Limited};
use shared::table::Table;
use utoipa::ToSchema;

use crate::view::RunView;
use crate::{Naming, Sender, Time, World};

/// A preview that is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPreview {
    /// The usage month; the present one by default.
    #[serde(default)]
    #[schema(example = "2026-11")]
    month: Option<String>,
    /// Only these customers, by their Sophos ids; all of them by default.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 100)]
    customers: Option<Vec<String>>,
    /// Takes every sync switch for on, to show what would be done if it were. Such a preview cannot be applied.
    #[serde(default)]
    ignore_switches: bool,
}

/// A run that is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewRun {
    /// The usage month; the present one by default.
    #[serde(default)]
    #[schema(example = "2026-11")]
    month: Option<String>,
    /// Only these customers, by their Sophos ids; all of them by default.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 100)]
    customers: Option<Vec<String>>,
}

/// The decided lines that are written now.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WriteDecided {
    /// The usage month; the present one by default.
    #[serde(default)]
    #[schema(example = "2026-11")]
    month: Option<String>,
}

/// What of a preview is applied.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ApplyPreview {
    /// Only these of its customers, by their Sophos ids; all of them by default.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 100)]
    customers: Option<Vec<String>>,
    /// What becomes of additions that the sync never wrote and that the preview shows at another quantity than the usage:
    /// each waits for a decision of its own by default.
    #[serde(default)]
    adoptions: Adoptions,
}

/// What an apply does about additions that the sync never wrote, at another quantity than the usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Adoptions {
    /// They wait.
    #[default]
    Ask,
    /// They are set to the usage, as the preview shows; one that would be set to 0 waits.
    Write,
}

/// Nothing to say beside the path: `{}`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NothingMore {}

/// Start a preview.
///
/// Reads usage and ConnectWise and shows what a sync would do, line by line, in units and money. Writes nothing to
/// ConnectWise: it works with writes off and with rights to read alone. Follow it under `Location`.
#[utoipa::path(
    post,
    path = "/v1/sync/previews",
    operation_id = "startPreview",
    tag = "runs",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = NewPreview, description = "About what; `{}` for all of the present month."),
    responses(
        (status = 202, description = "The preview is under way.", body = RunView,
            headers(("location" = String, description = "Where it is followed."))),
        (status = 409, description = "Nothing is set up, or another run is open: present has its runId.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn start_preview<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<NewPreview>,
) -> Result<Response, Problem> {
    let (world, partner, asked_by) = (&world, caller.partner(), AskedBy::of(&caller));
    let act = |wanted: NewPreview, attempt| async move {
        let month = month(wanted.month.as_deref())?;
        let customers = customers(world, partner, wanted.customers).await?;
        let scope = RunScope { customers, ignores_switches: wanted.ignore_switches, ..RunScope::default() };
        begin(world, partner, asked_by, &attempt, &Asked::Preview { month, scope }).await
    };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

/// Apply a preview.
///
/// Does exactly what the preview showed, on the usage that it read, within 24 hours of its end. Whatever has moved in
/// ConnectWise or in the mappings since is held and named, not guessed.
#[utoipa::path(
    post,
    path = "/v1/sync/previews/{runId}/apply",
    operation_id = "applyPreview",
    tag = "runs",
    security(("token" = ["psa/write"])),
    params(("runId" = String, Path, description = "The preview.", example = "20261130T011200Z-now-0123abcd"), IdempotencyKey),
    request_body(content = ApplyPreview, description = "What of it; `{}` for all of it, without decisions."),
    responses(
        (status = 202, description = "The run is under way.", body = RunView,
            headers(("location" = String, description = "Where it is followed."))),
        (status = 409, description = "The preview cannot be applied, writes are off, or another run is open.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn apply_preview<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    Path(preview): Path<RunId>,
    _: NoQuery,
    once: Once<ApplyPreview>,
) -> Result<Response, Problem> {
    let (world, partner, asked_by) = (&world, caller.partner(), AskedBy::of(&caller));
    let act = |wanted: ApplyPreview, attempt| async move {
        if world.store.find_run(partner, &preview).await?.is_none() {
            return Err(Problem::new(ProblemCode::NotFound));
        }
        let chosen = wanted.customers.is_some();
        let customers = customers(world, partner, wanted.customers).await?;
        let (customers, adopts) = (chosen.then_some(customers), wanted.adoptions == Adoptions::Write);
        begin(world, partner, asked_by, &attempt, &Asked::Apply { preview, customers, adopts }).await
    };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

/// Sync now.
///
/// Carries the month's usage into ConnectWise at once, with all guards: what has to wait for a person waits.
#[utoipa::path(
    post,
    path = "/v1/sync/runs",
    operation_id = "syncNow",
    tag = "runs",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = NewRun, description = "About what; `{}` for all of the present month."),
    responses(
        (status = 202, description = "The run is under way.", body = RunView,
            headers(("location" = String, description = "Where it is followed."))),
        (status = 409, description = "Nothing is set up, writes are off, or another run is open: present has its runId.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn sync_now<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<NewRun>,
) -> Result<Response, Problem> {
    let (world, partner, asked_by) = (&world, caller.partner(), AskedBy::of(&caller));
    let act = |wanted: NewRun, attempt| async move {
        let month = month(wanted.month.as_deref())?;
        let customers = customers(world, partner, wanted.customers).await?;
        let scope = RunScope { customers, ..RunScope::default() };
        begin(world, partner, asked_by, &attempt, &Asked::Now { month, scope }).await
    };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

/// Write the decided lines now.
///
/// A sync of the customers whose lines are decided. It writes those lines and nothing else: what would be written without a
/// decision waits for the next sync, and what is not decided goes on waiting.
#[utoipa::path(
    post,
    path = "/v1/sync/holds/decisions/write",
    operation_id = "writeDecided",
    tag = "holds",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = WriteDecided, description = "Of which month; `{}` for the present one."),
    responses(
        (status = 202, description = "The run is under way.", body = RunView,
            headers(("location" = String, description = "Where it is followed."))),
        (status = 409, description = "Nothing is decided, writes are off, or another run is open: present has its runId.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn write_decided<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<WriteDecided>,
) -> Result<Response, Problem> {
    let (world, partner, asked_by) = (&world, caller.partner(), AskedBy::of(&caller));
    let act = |wanted: WriteDecided, attempt| async move {
        let month = month(wanted.month.as_deref())?;
        begin(world, partner, asked_by, &attempt, &Asked::WriteDecided { month }).await
    };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

/// Retry what failed.
///
/// A new run of the same month about those customers alone that have a failed line; of a run that failed or was cancelled
/// as a whole, about the same customers as that one.
#[utoipa::path(
    post,
    path = "/v1/sync/runs/{runId}/retry",
    operation_id = "retryRun",
    tag = "runs",
    security(("token" = ["psa/write"])),
    params(("runId" = String, Path, description = "The run of which something failed.", example = "20261130T011200Z-now-0123abcd"), IdempotencyKey),
    request_body(content = NothingMore, description = "`{}`"),
    responses(
        (status = 202, description = "The run is under way.", body = RunView,
            headers(("location" = String, description = "Where it is followed."))),
        (status = 409, description = "Nothing failed in it, writes are off, or another run is open.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn retry_run<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    Path(run): Path<RunId>,
    _: NoQuery,
    once: Once<NothingMore>,
) -> Result<Response, Problem> {
    let (world, partner, asked_by) = (&world, caller.partner(), AskedBy::of(&caller));
    let act =
        |_: NothingMore, attempt| async move { begin(world, partner, asked_by, &attempt, &Asked::Retry { run }).await };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

/// Who asks for a run.
struct AskedBy {
    name: String,
    language: Language,
}

impl AskedBy {
    fn of<S>(caller: &Caller<S>) -> Self {
        Self { name: caller.name().to_owned(), language: caller.language() }
    }
}

/// Starts a run and tells where it is followed. A repetition whose first answer was lost finds the same run.
async fn begin<T: Table, Q: Sender, C: Time, I: Naming>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    AskedBy { name, language }: AskedBy,
    attempt: &Attempt,
    asked: &Asked,
) -> Result<Done, Problem> {
    let limited = if matches!(asked, Asked::Preview { .. }) { Limited::Previews } else { Limited::Runs };
    count(&world.store, partner, limited, world.clock.now()).await?;
    let asker = Asker { partner, name, key: attempt.key.clone() };
    let run = start(&world.store, &world.queue, &world.clock, &asker, asked).await.map_err(problem_of)?;
    let location = Some(format!("/v1/sync/runs/{}", run.id));
    Ok(Done::Unkept(Answer { location, ..answer(StatusCode::ACCEPTED, &RunView::of(&run, language))? }))
}

fn problem_of(error: StartError) -> Problem {
    let detail = in_words(&error);
    match error {
        StartError::NotSetUp => Problem::new(ProblemCode::ConnectionMissing).detail(detail),
        StartError::Busy(open) => {
            Problem::new(ProblemCode::RunOpen).detail(detail).present(&json!({ "runId": open.as_str() }))
        }
        StartError::Future(_) => {
            let error = FieldError::body("/month", ProblemCode::Invalid, detail);
            Problem::new(ProblemCode::InvalidRequest).errors([error])
        }
        StartError::WritesOff => Problem::new(ProblemCode::WritesOff),
        StartError::Unknown(_) => Problem::new(ProblemCode::NotFound).detail(detail),
        StartError::NotApplicable { .. } => Problem::new(ProblemCode::PreviewUnusable).detail(detail),
        StartError::NothingToRetry { .. } => Problem::new(ProblemCode::NothingToRetry).detail(detail),
        StartError::NothingDecided(_) => Problem::new(ProblemCode::NothingDecided),
        StartError::Store(error) => error.into(),
        StartError::Queue(error) => error.into(),
        StartError::Id(_) => Problem::new(ProblemCode::Internal),
    }
}

/// What hinders a run.
fn in_words(error: &StartError) -> Text {
    let italian = match error {
        StartError::NotSetUp => {
            "Non è salvata nessuna connessione a ConnectWise: non c'è nulla da sincronizzare.".to_owned()
        }
        StartError::Busy(run) => format!("La sincronizzazione {run} è in corso."),
        StartError::Future(month) => format!("Il mese {month} non è ancora iniziato."),
        StartError::WritesOff => "Le scritture in ConnectWise sono disattivate.".to_owned(),
        StartError::Unknown(run) => format!("Non c'è nessuna sincronizzazione {run}."),
        StartError::NotApplicable { preview, why } => {
            format!("L'anteprima {preview} non si può applicare: {}.", Text::from(*why).in_language(Language::Italian))
        }
        StartError::NothingToRetry { run, why } => {
            let why = Text::from(*why);
            format!("Nella sincronizzazione {run} non c'è nulla da ripetere: {}.", why.in_language(Language::Italian))
        }
        StartError::NothingDecided(month) => {
            format!("Per il mese {month} non è deciso nulla che una sincronizzazione scriverebbe.")
        }
        StartError::Store(_) | StartError::Queue(_) | StartError::Id(_) => {
            "Il servizio non è al momento disponibile.".to_owned()
        }
    };
    Text::new(error.to_string(), italian)
}

fn month(text: Option<&str>) -> Result<Option<UsageMonth>, Problem> {
    text.map(UsageMonth::parse).transpose().map_err(|error| {
        let error = FieldError::body("/month", ProblemCode::Invalid, error);
        Problem::new(ProblemCode::InvalidRequest).errors([error])
    })
}

/// The chosen customers; all that cannot be chosen are reported.
async fn customers<T: Table, Q, C, I>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    chosen: Option<Vec<String>>,
) -> Result<CustomerFilter, Problem> {
    let at = |pointer: String, detail: Text| FieldError::body(pointer, ProblemCode::Invalid, detail);
    let errors: Vec<FieldError> = match choose(&world.store, partner, chosen.as_deref()).await? {
        Ok(customers) => return Ok(customers),
        Err(NotChosen::These(each)) => {
            each.into_iter().map(|(n, detail)| at(format!("/customers/{n}"), detail)).collect()
        }
        Err(count @ NotChosen::Count) => vec![at("/customers".to_owned(), Text::from(&count))],
    };
    Err(Problem::new(ProblemCode::InvalidRequest).errors(errors))
}
