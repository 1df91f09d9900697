//! Lines in doubt, each kind and each reading, and that their order never matters.

use jiff::civil::Date;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::domain::id::{CustomerId, ProductCode};
use crate::domain::usage::{LineQuantity, Pair, Reading, UsageTotals};

fn november() -> UsageMonth {
    UsageMonth::parse("2026-11").unwrap()
}

/// A line of order O-1 with a serial number, for some days.
fn line(serial: &str, days: [&str; 2], units: u64) -> UsageLine {
    let customer = CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap();
    let pair = Pair { customer: Some(customer), product: ProductCode::parse("CIXA").ok() };
    UsageLine {
        order: "O-1".into(),
        order_line: "1".into(),
        serial: serial.into(),
        billing_start: days[0].into(),
        billing_end: days[1].into(),
        ..UsageLine::new(pair, LineQuantity::Units(units))
    }
}

const ALL: [&str; 2] = ["2026-11-01", "2026-11-30"];
const FIRST: [&str; 2] = ["2026-11-01", "2026-11-14"];
const THEN: [&str; 2] = ["2026-11-15", "2026-11-30"];
const DECEMBER: [&str; 2] = ["2026-12-01", "2026-12-31"];
const IMPOSSIBLE: [&str; 2] = ["2021-01-31", "2021-04-31"];

fn sum(lines: &[UsageLine]) -> PairUsage {
    let totals: UsageTotals = lines.iter().collect();
    totals.iter().next().map(|(_, usage)| usage.clone()).unwrap_or_default()
}

fn kinds(lines: &[UsageLine]) -> Vec<&'static str> {
    sum(lines).open_doubts(november(), &Readings::default()).iter().map(|doubt| doubt.kind().word()).collect()
}

/// The quantities by each reading: count once, add up, largest on one day, last period.
fn read(lines: &[UsageLine]) -> [u64; 4] {
    let usage = sum(lines);
    [Reading::CountOnce, Reading::AddUp, Reading::LargestOnOneDay, Reading::LastPeriod]
        .map(|reading| usage.units_read(november(), &Readings::default().or_read_as(reading)))
}

#[test]
fn lines_of_one_period_with_serials_of_their_own_are_in_no_doubt() {
    let lines = [line("X", ALL, 5), line("Y", ALL, 5), line("Z", ["2026-11-02", "2026-12-01"], 7)];
    assert_eq!(kinds(&lines), [""; 0]);
    assert_eq!(read(&lines), [17; 4]);
}

#[test]
fn one_line_that_came_twice_is_counted_once_or_added_up() {
    for units in [3, 40] {
        let lines = [line("X", ALL, units), line("X", ALL, units)];
        assert_eq!(kinds(&lines), ["duplicateUsage"]);
        assert_eq!(read(&lines), [units, 2 * units, units, units]);
    }
    let doubts = sum(&[line("X", ALL, 3), line("X", ALL, 3)]).open_doubts(november(), &Readings::default());
    assert_eq!(doubts[0].to_string(), "Sophos sent one usage line of 3 twice (order O-1, line 1, serial X)");
}

#[test]
fn two_quantities_of_one_line_are_in_doubt_whichever_comes_first() {
    for (a, b) in [(5, 7), (7, 5)] {
        let lines = [line("X", ALL, a), line("X", ALL, b)];
        assert_eq!(kinds(&lines), ["duplicateUsage"]);
        assert_eq!(read(&lines), [7, 12, 7, 7]);
        let doubts = sum(&lines).open_doubts(november(), &Readings::default());
        let said = "Sophos sent two quantities for one usage line, 5 and 7 (order O-1, line 1, serial X)";
        assert_eq!(doubts[0].to_string(), said);
    }
}

#[test]
fn a_quantity_of_0_is_never_in_doubt() {
    let lines = [line("X", ALL, 0), line("X", ALL, 0), line("X", ALL, 5), line("Y", DECEMBER, 0)];
    assert_eq!(kinds(&lines), [""; 0]);
    assert_eq!(read(&lines), [5; 4]);
}

#[test]
fn without_order_number_and_external_id_only_a_line_that_is_the_same_in_all_came_twice() {
    let bare = |whole, units| UsageLine { order: String::new(), whole: Some(whole), ..line("", ALL, units) };
    assert_eq!(kinds(&[bare(1, 5), bare(1, 5)]), ["duplicateUsage"]);
    assert_eq!(kinds(&[bare(1, 5), bare(2, 5)]), [""; 0]);
    assert_eq!(kinds(&[bare(1, 5), bare(1, 7)]), [""; 0]);
    let named = |whole, units| UsageLine { external_id: "17b80674".into(), ..bare(whole, units) };
    assert_eq!(kinds(&[named(1, 5), named(2, 7)]), ["duplicateUsage"]);
}

#[test]
fn any_other_member_of_its_identity_makes_it_another_line() {
    let one = line("X", ALL, 5);
    let others = [
        UsageLine { sku: "CEAZ".into(), ..one.clone() },
        UsageLine { order: "O-2".into(), ..one.clone() },
        UsageLine { order_line: "2".into(), ..one.clone() },
        UsageLine { external_id: "e".into(), ..one.clone() },
        line("Y", ALL, 5),
        line("X", IMPOSSIBLE, 5),
    ];
    for other in others {
        assert_eq!(kinds(&[one.clone(), other.clone()]), [""; 0], "{other:?}");
    }
    // Two dates that no calendar knows are no period, both.
    assert_eq!(kinds(&[line("X", IMPOSSIBLE, 5), line("X", ["", ""], 5)]), ["duplicateUsage"]);
}

#[test]
fn periods_that_follow_one_another_are_in_doubt_also_where_their_days_are_off_by_one() {
    for then in [THEN, ["2026-11-14", "2026-11-30"], ["2026-11-16", "2026-11-29"]] {
        let lines = [line("X", FIRST, 5), line("Y", then, 6)];
        assert_eq!(kinds(&lines), ["consecutivePeriods"], "{then:?}");
        assert_eq!(read(&lines), [11, 11, 6, 6]);
    }
    assert_eq!(kinds(&[line("X", FIRST, 5), line("Y", ["2026-11-13", "2026-11-30"], 6)]), [""; 0]);
    // A line for all days does not make the others one.
    let lines = [line("X", FIRST, 9), line("Y", THEN, 6), line("Z", IMPOSSIBLE, 1)];
    assert_eq!(kinds(&lines), ["consecutivePeriods"]);
    assert_eq!(read(&lines), [16, 16, 10, 7]);
}

#[test]
fn a_period_of_another_month_is_in_doubt_also_alone() {
    assert_eq!(kinds(&[line("X", DECEMBER, 5)]), ["otherPeriod"]);
    assert_eq!(read(&[line("X", DECEMBER, 5)]), [5; 4]);
    let lines = [line("X", ALL, 5), line("X", DECEMBER, 7)];
    assert_eq!(kinds(&lines), ["otherPeriod", "consecutivePeriods"]);
    assert_eq!(read(&lines), [12, 12, 7, 7]);
    let year = [line("X", ["2026-03-01", "2027-02-28"], 5), line("Y", ALL, 4)];
    assert_eq!(kinds(&year), ["otherPeriod"]);
    assert_eq!(read(&year), [9, 9, 9, 5]);
}

#[test]
fn an_answer_is_about_its_own_kind_of_doubt_alone() {
    let lines = [line("X", ALL, 5), line("X", ALL, 5), line("X", DECEMBER, 7)];
    let usage = sum(&lines);
    let once = Readings { duplicate_usage: Some(Repeats::CountOnce), ..Readings::default() };
    let open: Vec<DoubtKind> = usage.open_doubts(november(), &once).iter().map(Doubt::kind).collect();
    assert_eq!(open, [DoubtKind::OtherPeriod, DoubtKind::ConsecutivePeriods]);
    assert_eq!(usage.units_read(november(), &once.or_read_as(Reading::AddUp)), 12);
    let all = once.answered(&open, Reading::LargestOnOneDay);
    assert_eq!((usage.open_doubts(november(), &all), usage.units_read(november(), &all)), (Vec::new(), 7));
}

fn any_line() -> impl Strategy<Value = UsageLine> {
    let days = select(vec![
        ALL,
        FIRST,
        THEN,
        DECEMBER,
        IMPOSSIBLE,
        ["2026-11-14", "2026-11-14"],
        ["2026-10-20", "2026-11-20"],
    ]);
    (select(vec!["X", "Y"]), days, 0..4_u64, any::<bool>()).prop_map(|(serial, days, units, bare)| {
        let line = line(serial, days, units);
        if bare { UsageLine { order: String::new(), whole: Some(units % 2), ..line } } else { line }
    })
}

/// The same, day by day and line by line, without any of the means above.
fn naive(lines: &[UsageLine]) -> (bool, bool, [u64; 4]) {
    let mut kept: Vec<&UsageLine> = Vec::new();
    for line in lines.iter().filter(|line| line.quantity != LineQuantity::Units(0)) {
        let same = |other: &&UsageLine| {
            let known = |l: &UsageLine| (l.order.clone(), l.serial.clone(), l.period());
            known(other) == known(line)
                && (!line.order.is_empty() || (other.whole, &other.quantity) == (line.whole, &line.quantity))
        };
        match kept.iter().position(same) {
            Some(place) if units_of(kept[place]) < units_of(line) => kept[place] = line,
            Some(_) => {}
            None => kept.push(line),
        }
    }
    let all: u64 = lines.iter().map(units_of).sum();
    let once: u64 = kept.iter().map(|line| units_of(line)).sum();
    let on = |day: Date| {
        let covers = |period: Period| period.first <= day && day < period.last.max(period.first.tomorrow().unwrap());
        let of_day = kept.iter().filter(|line| line.period().is_none_or(covers));
        of_day.map(|line| units_of(line)).sum::<u64>()
    };
    let days = Date::constant(2026, 10, 1).series(jiff::ToSpan::day(1)).take(100);
    let largest = days.map(on).max().unwrap_or(0);
    let end = kept.iter().filter_map(|line| line.period()).map(|period| period.last).max();
    let is_last = |line: &&&UsageLine| {
        line.period().is_none_or(|period| end.is_none_or(|end| period.last.tomorrow().unwrap() >= end))
    };
    let last = kept.iter().filter(is_last).map(|line| units_of(line)).sum();
    (kept.len() < lines.iter().filter(|line| units_of(line) > 0).count(), largest < once, [once, all, largest, last])
}

fn units_of(line: &UsageLine) -> u64 {
    match line.quantity {
        LineQuantity::Units(units) => units,
        LineQuantity::Unreadable(_) => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_order_of_lines_makes_no_difference_and_a_day_by_day_count_says_the_same(
        (lines, shuffled) in proptest::collection::vec(any_line(), 0..7)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
    ) {
        let totals: UsageTotals = lines.iter().collect();
        prop_assert_eq!(&totals, &shuffled.iter().collect::<UsageTotals>());
        let (repeated, follow, quantities) = naive(&lines);
        let kinds = kinds(&lines);
        prop_assert_eq!(kinds.contains(&"duplicateUsage"), repeated);
        prop_assert_eq!(kinds.contains(&"consecutivePeriods"), follow);
        let read = read(&lines);
        prop_assert_eq!(&read[..2], &quantities[..2]);
        // What is in no doubt is added up, whatever an answer to other lines is.
        let of_periods = follow || kinds.contains(&"otherPeriod");
        prop_assert_eq!(&read[2..], if of_periods { &quantities[2..] } else { &[quantities[0]; 2] });
    }
}
