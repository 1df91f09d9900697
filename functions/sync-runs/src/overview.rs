//! The overview: what a billing clerk sees first, in one request. It reads the table and nothing else.

mod checklist;
mod waiting;

use shared::table::Table;
use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use futures::try_join;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::id::{AgreementId, PartnerId};
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunState};
use shared::domain::snapshot::Snapshot;
use shared::domain::tally::{Amounts, add_amount};
use shared::http::{Caller, FieldError, IfNoneMatch, Language, Problem, ProblemCode, Query, Read, represent};
use utoipa::{IntoParams, ToSchema};

use self::checklist::{Checklist, Customers};
use self::waiting::Waiting;
use crate::change::decimal;
use crate::change::{BillingChange, CurrencyAmount, per_month};
use crate::names::Names;
use crate::not_billed::{OpenUsage, counted, counted_everything};
use crate::still_billing::{Known, found};
use crate::view::RunView;
use crate::{Naming, Sender, Time, World};

/// How many of the newest runs are looked through.
const RUNS: u32 = 25;
/// How many agreements one read of the table takes.
const AGREEMENTS_A_READ: u32 = 200;
/// How many agreements are looked through for what is still billed: a person waits.
const MOST_AGREEMENTS: usize = 2_000;

/// Which month.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct OverviewOf {
    /// The usage month; that of the newest run by default, or the present one.
    #[serde(default)]
    #[param(example = "2026-11")]
    month: Option<String>,
}

/// How things are, and what is to be done next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncOverview {
    /// The usage month.
    #[schema(example = "2026-11")]
    month: String,
    /// What waits for a decision.
    to_decide: Waiting,
    /// What the newest run of the month did, or the newest preview would do; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<ChangesShown>,
    /// What is not billed though nobody has decided that, by the newest run or preview of everything; absent before the
    /// first that came to its end and had usage.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_billed: Option<OpenUsage>,
    /// What is billed and no longer synced.
    still_billing: StillBillingSum,
    /// What was found after the agreement was invoiced; nothing counts it yet.
    late: LateSum,
    /// The newest run that may write, of any month.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<RunView>,
    /// The newest preview, of any month.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_preview: Option<RunView>,
    /// Whether runs write to ConnectWise.
    writes: bool,
    /// What a new partner has to do, and has done.
    checklist: Checklist,
}

/// What a run changed, or a preview would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangesShown {
    /// The run.
    run_id: String,
    /// Whether it wrote: otherwise it shows what would be done.
    wrote: bool,
    /// Pairs of customer and Sophos product on additions that were created, set or taken over.
    pairs: u64,
    /// What it comes to.
    change: BillingChange,
}

/// What is billed and no longer synced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StillBillingSum {
    /// Additions.
    additions: u64,
    /// Their units.
    units: String,
    /// What they cost a month: one amount a currency.
    amounts_per_month: Vec<CurrencyAmount>,
    /// Additions that are in no amount: their price, or their billing cycle in months, is not known.
    without_amount: u64,
    /// Whether all agreements were looked through; otherwise there may be more.
    complete: bool,
}

/// Differences that were found too late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LateSum {
    /// How many lines.
    lines: u64,
}

/// Show the overview.
///
/// What waits, what was done, what is not billed and what is billed no longer by a sync, with the money by currency; the last
/// run and preview; and what is still to be set up. It shows what runs wrote down: ConnectWise and Sophos are not asked.
#[utoipa::path(
    get,
    path = "/v1/sync/overview",
    operation_id = "getSyncOverview",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(OverviewOf, IfNoneMatch),
    responses((status = 200, description = "How things are.", body = SyncOverview)),
)]
pub(crate) async fn get_overview<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Query(asked): Query<OverviewOf>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let (store, partner) = (&world.store, caller.partner());
    let month = asked.month.as_deref().map(UsageMonth::parse).transpose().map_err(|error| {
        let error = FieldError::parameter("month", ProblemCode::Invalid, error);
        Problem::new(ProblemCode::InvalidRequest).errors([error])
    })?;
    let today = world.today(partner).await?;
    let (runs, settings, names, mappings) = try_join!(
        store.list_runs_before(partner, None, RUNS),
        store.find_settings(partner),
        Names::read(store, partner),
        store.list_product_mappings(partner),
    )?;
    // Their ids tell runs of one second in no order.
    let mut runs = runs;
    runs.sort_by_key(|run| std::cmp::Reverse(run.opened_at));
    let newest = runs.iter().find(|run| !matches!(run.state, RunState::Superseded { .. }));
    let month = month.or(newest.map(|run| run.request.month)).unwrap_or(UsageMonth::containing(today));
    let of_month = || runs.iter().filter(|run| run.request.month == month);
    let changed = of_month().find(|run| matches!(run.state, RunState::Succeeded | RunState::Partial));
    let of_all = of_month().find(|run| counted_everything(run));
    let not_billed = of_all.map(|run| counted(run, &mappings, &names).open);
    let (to_decide, customers, connections) =
        try_join!(Waiting::read(store, partner, month, today), Customers::read(store, partner), async {
            store.find_connections(partner).await.map_err(Problem::from)
        },)?;
    let still_billing = still_billing(&world, partner, &customers).await?;
    let last = |preview: bool| runs.iter().find(|run| (run.request.kind == RunKind::Preview) == preview);
    let checklist = Checklist::of(&connections, &customers, &mappings, &names, &runs, settings.as_ref());
    let overview = SyncOverview {
        month: month.to_string(),
        to_decide,
        changes: changed.map(ChangesShown::of),
        not_billed,
        still_billing,
        late: LateSum::default(),
        last_run: last(false).map(|run| RunView::of(run, caller.language())),
        last_preview: last(true).map(|run| RunView::of(run, caller.language())),
        writes: settings.is_some_and(|settings| settings.writes),
        checklist,
    };
    Ok(represent(&if_none_match, None, &overview))
}

impl ChangesShown {
    fn of(run: &Run) -> Self {
        let counts = &run.tally.counts;
        Self {
            run_id: run.id.to_string(),
            wrote: run.writes,
            pairs: counts.created + counts.updated + counts.adopted,
            change: BillingChange::of(&run.tally.billing.done),
        }
    }
}

/// Sums up what is billed and no longer synced, as far as a person waits.
async fn still_billing<T: Table, Q, C: Time, I>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    customers: &Customers,
) -> Result<StillBillingSum, Problem> {
    let (mut sum, mut units, mut amounts) = (StillBillingSum::default(), Decimal::ZERO, Amounts::new());
    let known = Known::read(world, partner, Language::default()).await?;
    let marks: BTreeMap<AgreementId, _> = customers.billed_on(&world.store, partner).await?;
    let (mut after, mut seen) = (None, 0);
    loop {
        let page: Vec<(AgreementId, Snapshot)> = world.store.list_snapshots(partner, after, AGREEMENTS_A_READ).await?;
        seen += page.len();
        for found in found(&known, &page, &marks)? {
            sum.additions += 1;
            units += found.quantity;
            match found.amount.and_then(|amount| per_month(amount, &found.facts)) {
                Some(amount) => add_amount(&mut amounts, found.facts.currency.as_deref(), amount),
                None => sum.without_amount += 1,
            }
        }
        after = page.last().map(|(agreement, _)| *agreement);
        sum.complete = page.len() < AGREEMENTS_A_READ as usize;
        if sum.complete || seen >= MOST_AGREEMENTS {
            break;
        }
    }
    sum.complete &= customers.complete;
    Ok(StillBillingSum { units: decimal(units), amounts_per_month: CurrencyAmount::all(&amounts), ..sum })
}

/// Days from one to another; below zero where it is over.
fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}
