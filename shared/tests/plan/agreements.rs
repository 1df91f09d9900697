//! Stories of the agreement: what keeps a month's usage off it, and what to do about that.

use shared::domain::id::CompanyId;
use shared::domain::outcome::Failure;
use shared::domain::psa::AgreementStatus;

use crate::world::{World, agreement, day};

fn acme_uses_twelve() -> World {
    World::with_intercept_x().uses("CIX", 12)
}

#[track_caller]
fn advises(world: &World, advice: &str) {
    assert_eq!(world.find_outcome("CIX").unwrap().advice(), advice);
}

#[test]
fn a_cancelled_agreement_names_the_active_one_of_the_same_company_and_type() {
    let mut world = acme_uses_twelve().with_agreement(|own| own.status = AgreementStatus::Cancelled);
    let mut other_type = agreement(810, "Hardware");
    other_type.kind = "Hardware lease".into();
    let mut other_company = agreement(811, "Globex 2027");
    other_company.company = CompanyId::try_from(4).unwrap();
    let mut expired = agreement(813, "2025");
    expired.status = AgreementStatus::Expired;
    world.other_agreements = vec![other_type, other_company, agreement(812, "2027"), expired];
    world.ends("CIX", "failed.agreementNotActive", "agreement 5 is cancelled");
    advises(&world, "Renewed as 2027 (id 812)? Map the customer to it.");
}

#[test]
fn every_candidate_is_named_where_there_are_several() {
    let mut world = acme_uses_twelve().with_agreement(|own| own.status = AgreementStatus::Cancelled);
    world.other_agreements = vec![agreement(812, "2027"), agreement(813, "2027 servers")];
    advises(&world, "Renewed as 2027 (id 812) or 2027 servers (id 813)? Map the customer to it.");
}

#[test]
fn an_ended_agreement_without_a_successor_has_to_be_renewed() {
    let statuses =
        [(AgreementStatus::Expired, "agreement 5 is expired"), (AgreementStatus::Inactive, "agreement 5 is inactive")];
    for (status, reason) in statuses {
        let world = acme_uses_twelve().with_agreement(|own| own.status = status);
        world.ends("CIX", "failed.agreementNotActive", reason);
        advises(&world, "Renew the agreement in ConnectWise, or map the customer to an active one.");
    }
}

#[test]
fn an_agreement_takes_the_usage_of_the_month_that_it_ends_in_and_none_after() {
    let ends = |date| acme_uses_twelve().with_agreement(|own| own.end = Some(day(date)));
    ends("2026-11-01").ends("CIX", "created", "");
    ends("2026-10-31").ends("CIX", "failed.agreementNotActive", "agreement 5 is past its end date");
}

#[test]
fn an_agreement_that_ran_out_after_the_month_was_in_force_for_all_of_it() {
    let ended = |status, date| {
        acme_uses_twelve().with_agreement(|own| {
            own.status = status;
            own.end = Some(day(date));
        })
    };
    for date in ["2026-11-30", "2026-12-05"] {
        ended(AgreementStatus::Expired, date).ends("CIX", "created", "");
        let cancelled = ended(AgreementStatus::Cancelled, date);
        cancelled.ends("CIX", "failed.agreementNotActive", "agreement 5 is cancelled");
        let inactive = ended(AgreementStatus::Inactive, date);
        inactive.ends("CIX", "failed.agreementNotActive", "agreement 5 is inactive");
    }
    let within = ended(AgreementStatus::Expired, "2026-11-29");
    within.ends("CIX", "failed.agreementNotActive", "agreement 5 is expired");
}

#[test]
fn an_agreement_that_starts_after_the_month_takes_none_of_it() {
    let starts = |date| acme_uses_twelve().with_agreement(|own| own.start = Some(day(date)));
    starts("2026-11-30").ends("CIX", "created", "");
    starts("2026-12-01").ends("CIX", "failed.agreementNotStarted", "agreement 5 starts on 2026-12-01");
}

#[test]
fn usage_was_written_to_an_agreement_that_bills_one_single_time() {
    let by_cycle = |cycle: &str| acme_uses_twelve().with_agreement(|own| own.billing_cycle = Some(cycle.into()));
    let reason =
        "agreement 5 has the billing cycle \"One Time\", by which no usage is billed again and again".to_owned();
    by_cycle("One Time").ends("CIX", "failed.agreementNeverRecurs", &reason);
    by_cycle("None").ends("CIX", "failed.agreementNeverRecurs", &reason.replace("One Time", "None"));
    for cycle in ["Monthly", "Quarterly", "Annual", "Weekly"] {
        by_cycle(cycle).ends("CIX", "created", "");
    }
}

#[test]
fn an_agreement_of_another_company_is_never_billed() {
    let world = acme_uses_twelve().with_agreement(|own| {
        own.company = CompanyId::try_from(4).unwrap();
        own.company_name = "Globex".into();
    });
    let reason = "agreement 5 belongs to Globex, not to the mapped company";
    world.ends("CIX", "failed.agreementWrongCompany", reason);
}

#[test]
fn an_agreement_that_is_gone_or_forbidden_is_a_failure() {
    let mut gone = acme_uses_twelve();
    gone.agreement = None;
    gone.ends("CIX", "failed.agreementGone", "ConnectWise has no agreement 5");
    let mut forbidden = acme_uses_twelve();
    let agreement = forbidden.agreement.as_ref().unwrap().id;
    forbidden.trouble = Some(Failure::AgreementForbidden { agreement });
    forbidden.ends("CIX", "failed.agreementForbidden", "ConnectWise refuses access to agreement 5");
}

#[test]
fn a_failed_agreement_fails_the_products_written_before_as_well() {
    let world = World::with_intercept_x().synced_in_october(70, &[("CIX", 8)]);
    let world = world.with_agreement(|own| own.status = AgreementStatus::Cancelled);
    world.ends("CIX", "failed.agreementNotActive", "agreement 5 is cancelled");
}
