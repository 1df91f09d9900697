//! What became of each pair of a run, page by page.
//!
//! A page is read in one call of the table, whatever the filter and however large the run. A position is a customer, or a
//! customer and a line of it: so that a customer with thousands of lines is paged as well.

pub(crate) mod csv;
mod row;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::id::{CustomerId, PartnerId, RunId};
use shared::domain::ledger::CustomerLedger;
use shared::domain::month::UsageMonth;
use shared::domain::outcome::OutcomeKind;
use shared::http::{
    Caller, FieldError, IfNoneMatch, Language, List, Paging, Path, Problem, ProblemCode, Query, Read, represent,
};
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use self::row::RunLine;
use crate::names::Display;
use crate::{Naming, Sender, Time, World};

/// The most lines of a page: one has one or two kilobytes.
const MAX_PAGE: u16 = 1000;

/// Which lines of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct LineFilter {
    /// Only those that ended so.
    #[serde(default)]
    #[param(inline)]
    outcome: Option<OutcomeShown>,
    /// Only those with this reason, such as `decrease` or `productUnmapped`; `setToZero` for what was set to 0.
    #[serde(default)]
    #[param(max_length = 60)]
    reason: Option<String>,
    /// Only those of this Sophos product.
    #[serde(default)]
    #[param(max_length = 200)]
    product: Option<String>,
    /// Only those of this customer.
    #[serde(default)]
    customer: Option<String>,
    /// How many lines a page has at most, 1 to 1000; 50 by default.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before, with the same filter.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// How a pair ended; in a preview, how it would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OutcomeShown {
    /// ConnectWise has the right quantity already, or there is nothing to bill.
    Unchanged,
    /// A new addition carries it.
    Created,
    /// The addition's quantity was set.
    Updated,
    /// An addition that was there is looked after from now on.
    Adopted,
    /// Waits by itself: a later run writes it.
    Waiting,
    /// Waits for a person.
    Held,
    /// Not synced, by a decision.
    Skipped,
    /// Not synced, because something is wrong.
    Failed,
}

/// List a run's lines.
///
/// One line for each pair of customer and Sophos product, by customer; while a run is under way, those that are done. A request
/// looks through a part of the run: a page of a filtered list may be short or empty though a next one follows.
#[utoipa::path(
    get,
    path = "/v1/sync/runs/{runId}/lines",
    operation_id = "listRunLines",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(("runId" = String, Path, description = "The run.", example = "20261130T011200Z-now-0123abcd"), LineFilter, IfNoneMatch),
    responses((status = 200, description = "A page of lines.", body = List<RunLine>)),
)]
pub(crate) async fn list_lines<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Path(run): Path<RunId>,
    Query(filter): Query<LineFilter>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let (paging, lines, next) =
        page(&world, caller.partner(), caller.language(), &run, "listRunLines", &filter).await?;
    Ok(represent(&if_none_match, None, &paging.list(lines, next.as_deref())))
}

/// Where a page starts: behind a customer, or within one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Behind(String),
    Within { customer: String, line: usize },
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let customer = |name: &str| {
            let is_one = name == NO_CUSTOMER || CustomerId::parse(name).is_ok_and(|id| id.to_string() == name);
            is_one.then(|| name.to_owned())
        };
        match text.split_once('#') {
            None => Some(Self::Behind(customer(text)?)),
            Some((name, line)) => Some(Self::Within { customer: customer(name)?, line: line.parse().ok()? }),
        }
    }
}

/// The reason of a line whose addition a person decided to end.
const ENDED: &str = "ended";

/// The reason of a line whose addition was set to 0.
const SET_TO_ZERO: &str = "setToZero";

/// The text by which the table knows the usage without a customer, in positions.
const NO_CUSTOMER: &str = "~";

fn name_of(ledger: &CustomerLedger) -> String {
    ledger.customer.map_or_else(|| NO_CUSTOMER.to_owned(), |id| id.to_string())
}

/// A page's lines, and where the next page starts. One call of the table beside that of the run.
async fn page<T: Table, Q, C: Time, I>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    language: Language,
    run: &RunId,
    list: &str,
    filter: &LineFilter,
) -> Result<(Paging, Vec<RunLine>, Option<String>), Problem> {
    let store = &world.store;
    let customer = filter.customer.as_deref().map(CustomerId::parse).transpose().map_err(|error| {
        let error = FieldError::parameter("customer", ProblemCode::Invalid, error);
        Problem::new(ProblemCode::InvalidRequest).errors([error])
    })?;
    // A key is one run's.
    let paging = Paging::read(
        partner,
        &format!("{list} {run}"),
        filter,
        filter.page_size,
        filter.page_from_key.as_deref(),
        MAX_PAGE,
    )?;
    let place = paging.after().map(|text| Place::parse(text).ok_or(Problem::new(ProblemCode::InvalidPageKey)));
    let place = place.transpose()?;
    let found = store.find_run(partner, run).await?.ok_or(Problem::new(ProblemCode::NotFound))?;
    let month = found.request.month;
    let (entries, skipped, next) = match (&place, customer) {
        (Some(Place::Within { customer, line }), only) => {
            let id = (customer != NO_CUSTOMER).then(|| CustomerId::parse(customer)).transpose();
            let id = id.map_err(|_| Problem::new(ProblemCode::InvalidPageKey))?;
            let found = store.find_ledger(partner, run, id).await?;
            let more = only.is_none() && id.is_some();
            (found.into_iter().collect(), *line, more.then(|| customer.clone()))
        }
        (_, Some(only)) => (store.find_ledger(partner, run, Some(only)).await?.into_iter().collect(), 0, None),
        (place, None) => {
            let after = place.as_ref().and_then(|place| match place {
                Place::Behind(customer) => Some(customer.as_str()),
                Place::Within { .. } => None,
            });
            let read = store.list_ledger(partner, run, "", after).await?;
            (read.entries, 0, read.next)
        }
    };
    let display = Display::read(world, partner, language).await?;
    let shown = LinesShown { month, display: &display, filter };
    let (lines, cut) = shown.take(&entries, skipped, usize::from(paging.size()));
    Ok((paging, lines, cut.or(next)))
}

/// What the lines of a page are shown with.
struct LinesShown<'a> {
    month: UsageMonth,
    display: &'a Display,
    filter: &'a LineFilter,
}

impl LinesShown<'_> {
    /// The first `size` lines that pass, and where the next page starts if there are more.
    fn take(&self, entries: &[CustomerLedger], skipped: usize, size: usize) -> (Vec<RunLine>, Option<String>) {
        let Self { month, display, filter } = *self;
        let mut lines = Vec::new();
        for (nth, entry) in entries.iter().enumerate() {
            let skipped = if nth == 0 { skipped } else { 0 };
            for (n, line) in entry.all_lines().enumerate().skip(skipped) {
                let ended = n.checked_sub(entry.lines.len()).and_then(|n| entry.ended.get(n));
                if !filter.passes(line, ended.is_some()) {
                    continue;
                }
                if lines.len() >= size {
                    return (lines, Some(format!("{}#{n}", name_of(entry))));
                }
                lines.push(match ended {
                    Some(ended) => RunLine::of_ended(entry, ended, month, display),
                    None => RunLine::of(entry, line, month, display),
                });
            }
        }
        (lines, None)
    }
}

impl LineFilter {
    fn passes(&self, line: &shared::domain::ledger::Line, ended: bool) -> bool {
        let code = line.outcome.code();
        let outcome = code.split_once('.').map_or(code.as_str(), |(outcome, _)| outcome);
        let reason = if ended && code == outcome { Some(ENDED.to_owned()) } else { row::reason_of(line) };
        let product = line.code.as_ref().map_or("", |code| code.as_str());
        self.outcome.is_none_or(|wanted| wanted.word() == outcome)
            && self.reason.as_deref().is_none_or(|wanted| reason.as_deref() == Some(wanted))
            && self.product.as_deref().is_none_or(|wanted| wanted == product)
    }
}

impl OutcomeShown {
    pub(crate) const fn of(kind: OutcomeKind) -> Self {
        match kind {
            OutcomeKind::Unchanged => Self::Unchanged,
            OutcomeKind::Created => Self::Created,
            OutcomeKind::Updated => Self::Updated,
            OutcomeKind::Adopted => Self::Adopted,
            OutcomeKind::Waiting => Self::Waiting,
            OutcomeKind::Held => Self::Held,
            OutcomeKind::Skipped => Self::Skipped,
            OutcomeKind::Failed => Self::Failed,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Adopted => "adopted",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}
