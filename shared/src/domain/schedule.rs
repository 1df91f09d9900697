//! When a partner is due, and which usage month such a run bills.
//!
//! All of it is computed from the schedule's own time, never from the time at which a tick happens to look: a late or
//! repeated tick asks for the same run.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::id::PartnerId;
use super::month::UsageMonth;
use super::settings::{Frequency, MonthRule, Settings};

/// The local hour after which a day's runs start; the spread comes on top.
const FIRST_HOUR: Time = Time::constant(1, 0, 0, 0);
/// Partners are spread over this long, so that they do not all meet Sophos and their PSA in one minute.
const SPREAD_SECONDS: u64 = 4 * 60 * 60;

/// The occasion of a run: two triggers with the same occasion are one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// The time that the schedule names; not the time at which somebody looked.
    pub scheduled_at: Timestamp,
    /// The month to bill.
    pub month: UsageMonth,
    /// What distinguishes this occasion from the partner's others: the local date, or the month of a monthly run.
    pub slot: String,
}

/// The occasion that a partner's schedule had at `scheduled_at`.
#[must_use]
pub fn occasion(settings: &Settings, scheduled_at: Timestamp) -> Occasion {
    let day = scheduled_at.to_zoned(settings.time_zone.zone().clone()).date();
    let this = UsageMonth::containing(day);
    let (month, slot) = match settings.frequency {
        Frequency::SophosInvoice => (if day.day() <= 15 { this.previous() } else { this }, day.to_string()),
        Frequency::Monthly { day: _, month } => (month_by_rule(month, day), this.to_string()),
        Frequency::Nightly => (this, day.to_string()),
    };
    Occasion { scheduled_at, month, slot }
}

fn month_by_rule(rule: MonthRule, day: Date) -> UsageMonth {
    let this = UsageMonth::containing(day);
    match rule {
        MonthRule::Current => this,
        MonthRule::Previous => this.previous(),
        // A clamped day (the 31st in February) is the month's last, so it counts as late in the month.
        MonthRule::ByDay if day.day() >= 25 => this,
        MonthRule::ByDay => this.previous(),
    }
}

/// The first time strictly after `after` at which this partner is due.
#[must_use]
pub fn next_run_after(settings: &Settings, partner: PartnerId, after: Timestamp) -> Timestamp {
    let zone = settings.time_zone.zone();
    let today = after.to_zoned(zone.clone()).date();
    // Two months and a day hold an occasion of every frequency.
    let mut day = today;
    for _ in 0..63 {
        if runs_on(settings.frequency, day) {
            let at = start_of_runs(day, zone, partner);
            if at > after {
                return at;
            }
        }
        day = day.tomorrow().unwrap_or(day);
    }
    start_of_runs(day, zone, partner)
}

/// The start of the partner's runs on the local day after the one that `after` is in: when a retry is made.
#[must_use]
pub fn next_night_after(settings: &Settings, partner: PartnerId, after: Timestamp) -> Timestamp {
    let zone = settings.time_zone.zone();
    let today = after.to_zoned(zone.clone()).date();
    start_of_runs(today.tomorrow().unwrap_or(today), zone, partner)
}

/// The partner's day at a time.
#[must_use]
pub fn local_day(settings: &Settings, at: Timestamp) -> Date {
    at.to_zoned(settings.time_zone.zone().clone()).date()
}

fn runs_on(frequency: Frequency, day: Date) -> bool {
    match frequency {
        Frequency::SophosInvoice => day == day.last_of_month() || day.day() == 3,
        Frequency::Monthly { day: chosen, .. } => day.day() == chosen.get().min(day.days_in_month()),
        Frequency::Nightly => true,
    }
}

fn start_of_runs(day: Date, zone: &TimeZone, partner: PartnerId) -> Timestamp {
    let seconds = i64::try_from(stable_hash(&partner.to_string()) % SPREAD_SECONDS).unwrap_or(0);
    // A local time that a clock change skips or repeats is read the compatible way: never missing, never twice.
    let first = day.to_datetime(FIRST_HOUR).to_zoned(zone.clone()).map(|z| z.timestamp());
    let first = first.unwrap_or(Timestamp::MAX);
    first.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(first)
}

/// FNV-1a, 64 bits: the same on every machine and in every release, which the standard hasher does not promise.
#[must_use]
pub fn stable_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    use crate::domain::settings::{DayOfMonth, Guards, TimeZoneName};

    fn settings(frequency: Frequency, zone: &str) -> Settings {
        Settings { time_zone: TimeZoneName::parse(zone).unwrap(), frequency, writes: true, guards: Guards::default() }
    }

    fn partner() -> PartnerId {
        PartnerId::parse("00000000-0000-4000-8000-000000000001").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn monthly(day: i8, month: MonthRule) -> Frequency {
        Frequency::Monthly { day: DayOfMonth::try_from(day).unwrap(), month }
    }

    #[test]
    fn invoice_mode_runs_on_the_last_day_and_again_on_the_3rd_for_the_same_month() {
        let settings = settings(Frequency::SophosInvoice, "Europe/Rome");
        let first = next_run_after(&settings, partner(), at("2026-11-22T12:00:00Z"));
        let second = next_run_after(&settings, partner(), first);
        let occasions = [occasion(&settings, first), occasion(&settings, second)];
        assert_eq!(occasions.each_ref().map(|o| o.slot.as_str()), ["2026-11-30", "2026-12-03"]);
        assert_eq!(occasions.each_ref().map(|o| o.month.to_string()), ["2026-11", "2026-11"]);
    }

    #[test]
    fn a_day_past_the_months_end_is_its_last_day() {
        let settings = settings(monthly(31, MonthRule::ByDay), "Europe/Rome");
        let due = next_run_after(&settings, partner(), at("2027-02-02T00:00:00Z"));
        assert_eq!(due.to_zoned(settings.time_zone.zone().clone()).date().to_string(), "2027-02-28");
        assert_eq!(occasion(&settings, due).month.to_string(), "2027-02");
    }

    #[test]
    fn from_the_25th_a_monthly_run_bills_the_current_month_before_that_the_previous_one() {
        for (day, month) in [(24, "2026-10"), (25, "2026-11")] {
            let settings = settings(monthly(day, MonthRule::ByDay), "UTC");
            let due = next_run_after(&settings, partner(), at("2026-11-01T00:00:00Z"));
            assert_eq!(occasion(&settings, due).month.to_string(), month, "day {day}");
        }
    }

    #[test]
    fn the_partner_can_choose_the_month_of_a_monthly_run() {
        for (rule, month) in [(MonthRule::Current, "2026-11"), (MonthRule::Previous, "2026-10")] {
            let settings = settings(monthly(15, rule), "UTC");
            let due = next_run_after(&settings, partner(), at("2026-11-01T00:00:00Z"));
            assert_eq!(occasion(&settings, due).month.to_string(), month);
        }
    }

    #[test]
    fn the_time_zone_decides_which_month_a_night_is_in() {
        let night = at("2026-11-30T23:30:00Z");
        assert_eq!(occasion(&settings(Frequency::Nightly, "UTC"), night).month.to_string(), "2026-11");
        assert_eq!(occasion(&settings(Frequency::Nightly, "Asia/Tokyo"), night).month.to_string(), "2026-12");
    }

    #[test]
    fn a_late_look_asks_for_the_same_occasion() {
        let settings = settings(Frequency::Nightly, "America/New_York");
        let due = next_run_after(&settings, partner(), at("2026-11-22T12:00:00Z"));
        assert_eq!(occasion(&settings, due), occasion(&settings, due));
        assert_eq!(next_run_after(&settings, partner(), due - 1.second()), due);
    }

    #[test]
    fn every_night_of_a_year_has_one_run_even_when_the_clocks_change() {
        let settings = settings(Frequency::Nightly, "Europe/Rome");
        let mut due = at("2026-01-01T00:00:00Z");
        let mut slots = Vec::new();
        for _ in 0..365 {
            due = next_run_after(&settings, partner(), due);
            slots.push(occasion(&settings, due).slot);
        }
        let mut distinct = slots.clone();
        distinct.dedup();
        assert_eq!(slots.len(), distinct.len());
        assert_eq!(slots.last().unwrap(), "2026-12-31");
    }

    #[test]
    fn partners_are_spread_over_the_night() {
        let settings = settings(Frequency::Nightly, "UTC");
        let mut times: Vec<Timestamp> = (0..200u128)
            .map(|n| PartnerId::from_uuid(uuid::Uuid::from_u128(n)))
            .map(|partner| next_run_after(&settings, partner, at("2026-11-22T12:00:00Z")))
            .collect();
        times.sort();
        times.dedup();
        assert!(times.len() > 190, "{} distinct times", times.len());
        assert!(times[0] >= at("2026-11-23T01:00:00Z") && times[times.len() - 1] < at("2026-11-23T05:00:00Z"));
    }
}
