//! Deciding what waits: one by one or many at once, each about exactly what the person saw.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::decision::{Decision, HoldKey, StandingHold, Verdict};
use shared::domain::ending::{EndBy, Ending, EndingKey};
use shared::domain::id::{CustomerId, PartnerId, PsaProductId};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Hold, Place, Would};
use shared::error::StoreError;
use shared::http::{
    Caller, Done, FieldError, IdempotencyKey, Language, NoQuery, Once, Problem, ProblemBody, ProblemCode, Write, answer,
};
use shared::remember::remember_reading;
use shared::store::{Attempt, Author, Keep, Store};
use shared::table::Table;
use utoipa::ToSchema;

use crate::holds::{HoldRow, VerdictShown, version_of};
use crate::names::Display;
use crate::readings::{ReadingName, in_words};
use crate::{Naming, Sender, Time, World};

/// The most decisions of one request.
const MOST: usize = 100;
/// The most characters of a reason.
pub(crate) const MAX_WHY: usize = 500;

/// Decisions on what waits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Decisions {
    /// Each about another hold.
    #[schema(min_items = 1, max_items = 100)]
    decisions: Vec<HoldDecision>,
}

/// A decision on one hold.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HoldDecision {
    /// The hold's usage month.
    #[schema(example = "2026-11")]
    month: String,
    /// Its customer.
    customer_id: String,
    /// Its ConnectWise product.
    psa_product_id: i64,
    /// Its `version`, as it was listed: what the person saw.
    version: String,
    /// What is to be done.
    verdict: VerdictShown,
    /// For the release of a hold that offers `readings` alone: the one that is right. It is remembered for the Sophos
    /// product, and used for its other customers too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    reading: Option<ReadingName>,
    /// For the release of a hold `billedElsewhere` alone: the product moves here. The lines elsewhere get this cancelled
    /// date, and the new addition begins on the day after, or with the next billing period. Not after the usage month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, example = "2026-11-30")]
    move_on: Option<String>,
    /// Why, in your words; kept with who and when.
    #[schema(min_length = 1, max_length = 500)]
    why: String,
}

impl HoldDecision {
    /// The cancelled date of the lines elsewhere; none that can be read counts as none.
    fn moves(&self) -> Option<Date> {
        self.move_on.as_deref()?.parse().ok()
    }
}

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
/// `release` has the next run write it, as long as nothing of it has moved by then; `reject` keeps what ConnectWise has for
/// the usage month. All rows are checked before any is decided. A new decision replaces the one before.
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
    let act =
        |wanted: Decisions, attempt| async move { decide(world, (partner, language), who, wanted, &attempt).await };
    once.run(&world.store, (&world.clock, &world.ids), partner, act).await
}

async fn decide<T: Table, Q, C: Time, I>(
    world: &World<T, Q, C, I>,
    (partner, language): (PartnerId, Language),
    who: String,
    Decisions { decisions }: Decisions,
    attempt: &Attempt,
) -> Result<Done, Problem> {
    let store = &world.store;
    let keys = keys(&decisions, language)?;
    let now = world.clock.now();
    let display = Display::read(world, partner, language).await?;
    let mut standing = Vec::new();
    for key in &keys {
        standing.push(store.find_hold(partner, *key).await?);
    }
    let standing = seen(&decisions, standing, &who, &display)?;
    let (mut moved, mut decided) = (Vec::new(), 0);
    for (n, (wanted, hold)) in decisions.iter().zip(&standing).enumerate() {
        let decision = Decision {
            verdict: wanted.verdict.verdict(),
            who: who.clone(),
            why: wanted.why.trim().to_owned(),
            at: now,
            basis: hold.basis.clone(),
            reading: wanted.reading.map(ReadingName::reading),
            moves: wanted.moves(),
        };
        match store.decide_hold_over(partner, hold.key, hold.decision.as_ref(), &decision).await {
            // With its entry in the audit: a request that dies here has said what it did, and decides the rest when it is
            // repeated.
            Ok(()) => {
                decided += 1;
                end_elsewhere(store, partner, hold, &decision).await?;
                if let Some(reading) = decision.reading {
                    let author = Author { who: who.clone(), at: now, note: Some(decision.why) };
                    remember_reading(store, partner, &author, hold, reading).await?;
                }
            }
            Err(StoreError::Conflict { .. }) => moved.push(n),
            Err(error) => return Err(error.into()),
        }
    }
    let mut holds = Vec::new();
    for (key, before) in keys.iter().zip(&standing) {
        let after = store.find_hold(partner, *key).await?;
        holds.push(HoldRow::of(after.as_ref().unwrap_or(before), &display)?);
    }
    if decided == 0 {
        let detail = |n: usize| {
            let name = standing.get(n).map(|hold| hold.name.as_str()).unwrap_or_default();
            let detail = moved_on(language, name);
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

/// Has the lines elsewhere end, where the product moves here; takes that back where another decision replaces this one.
async fn end_elsewhere<T: Table>(
    store: &Store<T>,
    partner: PartnerId,
    hold: &StandingHold,
    decision: &Decision,
) -> Result<(), Problem> {
    for line in hold.hold.lines_elsewhere() {
        let agreement = match line.place {
            Place::OtherAgreement { agreement, .. } => agreement,
            Place::MappedAgreement => hold.basis.agreement,
        };
        let key = EndingKey { agreement, addition: line.addition };
        let Some(day) = decision.moves else {
            if hold.decision.as_ref().is_some_and(|before| before.moves.is_some()) {
                let author = Author { who: decision.who.clone(), at: decision.at, note: Some(decision.why.clone()) };
                store.take_ending_back(partner, key, &author).await?;
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
            who: decision.who.clone(),
            why: decision.why.clone(),
            at: decision.at,
            hold: Some(hold.key),
            sent: None,
            done: None,
        };
        store.put_ending(partner, &ending).await?;
    }
    Ok(())
}

fn moved_on(language: Language, name: &str) -> String {
    match language {
        Language::English => format!("What waits of {name} is no longer what you saw."),
        Language::Italian => format!("Ciò che attende di {name} non è più quello che è stato mostrato."),
    }
}

/// What is said to whoever gives no reason, or too long a one.
pub(crate) fn say_why(language: Language, most: usize) -> String {
    match language {
        Language::English => format!("Say why, in at most {most} characters."),
        Language::Italian => format!("Indicare il motivo, in al massimo {most} caratteri."),
    }
}

/// Which holds the rows are about; everything that is wrong with them at once.
fn keys(decisions: &[HoldDecision], language: Language) -> Result<Vec<HoldKey>, Problem> {
    let refused = |errors: Vec<FieldError>| Problem::new(ProblemCode::InvalidRequest).errors(errors);
    if !(1..=MOST).contains(&decisions.len()) {
        let detail = match language {
            Language::English => format!("Send 1 to {MOST} decisions at a time."),
            Language::Italian => format!("Inviare da 1 a {MOST} decisioni alla volta."),
        };
        return Err(refused(vec![FieldError::body("/decisions", ProblemCode::Invalid, detail)]));
    }
    let (mut keys, mut errors, mut met) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (n, wanted) in decisions.iter().enumerate() {
        let mut wrong = |field: &str, detail: String| {
            errors.push(FieldError::body(format!("/decisions/{n}/{field}"), ProblemCode::Invalid, detail));
        };
        let month = UsageMonth::parse(&wanted.month).map_err(|error| wrong("month", error.to_string()));
        let customer = CustomerId::parse(&wanted.customer_id).map_err(|error| wrong("customerId", error.to_string()));
        let product =
            PsaProductId::try_from(wanted.psa_product_id).map_err(|error| wrong("psaProductId", error.to_string()));
        let why = wanted.why.trim();
        if why.is_empty() || why.chars().count() > MAX_WHY {
            wrong("why", say_why(language, MAX_WHY));
        }
        match (&wanted.move_on, wanted.moves()) {
            (Some(_), None) => wrong(
                "moveOn",
                language.pick("Expected a day such as 2026-11-30.", "Indicare un giorno come 2026-11-30.").to_owned(),
            ),
            (Some(_), Some(_)) if wanted.verdict.verdict() == Verdict::Reject => {
                wrong(
                    "moveOn",
                    language
                        .pick(
                            "Only what is released can move here; leave the day out.",
                            "Solo ciò che viene scritto può spostarsi qui; il giorno va lasciato fuori.",
                        )
                        .to_owned(),
                );
            }
            (_, Some(day)) if month.as_ref().is_ok_and(|month| day > month.last_day()) => {
                wrong(
                    "moveOn",
                    language
                        .pick(
                            "Choose a day that is not after the usage month.",
                            "Scegliere un giorno che non sia dopo il mese di utilizzo.",
                        )
                        .to_owned(),
                );
            }
            _ => {}
        }
        if wanted.reading.is_some() && wanted.verdict.verdict() == Verdict::Reject {
            let detail = (
                "Only a release has a reading; leave it out.",
                "Solo chi scrive sceglie una lettura; va lasciata fuori.",
            );
            wrong("reading", language.pick(detail.0, detail.1).to_owned());
        }
        if let (Ok(month), Ok(customer), Ok(product)) = (month, customer, product) {
            let key = HoldKey { month, customer, product };
            if !met.insert(key) {
                let detail = ("This hold is decided in an earlier row.", "Una riga precedente decide già questa voce.");
                wrong("psaProductId", language.pick(detail.0, detail.1).to_owned());
            }
            keys.push(key);
        }
    }
    if errors.is_empty() { Ok(keys) } else { Err(refused(errors)) }
}

/// Whether this is what the same person has decided already: a repetition of a request that died in between.
fn is_decided(wanted: &HoldDecision, hold: &StandingHold, who: &str) -> bool {
    hold.decision.as_ref().is_some_and(|decision| {
        decision.verdict == wanted.verdict.verdict()
            && decision.who == who
            && decision.why == wanted.why.trim()
            && decision.basis == hold.basis
            && decision.reading == wanted.reading.map(ReadingName::reading)
            && decision.moves == wanted.moves()
    })
}

/// The holds as the person saw them. One that has moved, was decided by somebody else, is gone or cannot be released stops
/// all of them.
fn seen(
    decisions: &[HoldDecision],
    standing: Vec<Option<StandingHold>>,
    who: &str,
    display: &Display,
) -> Result<Vec<StandingHold>, Problem> {
    let (mut moved, mut stuck, mut holds) = (Vec::new(), Vec::new(), Vec::new());
    for (n, (wanted, found)) in decisions.iter().zip(standing).enumerate() {
        let pointer = |field: &str| format!("/decisions/{n}/{field}");
        let Some(hold) = found else {
            let detail = display.language.pick(
                "It no longer waits: a later run has settled it.",
                "Non è più in attesa: una sincronizzazione successiva l'ha risolta.",
            );
            moved.push(FieldError::body(pointer("version"), ProblemCode::NotFound, detail));
            continue;
        };
        if version_of(&hold)? != wanted.version && !is_decided(wanted, &hold, who) {
            let detail = moved_on(display.language, &hold.name);
            moved.push(FieldError::body(pointer("version"), ProblemCode::VersionMismatch, detail));
        } else if wanted.verdict.verdict() == Verdict::Release {
            stuck.extend(
                not_releasable(wanted, &hold, display.language)
                    .map(|(field, detail)| FieldError::body(pointer(field), ProblemCode::NotReleasable, detail)),
            );
        }
        holds.push(hold);
    }
    if !moved.is_empty() {
        let present: Vec<HoldRow> = holds.iter().map(|hold| HoldRow::of(hold, display)).collect::<Result<_, _>>()?;
        return Err(Problem::new(ProblemCode::VersionMismatch).errors(moved).present(&present));
    }
    if !stuck.is_empty() {
        return Err(Problem::new(ProblemCode::NotReleasable).errors(stuck));
    }
    Ok(holds)
}

/// Why a hold cannot be released as it was asked for: the field and the sentence.
fn not_releasable(wanted: &HoldDecision, hold: &StandingHold, language: Language) -> Option<(&'static str, String)> {
    if wanted.move_on.is_some() && !matches!(hold.hold, Hold::BilledElsewhere { .. }) {
        let detail = language.pick(
            "it is not billed elsewhere; leave the day out.",
            "non è fatturato altrove; il giorno va lasciato fuori.",
        );
        return Some(("moveOn", format!("{}: {detail}", hold.name)));
    }
    let reading = wanted.reading.map(ReadingName::reading);
    if hold.basis.released(reading) != Would::Nothing {
        return None;
    }
    let offered = in_words(&hold.basis);
    Some(match (reading, offered.is_empty()) {
        (_, false) => {
            let choose = language.pick("Choose how they are read", "Scegliere come vanno lette");
            ("reading", format!("{}: {}. {choose}: {offered}.", hold.name, language.hold(&hold.hold)))
        }
        (Some(_), true) if hold.basis.release != Would::Nothing => {
            let detail = language.pick(
                "its usage lines are not in doubt; leave the reading out.",
                "le sue righe di utilizzo non sono in dubbio; la lettura va lasciata fuori.",
            );
            ("reading", format!("{}: {detail}", hold.name))
        }
        (Some(_) | None, true) => ("verdict", format!("{}: {}", hold.name, language.hold(&hold.hold))),
    })
}
