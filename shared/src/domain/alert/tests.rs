//! What is reported of a run, how often its delivery is tried, and which alerts are wanted.

use super::*;
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;
use crate::domain::run::{Run, RunFailure, RunFailureCode, RunKind, RunRequest, RunState};
use crate::domain::vendor_sync::MemberChanges;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn run(kind: RunKind, writes: bool) -> Run {
    let partner = PartnerId::parse("00000000-0000-4000-8000-000000000001").unwrap();
    let month = UsageMonth::parse("2026-11").unwrap();
    let now = at("2026-11-30T01:12:00Z");
    Run::open(RunRequest::new(partner, kind, month, "2026-11-30".to_owned(), now), writes, now).unwrap()
}

fn digest(failed: u64, held: u64) -> AlertAbout {
    let run = run(RunKind::Scheduled, true);
    AlertAbout::Run(Digest {
        run: run.id,
        kind: run.request.kind,
        month: run.request.month,
        failed,
        held,
        failure: None,
        vendor_sync: None,
    })
}

#[test]
fn the_vendors_own_sync_raised_an_alert_every_night() {
    let mut run = run(RunKind::Scheduled, true);
    let since = jiff::civil::Date::constant(2026, 11, 3);
    run.members.changes.insert("sophosapi".into(), MemberChanges { lines: 14, customers: 9, since });
    assert_eq!(Digest::of(&run, &RunState::Succeeded), None, "every run finds it again");
    run.tally.counts.held = 1;
    let digest = Digest::of(&run, &RunState::Succeeded).unwrap();
    assert_eq!(digest.vendor_sync.unwrap().member, "sophosapi");
}

#[test]
fn a_run_that_left_nothing_to_do_sends_no_alert() {
    assert_eq!(Digest::of(&run(RunKind::Scheduled, true), &RunState::Succeeded), None);
}

#[test]
fn a_run_sends_one_alert_with_what_failed_and_what_waits() {
    let mut run = run(RunKind::Scheduled, true);
    run.tally.counts.failed = 2;
    run.tally.counts.held = 3;
    let digest = Digest::of(&run, &RunState::Partial).unwrap();
    assert_eq!((digest.failed, digest.held, digest.failure), (2, 3, None));
    assert_eq!(AlertId::of_run(&digest.run).as_str(), format!("run-{}", run.id));
}

#[test]
fn a_preview_a_cancelled_run_and_one_that_made_way_send_no_alert() {
    let mut preview = run(RunKind::Preview, true);
    preview.tally.counts.held = 3;
    assert_eq!(Digest::of(&preview, &RunState::Succeeded), None);
    let mut other = run(RunKind::Now, true);
    other.tally.counts.held = 3;
    assert_eq!(Digest::of(&other, &RunState::Cancelled { by: "Ann".into() }), None);
    assert_eq!(Digest::of(&other, &RunState::Superseded { by: other.id.clone() }), None);
}

#[test]
fn with_writes_off_only_a_run_that_came_to_nothing_sends_an_alert() {
    let mut run = run(RunKind::Scheduled, false);
    run.tally.counts.held = 3;
    assert_eq!(Digest::of(&run, &RunState::Succeeded), None);
    let failure = RunFailure { code: RunFailureCode::Connection, what: "No answer.".into() };
    let digest = Digest::of(&run, &RunState::Failed(failure.clone())).unwrap();
    assert_eq!((digest.held, digest.failure), (0, Some(failure)));
}

#[test]
fn eight_attempts_are_made_over_22_hours_and_35_minutes_and_then_it_is_undelivered() {
    let first = at("2026-11-30T01:12:00Z");
    let mut delivery = Delivery::to(Channel::Webhook, first);
    let mut now = first;
    let mut tried = Vec::new();
    while let Some(next_at) = delivery.next_at() {
        now = next_at;
        assert!(delivery.is_due(now) && !delivery.is_used_up());
        delivery.begin(now);
        tried.push(now.duration_since(first).as_mins());
        delivery.fail(now, "The webhook answered 503.".into());
    }
    assert_eq!(tried, [0, 5, 20, 50, 110, 230, 590, 1355]);
    assert_eq!(delivery.state, DeliveryState::Undelivered { at: now });
    assert_eq!(delivery.last_failure.as_deref(), Some("The webhook answered 503."));
}

#[test]
fn an_attempt_that_nobody_ended_is_used_up_and_not_made_twice_at_once() {
    let now = at("2026-11-30T01:12:00Z");
    let mut delivery = Delivery::to(Channel::Webhook, now);
    delivery.begin(now);
    assert!(!delivery.is_due(now), "somebody is sending it");
    assert!(delivery.is_due(at("2026-11-30T01:17:00Z")));
}

#[test]
fn each_switch_decides_about_its_own_part_of_a_digest() {
    let wants = |failed, held, missed, about: &AlertAbout| {
        let wanted = Wanted { failed, held, missed, quiet_days: None };
        AlertSettings { wanted, ..AlertSettings::default() }.wants(about)
    };
    let missed = AlertAbout::Missed {
        month: UsageMonth::parse("2026-11").unwrap(),
        invoice: jiff::civil::date(2026, 12, 1),
        lines: 1,
    };
    assert!(wants(true, false, false, &digest(1, 0)) && !wants(false, true, true, &digest(1, 0)));
    assert!(wants(false, true, false, &digest(0, 1)) && !wants(true, false, true, &digest(0, 1)));
    assert!(wants(false, false, true, &missed) && !wants(true, true, false, &missed));
    assert!(wants(false, false, false, &AlertAbout::Test { by: "Ann".into() }));
}

#[test]
fn an_alert_waits_for_the_earliest_of_its_deliveries_and_is_done_when_all_are() {
    let raised = at("2026-11-30T01:12:00Z");
    let mut alert = Alert::new(AlertId::parse("test-1").unwrap(), raised, AlertAbout::Test { by: "Ann".into() });
    assert_eq!(alert.next_at(), Some(raised));
    alert.message = Some(MessageText { subject: String::new(), text: String::new(), body: String::new() });
    assert_eq!(alert.next_at(), None, "nobody wants it");
    let mut later = Delivery::to(Channel::Webhook, raised);
    later.begin(raised);
    alert.deliveries = vec![later, Delivery::to(Channel::Mail { address: "a@example.com".into() }, raised)];
    assert_eq!(alert.next_at(), Some(raised));
    alert.deliveries[1].succeed(raised);
    assert_eq!(alert.next_at(), Some(at("2026-11-30T01:17:00Z")));
    alert.deliveries[0].give_up(raised, "The webhook was removed.".into());
    assert_eq!((alert.next_at(), alert.is_undelivered()), (None, true));
}
