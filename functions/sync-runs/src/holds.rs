//! What waits for a person.

use axum::extract::State;
use axum::response::Response;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::decision::{Decision, HoldDue, HoldKey, StandingHold, Verdict};
use shared::domain::id::{CustomerId, ProductCode, PsaProductId, RunId};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Hold, Outcome, Would};
use shared::domain::quantity_override::QuantityRule;
use shared::http::{
    AgreementShown, Caller, FieldError, IfNoneMatch, List, Paging, Problem, ProblemCode, PsaProductShown, Query, Read,
    Text, represent, version_of_content,
};
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use crate::change::QuantityChange;
use crate::change::decimal;
use crate::matching::{HoldSieve, reason_of};
use crate::names::Display;
use crate::readings::{ReadingName, ReadingOffered};
use crate::verdict::{OverriddenShown, QuantityNamed, ReasonName, VerdictShown};
use crate::{Naming, Sender, Time, World};

/// The most holds of a page: one has a kilobyte or two.
const MAX_PAGE: u16 = 500;

/// Which holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct HoldFilter {
    /// Only those of this usage month; all months by default, the oldest first.
    #[serde(default)]
    #[param(example = "2026-11")]
    month: Option<String>,
    /// Only those of this customer.
    #[serde(default)]
    customer: Option<String>,
    /// Only those with this reason, such as `decrease` or `vanished`.
    #[serde(default)]
    #[param(max_length = 60)]
    reason: Option<String>,
    /// Only those on whose ConnectWise product this Sophos product is billed.
    #[serde(default)]
    #[param(max_length = 200)]
    product: Option<String>,
    /// Only those of this ConnectWise product.
    #[serde(default)]
    #[param(minimum = 1)]
    psa_product_id: Option<i64>,
    /// Only those that this run saw last.
    #[serde(default)]
    run: Option<String>,
    /// Only those that are decided, or only those that are not.
    #[serde(default)]
    decided: Option<bool>,
    /// How many holds a page has at most, 1 to 500; 50 by default.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before, with the same filter.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// A change that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoldRow {
    /// The usage month.
    month: String,
    /// Sophos' id of the customer.
    customer_id: String,
    /// Its name.
    customer: String,
    /// The ConnectWise product.
    psa_product_id: u32,
    /// Its names and its price, as they were last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    psa_product: Option<PsaProductShown>,
    /// The Sophos products that are billed as it.
    products: Vec<String>,
    /// What Sophos calls them, in the same order.
    descriptions: Vec<String>,
    /// Why it waits, in one word for programs.
    reason: String,
    /// Of the reason `productUnfinished`, the Sophos product in question: all holds with it are one decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_question: Option<String>,
    /// Why it waits.
    what: String,
    /// What to do next.
    advice: String,
    /// The agreement.
    agreement_id: u32,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<String>,
    /// Its company's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    /// How it bills.
    #[serde(flatten)]
    agreement_facts: AgreementShown,
    /// The addition; absent where there is none, or more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    addition_id: Option<u32>,
    /// What ConnectWise bills on it.
    quantity: String,
    /// Its unit price; absent where ConnectWise tells none.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_price: Option<String>,
    /// What one invoice bills for that quantity, in the agreement's currency; absent where ConnectWise tells no price.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// What a release does; absent where it cannot be released, only put right.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<QuantityChange>,
    /// What is to be billed or credited by hand; only of usage that came after its ConnectWise invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_hand: Option<QuantityChange>,
    /// Where usage lines can be read in several ways: what a release does by each of them. A release names one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    readings: Vec<ReadingOffered>,
    /// What the usage asks for; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<String>,
    /// Which rules for another quantity it can be decided with; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    takes_quantity: Option<TakesQuantityShown>,
    /// Where an earlier decision replaces the usage: what is used and what is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    overridden: Option<OverriddenShown>,
    /// That another quantity than the usage has ended, so that the usage is billed again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "the minimum of 10 ended with February 2027; the usage is billed again")]
    override_ended: Option<String>,
    /// The ConnectWise invoice that it is about, if ConnectWise says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    invoice: Option<String>,
    /// The ConnectWise invoice on which what a release writes goes, by the first day of the period that it bills; absent
    /// where it is not known, or where the invoice was made without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, example = "2026-12-01")]
    lands_on: Option<String>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "usage of November 2026 → on the ConnectWise invoice for December 2026")]
    landing: Option<String>,
    /// How long there is to decide.
    due: HoldDueShown,
    /// Days to that invoice; absent where it is missed or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i32>,
    /// When it was first seen.
    #[schema(format = DateTime)]
    since: String,
    /// When it was last seen.
    #[schema(format = DateTime)]
    seen_at: String,
    /// The run that saw it last.
    run_id: String,
    /// What a decision is about, and what is decided: send it with the decision.
    version: String,
    /// What was decided; it is carried out by the next run.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionShown>,
}

/// Which rules for another quantity a hold can be decided with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TakesQuantityShown {
    /// Each of them.
    Any,
    /// Only a fixed quantity: what is used is not known.
    FixedOnly,
}

impl TakesQuantityShown {
    fn of(hold: &StandingHold) -> Option<Self> {
        hold.billed_by(QuantityRule::Fixed(Decimal::ONE))?;
        Some(if hold.used().is_some() { Self::Any } else { Self::FixedOnly })
    }
}

/// How long there is to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum HoldDueShown {
    /// Until the ConnectWise invoice.
    BeforeInvoice,
    /// The ConnectWise invoice was made without it.
    Missed,
    /// ConnectWise does not say when it invoices.
    Unknown,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DecisionShown {
    /// What.
    verdict: VerdictShown,
    /// Who.
    who: String,
    /// Why, where it is otherwise than the usage says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    reason: Option<ReasonName>,
    /// More about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    /// How usage lines are read, where that was to be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    reading: Option<ReadingName>,
    /// The cancelled date of the lines elsewhere, where the product moves here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    move_on: Option<String>,
    /// Of another quantity than the usage: how it follows from the usage.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<QuantityNamed>,
    /// Of another quantity: the last usage month for which it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-03")]
    until: Option<String>,
    /// Of another quantity: what is billed for this usage month.
    #[serde(skip_serializing_if = "Option::is_none")]
    billed: Option<String>,
    /// What it writes; absent where that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<QuantityChange>,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

impl DecisionShown {
    pub(crate) fn of(decision: &Decision, hold: &StandingHold) -> Self {
        let Decision { verdict, who, reason, why, at, reading, moves, .. } = decision;
        let other = match verdict {
            Verdict::UseQuantity(other) => Some(*other),
            Verdict::Release | Verdict::Reject => None,
        };
        Self {
            verdict: VerdictShown::of(*verdict),
            who: who.clone(),
            reason: reason.map(ReasonName::of),
            why: why.clone(),
            reading: reading.map(ReadingName::of),
            move_on: moves.map(|day| day.to_string()),
            quantity: other.map(|other| QuantityNamed::of(other.rule)),
            until: other.map(|other| other.until.to_string()),
            billed: other.map(|other| decimal(other.billed)),
            change: QuantityChange::of(
                hold.written_after(decision),
                hold.facts.terms.as_ref(),
                &hold.facts.names.facts,
            ),
            at: at.to_string(),
        }
    }
}

/// What a decision on a hold is about, as a text: it changes with whatever a person has to see again, and that is also
/// what somebody else has decided.
pub(crate) fn version_of(hold: &StandingHold) -> Result<String, Problem> {
    Ok(format!("{:016x}", version_of_content(&(&hold.basis, &hold.decision))?))
}

/// What usage would have changed that came after its ConnectWise invoice.
fn late_change(hold: &Hold) -> Option<Would> {
    if let Hold::Late { invoiced, to, .. } = hold { Some(Would::Update { from: *invoiced, to: *to }) } else { None }
}

impl HoldRow {
    pub(crate) fn of(hold: &StandingHold, display: &Display) -> Result<Self, Problem> {
        let outcome = Outcome::Held(hold.hold.clone());
        let (due, days_left) = match hold.due(display.today) {
            HoldDue::In { days } => (HoldDueShown::BeforeInvoice, Some(days)),
            HoldDue::Missed => (HoldDueShown::Missed, None),
            HoldDue::Unknown => (HoldDueShown::Unknown, None),
        };
        let (basis, facts, terms) = (&hold.basis, &hold.facts.names, hold.facts.terms.as_ref());
        let landing = hold.landing(display.today);
        let said = |name: &String| Some(name.clone()).filter(|name| !name.is_empty());
        Ok(Self {
            month: hold.key.month.to_string(),
            customer_id: hold.key.customer.to_string(),
            customer: hold.name.clone(),
            psa_product_id: hold.key.product.get(),
            psa_product: display.names.psa(hold.key.product),
            products: hold.parts.iter().map(ToString::to_string).collect(),
            descriptions: display.names.all_sophos(&hold.parts),
            reason: reason_of(hold),
            in_question: hold.hold.product_in_question().map(ToString::to_string),
            what: display.language.reason(&outcome),
            advice: display.language.advice(&outcome),
            agreement_id: basis.agreement.get(),
            agreement: said(&facts.agreement),
            company: said(&facts.company),
            agreement_facts: (&facts.facts).into(),
            addition_id: basis.addition.map(|id| id.get()),
            quantity: decimal(basis.quantity),
            unit_price: terms.and_then(|terms| terms.unit_price).map(decimal),
            amount: terms.and_then(|terms| terms.amount(basis.quantity)).map(decimal),
            release: QuantityChange::of(basis.release, terms, &facts.facts),
            by_hand: late_change(&hold.hold).and_then(|would| QuantityChange::of(would, terms, &facts.facts)),
            readings: basis.readings.iter().filter_map(|offer| ReadingOffered::of(offer, hold)).collect(),
            used: hold.used().map(decimal),
            takes_quantity: TakesQuantityShown::of(hold),
            overridden: hold.facts.overridden.as_deref().map(|found| OverriddenShown::of(found, display.language)),
            override_ended: hold.facts.ended.as_deref().map(|ended| display.language.override_ended(ended)),
            invoice: hold.invoice.map(|day| day.to_string()),
            lands_on: landing.map(|landing| landing.starts.to_string()),
            landing: landing.map(|landing| display.language.landing(hold.key.month, landing, &facts.facts)),
            due,
            days_left,
            since: hold.since.to_string(),
            seen_at: hold.seen_at.to_string(),
            run_id: hold.run.to_string(),
            version: version_of(hold)?,
            decision: hold.decision.as_ref().map(|decision| DecisionShown::of(decision, hold)),
        })
    }
}

/// List what waits for a person.
///
/// With the days to the ConnectWise invoice that goes out without it. Decide with *decideHolds*. A request looks through a
/// part of them: a page of a filtered list may be short or empty though a next one follows.
#[utoipa::path(
    get,
    path = "/v1/sync/holds",
    operation_id = "listHolds",
    tag = "holds",
    security(("token" = ["psa/read"])),
    params(HoldFilter, IfNoneMatch),
    responses((status = 200, description = "A page of holds.", body = List<HoldRow>)),
)]
pub(crate) async fn list_holds<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Query(filter): Query<HoldFilter>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let partner = caller.partner();
    let refused = |name: &str, detail: Text| {
        Problem::new(ProblemCode::InvalidRequest).errors([FieldError::parameter(name, ProblemCode::Invalid, detail)])
    };
    let month = filter.month.as_deref().map(UsageMonth::parse).transpose();
    let month = month.map_err(|error| refused("month", error.into()))?;
    let customer = filter.customer.as_deref().map(CustomerId::parse).transpose();
    let customer = customer.map_err(|error| refused("customer", error.into()))?;
    let product = filter.product.as_deref().map(ProductCode::parse).transpose();
    let product = product.map_err(|error| refused("product", error.into()))?;
    let psa_product = filter.psa_product_id.map(PsaProductId::try_from).transpose();
    let psa_product = psa_product.map_err(|error| refused("psaProductId", error.into()))?;
    let run = filter.run.as_deref().map(RunId::parse).transpose();
    let run = run.map_err(|error| refused("run", error.into()))?;
    let sieve = HoldSieve { reason: filter.reason.clone(), customer, product, psa_product, run };
    let paging =
        Paging::read(partner, "listHolds", &filter, filter.page_size, filter.page_from_key.as_deref(), MAX_PAGE)?;
    let display = Display::read(&world, partner, caller.language()).await?;
    let of_month = |key: &HoldKey| month.is_none_or(|month| month == key.month);
    let after = paging.after_as(|name| HoldKey::parse(name).filter(of_month).map(HoldKey::name))?;
    let page = match month {
        Some(month) => world.store.list_holds(partner, month, "", after.as_deref()).await?,
        None => world.store.list_all_holds(partner, after.as_deref()).await?,
    };
    let passes = |hold: &&StandingHold| {
        sieve.passes(hold) && filter.decided.is_none_or(|decided| hold.decision.is_some() == decided)
    };
    let mut passing = page.holds.iter().filter(passes);
    let shown: Vec<&StandingHold> = passing.by_ref().take(usize::from(paging.size())).collect();
    let cut = shown.last().filter(|_| passing.next().is_some()).map(|hold| hold.key.name());
    let rows: Vec<HoldRow> = shown.iter().map(|hold| HoldRow::of(hold, &display)).collect::<Result<_, _>>()?;
    let next = cut.or(page.next);
    Ok(represent(&if_none_match, None, &paging.list(rows, next.as_deref())))
}
