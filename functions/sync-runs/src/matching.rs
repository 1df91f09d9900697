//! Deciding all that match a filter: first looked at, with the sum of what it comes to, then decided as it was seen.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use shared::domain::decision::{Decision, HoldKey, StandingHold};
use shared::domain::id::{CustomerId, PartnerId, ProductCode, PsaProductId, RunId};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Outcome, Would};
use shared::domain::tally::Difference;
use shared::error::StoreError;
use shared::http::{
    Caller, Done, FieldError, IdempotencyKey, NoQuery, Once, Problem, ProblemBody, ProblemCode, Text, Write, answer,
    version_of_content,
};
use shared::remember::remember_reading;
use shared::store::{Attempt, Author, Keep, Store};
use shared::table::Table;
use utoipa::ToSchema;

use crate::change::BillingChange;
use crate::readings::ReadingName;
use crate::verdict::{QuantityNamed, ReasonName, Said, VerdictShown, Wanted, say_reason};
use crate::{Naming, Sender, Time, World};

/// The most holds that one request decides.
const MOST: usize = 500;
/// Decisions in flight: each is a transaction of its own.
const IN_FLIGHT: usize = 8;

/// Which holds: all that have each of these.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HoldsMatching {
    /// The usage month.
    #[schema(example = "2026-11")]
    month: String,
    /// The reason, in the word that holds have for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60, example = "vanished")]
    reason: Option<String>,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// A Sophos product that is billed as the hold's ConnectWise product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    product: Option<String>,
    /// The ConnectWise product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    psa_product_id: Option<i64>,
    /// The run that saw it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

/// A filter that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct HoldSieve {
    pub(crate) reason: Option<String>,
    pub(crate) customer: Option<CustomerId>,
    pub(crate) product: Option<ProductCode>,
    pub(crate) psa_product: Option<PsaProductId>,
    pub(crate) run: Option<RunId>,
}

impl HoldSieve {
    /// Whether a release of the hold is what was meant: to bill a product twice, on purpose, is said by that reason alone and
    /// never among others.
    fn names_what_bills_elsewhere(&self, hold: &StandingHold) -> bool {
        hold.hold.lines_elsewhere().is_empty() || self.reason.as_deref() == Some(&*reason_of(hold))
    }

    /// Whether a hold has all that is asked for.
    pub(crate) fn passes(&self, hold: &StandingHold) -> bool {
        self.customer.is_none_or(|customer| hold.key.customer == customer)
            && self.psa_product.is_none_or(|product| hold.key.product == product)
            && self.run.as_ref().is_none_or(|run| hold.run == *run)
            && self.product.as_ref().is_none_or(|code| hold.parts.contains(code))
            && self.reason.as_deref().is_none_or(|reason| reason_of(hold) == reason)
    }
}

/// The reason of a hold in one word.
pub(crate) fn reason_of(hold: &StandingHold) -> String {
    let code = Outcome::Held(hold.hold.clone()).code();
    code.split_once('.').map(|(_, reason)| reason.to_owned()).unwrap_or(code)
}

/// One decision on all holds that match.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MatchingDecision {
    /// Which holds; only those that nobody has decided.
    matching: HoldsMatching,
    /// What is to be done; `takeBack` is not for many. `release` leaves out those that cannot be released so, and those that another line bills or has
    /// billed (`billedElsewhere`, `endedInMonth`) unless `reason` names them.
    verdict: VerdictShown,
    /// For a release of holds that offer `readings`: the one that is right. Those that do not offer it are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    reading: Option<ReadingName>,
    /// For `useQuantity` alone: what is billed in place of the usage. Those that it cannot decide are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity: Option<QuantityNamed>,
    /// For `useQuantity` alone: the last usage month for which it counts; this one alone where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-03")]
    until: Option<String>,
    /// Why it is otherwise than the usage says: for `useQuantity`, and for `reject` unless all are billed elsewhere or by
    /// hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    reason: Option<ReasonName>,
    /// More about it, in your words; kept with who and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    why: Option<String>,
    /// The `version` that the look answered: what the person saw. Only a look goes without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Only looks: says what would be decided, and decides nothing.
    #[serde(default)]
    validate_only: bool,
}

/// What a decision on all that match comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MatchingDecided {
    /// Whether anything was decided.
    applied: bool,
    /// How many holds match.
    matching: usize,
    /// How many of them are decided, or would be.
    decided: usize,
    /// How many cannot be decided so: they stay as they are.
    left: usize,
    /// Those that moved at this very moment and are not decided.
    moved: Vec<HoldNamed>,
    /// What the decided ones come to: of a release, what it writes; of a rejection, what is not written.
    change: BillingChange,
    /// Stands for all that match as they are: send it with the decision.
    version: String,
}

/// A hold by its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoldNamed {
    /// Sophos' id of the customer.
    customer_id: String,
    /// Its name.
    customer: String,
    /// The ConnectWise product.
    psa_product_id: u32,
}

/// Decide all that match.
///
/// Look first, with `validateOnly`: the answer has the sum and a `version` that stands for all holds that match, as they are.
/// The decision sends that `version`: where any of them has moved, came or went since, nothing is decided (412). Each hold is
/// decided or not for itself; those that move at the very moment are listed. At most 500 holds.
#[utoipa::path(
    post,
    path = "/v1/sync/holds/decisions/matching",
    operation_id = "decideMatchingHolds",
    tag = "holds",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = MatchingDecision, description = "Which holds, and what is decided about all of them."),
    responses(
        (status = 200, description = "What is decided, or would be.", body = MatchingDecided),
        (status = 412, description = "What matches is no longer what was seen; present says what matches now. Nothing is decided.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn decide_matching<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<MatchingDecision>,
) -> Result<Response, Problem> {
    let (world, partner) = (&world, caller.partner());
    let who = caller.name().to_owned();
    let act = |wanted: MatchingDecision, attempt| async move { decide(world, partner, who, wanted, &attempt).await };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

async fn decide<T: Table, Q, C: Time, I>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    who: String,
    wanted: MatchingDecision,
    attempt: &Attempt,
) -> Result<Done, Problem> {
    let store = &world.store;
    let Read { month, sieve, so, why } = read(&wanted)?;
    let reason = wanted.reason.map(ReasonName::reason);
    let decided_so = |decision: &Decision| {
        so.is(decision) && (&decision.who, &decision.why, decision.reason) == (&who, &why, reason)
    };
    // What a request decided that died in between still matches: it is repeated.
    let is_open = |hold: &StandingHold| {
        hold.decision.as_ref().is_none_or(|decision| decision.basis == hold.basis && decided_so(decision))
    };
    let holds = list(store, partner, month, |hold| sieve.passes(hold) && is_open(hold)).await?;
    let matching = holds.len();
    let version = version_of(&holds)?;
    let can = |hold: &StandingHold| match so {
        Wanted::Reject => true,
        Wanted::Release { .. } => so.written(hold) != Would::Nothing && sieve.names_what_bills_elsewhere(hold),
        Wanted::UseQuantity { .. } => so.verdict_on(hold).is_some() && sieve.names_what_bills_elsewhere(hold),
        Wanted::TakeBack => false,
    };
    let (mut takes, left): (Vec<StandingHold>, Vec<StandingHold>) = holds.into_iter().partition(can);
    let mut shown = MatchingDecided {
        applied: false,
        matching,
        decided: takes.len(),
        left: left.len(),
        moved: Vec::new(),
        change: change_of(&takes, so),
        version,
    };
    if wanted.validate_only {
        return Ok(Done::Unkept(answer(StatusCode::OK, &shown)?));
    }
    if wanted.version.as_ref() != Some(&shown.version) {
        let detail = Text::new(
            format!("What matches is no longer what was seen: {matching} match now."),
            format!("Ciò che corrisponde non è più quello che è stato mostrato: ora sono {matching}."),
        );
        let error = FieldError::body("/version", ProblemCode::VersionMismatch, detail);
        return Err(Problem::new(ProblemCode::VersionMismatch).errors([error]).present(&shown));
    }
    if reason.is_none() && takes.iter().any(|hold| so.needs_reason(hold)) {
        let error = FieldError::body("/reason", ProblemCode::Invalid, say_reason());
        return Err(Problem::new(ProblemCode::InvalidRequest).errors([error]));
    }
    let now = world.clock.now();
    let decision = |hold: &StandingHold| {
        let (who, why, basis) = (who.clone(), why.clone(), hold.basis.clone());
        let verdict = so.verdict_on(hold)?;
        Some(Decision { verdict, who, reason, why, at: now, basis, reading: so.reading(), moves: None })
    };
    let each: Vec<_> =
        takes.iter().filter_map(|hold| Some((hold.key, hold.decision.clone(), decision(hold)?))).collect();
    let each = each.into_iter().map(|(key, seen, decision)| async move {
        (key, store.decide_hold_over(partner, key, seen.as_ref(), &decision).await)
    });
    let results: Vec<(HoldKey, Result<(), StoreError>)> =
        stream::iter(each).buffer_unordered(IN_FLIGHT).collect().await;
    let mut moved = BTreeSet::new();
    for (key, decided) in results {
        match decided {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => drop(moved.insert(key)),
            Err(error) => return Err(error.into()),
        }
    }
    shown.moved = takes.iter().filter(|hold| moved.contains(&hold.key)).map(HoldNamed::of).collect();
    takes.retain(|hold| !moved.contains(&hold.key));
    if let Some(reading) = so.reading() {
        // One after another: they may be about the same Sophos product.
        for hold in &takes {
            let author = Author { who: who.clone(), at: now, note: Some(why.clone()) };
            remember_reading(store, partner, &author, hold, reading).await?;
        }
    }
    (shown.applied, shown.decided, shown.change) = (true, takes.len(), change_of(&takes, so));
    let response = answer(StatusCode::OK, &shown)?;
    let same = |(): &()| Ok(response.clone());
    store.add_edits(partner, &[], Some(&Keep { attempt, answer: &same })).await?;
    Ok(Done::Kept(response))
}

/// The month's holds that pass.
async fn list(
    store: &Store<impl Table>,
    partner: PartnerId,
    month: UsageMonth,
    passes: impl Fn(&StandingHold) -> bool,
) -> Result<Vec<StandingHold>, Problem> {
    let (mut holds, mut after): (Vec<StandingHold>, Option<String>) = (Vec::new(), None);
    loop {
        let page = store.list_holds(partner, month, "", after.as_deref()).await?;
        holds.extend(page.holds.into_iter().filter(|hold| passes(hold)));
        if holds.len() > MOST {
            let detail = Text::new(
                format!("More than {MOST} match; narrow the filter."),
                format!("Ne corrispondono più di {MOST}; restringere il filtro."),
            );
            let error = FieldError::body("/matching", ProblemCode::Invalid, detail);
            return Err(Problem::new(ProblemCode::InvalidRequest).errors([error]));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(holds),
        }
    }
}

/// Stands for holds as they are, whatever was decided of them.
fn version_of(holds: &[StandingHold]) -> Result<String, Problem> {
    let seen: Vec<_> = holds.iter().map(|hold| (hold.key, &hold.basis)).collect();
    Ok(format!("{}-{:016x}", holds.len(), version_of_content(&seen)?))
}

fn change_of(holds: &[StandingHold], so: Wanted) -> BillingChange {
    let mut change = Difference::default();
    for hold in holds {
        let facts = &hold.facts;
        change.add(so.written(hold), facts.terms.as_ref(), facts.names.facts.currency.as_deref());
    }
    BillingChange::of(&change)
}

impl HoldNamed {
    fn of(hold: &StandingHold) -> Self {
        Self {
            customer_id: hold.key.customer.to_string(),
            customer: hold.name.clone(),
            psa_product_id: hold.key.product.get(),
        }
    }
}

/// A request that was read.
struct Read {
    month: UsageMonth,
    sieve: HoldSieve,
    /// How the holds are decided.
    so: Wanted,
    why: String,
}

/// The month, the filter and the decision; everything that is wrong with the request at once.
fn read(wanted: &MatchingDecision) -> Result<Read, Problem> {
    let mut errors = Vec::new();
    let mut wrong = |pointer: &str, detail: Text| errors.push(FieldError::body(pointer, ProblemCode::Invalid, detail));
    let HoldsMatching { month, reason, customer, product, psa_product_id, run } = &wanted.matching;
    let month = UsageMonth::parse(month).map_err(|error| wrong("/matching/month", error.into())).ok();
    let customer = customer.as_deref().map(CustomerId::parse).transpose();
    let customer = customer.map_err(|error| wrong("/matching/customer", error.into()));
    let product = product.as_deref().map(ProductCode::parse).transpose();
    let product = product.map_err(|error| wrong("/matching/product", error.into()));
    let psa_product = psa_product_id.map(PsaProductId::try_from).transpose();
    let psa_product = psa_product.map_err(|error| wrong("/matching/psaProductId", error.into()));
    let run = run.as_deref().map(RunId::parse).transpose();
    let run = run.map_err(|error| wrong("/matching/run", error.into()));
    let said = Said {
        verdict: wanted.verdict,
        reading: wanted.reading,
        moves: None,
        quantity: wanted.quantity.as_ref(),
        until: wanted.until.as_deref(),
        why: wanted.why.as_deref(),
    };
    let (so, why) = said.read(month, |field, detail| wrong(&format!("/{field}"), detail));
    if so == Wanted::TakeBack {
        let detail = (
            "Only those that nobody has decided match; take decisions back one by one.",
            "Corrispondono solo le voci non ancora decise; le decisioni si ritirano una per una.",
        );
        wrong("/verdict", Text::new(detail.0, detail.1));
    }
    if wanted.version.is_none() && !wanted.validate_only {
        let detail = (
            "Look first, with validateOnly, and send the version that it answers.",
            "Guardare prima, con validateOnly, e inviare la version della risposta.",
        );
        wrong("/version", Text::new(detail.0, detail.1));
    }
    match (month, customer, product, psa_product, run) {
        (Some(month), Ok(customer), Ok(product), Ok(psa_product), Ok(run)) if errors.is_empty() => Ok(Read {
            month,
            sieve: HoldSieve { reason: reason.clone(), customer, product, psa_product, run },
            so,
            why,
        }),
        _ => Err(Problem::new(ProblemCode::InvalidRequest).errors(errors)),
    }
}
