//! Stories of the addition: found, adopted, created, changed by others, and in which month it counts.

use jiff::Timestamp;
use rust_decimal::Decimal;
use shared::domain::id::RunId;
use shared::domain::plan::Step;
use shared::domain::psa::Addition;
use shared::domain::snapshot::Pending;

use crate::world::{World, addition_id, day, line, number, psa};

fn acme_uses(units: u64) -> World {
    World::with_intercept_x().uses("CIX", units)
}

fn created_from(world: &World) -> String {
    let Step::Create { effective, .. } = world.step(70) else { panic!("{:?}", world.step(70)) };
    effective.to_string()
}

#[test]
fn an_addition_at_an_equal_quantity_is_adopted_silently() {
    for quantity in ["12", "12.00", "12.0000"] {
        acme_uses(12).bills(line(1, 70, quantity)).ends("CIX", "adopted", "");
    }
}

#[test]
fn an_addition_at_another_quantity_waits_with_its_price_and_what_is_included() {
    let addition = Addition { less_included: number("2.00"), bill_customer: "DoNotBill".into(), ..line(1, 70, "8.00") };
    let reason =
        "addition 1 bills 8 and the usage is 12: take it over and set it? (unit price 4.50, 2 included, DoNotBill)";
    acme_uses(12).bills(addition.clone()).ends("CIX", "held.adopt", reason);
    let unpriced = Addition { unit_price: None, ..addition };
    let reason =
        "addition 1 bills 8 and the usage is 12: take it over and set it? (no unit price, 2 included, DoNotBill)";
    acme_uses(12).bills(unpriced).ends("CIX", "held.adopt", reason);
}

#[test]
fn a_fractional_quantity_in_connectwise_is_no_rounding_matter() {
    let reason =
        "addition 1 bills 7.5 and the usage is 8: take it over and set it? (unit price 4.50, 0 included, Billable)";
    acme_uses(8).bills(line(1, 70, "7.5")).ends("CIX", "held.adopt", reason);
    let mut edited = acme_uses(8).synced_in_october(70, &[("CIX", 7)]);
    edited.additions[0].quantity = number("7.50");
    let reason = "changed in ConnectWise since our last write: we wrote 7, it has 7.5, the usage is 8";
    edited.ends("CIX", "held.handEdit", reason);
}

#[test]
fn two_additions_in_force_are_never_guessed_between() {
    let world = acme_uses(12).bills(line(1, 70, "12")).bills(line(2, 70, "12"));
    world.ends("CIX", "held.ambiguous", "additions 1, 2 are in force at once");
    let ours = acme_uses(12).synced_in_october(70, &[("CIX", 8)]).bills(line(2, 70, "3"));
    ours.ends("CIX", "held.ambiguous", "additions 1, 2 are in force at once");
}

#[test]
fn more_usage_sets_the_quantity_and_less_waits() {
    let october = |units| World::with_intercept_x().synced_in_october(70, &[("CIX", 8)]).uses("CIX", units);
    assert_eq!(october(12).step(70), Step::Update { addition: addition_id(1), from: number("8") });
    october(9).ends("CIX", "updated", "");
    october(8).ends("CIX", "unchanged", "");
    october(7).ends("CIX", "updated", "");
    october(2).ends("CIX", "held.decrease", "the quantity would fall, 8 → 2");
    october(0).ends(
        "CIX",
        "held.toZero",
        "the quantity would fall to zero, 8 → 0, and no other product is billed to this customer",
    );
}

#[test]
fn usage_of_zero_without_an_addition_creates_none() {
    acme_uses(0).ends("CIX", "unchanged", "");
    assert_eq!(acme_uses(0).step(70), Step::Nothing);
}

#[test]
fn a_hand_edit_is_noticed_and_one_that_meets_the_usage_needs_nothing() {
    let edited = |quantity: &str| {
        let mut world = acme_uses(12).synced_in_october(70, &[("CIX", 8)]);
        world.additions[0].quantity = number(quantity);
        world
    };
    let reason = "changed in ConnectWise since our last write: we wrote 8, it has 20, the usage is 12";
    edited("20").ends("CIX", "held.handEdit", reason);
    edited("12").ends("CIX", "unchanged", "");
}

#[test]
fn our_own_late_write_is_no_hand_edit() {
    let mut world = acme_uses(15).synced_in_october(70, &[("CIX", 8)]);
    let run = RunId::parse("20261101T020000Z-scheduled-00000001").unwrap();
    let pending = Pending { from: Decimal::from(8), to: Decimal::from(12), run, at: Timestamp::UNIX_EPOCH };
    world.snapshot.written.get_mut(&psa(70)).unwrap().pending = Some(pending);
    for quantity in ["8", "12"] {
        world.additions[0].quantity = number(quantity);
        world.ends("CIX", "updated", "");
    }
    world.additions[0].quantity = number("13");
    let reason = "changed in ConnectWise since our last write: we wrote 8, it has 13, the usage is 15";
    world.ends("CIX", "held.handEdit", reason);
}

#[test]
fn an_addition_that_we_wrote_and_somebody_ended_is_not_made_again() {
    let gone = acme_uses(12).wrote(70, 1, "2026-10", &[("CIX", 8)]);
    let reason = "addition 1 that carried it is no longer in force; the usage is 12";
    gone.ends("CIX", "held.additionGone", reason);
    let cancelled = gone.clone().bills(Addition { cancelled: Some(day("2026-10-10")), ..line(1, 70, "8") });
    cancelled.ends("CIX", "held.additionGone", reason);
    gone.bills(line(2, 70, "12")).ends("CIX", "adopted", "");
}

#[test]
fn a_line_cancelled_on_the_last_day_is_out_and_one_cancelled_the_day_after_is_in() {
    let cancelled = |date| acme_uses(12).bills(Addition { cancelled: Some(day(date)), ..line(1, 70, "12") });
    let reason =
        "addition 1 (12 of ConnectWise product 70) ended on 2026-11-30; a new one of 12 would begin on 2026-12-01";
    cancelled("2026-11-30").ends("CIX", "held.endedInMonth", reason);
    cancelled("2026-12-01").ends("CIX", "adopted", "");
}

#[test]
fn a_dated_price_change_moves_to_the_new_line_in_the_month_in_which_it_is_in_force() {
    let old = Addition { cancelled: Some(day("2026-12-01")), ..line(1, 70, "8") };
    let new = Addition { effective: Some(day("2026-12-01")), unit_price: Some(number("5.00")), ..line(2, 70, "8") };
    let world = World::with_intercept_x().bills(old).bills(new).wrote(70, 1, "2026-10", &[("CIX", 8)]);
    let update = Step::Update { addition: addition_id(1), from: number("8") };
    assert_eq!(world.clone().uses("CIX", 9).step(70), update);
    let december = world.in_month("2026-12");
    december.clone().uses("CIX", 8).ends("CIX", "adopted", "");
    let reason =
        "addition 2 bills 8 and the usage is 9: take it over and set it? (unit price 5.00, 0 included, Billable)";
    december.uses("CIX", 9).ends("CIX", "held.adopt", reason);
}

#[test]
fn a_new_addition_starts_with_the_month_but_not_before_the_agreement() {
    assert_eq!(created_from(&acme_uses(12)), "2026-11-01");
    let late = acme_uses(12).with_agreement(|own| own.start = Some(day("2026-11-17")));
    assert_eq!(created_from(&late), "2026-11-17");
    let undated = acme_uses(12).with_agreement(|own| own.start = None);
    assert_eq!(created_from(&undated), "2026-11-01");
}

#[test]
fn a_new_addition_remembers_the_ended_ones_of_its_product_that_were_there() {
    let ended = Addition { cancelled: Some(day("2026-10-01")), ..line(4, 70, "3") };
    let world = acme_uses(12).bills(ended).bills(line(5, 71, "1"));
    let Step::Create { seen, .. } = world.step(70) else { panic!("{:?}", world.step(70)) };
    assert_eq!(seen, [addition_id(4)]);
}

#[test]
fn an_addition_that_takes_effect_after_the_month_is_not_doubled() {
    let from = |date| Addition { effective: Some(day(date)), ..line(1, 70, "8") };
    let reason = "addition 1 takes effect on 2026-12-01, after this month; the usage is 12";
    acme_uses(12).bills(from("2026-12-01")).ends("CIX", "held.notYetInForce", reason);
    acme_uses(0).bills(from("2026-12-01")).ends("CIX", "unchanged", "");
    let first_of_two = acme_uses(12).bills(Addition { id: addition_id(2), ..from("2027-01-15") });
    first_of_two.bills(from("2026-12-01")).ends("CIX", "held.notYetInForce", reason);
    let limited = Addition { cancelled: Some(day("2027-12-01")), ..from("2026-12-01") };
    acme_uses(12).bills(limited).ends("CIX", "held.notYetInForce", reason);
    let never = Addition { cancelled: Some(day("2026-12-01")), ..from("2026-12-01") };
    acme_uses(12).bills(never).ends("CIX", "created", "");
    acme_uses(12).bills(from("2026-11-30")).ends(
        "CIX",
        "held.adopt",
        "addition 1 bills 8 and the usage is 12: take it over and set it? (unit price 4.50, 0 included, Billable)",
    );
}

#[test]
fn a_catalogue_price_of_nothing_stops_only_what_would_be_created() {
    for price in [None, Some(Decimal::ZERO), Some(number("0.00"))] {
        let free = |world: World| world.with_psa_product(70, |product| product.price = price);
        free(acme_uses(12)).ends("CIX", "held.zeroPrice", "a new addition of 12 would have no price");
        free(acme_uses(0)).ends("CIX", "unchanged", "");
        free(acme_uses(12).bills(line(1, 70, "12"))).ends("CIX", "adopted", "");
        free(acme_uses(12).synced_in_october(70, &[("CIX", 8)])).ends("CIX", "updated", "");
    }
}

#[test]
fn a_month_older_than_the_last_one_written_is_never_written() {
    let december = |units| {
        let world = World::with_intercept_x().uses("CIX", units).bills(line(1, 70, "12"));
        world.wrote(70, 1, "2026-12", &[("CIX", 12)])
    };
    let reason = |change| format!("December 2026 has been written already; this older month would change {change}");
    december(15).ends("CIX", "held.olderMonth", &reason("12 → 15"));
    december(9).ends("CIX", "held.olderMonth", &reason("12 → 9"));
    december(12).ends("CIX", "unchanged", "");
    let mut gone = december(15);
    gone.additions.clear();
    gone.ends("CIX", "held.olderMonth", &reason("0 → 15"));
}

#[test]
fn an_older_month_never_takes_the_place_of_the_newer_one_in_our_memory() {
    let old = Addition { cancelled: Some(day("2026-12-01")), ..line(1, 70, "8") };
    let new = Addition { effective: Some(day("2026-12-01")), ..line(2, 70, "8") };
    let world = World::with_intercept_x().bills(old).bills(new).wrote(70, 2, "2026-12", &[("CIX", 8)]);
    let november = world.clone().uses("CIX", 8);
    november.ends("CIX", "unchanged", "");
    let before = &world.snapshot.written[&psa(70)];
    let after = november.plan().additions[&psa(70)].as_written(addition_id(1), november.month, Some(before));
    assert_eq!(&after, before);
    let reason = "December 2026 has been written already; this older month would change 8 → 9";
    world.uses("CIX", 9).ends("CIX", "held.olderMonth", reason);
}

#[test]
fn the_first_run_only_shows_what_it_would_do() {
    let first = || World::with_intercept_x().first_run();
    let preview = |what: &str| format!("the first run of this customer is a preview; it would {what}");
    first().uses("CIX", 12).ends("CIX", "held.firstRun", &preview("create an addition of 12 from 2026-11-01"));
    let adopted = first().uses("CIX", 12).bills(line(1, 70, "12.00"));
    adopted.ends("CIX", "held.firstRun", &preview("take over the addition of 12"));
    let ours = first().uses("CIX", 12).synced_in_october(70, &[("CIX", 8)]);
    ours.ends("CIX", "held.firstRun", &preview("change 8 → 12"));
    first().uses("CIX", 0).ends("CIX", "unchanged", "");
}
