//! What the lines of a pair say of themselves: which came more than once, and for which days they are. Kept per pair while
//! lines go by: never the lines themselves, of which a partner may have 200,000.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::period::Period;
use super::reading::{DoubtKind, Periods, Readings, Repeats};
use super::{PairUsage, UsageLine};
use crate::domain::month::UsageMonth;

/// The most characters of an order or serial number that a sentence shows.
const SHOWN_CHARS: usize = 40;

/// Why a pair's lines do not say what its quantity is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Doubt {
    /// One line came more than once; the first such line by its name.
    DuplicateUsage {
        /// What it is known by.
        line: String,
        /// How often it came.
        copies: u32,
        /// Its smallest quantity.
        least: u64,
        /// Its largest quantity; another than the smallest where its copies contradict one another.
        most: u64,
    },
    /// A line is for days outside the usage month.
    OtherPeriod {
        /// The earliest such period.
        period: Period,
        /// The units of its lines.
        units: u64,
    },
    /// Lines follow one another.
    ConsecutivePeriods {
        /// The period that ends first.
        first: Period,
        /// The one that begins last, when the first is over.
        then: Period,
    },
}

impl Doubt {
    /// Of which kind it is.
    #[must_use]
    pub const fn kind(&self) -> DoubtKind {
        match self {
            Self::DuplicateUsage { .. } => DoubtKind::DuplicateUsage,
            Self::OtherPeriod { .. } => DoubtKind::OtherPeriod,
            Self::ConsecutivePeriods { .. } => DoubtKind::ConsecutivePeriods,
        }
    }
}

/// What lines above 0 say of themselves. Lines of 0 are never in doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// By period, in order; first those without one, which are for all days.
    periods: Vec<(Option<Period>, Units)>,
    /// The first of the lines that came more than once, by its name.
    repeated: Option<Repeated>,
}

/// The units of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Units {
    /// Of all lines as they came.
    all: u64,
    /// With every line once.
    once: u64,
}

/// A line that came more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Repeated {
    line: String,
    identity: u64,
    met: Met,
}

/// How often a line has come by now, and with which quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Met {
    copies: u32,
    least: u64,
    most: u64,
}

/// All lines above 0 that have come by now, by the hash of what tells one from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines(BTreeMap<u64, Met>);

impl Lines {
    /// Notes a line of `units` in the evidence of its pair. The order in which lines come makes no difference.
    pub(super) fn note(&mut self, line: &UsageLine, units: u64, evidence: &mut Evidence) {
        let identity = line.identity(units);
        let new = Met { copies: 0, least: units, most: 0 };
        let met = self.0.entry(identity).or_insert(new);
        let more = units.saturating_sub(met.most);
        *met = Met {
            copies: met.copies.saturating_add(1),
            least: met.least.min(units),
            most: met.most.saturating_add(more),
        };
        evidence.add(line.period(), units, more);
        if met.copies > 1 {
            let repeated = Repeated { line: line.name(), identity, met: *met };
            let known = evidence.repeated.as_ref().map(|known| (&known.line, known.identity));
            if known.is_none_or(|known| (&repeated.line, repeated.identity) <= known) {
                evidence.repeated = Some(repeated);
            }
        }
    }
}

impl UsageLine {
    /// The days that it is for; none where its dates do not say, and it is for all days.
    #[must_use]
    pub fn period(&self) -> Option<Period> {
        Period::read(&self.billing_start, &self.billing_end)
    }

    /// What tells it from other lines: with an order number or an external id those, the product's and the customer's, else
    /// all that it says, its quantity included.
    fn identity(&self, units: u64) -> u64 {
        let Self { pair, sku, order, order_line, serial, external_id, .. } = self;
        let mut hash = DefaultHasher::new();
        (pair.customer, &pair.product, sku, order, order_line, serial, external_id, self.period()).hash(&mut hash);
        if order.trim().is_empty() && external_id.trim().is_empty() {
            let Self { description, group, actual, ordered, whole, .. } = self;
            (units, description, group, actual, ordered, whole).hash(&mut hash);
        }
        hash.finish()
    }

    /// What a person finds it by.
    fn name(&self) -> String {
        let named = [("order", &self.order), ("line", &self.order_line), ("serial", &self.serial)];
        let shown = |text: &str| text.trim().chars().take(SHOWN_CHARS).collect::<String>();
        let parts = named.into_iter().filter(|(_, text)| !text.trim().is_empty());
        let parts: Vec<String> = parts.map(|(what, text)| format!("{what} {}", shown(text))).collect();
        if parts.is_empty() { "no order number".to_owned() } else { parts.join(", ") }
    }
}

impl Evidence {
    fn add(&mut self, period: Option<Period>, units: u64, once: u64) {
        let place = match self.periods.binary_search_by_key(&period, |(known, _)| *known) {
            Ok(place) => place,
            Err(place) => {
                // One period is the rule: room for more would be most of what a pair takes.
                if self.periods.is_empty() {
                    self.periods.reserve_exact(1);
                }
                self.periods.insert(place, (period, Units::default()));
                place
            }
        };
        if let Some((_, sum)) = self.periods.get_mut(place) {
            *sum = Units { all: sum.all.saturating_add(units), once: sum.once.saturating_add(once) };
        }
    }

    fn of_period(&self) -> impl Iterator<Item = (Period, Units)> {
        self.periods.iter().filter_map(|(period, units)| Some(((*period)?, *units)))
    }

    /// The units of lines that are for all days.
    fn on_all_days(&self, count: fn(Units) -> u64) -> u64 {
        self.periods.iter().filter(|(period, _)| period.is_none()).map(|(_, units)| count(*units)).sum()
    }

    fn sum(&self, count: fn(Units) -> u64) -> u64 {
        self.periods.iter().fold(0_u64, |sum, (_, units)| sum.saturating_add(count(*units)))
    }

    /// The largest sum on any day. A period's last day may be the next one's first: there the two do not meet.
    fn largest(&self, count: fn(Units) -> u64) -> u64 {
        let mut ends: Vec<_> = self.of_period().map(|(period, units)| (period.sure_end(), count(units))).collect();
        ends.sort_unstable();
        let mut ends = ends.into_iter().peekable();
        let mut on_day = self.on_all_days(count);
        let mut largest = on_day;
        // By their first days: on one of these the sum is largest.
        for (period, units) in self.of_period() {
            while let Some((_, gone)) = ends.next_if(|(end, _)| *end <= period.first) {
                on_day = on_day.saturating_sub(gone);
            }
            on_day = on_day.saturating_add(count(units));
            largest = largest.max(on_day);
        }
        largest
    }

    fn last(&self, count: fn(Units) -> u64) -> u64 {
        let Some(end) = self.of_period().map(|(period, _)| period.last).max() else { return self.sum(count) };
        let of_last = self.of_period().filter(|(period, _)| period.ends_with(end));
        of_last.fold(self.on_all_days(count), |sum, (_, units)| sum.saturating_add(count(units)))
    }

    /// All doubts, in the order in which they are asked.
    fn doubts(&self, month: UsageMonth) -> Vec<Doubt> {
        let repeated = self.repeated.as_ref().map(|Repeated { line, met, .. }| Doubt::DuplicateUsage {
            line: line.clone(),
            copies: met.copies,
            least: met.least,
            most: met.most,
        });
        let outside = self.of_period().find(|(period, _)| period.is_outside(month));
        let outside = outside.map(|(period, units)| Doubt::OtherPeriod { period, units: units.all });
        let first = self.of_period().map(|(period, _)| period).min_by_key(|period| (period.sure_end(), *period));
        let then = self.of_period().map(|(period, _)| period).max_by_key(|period| (period.first, *period));
        let follow = first.zip(then).filter(|(first, then)| then.first >= first.sure_end());
        let follow = follow.map(|(first, then)| Doubt::ConsecutivePeriods { first, then });
        repeated.into_iter().chain(outside).chain(follow).collect()
    }
}

impl PairUsage {
    /// What the lines leave open, in the order in which it is asked, once these answers are given.
    #[must_use]
    pub fn open_doubts(&self, month: UsageMonth, answers: &Readings) -> Vec<Doubt> {
        let mut doubts = self.evidence.doubts(month);
        doubts.retain(|doubt| !answers.answers(doubt.kind()));
        doubts
    }

    /// Its units, read as these answers say. What they leave open is added up.
    #[must_use]
    pub fn units_read(&self, month: UsageMonth, answers: &Readings) -> u64 {
        let kinds: Vec<DoubtKind> = self.evidence.doubts(month).iter().map(Doubt::kind).collect();
        if kinds.is_empty() {
            return self.units;
        }
        let count: fn(Units) -> u64 = match answers.duplicate_usage {
            Some(Repeats::CountOnce) => |units| units.once,
            Some(Repeats::AddUp) | None => |units| units.all,
        };
        // Where lines follow one another, that is what the answer is about; else some are for another month alone.
        let asked = if kinds.contains(&DoubtKind::ConsecutivePeriods) {
            answers.consecutive_periods
        } else if kinds.contains(&DoubtKind::OtherPeriod) {
            answers.other_period
        } else {
            None
        };
        match asked {
            None | Some(Periods::AddUp) => self.evidence.sum(count),
            Some(Periods::LargestOnOneDay) => self.evidence.largest(count),
            Some(Periods::LastPeriod) => self.evidence.last(count),
        }
    }
}

#[cfg(test)]
mod tests;
