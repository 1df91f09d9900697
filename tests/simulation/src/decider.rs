//! The people of a world who decide what waits: now and then one hold, or all of them once the faults are over.

use shared::domain::decision::{Decision, OtherQuantity, StandingHold, Verdict};
use shared::domain::outcome::{Hold, Would};
use shared::domain::quantity_override::QuantityRule;
use shared::domain::usage::{Periods, Reading, Readings, Repeats};
use shared::error::StoreError;
use shared::ports::Clock;
use shared::remember::remember_reading;
use shared::store::Author;

use super::SimulationError;
use super::environment::locked;
use super::script::pick;
use super::world::World;

impl World {
    async fn waiting(&self) -> Result<Vec<StandingHold>, SimulationError> {
        Ok(self.table.memory.list_holds(self.partner, self.month, "", None).await?.holds)
    }

    /// Decides one of the holds.
    pub(super) async fn decide_one(&self) -> Result<(), SimulationError> {
        let waiting = self.waiting().await?;
        match waiting.get(pick(self.environment.below(waiting.len() as u64))) {
            Some(hold) => self.decide(hold).await,
            None => Ok(()),
        }
    }

    /// Releases each hold that can be, and answers what is asked of all usage lines at once.
    pub(super) async fn release_all(&self) -> Result<(), SimulationError> {
        self.answer_for_all_lines().await?;
        for hold in self.waiting().await? {
            let reading = hold.basis.readings.first().map(|offer| offer.reading);
            if hold.basis.released(reading) != Would::Nothing {
                self.put(&hold, Verdict::Release, reading).await?;
            }
        }
        Ok(())
    }

    async fn decide(&self, hold: &StandingHold) -> Result<(), SimulationError> {
        if self.has_overrides
            && self.environment.happens(250)
            && let Some(other) = self.other_quantity(hold)
        {
            return self.put(hold, Verdict::UseQuantity(other), None).await;
        }
        let offers = &hold.basis.readings;
        let chosen = offers.get(pick(self.environment.below(offers.len() as u64))).map(|offer| offer.reading);
        let release = hold.basis.released(chosen) != Would::Nothing && self.environment.happens(700);
        match release {
            true => self.put(hold, Verdict::Release, chosen).await,
            false => self.put(hold, Verdict::Reject, None).await,
        }
    }

    /// Another quantity than the usage, for this month or the next one too, where the hold can be decided so.
    fn other_quantity(&self, hold: &StandingHold) -> Option<OtherQuantity> {
        let value = self.environment.between(1, 12).into();
        let rule = self.environment.one_of(&[
            QuantityRule::Fixed(value),
            QuantityRule::Minimum(value),
            QuantityRule::Plus(value),
            QuantityRule::Minus(value),
        ]);
        let until = self.environment.one_of(&[hold.key.month, hold.key.month.next()]);
        hold.billed_by(rule).map(|billed| OtherQuantity { rule, until, billed })
    }

    async fn put(
        &self,
        hold: &StandingHold,
        verdict: Verdict,
        reading: Option<Reading>,
    ) -> Result<(), SimulationError> {
        let (store, at) = (&self.table.memory, self.environment.now());
        let (who, why) = ("Ann".to_owned(), "as agreed".to_owned());
        let decision = Decision {
            verdict,
            who: who.clone(),
            reason: None,
            why,
            at,
            basis: hold.basis.clone(),
            reading,
            moves: None,
        };
        self.environment.note("decide", &[u64::from(verdict == Verdict::Release), u64::from(hold.key.product.get())]);
        self.print_decision(hold, &decision);
        match store.decide_hold_over(self.partner, hold.key, hold.decision.as_ref(), &decision).await {
            Err(StoreError::Conflict { .. }) => return Ok(()),
            decided => decided?,
        }
        if verdict == Verdict::Release && is_billed_elsewhere(&hold.hold) {
            locked(&self.books).on_purpose.insert((hold.basis.agreement, hold.key.product));
        }
        let (_, to) = hold.written_after(&decision).quantities();
        if let Some(addition) = hold.basis.addition.filter(|_| decision.writes()) {
            locked(&self.books).release(addition, (hold.basis.quantity, to));
        }
        if let Some(reading) = reading {
            remember_reading(store, self.partner, &Author { who, at, note: None }, hold, reading).await?;
        }
        Ok(())
    }

    /// Says in the settings how usage lines are read that say more than one thing.
    pub(super) async fn answer_for_all_lines(&self) -> Result<(), SimulationError> {
        let store = &self.table.memory;
        let Some(mut settings) = store.find_settings(self.partner).await? else { return Ok(()) };
        let periods = Some(self.environment.one_of(&[Periods::AddUp, Periods::LargestOnOneDay, Periods::LastPeriod]));
        settings.guards.usage_periods = Readings {
            duplicate_usage: Some(self.environment.one_of(&[Repeats::CountOnce, Repeats::AddUp])),
            other_period: periods,
            consecutive_periods: periods,
        };
        Ok(store.put_settings(self.partner, &settings).await?)
    }
}

/// Whether a release bills a product on two agreements.
fn is_billed_elsewhere(hold: &Hold) -> bool {
    if let Hold::LeftMonthlyBilling { also: Some(also), .. } = hold {
        return is_billed_elsewhere(also);
    }
    matches!(hold, Hold::BilledElsewhere { .. })
}
