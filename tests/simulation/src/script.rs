//! What happens to a world whatever its workers do: runs are asked for, usage changes, people edit.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rust_decimal::Decimal;
use shared::cancel::{Cancelled, cancel};
use shared::domain::departure::Departure;
use shared::domain::id::AgreementId;
use shared::domain::mapping::Combine;
use shared::domain::month::UsageMonth;
use shared::domain::run::{RunKind, RunRequest, RunScope};
use shared::ports::{Clock, SyncMessage};

use super::SimulationError;
use super::environment::locked;
use super::world::World;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A run of the present month is asked for.
    Ask,
    /// The next month begins.
    NextMonth,
    /// Somebody uses more, fewer, something new, or nothing any more.
    Use,
    /// A person sets a quantity in ConnectWise.
    EditQuantity,
    /// A person ends an addition in ConnectWise.
    EndAddition,
    /// A person maps a product elsewhere, switches it off, or on again.
    EditMapping,
    /// A person cancels the run that is open, whatever its worker is at.
    Cancel,
    /// A person decides a hold.
    Decide,
    /// A person says how usage lines in doubt are read.
    AnswerLines,
    /// A customer leaves Sophos, or comes back.
    Leave,
    /// A person makes the next ConnectWise invoice of each agreement.
    Invoice,
    /// A person has the decided lines written now.
    WriteDecided,
}

/// When what happens, in milliseconds.
pub(super) type Script = BTreeMap<(u64, u64), Event>;

/// The script of a seed.
pub(super) fn script_of(world: &World) -> Script {
    let environment = &world.environment;
    let mut script = Script::new();
    let mut at_ms = 0;
    let mut put = |at_ms: u64, event: Event| {
        let number = script.len() as u64;
        script.insert((at_ms, number), event);
    };
    let (edits, endings, mappings) = (environment.happens(150), environment.happens(50), environment.happens(150));
    let cancels = environment.happens(250);
    let real = [
        (Event::Decide, 400),
        (Event::Decide, 400),
        (Event::AnswerLines, 100),
        (Event::Leave, 60),
        (Event::Invoice, 100),
        (Event::EndAddition, 60),
    ];
    let with_overrides = [(Event::WriteDecided, 150)];
    for _ in 0..environment.between(2, 4) {
        put(at_ms, Event::Ask);
        for _ in 0..environment.below(3) {
            put(at_ms + environment.below(200_000), Event::Use);
        }
        if edits {
            put(at_ms + environment.below(400_000), Event::EditQuantity);
        }
        if endings && environment.happens(300) {
            put(at_ms + environment.below(400_000), Event::EndAddition);
        }
        if mappings {
            put(at_ms + environment.below(400_000), Event::EditMapping);
        }
        if cancels && environment.happens(600) {
            put(at_ms + environment.below(60_000), Event::Cancel);
        }
        for (event, per_mille) in real.iter().filter(|_| world.is_real) {
            if environment.happens(*per_mille) {
                put(at_ms + environment.below(400_000), *event);
            }
        }
        for (event, per_mille) in with_overrides.iter().filter(|_| world.has_overrides) {
            if environment.happens(*per_mille) {
                put(at_ms + environment.below(400_000), *event);
            }
        }
        let gap_ms = environment.one_of(&[3_000, 40_000, 130_000, 200_000, 600_000]);
        at_ms += environment.between(gap_ms / 3, gap_ms);
        if environment.happens(200) {
            put(at_ms, Event::NextMonth);
        }
    }
    script
}

impl World {
    /// Lets something happen.
    pub(super) async fn happen(&mut self, event: Event) -> Result<(), SimulationError> {
        self.environment.note("event", &[event as u64]);
        self.environment.say(|| format!("  {event:?}"));
        match event {
            Event::Ask => self.ask(),
            Event::NextMonth => self.next_month(),
            Event::Use => self.use_otherwise(),
            Event::EditQuantity => self.edit_quantity(),
            Event::EndAddition => self.end_addition(),
            Event::EditMapping => self.edit_mapping().await?,
            Event::Cancel => self.cancel().await?,
            Event::Decide => self.decide_one().await?,
            Event::AnswerLines => self.answer_for_all_lines().await?,
            Event::Leave => self.leave(),
            Event::Invoice => self.invoice(),
            Event::WriteDecided => self.write_decided(),
        }
        Ok(())
    }

    /// Cancels the open run, as its route does.
    async fn cancel(&self) -> Result<(), SimulationError> {
        let store = &self.table.memory;
        let newest = store.list_runs_before(self.partner, None, 1).await?;
        let Some(open) = newest.into_iter().find(|run| !run.state.is_over()) else { return Ok(()) };
        let ended =
            cancel(store, "a person", self.environment.now(), self.partner, &open.id, "a person".into()).await?;
        self.environment.note("cancel", &[u64::from(matches!(ended, Cancelled::Now(_)))]);
        Ok(())
    }

    /// Asks for a run; now and then twice.
    pub(super) fn ask(&self) {
        let now = self.environment.now();
        let slot = format!("key-{}", self.environment.now_ms());
        let request = RunRequest::new(self.partner, RunKind::Now, self.month, slot, self.asked_at());
        let message = SyncMessage { request, attempt: 0, turns: 0, first_sent_at: now };
        if self.environment.happens(self.environment.fault_profile().doubled_message) {
            self.messages.ask(message.clone());
        }
        self.messages.ask(message);
    }

    /// Asks for a run of the decided lines alone.
    fn write_decided(&self) {
        let now = self.environment.now();
        let slot = format!("decided-{}", self.environment.now_ms());
        let scope = RunScope { decided_alone: true, month_alone: true, ..RunScope::default() };
        let request = RunRequest::new(self.partner, RunKind::Now, self.month, slot, self.asked_at());
        let request = RunRequest { scope, ..request };
        self.messages.ask(SyncMessage { request, attempt: 0, turns: 0, first_sent_at: now });
    }

    fn next_month(&mut self) {
        let after = self.month.last_day().tomorrow().map(UsageMonth::containing);
        let Ok(next) = after else { return };
        let units = self.sophos.units(self.month);
        self.usage().insert(next, units);
        self.month = next;
        // On that day of it, the runs to come are asked for: some wait for the new month, some no longer do.
        let day = next.first_day().saturating_add(self.environment.one_of(&[0, 3, 9, 14, 19]).days());
        let today = self.environment.now().to_zoned(TimeZone::UTC).date();
        self.days_ahead = today.until(day).map_or(0, |span| span.get_days());
        self.use_otherwise();
    }

    /// When a run is asked for, by the partner's calendar.
    pub(super) fn asked_at(&self) -> Timestamp {
        let now = self.environment.now();
        now.saturating_add(SignedDuration::from_hours(24 * i64::from(self.days_ahead))).unwrap_or(now)
    }

    fn use_otherwise(&self) {
        let environment = &self.environment;
        let customer = &self.sophos.customers[pick(environment.below(self.sophos.customers.len() as u64))];
        let code = self.codes[pick(environment.below(self.codes.len() as u64))].clone();
        let by = environment.between(1, 3);
        let kind = environment.below(20);
        let mut usage = self.usage();
        let units = usage.entry(self.month).or_default();
        match units.get_mut(&(customer.id, code.clone())) {
            None => drop(units.insert((customer.id, code), 5 + by)),
            Some(_) if kind == 0 => drop(units.remove(&(customer.id, code))),
            Some(units) if kind == 1 => *units = 0,
            Some(units) if kind < 5 => *units = units.saturating_sub(by),
            Some(units) => *units += by,
        }
        environment.say(|| format!("  {} units now: {:?}", customer.name, units.values().collect::<Vec<_>>()));
    }

    fn edit_quantity(&mut self) {
        let (now_ms, environment) = (self.environment.now_ms(), self.environment.clone());
        let mut books = locked(&self.books);
        books.settle(now_ms, &environment);
        let chosen = pick(environment.below(books.additions.len() as u64));
        let to = Decimal::from(1000 + environment.below(1000));
        self.touched.extend(books.edit(chosen, to));
    }

    fn end_addition(&mut self) {
        let (now_ms, environment) = (self.environment.now_ms(), self.environment.clone());
        let mut books = locked(&self.books);
        books.settle(now_ms, &environment);
        let chosen = pick(environment.below(books.additions.len() as u64));
        let day = Date::constant(2026, 11, 2);
        // One that has ended earlier stays as it is: nobody makes it longer behind a line that follows it.
        if let Some(seen) = books.additions.values_mut().nth(chosen)
            && seen.addition.cancelled.is_none_or(|there| there > day)
        {
            seen.ended_before = seen.addition.cancelled.replace(day);
            seen.ended = true;
            self.touched.insert(seen.agreement);
            self.environment.say(|| format!("  addition {} is ended", seen.addition.id));
        }
    }

    /// A customer is unlinked or converted, with or without usage left in the month; one who has left is back.
    fn leave(&self) {
        let environment = &self.environment;
        let customer = self.sophos.customers[pick(environment.below(self.sophos.customers.len() as u64))].id;
        let mut left = locked(&self.sophos.left);
        if left.remove(&customer).is_some() {
            environment.say(|| format!("  {customer} is back"));
            return;
        }
        let departure = match environment.below(2) {
            0 => Departure::NotListed,
            _ => Departure::OtherBilling { billing: "term".into() },
        };
        environment.say(|| format!("  {customer} leaves: {departure:?}"));
        left.insert(customer, departure);
        if environment.happens(500) {
            self.usage().entry(self.month).or_default().retain(|(of, _), _| *of != customer);
        }
    }

    fn invoice(&self) {
        let mut books = locked(&self.books);
        books.settle(self.environment.now_ms(), &self.environment);
        let agreements: Vec<AgreementId> = books.agreements.iter().map(|agreement| agreement.id).collect();
        agreements.into_iter().for_each(|agreement| books.invoice(agreement));
        drop(books);
        self.print_additions();
    }

    async fn edit_mapping(&mut self) -> Result<(), SimulationError> {
        self.remapped = true;
        let code = &self.codes[pick(self.environment.below(self.codes.len() as u64))];
        let product = self.products[pick(self.environment.below(self.products.len() as u64))];
        let mappings = self.table.memory.list_product_mappings(self.partner).await?;
        let Some(mapping) = mappings.find(code).cloned() else { return Ok(()) };
        let edited = match self.environment.below(3) {
            0 => mapping.switch(false)?,
            1 => mapping.switch(true)?,
            _ => mapping.map_to(product, Some(Combine::AddUp)),
        };
        Ok(self.table.memory.put_product_mapping(self.partner, &edited).await?)
    }
}

pub(super) fn pick(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
