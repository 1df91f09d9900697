//! A run's id, and what it may do.

use super::*;

fn request() -> RunRequest {
    RunRequest {
        partner: PartnerId::parse("00000000-0000-4000-8000-000000000001").unwrap(),
        kind: RunKind::Scheduled,
        month: UsageMonth::parse("2026-11").unwrap(),
        slot: "2026-11-30".into(),
        scheduled_at: "2026-11-30T01:12:00Z".parse().unwrap(),
        preview: None,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    }
}

#[test]
fn a_doubled_trigger_is_one_run() {
    assert_eq!(request().id(), request().id());
    assert!(request().id().unwrap().as_str().starts_with("20261130T000000Z-scheduled-"));
}

#[test]
fn a_schedule_that_was_moved_within_its_slot_is_the_same_run() {
    let moved = RunRequest { scheduled_at: "2026-11-30T03:40:00Z".parse().unwrap(), ..request() };
    assert_eq!(moved.id(), request().id());
    let monthly = RunRequest { slot: "2026-11".into(), ..request() };
    assert!(monthly.id().unwrap().as_str().starts_with("20261101T000000Z-scheduled-"));
}

#[test]
fn another_month_slot_or_partner_is_another_run() {
    let mut other_partner = request();
    other_partner.partner = PartnerId::parse("00000000-0000-4000-8000-000000000002").unwrap();
    let others = [request().for_previous_month(), RunRequest { slot: "2026-11-29".into(), ..request() }, other_partner];
    for other in others {
        assert_ne!(other.id(), request().id(), "{other:?}");
    }
}

#[test]
fn a_run_knows_the_one_whose_place_it_may_take() {
    let nightly = request();
    let stood_for = nightly.for_previous_month().may_stand_for();
    assert_eq!(stood_for, Ok(Some(nightly.id().unwrap())));
    let scope = RunScope { month_alone: true, ..RunScope::default() };
    for alone in [
        RunRequest { kind: RunKind::Now, scope, ..request() },
        RunRequest { kind: RunKind::Preview, ..request() },
        RunRequest { retry_of: request().id().ok(), ..request() },
    ] {
        assert_eq!(alone.may_stand_for(), Ok(None), "{alone:?}");
    }
}

#[test]
fn a_preview_never_writes() {
    let now = Timestamp::UNIX_EPOCH;
    let preview = RunRequest { kind: RunKind::Preview, ..request() };
    assert!(!Run::open(preview, true, now).unwrap().writes);
    assert!(!Run::open(request(), false, now).unwrap().writes);
    assert!(Run::open(request(), true, now).unwrap().writes);
}

#[test]
fn a_scope_is_read_back_as_it_was_and_one_of_before_is_everything() {
    let customers = [CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap()].into();
    let run = RunId::parse("20261130T011200Z-now-0123abcd").unwrap();
    for customers in [CustomerFilter::Everyone, CustomerFilter::Chosen { customers }, CustomerFilter::FailedIn { run }]
    {
        for on in [false, true] {
            let scope = RunScope {
                customers: customers.clone(),
                ignores_switches: on,
                month_alone: !on,
                adopts: on,
                decided_alone: !on,
            };
            let request = RunRequest { scope, ..request() };
            let text = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<RunRequest>(&text).unwrap(), request, "{text}");
        }
    }
    let before = serde_json::to_value(request()).unwrap();
    assert!(before.get("scope").is_none() && before.get("askedBy").is_none(), "{before}");
    assert_eq!(serde_json::from_value::<RunRequest>(before).unwrap(), request());
}
