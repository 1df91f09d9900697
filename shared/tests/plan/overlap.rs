//! Stories of lines that end, and of lines elsewhere: no day is billed twice, and nothing ends without a word.

use shared::domain::decision::{Decision, Verdict};
use shared::domain::mapping::Combine::AddUp;
use shared::domain::outcome::Hold;
use shared::domain::plan::Step;
use shared::domain::psa::{Addition, AdditionDetail, CancelledDate};
use shared::domain::snapshot::Written;
use shared::domain::usage::{LineQuantity, UsageLine};

use crate::connectwise::carry_out;
use crate::world::{AGREEMENT, World, addition_id, agreement, day, line, number, psa};

/// Intercept X, 12 of it, on an agreement whose line of it ended in mid-month.
fn ended_on(cancelled: &str) -> World {
    let ended = Addition { cancelled: Some(day(cancelled)), ..line(7, 70, "10") };
    World::with_intercept_x().uses("CIX", 12).bills(ended)
}

fn prorated(world: World) -> World {
    world.with_agreement(|own| own.prorated = true)
}

fn decided(mut world: World, verdict: Verdict) -> World {
    let plan = &world.plan().additions[&psa(70)];
    let decision = Decision {
        verdict,
        who: "Ann".into(),
        reason: None,
        why: "asked the customer".into(),
        at: "2026-11-30T10:00:00Z".parse().unwrap(),
        basis: plan.hold_basis(agreement(AGREEMENT, "2026").id),
        reading: None,
        moves: None,
    };
    world.decisions.insert(psa(70), decision);
    world
}

fn begins(world: &World) -> String {
    let Step::Create { effective, .. } = world.step(70) else { panic!("{:?}", world.step(70)) };
    effective.to_string()
}

#[test]
fn a_line_that_ended_in_the_month_is_followed_by_one_that_begins_after_it() {
    let reason = |begins: &str| {
        format!(
            "addition 7 (10 of ConnectWise product 70) ended on 2026-11-16; a new one of 12 would begin on {begins}"
        )
    };
    let world = prorated(ended_on("2026-11-16"));
    world.ends("CIX", "held.endedInMonth", &reason("2026-11-17"));
    assert_eq!(begins(&decided(world, Verdict::Release)), "2026-11-17");
    let whole_periods = ended_on("2026-11-16");
    whole_periods.ends("CIX", "held.endedInMonth", &reason("2026-12-01"));
    assert_eq!(begins(&decided(whole_periods, Verdict::Release)), "2026-12-01");
}

#[test]
fn a_cancelled_date_is_read_as_the_partner_says() {
    let mut world = prorated(ended_on("2026-11-16"));
    for (reading, first) in [
        (CancelledDate::Unknown, "2026-11-17"),
        (CancelledDate::LastBilledDay, "2026-11-17"),
        (CancelledDate::FirstUnbilledDay, "2026-11-16"),
    ] {
        world.guards.cancelled_date = reading;
        assert_eq!(begins(&decided(world.clone(), Verdict::Release)), first, "{reading:?}");
    }
    let mut from_the_first = prorated(ended_on("2026-11-01"));
    from_the_first.guards.cancelled_date = CancelledDate::FirstUnbilledDay;
    from_the_first.ends("CIX", "created", "");
    assert_eq!(begins(&from_the_first), "2026-11-01");
}

#[test]
fn a_line_that_ended_before_the_month_or_bills_nothing_is_followed_without_a_question() {
    ended_on("2026-10-31").ends("CIX", "created", "");
    let mut at_rest = ended_on("2026-11-16");
    at_rest.additions[0].quantity = number("0");
    at_rest.ends("CIX", "created", "");
    assert_eq!(begins(&at_rest), "2026-11-01");
}

#[test]
fn a_line_that_ended_in_a_quarter_is_followed_after_the_quarter() {
    let quarterly = ended_on("2026-10-16").with_agreement(|own| {
        own.billing_cycle = Some("Quarterly".into());
        own.next_invoice = Some(day("2027-01-01"));
    });
    let reason =
        "addition 7 (10 of ConnectWise product 70) ended on 2026-10-16; a new one of 12 would begin on 2027-01-01";
    quarterly.ends("CIX", "held.endedInMonth", reason);
}

#[test]
fn a_one_time_line_of_the_month_counts_too() {
    let one_time = Addition { effective: Some(day("2026-11-05")), ..line(7, 70, "10") };
    let one_time = Addition { cancelled: Some(day("2026-11-05")), ..one_time };
    let world = prorated(World::with_intercept_x().uses("CIX", 12).bills(one_time));
    let reason =
        "addition 7 (10 of ConnectWise product 70) ended on 2026-11-05; a new one of 12 would begin on 2026-11-06";
    world.ends("CIX", "held.endedInMonth", reason);
}

#[test]
fn beside_a_line_that_goes_on_one_that_ended_makes_nothing_ambiguous() {
    ended_on("2026-11-16").bills(line(8, 70, "12")).ends("CIX", "adopted", "");
    ended_on("2026-11-30").bills(line(8, 70, "12")).wrote(70, 8, "2026-10", &[("CIX", 12)]).ends(
        "CIX",
        "unchanged",
        "",
    );
}

#[test]
fn our_own_line_that_a_person_ended_in_the_month_is_followed_from_the_day_after() {
    let world = prorated(ended_on("2026-11-16")).wrote(70, 7, "2026-10", &[("CIX", 10)]);
    let reason =
        "addition 7 (10 of ConnectWise product 70) ended on 2026-11-16; a new one of 12 would begin on 2026-11-17";
    world.ends("CIX", "held.endedInMonth", reason);
    assert_eq!(begins(&decided(world, Verdict::Release)), "2026-11-17");
}

#[test]
fn a_release_counts_only_for_the_first_day_that_was_shown() {
    let mut world = decided(prorated(ended_on("2026-11-16")), Verdict::Release);
    assert_eq!(begins(&world), "2026-11-17");
    world.additions[0].cancelled = Some(day("2026-11-20"));
    let reason =
        "addition 7 (10 of ConnectWise product 70) ended on 2026-11-20; a new one of 12 would begin on 2026-11-21";
    world.ends("CIX", "held.endedInMonth", reason);
}

#[test]
fn a_line_that_begins_next_month_is_ours_and_is_not_made_again() {
    let mut world = decided(ended_on("2026-11-16"), Verdict::Release);
    let plan = world.plan();
    carry_out(&mut world, &plan);
    let written = world.snapshot.written.get_mut(&psa(70)).unwrap();
    *written = Written { begins: Some(day("2026-12-01")), ..written.clone() };
    world.ends("CIX", "unchanged", "");
    world.clone().uses("CIX", 2).ends("CIX", "updated", "");
    let december = world.in_month("2026-12");
    december.ends("CIX", "unchanged", "");
    // A person who moves our line into the next month has done something else.
    let mut moved = prorated(World::with_intercept_x().uses("CIX", 12).synced_in_october(70, &[("CIX", 12)]));
    moved.additions[0].effective = Some(day("2026-12-01"));
    moved.ends("CIX", "held.additionGone", "addition 1 that carried it is no longer in force; the usage is 12");
}

#[test]
fn a_line_that_replaces_one_keeps_its_price_and_terms() {
    let mut world = prorated(ended_on("2026-11-16"));
    world.additions[0].unit_price = Some(number("3.90"));
    world.additions[0].less_included = number("2");
    world.additions[0].detail = AdditionDetail { taxable: Some(true), ..AdditionDetail::default() };
    let released = decided(world, Verdict::Release);
    let Step::Create { terms: Some(terms), .. } = released.step(70) else { panic!("{:?}", released.step(70)) };
    assert_eq!((terms.unit_price, terms.less_included, terms.taxable), (Some(number("3.90")), number("2"), Some(true)));
    let plan = &released.plan().additions[&psa(70)];
    assert_eq!(plan.terms.as_ref().unwrap().amount(number("12")), Some(number("39.00")));
}

#[test]
fn a_line_on_another_agreement_of_the_company_waits_for_an_answer() {
    let world = || World::with_intercept_x().uses("CIX", 12);
    let elsewhere = world().also_billed_on(9, "Old MSA", vec![line(8, 70, "12")]);
    let reason =
        "already billed on addition 8 (12 of ConnectWise product 70) on agreement 'Old MSA' (9); the usage is 12";
    elsewhere.ends("CIX", "held.billedElsewhere", reason);
    assert_eq!(begins(&decided(elsewhere.clone(), Verdict::Release)), "2026-11-01", "both, on purpose");
    let not_here = decided(elsewhere, Verdict::Reject);
    let reason =
        "you decided that it is billed on addition 8 (12 of ConnectWise product 70) on agreement 'Old MSA' (9)";
    not_here.ends("CIX", "skipped.billedElsewhere", reason);
    for harmless in [
        Addition { bill_customer: "DoNotBill".into(), ..line(8, 70, "12") },
        Addition { less_included: number("12"), ..line(8, 70, "12") },
        Addition { cancelled: Some(day("2026-10-31")), ..line(8, 70, "12") },
        line(8, 71, "12"),
    ] {
        world().also_billed_on(9, "Old MSA", vec![harmless]).ends("CIX", "created", "");
    }
}

#[test]
fn an_answer_is_remembered_as_long_as_the_same_lines_bill_it() {
    let mut world = World::with_intercept_x().uses("CIX", 12).in_month("2026-12");
    world.snapshot.billed_elsewhere.insert(psa(70), vec![addition_id(8)]);
    let reason =
        "you decided that it is billed on addition 8 (12 of ConnectWise product 70) on agreement 'Old MSA' (9)";
    let same = world.clone().also_billed_on(9, "Old MSA", vec![line(8, 70, "12")]);
    same.ends("CIX", "skipped.billedElsewhere", reason);
    let another = world.clone().also_billed_on(9, "Old MSA", vec![line(8, 70, "12"), line(11, 70, "3")]);
    let reason = "already billed on addition 8 (12 of ConnectWise product 70) on agreement 'Old MSA' (9), \
                  addition 11 (3 of ConnectWise product 70) on agreement 'Old MSA' (9); the usage is 12";
    another.ends("CIX", "held.billedElsewhere", reason);
    world.ends("CIX", "created", "");
}

#[test]
fn a_decision_about_other_lines_elsewhere_does_not_count() {
    let world = World::with_intercept_x().uses("CIX", 12).also_billed_on(9, "Old MSA", vec![line(8, 70, "12")]);
    let mut released = decided(world, Verdict::Release);
    released.others[0].additions.push(line(11, 70, "3"));
    assert!(matches!(released.step(70), Step::Hold(_)), "{:?}", released.step(70));
}

#[test]
fn a_line_that_ended_on_another_agreement_is_followed_here() {
    let ended = Addition { cancelled: Some(day("2026-11-16")), ..line(8, 70, "12") };
    let world = World::with_intercept_x().uses("CIX", 12).also_billed_on(9, "Old MSA", vec![ended]);
    let reason = "addition 8 (12 of ConnectWise product 70) on agreement 'Old MSA' (9) ended on 2026-11-16; a new one of \
                  12 would begin on 2026-12-01";
    world.ends("CIX", "held.endedInMonth", reason);
    let mut over = World::with_intercept_x().uses("CIX", 12).also_billed_on(9, "Old MSA", vec![line(8, 70, "12")]);
    over.others[0].agreement.end = Some(day("2026-11-20"));
    over.others[0].agreement.prorated = true;
    let whole_periods = over.clone();
    assert_eq!(begins(&decided(prorated(over), Verdict::Release)), "2026-11-21", "its lines end with the agreement");
    let begin = begins(&decided(whole_periods, Verdict::Release));
    assert_eq!(begin, "2026-12-01", "an agreement that does not prorate would bill November once more");
}

#[test]
fn what_the_vendors_own_integration_bills_on_the_agreement_looks_alike() {
    let vendors = |identifier: &str| {
        let detail = AdditionDetail { identifier: identifier.into(), ..AdditionDetail::default() };
        World::new().maps("CIXA-MSP", 70).uses("CIXA-MSP", 12).bills(Addition { detail, ..line(8, 99, "12") })
    };
    let reason = "already billed on addition 8 (12 of Sophos_Intercept_X_Advanced); the usage is 12";
    vendors("Sophos_Intercept_X_Advanced").ends("CIXA-MSP", "held.billedElsewhere", reason);
    vendors("Sophos_Device_Encryption").ends("CIXA-MSP", "created", "");
    let mapped = vendors("Sophos_Intercept_X_Advanced").maps("CDE-MSP", 99);
    mapped.ends("CIXA-MSP", "created", "");
}

#[test]
fn an_equal_description_looks_alike_whatever_its_case() {
    let detail = AdditionDetail { description: "managed PROTECTION".into(), ..AdditionDetail::default() };
    let world = World::with_intercept_x().uses("CIX", 12).bills(Addition { detail, ..line(8, 99, "12") });
    let reason = "already billed on addition 8 (12 of ConnectWise product 99); the usage is 12";
    world.ends("CIX", "held.billedElsewhere", reason);
}

#[test]
fn a_reading_that_was_released_also_billed_a_product_on_two_agreements() {
    let twice = || World::with_intercept_x().also_billed_on(9, "Old MSA", vec![line(8, 70, "12")]);
    let order = |world: World| {
        let usage = crate::world::usage_line(Some(crate::world::acme()), Some("CIX"), LineQuantity::Units(12));
        World { lines: vec![usage.clone(), UsageLine { order_line: "2".into(), ..usage.clone() }, usage], ..world }
    };
    let in_doubt = order(World::with_intercept_x());
    assert_eq!(in_doubt.find_outcome("CIX").unwrap().code(), "held.duplicateUsage", "by itself");
    let both = order(twice());
    let plan = &both.plan().additions[&psa(70)];
    assert!(matches!(&plan.step, Step::Hold(hold) if hold.lines_elsewhere().len() == 1), "{:?}", plan.step);
    assert!(!plan.readings.is_empty(), "and how its lines are read");
    assert!(plan.release.is_none());
}

#[test]
fn a_part_that_vanished_does_not_hide_what_is_billed_elsewhere() {
    let world = World::new().maps_by("CIX", 70, Some(AddUp)).maps_by("SVR", 70, Some(AddUp)).uses("CIX", 12);
    let mut world = world.also_billed_on(9, "Old MSA", vec![line(8, 70, "12")]);
    let before = World::new().wrote(71, 5, "2026-10", &[("SVR", 3)]).snapshot;
    world.snapshot = before;
    let plan = &world.plan().additions[&psa(70)];
    assert!(matches!(&plan.step, Step::Hold(hold) if hold.lines_elsewhere().len() == 1), "{:?}", plan.step);
    assert!(plan.release.is_some());
}

#[test]
fn a_line_that_looks_alike_and_ended_in_the_month_was_followed_by_one_that_billed_the_same_days() {
    let detail = AdditionDetail { description: "Managed protection".into(), ..AdditionDetail::default() };
    let ended = Addition { detail, cancelled: Some(day("2026-11-30")), ..line(8, 99, "12") };
    let open = Addition { cancelled: None, ..ended.clone() };
    let world = |line: &Addition| prorated(World::with_intercept_x().uses("CIX", 12).bills(line.clone()));
    let reason =
        "addition 8 (12 of ConnectWise product 99) ended on 2026-11-30; a new one of 12 would begin on 2026-12-01";
    world(&ended).ends("CIX", "held.endedInMonth", reason);
    // The decision (made before the line ended) was to move after 30 November.
    let mut moved = decided(world(&open), Verdict::Release);
    moved.decisions.get_mut(&psa(70)).unwrap().moves = Some(day("2026-11-30"));
    assert!(matches!(moved.step(70), Step::Hold(Hold::BilledElsewhere { .. })), "both would bill");
    for decided_alone in [false, true] {
        let after = World { additions: vec![ended.clone()], decided_alone, ..moved.clone() };
        assert_eq!(begins(&after), "2026-12-01");
    }
    let free = Addition { bill_customer: "DoNotBill".into(), ..ended };
    assert_eq!(begins(&world(&free)), "2026-11-01");
}
