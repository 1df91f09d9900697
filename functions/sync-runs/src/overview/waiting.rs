//! What waits for a decision: how much of it, in units and money, and until when.

use shared::store::Store;
use shared::table::Table;
use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use shared::domain::decision::{HoldDue, StandingHold};
use shared::domain::id::PartnerId;
use shared::domain::month::UsageMonth;
use shared::domain::outcome::Would;
use shared::domain::tally::Difference;
use shared::http::Problem;
use utoipa::ToSchema;

use crate::change::BillingChange;
use crate::matching::reason_of;

/// What waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Waiting {
    /// Holds of the month that nobody has decided.
    lines: u64,
    /// Those of them that cannot be released, only put right, or that can be read in several ways: they are not in the change.
    without_release: u64,
    /// What all releases together come to.
    change: BillingChange,
    /// Holds that are decided and not carried out yet.
    decided: u64,
    /// The next day on which ConnectWise invoices one of those that wait; absent where none is known to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    next_invoice: Option<String>,
    /// Days to it; 0 on the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i32>,
    /// How many of those that wait it bills without.
    before_next_invoice: u64,
    /// Those whose ConnectWise invoice was made without them.
    missed: u64,
    /// The same by reason, in the order of the reasons' words.
    by_reason: Vec<WaitingByReason>,
}

/// What waits for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WaitingByReason {
    /// The reason, as holds have it.
    reason: String,
    /// How many.
    lines: u64,
    /// What their releases come to.
    change: BillingChange,
}

/// Counts holds.
#[derive(Default)]
struct Count {
    lines: u64,
    without_release: u64,
    change: Difference,
}

impl Count {
    fn add(&mut self, hold: &StandingHold) {
        self.lines += 1;
        let release = if hold.basis.readings.is_empty() { hold.basis.release } else { Would::Nothing };
        self.without_release += u64::from(release == Would::Nothing);
        let facts = &hold.facts;
        self.change.add(release, facts.terms.as_ref(), facts.names.facts.currency.as_deref());
    }
}

impl Waiting {
    pub(super) async fn read(
        store: &Store<impl Table>,
        partner: PartnerId,
        month: UsageMonth,
        today: Date,
    ) -> Result<Self, Problem> {
        let (mut all, mut decided, mut missed) = (Count::default(), 0, 0);
        let mut by_reason: BTreeMap<String, Count> = BTreeMap::new();
        let mut invoices: BTreeMap<Date, u64> = BTreeMap::new();
        let mut after: Option<String> = None;
        loop {
            let page = store.list_holds(partner, month, "", after.as_deref()).await?;
            for hold in &page.holds {
                if hold.decision.is_some() {
                    decided += 1;
                    continue;
                }
                all.add(hold);
                by_reason.entry(reason_of(hold)).or_default().add(hold);
                match (hold.due(today), hold.invoice) {
                    (HoldDue::Missed, _) => missed += 1,
                    (HoldDue::In { .. }, Some(day)) => *invoices.entry(day).or_default() += 1,
                    (HoldDue::In { .. } | HoldDue::Unknown, _) => {}
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let next = invoices.first_key_value();
        Ok(Self {
            lines: all.lines,
            without_release: all.without_release,
            change: BillingChange::of(&all.change),
            decided,
            next_invoice: next.map(|(day, _)| day.to_string()),
            days_left: next.map(|(day, _)| super::days(today, *day)),
            before_next_invoice: next.map_or(0, |(_, lines)| *lines),
            missed,
            by_reason: by_reason.into_iter().map(|(reason, count)| WaitingByReason::of(reason, &count)).collect(),
        })
    }
}

impl WaitingByReason {
    fn of(reason: String, count: &Count) -> Self {
        Self { reason, lines: count.lines, change: BillingChange::of(&count.change) }
    }
}
