//! Deciding what waits: one by one or many at once, each about exactly what the person saw.

mod request;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde::Serialize;
use shared::domain::decision::{Decision, StandingHold};
use shared::domain::ending::{EndBy, Ending, EndingKey};
use shared::domain::id::PartnerId;
use shared::domain::outcome::Place;
use shared::error::StoreError;
use shared::http::{
    Caller, Done, FieldError, IdempotencyKey, Language, NoQuery, Once, Problem, ProblemBody, ProblemCode, Text, Write,
    answer,
};
use shared::remember::remember_reading;
use shared::store::{Attempt, Author, Keep, Store};
use shared::table::Table;
use utoipa::ToSchema;

use self::request::{Asked, Decisions, moved_on, read, seen};
use crate::holds::HoldRow;
use crate::names::Display;
use crate::{Naming, Sender, Time, World};

/// What became of decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoldsDecided {
    /// How many are decided; the next run carries them out.
    decided: usize,
    /// The holds as they are now, in the order of the request.
    holds: Vec<HoldRow>,
    /// The places in the request (from 0) of those that moved at this very moment: decide them again.
    moved: Vec<usize>,
}

/// Decide what waits.
///
/// `release` has the next run write the usage, as long as nothing of it has moved by then; `reject` keeps what ConnectWise
/// has for the usage month; `useQuantity` has the next run write another quantity than the usage, for this usage month or
/// until a later one (see *listOverrides*). `takeBack` makes it wait again. All rows are checked before any is decided. A new
/// decision replaces the one before.
#[utoipa::path(
    post,
    path = "/v1/sync/holds/decisions",
    operation_id = "decideHolds",
    tag = "holds",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = Decisions, description = "One decision a hold, at most 100."),
    responses(
        (status = 200, description = "What is decided.", body = HoldsDecided),
        (status = 412, description = "Some moved since they were seen; present has all of them as they are now. Nothing is decided.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn decide_holds<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<Decisions>,
) -> Result<Response, Problem> {
    let (world, partner, who, language) = (&world, caller.partner(), caller.name().to_owned(), caller.language());
    let act = |wanted: Decisions, attempt| async move { decide(world, partner, language, who, wanted, &attempt).await };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

async fn decide<T: Table, Q, C: Time, I>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    language: Language,
    who: String,
    Decisions { decisions }: Decisions,
    attempt: &Attempt,
) -> Result<Done, Problem> {
    let store = &world.store;
    let asked = read(&decisions)?;
    let now = world.clock.now();
    let display = Display::read(world, partner, language).await?;
    let mut standing = Vec::new();
    for asked in &asked {
        standing.push(store.find_hold(partner, asked.key).await?);
    }
    let standing = seen(&asked, standing, &who, &display)?;
    let (mut moved, mut decided) = (Vec::new(), 0);
    for (n, (asked, hold)) in asked.iter().zip(&standing).enumerate() {
        let author = Author { who: who.clone(), at: now, note: Some(asked.why.clone()) };
        match decide_one(store, partner, asked, hold, &author).await {
            // With its entry in the audit: a request that dies here has said what it did, and decides the rest when it is
            // repeated.
            Ok(()) => {
                decided += 1;
                end_elsewhere(store, partner, hold, asked.wanted.moves(), &author).await?;
                if let Some(reading) = asked.wanted.reading() {
                    remember_reading(store, partner, &author, hold, reading).await?;
                }
            }
            Err(StoreError::Conflict { .. }) => moved.push(n),
            Err(error) => return Err(error.into()),
        }
    }
    let mut holds = Vec::new();
    for before in &standing {
        let after = store.find_hold(partner, before.key).await?;
        holds.push(HoldRow::of(after.as_ref().unwrap_or(before), &display)?);
    }
    if decided == 0 {
        let detail = |n: usize| {
            let name = standing.get(n).map(|hold| hold.name.as_str()).unwrap_or_default();
            let detail = Text::in_each(|language| moved_on(language, name));
            FieldError::body(format!("/decisions/{n}/version"), ProblemCode::VersionMismatch, detail)
        };
        let errors: Vec<FieldError> = moved.into_iter().map(detail).collect();
        return Err(Problem::new(ProblemCode::VersionMismatch).errors(errors).present(&holds));
    }
    let response = answer(StatusCode::OK, &HoldsDecided { decided, holds, moved })?;
    let same = |(): &()| Ok(response.clone());
    store.add_edits(partner, &[], Some(&Keep { attempt, answer: &same })).await?;
    Ok(Done::Kept(response))
}

/// Stores what the person wants, or takes back what was decided.
async fn decide_one<T: Table>(
    store: &Store<T>,
    partner: PartnerId,
    asked: &Asked,
    hold: &StandingHold,
    author: &Author,
) -> Result<(), StoreError> {
    let Some(verdict) = asked.wanted.verdict_on(hold) else {
        return match &hold.decision {
            Some(decision) => store.take_decision_back(partner, hold.key, decision, author).await,
            None => Ok(()),
        };
    };
    let decision = Decision {
        verdict,
        who: author.who.clone(),
        reason: asked.reason,
        why: asked.why.clone(),
        at: author.at,
        basis: hold.basis.clone(),
        reading: asked.wanted.reading(),
        moves: asked.wanted.moves(),
    };
    store.decide_hold_over(partner, hold.key, hold.decision.as_ref(), &decision).await
}

/// Has the lines elsewhere end, where the product moves here; takes that back where another decision replaces this one.
async fn end_elsewhere<T: Table>(
    store: &Store<T>,
    partner: PartnerId,
    hold: &StandingHold,
    moves: Option<Date>,
    author: &Author,
) -> Result<(), Problem> {
    for line in hold.hold.lines_elsewhere() {
        let agreement = match line.place {
            Place::OtherAgreement { agreement, .. } => agreement,
            Place::MappedAgreement => hold.basis.agreement,
        };
        let key = EndingKey { agreement, addition: line.addition };
        let Some(day) = moves else {
            if hold.decision.as_ref().is_some_and(|before| before.moves.is_some()) {
                store.take_ending_back(partner, key, author).await?;
            }
            continue;
        };
        let ending = Ending {
            key,
            customer: hold.key.customer,
            product: line.product,
            parts: hold.parts.clone(),
            quantity: line.quantity,
            by: EndBy::CancelOn { day },
            who: author.who.clone(),
            why: author.note.clone().unwrap_or_default(),
            at: author.at,
            hold: Some(hold.key),
            sent: None,
            done: None,
        };
        store.put_ending(partner, &ending).await?;
    }
    Ok(())
}
