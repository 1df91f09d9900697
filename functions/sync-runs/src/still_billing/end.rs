//! Ending additions that are billed and no longer synced: a decision, carried out by the next run that writes.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::ending::{EndBy, Ending, EndingKey};
use shared::domain::id::{AdditionId, AgreementId, PartnerId};
use shared::http::{
    Caller, Done, FieldError, IdempotencyKey, Language, NoQuery, Once, Problem, ProblemBody, ProblemCode, Text, Write,
    answer,
};
use shared::store::{Attempt, Author, Keep};
use shared::table::Table;
use utoipa::ToSchema;

use super::Found;
use super::row::{EndChoice, StillBilling};
use crate::{Naming, Sender, Time, World};

/// The most additions of one request.
const MOST: usize = 50;
/// The most characters of a reason.
const MAX_WHY: usize = 500;

/// Additions that are to be ended.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EndAdditions {
    /// Each about another addition.
    #[schema(min_items = 1, max_items = 50)]
    additions: Vec<EndAddition>,
}

/// What is to be done about one addition.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EndAddition {
    /// Its agreement.
    agreement_id: i64,
    /// The addition.
    addition_id: i64,
    /// Its `version`, as it was listed: what the person saw.
    version: String,
    /// What is to be done.
    choice: EndChoice,
    /// For `cancelOn` alone: the cancelled date that the addition gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, example = "2026-11-30")]
    date: Option<String>,
    /// Why, in your words; kept with who and when.
    #[schema(min_length = 1, max_length = 500)]
    why: String,
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdditionsEnded {
    /// How many additions the next run that writes ends.
    ended: usize,
    /// The additions as they are now, in the order of the request.
    additions: Vec<StillBilling>,
    /// What to know before a run carries it out.
    warnings: Vec<String>,
}

/// One row of a request, read.
struct Wanted {
    key: EndingKey,
    /// None for one that is left as it is.
    by: Option<EndBy>,
    why: String,
}

/// End additions that are no longer synced.
///
/// `setToZero` has the next run that writes set the quantity to 0, `cancelOn` the cancelled date to `date`; `leave` takes
/// that back, until a run has carried it out.
/// An addition that somebody changes in ConnectWise meanwhile is left alone, and the run says so. Usage that waits for a
/// decision goes on waiting. All rows are checked before anything is decided.
#[utoipa::path(
    post,
    path = "/v1/sync/still-billing/end",
    operation_id = "endStillBilling",
    tag = "runs",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = EndAdditions, description = "One choice an addition, at most 50."),
    responses(
        (status = 200, description = "What is decided.", body = AdditionsEnded),
        (status = 412, description = "Some moved since they were seen; present has those that are listed as they are now. Nothing is decided.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn end_still_billing<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<EndAdditions>,
) -> Result<Response, Problem> {
    let (world, partner, who, language) = (&world, caller.partner(), caller.name().to_owned(), caller.language());
    let act = |wanted: EndAdditions, attempt| async move { end(world, partner, language, who, wanted, &attempt).await };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

async fn end<T: Table, Q, C: Time, I>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    language: Language,
    who: String,
    request: EndAdditions,
    attempt: &Attempt,
) -> Result<Done, Problem> {
    let store = &world.store;
    let wanted = read(&request.additions)?;
    let seen = seen(&request.additions, &wanted, list(world, partner, language, &wanted).await?)?;
    let now = world.clock.now();
    let mut ended = 0;
    for (wanted, found) in wanted.iter().zip(&seen) {
        let Some(by) = wanted.by else {
            let author = Author { who: who.clone(), at: now, note: Some(wanted.why.clone()) };
            store.take_ending_back(partner, wanted.key, &author).await?;
            continue;
        };
        let ending = Ending {
            key: wanted.key,
            customer: found.customer,
            product: found.product,
            parts: found.parts.clone(),
            quantity: found.quantity,
            by,
            who: who.clone(),
            why: wanted.why.clone(),
            at: now,
            hold: None,
            sent: None,
            done: None,
        };
        // With its entry in the audit: a request that dies here is repeated and decides the rest.
        store.put_ending(partner, &ending).await?;
        ended += 1;
    }
    let after = list(world, partner, language, &wanted).await?;
    let now = |wanted: &Wanted| after.iter().find(|found| found.key == wanted.key).map(|found| found.row.clone());
    let additions = wanted.iter().zip(seen).map(|(wanted, before)| now(wanted).unwrap_or(before.row)).collect();
    let warnings = warnings(&wanted, language);
    let response = answer(StatusCode::OK, &AdditionsEnded { ended, additions, warnings })?;
    let same = |(): &()| Ok(response.clone());
    store.add_edits(partner, &[], Some(&Keep { attempt, answer: &same })).await?;
    Ok(Done::Kept(response))
}

/// What to know of the ways in which additions are ended.
fn warnings(wanted: &[Wanted], language: Language) -> Vec<String> {
    let any = |chosen: fn(EndBy) -> bool| wanted.iter().filter_map(|wanted| wanted.by).any(chosen);
    let to_zero = (
        "A line of 0 may print on the next ConnectWise invoice. What the present quantity bills there until the run is not \
         credited.",
        "Una riga a 0 può comparire sulla prossima fattura ConnectWise. Ciò che la quantità attuale vi fattura fino alla \
         sincronizzazione non viene accreditato.",
    );
    let cancelled = (
        "Days after the cancelled date that ConnectWise has invoiced already are credited on the next ConnectWise invoice \
         if the agreement is prorated, and not at all if it is not.",
        "I giorni dopo la fine (Cancelled Date) già fatturati da ConnectWise vengono accreditati sulla prossima fattura \
         ConnectWise se l'Agreement è pro rata, altrimenti non vengono accreditati.",
    );
    let to_zero = any(|by| by == EndBy::SetToZero).then_some(to_zero);
    let cancelled = any(|by| matches!(by, EndBy::CancelOn { .. })).then_some(cancelled);
    to_zero.into_iter().chain(cancelled).map(|(english, italian)| language.pick(english, italian).to_owned()).collect()
}

/// What is listed of the agreements that the rows are about.
async fn list<T: Table, Q, C: Time, I>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    language: Language,
    wanted: &[Wanted],
) -> Result<Vec<Found>, Problem> {
    let agreements: BTreeSet<AgreementId> = wanted.iter().map(|wanted| wanted.key.agreement).collect();
    let snapshots = world.store.find_snapshots(partner, &Vec::from_iter(agreements)).await?;
    super::list(world, partner, language, &Vec::from_iter(snapshots)).await
}

/// Which additions the rows are about; everything that is wrong with them at once.
fn read(rows: &[EndAddition]) -> Result<Vec<Wanted>, Problem> {
    let refused = |errors: Vec<FieldError>| Problem::new(ProblemCode::InvalidRequest).errors(errors);
    if !(1..=MOST).contains(&rows.len()) {
        let detail = Text::new(
            format!("Send 1 to {MOST} additions at a time."),
            format!("Inviare da 1 a {MOST} addition alla volta."),
        );
        return Err(refused(vec![FieldError::body("/additions", ProblemCode::Invalid, detail)]));
    }
    let (mut wanted, mut errors, mut met) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (n, row) in rows.iter().enumerate() {
        let mut wrong = |field: &str, detail: Text| {
            errors.push(FieldError::body(format!("/additions/{n}/{field}"), ProblemCode::Invalid, detail));
        };
        let agreement = AgreementId::try_from(row.agreement_id).map_err(|error| wrong("agreementId", error.into()));
        let addition = AdditionId::try_from(row.addition_id).map_err(|error| wrong("additionId", error.into()));
        let why = row.why.trim();
        if why.is_empty() || why.chars().count() > MAX_WHY {
            wrong("why", say_why(MAX_WHY));
        }
        if let (Ok(agreement), Ok(addition)) = (agreement, addition) {
            let key = EndingKey { agreement, addition };
            if !met.insert(key) {
                let detail =
                    ("An earlier row is about this addition.", "Una riga precedente riguarda questa addition.");
                wrong("additionId", Text::new(detail.0, detail.1));
            }
            let by = way(row).map_err(|detail| wrong("date", detail)).unwrap_or_default();
            wanted.push(Wanted { key, by, why: why.to_owned() });
        }
    }
    if errors.is_empty() { Ok(wanted) } else { Err(refused(errors)) }
}

/// How a row wants its addition to be ended, or why its date says nothing.
fn way(row: &EndAddition) -> Result<Option<EndBy>, Text> {
    let detail = |english: &str, italian: &str| Err(Text::new(english, italian));
    match (row.choice, &row.date) {
        (EndChoice::CancelOn, Some(date)) => {
            let day = date.parse::<Date>().ok();
            let named = day.map(|day| Some(EndBy::CancelOn { day }));
            named
                .map_or_else(|| detail("Expected a day such as 2026-11-30.", "Indicare un giorno come 2026-11-30."), Ok)
        }
        (EndChoice::CancelOn, None) => {
            detail("Say which cancelled date it gets.", "Indicare quale fine (Cancelled Date) riceve.")
        }
        (EndChoice::SetToZero | EndChoice::Leave, Some(_)) => {
            detail("Only cancelOn has a date; leave it out.", "Solo cancelOn ha una data; va lasciata fuori.")
        }
        (EndChoice::SetToZero, None) => Ok(Some(EndBy::SetToZero)),
        (EndChoice::Leave, None) => Ok(None),
    }
}

/// The additions as the person saw them. One that has moved, or is no longer listed, stops all of them.
fn seen(rows: &[EndAddition], wanted: &[Wanted], listed: Vec<Found>) -> Result<Vec<Found>, Problem> {
    let (mut moved, mut seen) = (Vec::new(), Vec::new());
    for (n, (row, wanted)) in rows.iter().zip(wanted).enumerate() {
        let pointer = format!("/additions/{n}/version");
        match listed.iter().find(|found| found.key == wanted.key) {
            None => {
                let detail = Text::new(
                    "It is no longer billed without a sync: look at the list again.",
                    "Non è più fatturata senza sincronizzazione: guardare di nuovo l'elenco.",
                );
                moved.push(FieldError::body(pointer, ProblemCode::NotFound, detail));
            }
            Some(found) if found.row.version() != row.version => {
                let addition = row.addition_id;
                let detail = Text::new(
                    format!("What is billed on addition {addition} is no longer what you saw."),
                    format!("Ciò che è fatturato sulla addition {addition} non è più quello che è stato mostrato."),
                );
                moved.push(FieldError::body(pointer, ProblemCode::VersionMismatch, detail));
            }
            Some(found) => seen.push(found.clone()),
        }
    }
    if moved.is_empty() {
        return Ok(seen);
    }
    let present: Vec<StillBilling> = listed.into_iter().map(|found| found.row).collect();
    Err(Problem::new(ProblemCode::VersionMismatch).errors(moved).present(&present))
}

/// What is said to whoever gives no reason, or too long a one.
fn say_why(most: usize) -> Text {
    Text::new(
        format!("Say why, in at most {most} characters."),
        format!("Indicare il motivo, in al massimo {most} caratteri."),
    )
}
