//! What an onlooker who knows everything finds once a world has come to rest: each thing that is wrong, in words.
//!
//! Targets are computed here from usage and mappings, not by the engine's plan.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use shared::domain::departure::Departure;
use shared::domain::id::{AgreementId, CustomerId, ProductCode, PsaProductId, RunId};
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::mapping::{ProductMapping, ProductMappings};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Failure, Hold, Outcome, OutcomeKind, PartTrouble, Skip, Waiting};
use shared::domain::quantity_override::{OverrideKey, QuantityOverride, QuantityRule};
use shared::domain::run::{Run, RunFailureCode, RunState};
use shared::domain::tally::Counts;
use shared::domain::usage::Readings;

use super::SimulationError;
use super::books::{Books, Seen};
use super::environment::locked;
use super::invoiced::{LastInvoices, judge_days, judge_known, listed};
use super::world::{World, agreement_of};

/// A run and its ledger.
pub(super) struct Told {
    run: Run,
    pub(super) ledger: Vec<CustomerLedger>,
}

/// Everything that is wrong in a world at rest, and how often a day is billed twice because people want it so.
pub(super) async fn wrongs_of(world: &World) -> Result<(Vec<String>, u64), SimulationError> {
    let runs = runs_of(world).await?;
    let store = &world.table.memory;
    let mappings = store.list_product_mappings(world.partner).await?;
    let settings = store.find_settings(world.partner).await?;
    let answers = settings.map(|settings| settings.guards.usage_periods).unwrap_or_default();
    let overrides = store.list_overrides(world.partner, "").await?;
    let listed = listed(world).await?;
    let mut books = locked(&world.books);
    let next_invoices = books.agreements.iter().filter_map(|on| Some((on.id, on.next_invoice?))).collect();
    let invoices = LastInvoices::make(world, &mut books);
    let mut wrongs = books.wrongs.clone();
    if let Some(last) = runs.first() {
        let today = last.run.request.scheduled_at.to_zoned(TimeZone::UTC).date();
        let (mappings, overrides) = (&mappings, &overrides);
        let rest = Rest { world, books: &books, mappings, overrides, answers, invoices, today, next_invoices };
        rest.judge(last, &mut wrongs);
        judge_known(world, &books, (last, &listed), &mut wrongs);
    }
    runs.iter().for_each(|told| judge_ledger(told, &mut wrongs));
    judge_requests(&books, &mut wrongs);
    let on_purpose = judge_days(&books, &mut wrongs);
    judge_counts(world, &books, &runs, &mut wrongs);
    judge_ends(&runs, &overrides, &mut wrongs);
    Ok((wrongs, on_purpose))
}

/// All runs, newest first.
async fn runs_of(world: &World) -> Result<Vec<Told>, SimulationError> {
    let (store, mut told) = (&world.table.memory, Vec::new());
    for run in store.list_runs(world.partner, 100).await? {
        let page = store.list_ledger(world.partner, &run.id, "", None).await?;
        told.push(Told { run, ledger: page.entries });
    }
    Ok(told)
}

/// The pairs that a run counts, by their outcome.
fn counted(counts: &Counts) -> BTreeMap<OutcomeKind, u64> {
    let all = [
        (OutcomeKind::Unchanged, counts.unchanged),
        (OutcomeKind::Created, counts.created),
        (OutcomeKind::Updated, counts.updated),
        (OutcomeKind::Adopted, counts.adopted),
        (OutcomeKind::Waiting, counts.waiting),
        (OutcomeKind::Held, counts.held),
        (OutcomeKind::Skipped, counts.skipped),
        (OutcomeKind::Failed, counts.failed),
    ];
    all.into_iter().filter(|(_, pairs)| *pairs > 0).collect()
}

/// Each pair at most once, and what the run counts is what its ledger says.
fn judge_ledger(told: &Told, wrongs: &mut Vec<String>) {
    let (id, mut counts) = (&told.run.id, Counts::default());
    let mut by_outcome: BTreeMap<OutcomeKind, u64> = BTreeMap::new();
    for entry in &told.ledger {
        let codes: BTreeSet<&Option<ProductCode>> = entry.lines.iter().map(|line| &line.code).collect();
        if codes.len() != entry.lines.len() {
            wrongs.push(format!("{id}: {} has a pair twice in the ledger", entry.name));
        }
        counts.additions_created += u64::from(entry.created);
        counts.quantities_set += u64::from(entry.updated);
        counts.customers += 1;
        for line in entry.all_lines() {
            *by_outcome.entry(line.outcome.kind()).or_default() += 1;
        }
    }
    let said = told.run.tally.counts;
    let same = said.writes() == counts.writes() && said.customers == counts.customers;
    if !same || by_outcome != counted(&said) {
        wrongs.push(format!("{id}: the run counts {said:?}, its ledger {counts:?} with {by_outcome:?}"));
    }
    if let RunState::Failed(failure) = &told.run.state
        && matches!(failure.code, RunFailureCode::TieOut | RunFailureCode::Table)
    {
        wrongs.push(format!("{id}: {failure}"));
    }
}

/// No product was created twice on an agreement, whether or not an invoice came in between.
fn judge_requests(books: &Books, wrongs: &mut Vec<String>) {
    for ((agreement, product), requests) in &books.created {
        // One that a person ended may be followed by another, where nobody knew it for ours.
        let stands = |request: &&u64| books.of(*agreement).any(|seen| seen.request == Some(**request) && !seen.ended);
        let standing = requests.iter().filter(stands).count();
        if standing > 1 {
            wrongs.push(format!("duplicate: product {product} was created {standing} times on {agreement}"));
        }
    }
}

/// The end of an override is reported in exactly one run, and the override remembers which.
fn judge_ends(runs: &[Told], overrides: &[QuantityOverride], wrongs: &mut Vec<String>) {
    let mut reported: BTreeMap<OverrideKey, BTreeSet<&RunId>> = BTreeMap::new();
    for told in runs {
        let billed = told.ledger.iter().flat_map(|entry| &entry.lines).filter_map(|line| line.billed.as_ref());
        for ended in billed.filter_map(|billed| billed.ended.as_ref()) {
            reported.entry(ended.key).or_default().insert(&told.run.id);
        }
    }
    for (key, runs) in reported {
        let known = overrides.iter().find(|one| one.key == key).and_then(|one| one.reported.as_ref());
        // Where it was taken back, or replaced, nothing is known of it.
        let gone = overrides.iter().all(|one| one.key != key);
        if runs.len() > 1 || !(gone || known.is_some_and(|known| runs.contains(known))) {
            wrongs.push(format!("the end of {key:?} is reported in {runs:?}, known is {known:?}"));
        }
    }
}

/// What all ledgers say was written is what ConnectWise took.
fn judge_counts(world: &World, books: &Books, runs: &[Told], wrongs: &mut Vec<String>) {
    let mut told: BTreeMap<AgreementId, (u32, u32)> = BTreeMap::new();
    for entry in runs.iter().flat_map(|told| &told.ledger) {
        if let Some((agreement, _)) = entry.agreement {
            let (created, updated) = told.entry(agreement).or_default();
            *created += entry.created;
            *updated += entry.updated;
        }
    }
    for agreement in &books.agreements {
        let id = agreement.id;
        let took: usize =
            books.created.iter().filter(|((on, _), _)| *on == id).map(|(_, requests)| requests.len()).sum();
        let took_created = u32::try_from(took).unwrap_or(u32::MAX);
        let took_set = books.set.get(&id).copied().unwrap_or(0);
        let (created, updated) = told.get(&id).copied().unwrap_or_default();
        // An edit by a person can make it impossible to tell whether our write took effect.
        let hidden = world.touched.contains(&id) || books.altered.contains(&id);
        let right = |told: u32, took: u32| told == took || (hidden && told < took);
        if !right(created, took_created) || !right(updated, took_set) {
            wrongs.push(format!(
                "misreported on {id}: created {created}, ConnectWise took {took_created}; set {updated}, took {took_set}"
            ));
        }
    }
}

/// A world at rest.
struct Rest<'a> {
    world: &'a World,
    books: &'a Books,
    mappings: &'a ProductMappings,
    /// What people decided to bill in place of the usage.
    overrides: &'a [QuantityOverride],
    /// How the partner reads usage lines that say more than one thing.
    answers: Readings,
    invoices: LastInvoices,
    /// The partner's day of the last run.
    today: Date,
    /// The next ConnectWise invoice of each agreement that shows it, as the last run could see it.
    next_invoices: BTreeMap<AgreementId, Date>,
}

impl Rest<'_> {
    fn judge(&self, last: &Told, wrongs: &mut Vec<String>) {
        let unlisted = |customer: CustomerId| self.world.sophos.departure_of(customer) == Some(Departure::NotListed);
        let partly = last.run.state == RunState::Partial && self.world.sophos.customers.iter().any(|c| unlisted(c.id));
        if !matches!(last.run.state, RunState::Succeeded) && !partly {
            wrongs.push(format!("the last run ended as {:?}", last.run.state));
        }
        for (number, customer) in self.world.sophos.customers.iter().enumerate() {
            let Ok(agreement) = agreement_of(number) else { continue };
            let entry = last.ledger.iter().find(|entry| entry.customer == Some(customer.id));
            let lines: BTreeMap<&ProductCode, &Line> = entry
                .iter()
                .flat_map(|entry| &entry.lines)
                .filter_map(|line| Some((line.code.as_ref()?, line)))
                .collect();
            for (code, line) in &lines {
                if let Err(wrong) = self.judge_line(customer.id, agreement, code, line) {
                    wrongs.push(format!("{} {code}: {wrong}", customer.name));
                }
            }
            for (owner, code) in self.world.sophos.units(self.world.month).keys() {
                if *owner == customer.id && !lines.contains_key(code) {
                    wrongs.push(format!("missing: {} {code} stands in no ledger", customer.name));
                }
            }
        }
    }

    /// What is to be billed: the usage, or what a person decided in its place; none while nobody has said how its lines are
    /// read.
    fn target(&self, customer: CustomerId, product: PsaProductId) -> Option<Decimal> {
        let units = self.world.sophos.units(self.world.month);
        let used = |mapping: &ProductMapping| {
            let pair = (customer, mapping.code.clone());
            let units = units.get(&pair).copied().unwrap_or(0);
            self.world.sophos.read(&pair, units, &mapping.readings.or(self.answers))
        };
        let used = self.mappings.parts_of(product).map(used).sum::<Option<u64>>().map(Decimal::from);
        match self.overriding(customer, product).map(|by| by.rule) {
            Some(QuantityRule::Fixed(quantity)) => Some(quantity),
            Some(QuantityRule::Minimum(least)) => used.map(|used| used.max(least)),
            Some(QuantityRule::Plus(more)) => used.map(|used| used + more),
            Some(QuantityRule::Minus(less)) => used.map(|used| (used - less).max(Decimal::ZERO)),
            None => used,
        }
    }

    /// What a person decided to bill in place of the usage.
    fn overriding(&self, customer: CustomerId, product: PsaProductId) -> Option<&QuantityOverride> {
        let month = self.world.month;
        let counts = |one: &&QuantityOverride| {
            (one.key.customer, one.key.product) == (customer, product) && one.key.from <= month && month <= one.until
        };
        self.overrides.iter().filter(counts).max_by_key(|one| (one.key.from, one.key.at))
    }

    fn judge_line(
        &self,
        customer: CustomerId,
        agreement: AgreementId,
        code: &ProductCode,
        line: &Line,
    ) -> Result<(), String> {
        let has_left = self.world.sophos.departure_of(customer).is_some();
        let never_billed = !self.books.of(agreement).any(|seen| self.books.is_as_written(seen));
        match &line.outcome {
            Outcome::Skipped(Skip::CustomerLeft { .. }) | Outcome::Held(Hold::LeftMonthlyBilling { .. })
                if has_left =>
            {
                return Ok(());
            }
            Outcome::Skipped(Skip::NotFlex { .. }) | Outcome::Failed(Failure::CustomerNotListed)
                if has_left && never_billed =>
            {
                return Ok(());
            }
            Outcome::Unchanged
            | Outcome::Created
            | Outcome::Updated
            | Outcome::Adopted
            | Outcome::Waiting(_)
            | Outcome::Held(_)
            | Outcome::Skipped(_)
            | Outcome::Failed(_) => {}
        }
        let mapped = self.mappings.find(code).and_then(ProductMapping::syncs_to);
        let Some(product) = mapped else {
            let skipped = matches!(line.outcome, Outcome::Skipped(_));
            return if skipped { Ok(()) } else { Err(format!("not mapped, and {}", line.outcome.code())) };
        };
        let day = self.world.month.last_day();
        let of_product: Vec<&Seen> = self.books.of(agreement).filter(|seen| seen.addition.product == product).collect();
        let mut in_force: Vec<&Seen> = of_product.iter().copied().filter(|s| s.addition.in_force_on(day)).collect();
        if in_force.is_empty() {
            // One of ours begins later where another line has billed the days until then.
            let begins_later = |seen: &&Seen| seen.request.is_some() && seen.addition.cancelled.is_none();
            in_force.extend(of_product.iter().copied().filter(begins_later));
            // Nobody can tell it from one that a person typed in for the next month.
            let is_known = in_force.is_empty() || in_force.iter().any(|seen| self.books.is_as_written(seen));
            if !is_known && matches!(line.outcome, Outcome::Unchanged | Outcome::Skipped(Skip::Rejected { .. })) {
                return Ok(());
            }
        }
        let target = self.target(customer, product);
        let billed: Decimal = in_force.iter().map(|seen| seen.addition.quantity).sum();
        match &line.outcome {
            Outcome::Unchanged | Outcome::Created | Outcome::Updated | Outcome::Adopted => {
                if Some(billed) != target || in_force.len() > 1 {
                    let on = in_force.len();
                    return Err(format!("wrong quantity: {billed} on {on} additions, the usage is {target:?}"));
                }
                match in_force.first().filter(|seen| seen.request.is_some() && seen.addition.is_charged()) {
                    Some(ours) => self.invoices.judge(self.world, self.books, ours),
                    None => Ok(()),
                }
            }
            Outcome::Waiting(Waiting::NewMonth { .. }) => {
                let differs = Some(billed) != target && in_force.len() == 1;
                if differs && self.may_wait(agreement) {
                    Ok(())
                } else {
                    Err(format!("waits for no reason on {} (billed {billed}, usage {target:?})", self.today))
                }
            }
            Outcome::Waiting(Waiting::NextRun { .. }) => {
                Err("waits for a run of all lines, and this is one".to_owned())
            }
            Outcome::Held(hold) => {
                let doubled = self.books.doubled.contains(&(agreement, product));
                #[expect(
                    clippy::wildcard_enum_match_arm,
                    reason = "what any other hold keeps back is judged by quantity"
                )]
                let right = match hold {
                    Hold::HandEdit { .. } => in_force.iter().any(|seen| seen.edit.is_some()),
                    Hold::Adopt { .. } => in_force.iter().any(|seen| seen.request.is_none()) || self.hidden(agreement),
                    Hold::Ambiguous { .. } => {
                        let typed_in = in_force.len() > 1 && in_force.iter().any(|seen| seen.request.is_none());
                        doubled || typed_in || self.hidden(agreement)
                    }
                    Hold::UsageLines { .. } => target.is_none(),
                    Hold::Surplus { left, .. } => doubled && (left.is_zero() || self.hidden(agreement)),
                    Hold::AdditionGone { .. } => of_product.iter().any(|seen| seen.ended),
                    // Also if the remaining sum equals the billed quantity, because it may be partial.
                    Hold::Part { product, trouble: PartTrouble::Vanished } => {
                        !self.world.sophos.units(self.world.month).contains_key(&(customer, product.clone()))
                    }
                    // Billed as a person decided, of a usage that is no longer reported: it is asked about all the same.
                    Hold::Vanished { .. } | Hold::ProductUnfinished { .. }
                        if self.overriding(customer, product).is_some() =>
                    {
                        true
                    }
                    // What the hold keeps back is really otherwise, or a person has mapped the part elsewhere.
                    _ => Some(billed) != target || self.world.remapped,
                };
                if right {
                    Ok(())
                } else {
                    Err(format!("held for no reason: {hold} (billed {billed}, usage {target:?})"))
                }
            }
            Outcome::Skipped(Skip::Rejected { kept, .. }) if *kept == billed || in_force.len() > 1 => Ok(()),
            Outcome::Skipped(Skip::BilledElsewhere { .. }) if billed.is_zero() => Ok(()),
            Outcome::Skipped(skip) => Err(format!("skipped though it is mapped: {skip}")),
            Outcome::Failed(failure) => Err(format!("failed at rest: {failure}")),
        }
    }

    /// Whether a change because of the new month may wait by itself: in its first days, and until the month before is
    /// invoiced, for fifteen days at most.
    fn may_wait(&self, agreement: AgreementId) -> bool {
        let month = self.world.month;
        let is_in_month = UsageMonth::containing(self.today) == month;
        let bills_before = |next: &Date| *next <= month.last_day();
        let awaits_invoice = self.next_invoices.get(&agreement).is_some_and(bills_before);
        is_in_month && self.today.day() <= if awaits_invoice { 15 } else { 5 }
    }

    /// Whether a person has done something on an agreement that can hide what became of our writes.
    fn hidden(&self, agreement: AgreementId) -> bool {
        self.world.touched.contains(&agreement) || self.books.altered.contains(&agreement)
    }
}
