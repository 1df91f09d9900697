//! Stories of a customer that leaves monthly billing while ConnectWise bills what we wrote for it.

use shared::domain::decision::{Decision, Verdict};
use shared::domain::id::AgreementId;
use shared::domain::outcome::{Hold, Outcome, Would};
use shared::domain::plan::Step;
use shared::domain::psa::AgreementStatus;

use crate::world::{AGREEMENT, World, addition_id, code, line, number, psa};

const TERM: &str = "no longer on monthly billing at Sophos (its billing type is term)";

/// In October 5 were written; then the customer was converted to a fixed term.
fn converted() -> World {
    let mut world = World::with_intercept_x().synced_in_october(70, &[("CIX", 5)]);
    world.customer.as_mut().unwrap().billing = "term".into();
    world
}

/// The same, unlinked.
fn unlinked() -> World {
    World { customer: None, ..converted() }
}

fn released(mut world: World) -> World {
    let agreement = AgreementId::try_from(AGREEMENT).unwrap();
    let basis = world.plan().additions[&psa(70)].hold_basis(agreement);
    let at = "2026-11-30T02:00:00Z".parse().unwrap();
    let decision = Decision {
        verdict: Verdict::Release,
        who: "billing".into(),
        reason: None,
        why: "last month".into(),
        at,
        basis,
        reading: None,
        moves: None,
    };
    world.decisions.insert(psa(70), decision);
    world
}

fn update(from: &str, to: &str) -> Would {
    Would::Update { from: number(from), to: number(to) }
}

#[test]
fn the_last_usage_of_a_customer_that_left_monthly_billing_was_passed_over() {
    converted().uses("CIX", 9).ends("CIX", "held.leftMonthlyBilling", &format!("{TERM}; it would change 5 → 9"));
    let reason = "no longer listed by Sophos; it would change 5 → 9";
    unlinked().uses("CIX", 9).ends("CIX", "held.leftMonthlyBilling", reason);
    let mut trial = converted().uses("CIX", 9);
    trial.customer.as_mut().unwrap().billing = "trial".into();
    let reason = "no longer on monthly billing at Sophos (its billing type is trial); it would change 5 → 9";
    trial.ends("CIX", "held.leftMonthlyBilling", reason);
}

#[test]
fn a_release_writes_the_last_usage_once() {
    let world = released(converted().uses("CIX", 9));
    assert_eq!(world.step(70), Step::Update { addition: addition_id(1), from: number("5") });
    // As the next run finds it.
    let mut written = converted().uses("CIX", 9);
    written.additions = vec![line(1, 70, "9")];
    written.wrote(70, 1, "2026-11", &[("CIX", 9)]).ends("CIX", "unchanged", "");
}

#[test]
fn a_customer_without_any_usage_left_was_billed_on_without_a_word() {
    let reason = format!("{TERM}; it would change 5 → 0; also: CIX: 5 in October 2026, no line in this month's usage");
    converted().ends("CIX", "held.leftMonthlyBilling", &reason);
    let world = released(unlinked());
    assert_eq!((world.step(70), world.plan().additions[&psa(70)].target), {
        (Step::Update { addition: addition_id(1), from: number("5") }, number("0"))
    });
}

#[test]
fn usage_that_equals_what_is_billed_waits_too_and_is_done_once_it_was_released() {
    let world = converted().uses("CIX", 5);
    world.ends("CIX", "held.leftMonthlyBilling", &format!("{TERM}; it would go on billing 5"));
    assert_eq!(released(world).step(70), Step::Keep { addition: addition_id(1) });
    converted().uses("CIX", 5).wrote(70, 1, "2026-11", &[("CIX", 5)]).ends("CIX", "unchanged", "");
}

#[test]
fn a_product_that_was_new_in_the_last_month_waits_as_well() {
    let world = converted().maps("SVR", 71).uses("CIX", 5).uses("SVR", 3);
    world.ends("SVR", "held.leftMonthlyBilling", &format!("{TERM}; it would create an addition of 3 from 2026-11-01"));
}

#[test]
fn what_can_only_be_put_right_is_not_hidden_behind_the_departure() {
    let world = converted().uses("CIX", 9).bills(line(2, 70, "4"));
    world.ends("CIX", "held.ambiguous", "additions 1, 2 are in force at once");
    let mut edited = converted().uses("CIX", 9);
    edited.additions = vec![line(1, 70, "7")];
    let Some(Outcome::Held(Hold::LeftMonthlyBilling { would, also, .. })) = edited.find_outcome("CIX") else {
        panic!("not held")
    };
    assert_eq!(would, update("7", "9"));
    assert!(matches!(also.as_deref(), Some(Hold::HandEdit { .. })), "{also:?}");
}

#[test]
fn a_customer_that_left_with_nothing_billed_any_more_is_done_with() {
    let mut ended = converted();
    ended.additions = vec![line(1, 70, "0")];
    let ended = ended.wrote(70, 1, "2026-11", &[("CIX", 0)]);
    ended.ends("CIX", "skipped.customerLeft", &format!("{TERM}; nothing of it is billed any more"));
    let over = unlinked().with_agreement(|agreement| agreement.status = AgreementStatus::Cancelled);
    over.ends("CIX", "skipped.customerLeft", "no longer listed by Sophos; nothing of it is billed any more");
    let used = unlinked().uses("CIX", 9).with_agreement(|agreement| agreement.status = AgreementStatus::Cancelled);
    used.ends("CIX", "failed.agreementNotActive", "agreement 5 is cancelled");
}

#[test]
fn a_customer_that_comes_back_syncs_as_before() {
    let mut back = converted().uses("CIX", 6);
    back.customer.as_mut().unwrap().billing = "usage".into();
    back.ends("CIX", "updated", "");
    assert_eq!(back.plan().additions[&psa(70)].parts.get(&code("CIX")), Some(&6));
}

#[test]
fn a_suspended_customer_whose_usage_sophos_bills_syncs() {
    let mut suspended = World::with_intercept_x().synced_in_october(70, &[("CIX", 5)]).uses("CIX", 6);
    suspended.customer.as_mut().unwrap().suspended = true;
    suspended.ends("CIX", "updated", "");
}
