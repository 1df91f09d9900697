//! What a person and a program read of an alert.

use shared::domain::alert::AlertId;
use shared::domain::id::{CustomerId, ProductCode, RunId};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::Hold;
use shared::domain::run::{RunFailure, RunFailureCode, RunKind};
use shared::domain::vendor_sync::VendorSync;

use super::*;

fn digest(failed: u64, held: u64) -> Digest {
    Digest {
        run: RunId::parse("20261130T011200Z-scheduled-0123abcd").unwrap(),
        kind: RunKind::Scheduled,
        month: UsageMonth::parse("2026-11").unwrap(),
        failed,
        held,
        failure: None,
        vendor_sync: None,
    }
}

fn ledger(name: &str, outcomes: Vec<Outcome>) -> CustomerLedger {
    let line = |outcome| Line {
        code: Some(ProductCode::parse("CIXA").unwrap()),
        units: 12,
        usage_lines: 1,
        outcome,
        billed: None,
    };
    CustomerLedger {
        customer: Some(CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap()),
        name: name.to_owned(),
        company: None,
        agreement: None,
        next_invoice: None,
        lines: outcomes.into_iter().map(line).collect(),
        created: 0,
        updated: 0,
        ..CustomerLedger::default()
    }
}

#[test]
fn a_mail_names_the_lines_and_counts_the_others() {
    let held = Outcome::Held(Hold::Decrease { from: 20.into(), to: 12.into() });
    let lines: Vec<ReportedLine> =
        reported(&ledger("Amberquill Bakery", vec![Outcome::Updated, held]), Language::English).collect();
    assert_eq!(lines.len(), 1, "what went well is not reported");
    let about = AlertAbout::Run(digest(1, 2));
    let (subject, text) = compose(&about, &lines, Language::English);
    assert_eq!(subject, "Usage sync of November 2026: 1 line failed, 2 lines need your decision");
    for part in [
        "Usage sync of November 2026. 1 line failed, 2 lines need your decision.",
        "The run is 20261130T011200Z-scheduled-0123abcd.",
        "Amberquill Bakery, CIXA, 12 units: needs your decision: ",
        "and 2 lines more.",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_run_that_came_to_nothing_says_why_and_what_to_do() {
    let what = "Sophos did not answer.".to_owned();
    let failure = Some(RunFailure { code: RunFailureCode::UsageIncomplete, what });
    let about = AlertAbout::Run(Digest { failure, ..digest(0, 0) });
    let (subject, text) = compose(&about, &[], Language::English);
    assert_eq!(subject, "Usage sync of November 2026: the run could not be completed");
    assert!(text.contains("could not be completed. Sophos did not answer. Nothing was written."), "{text}");
}

#[test]
fn a_program_reads_the_same_as_a_person() {
    let partner = PartnerId::parse("00000000-0000-4000-8000-000000000001").unwrap();
    let about = AlertAbout::Run(digest(0, 2));
    let alert = Alert::new(AlertId::of_run(&digest(0, 2).run), "2026-11-30T01:20:00Z".parse().unwrap(), about);
    let body: serde_json::Value = serde_json::from_str(&body(partner, &alert, "a", "b", &[])).unwrap();
    let expected = json!({
        "type": "sync.needsAttention",
        "timestamp": "2026-11-30T01:20:00Z",
        "data": {
            "alertId": "run-20261130T011200Z-scheduled-0123abcd",
            "partnerId": "00000000-0000-4000-8000-000000000001",
            "subject": "a",
            "text": "b",
            "about": {
                "runId": "20261130T011200Z-scheduled-0123abcd", "kind": "scheduled", "month": "2026-11",
                "failed": 0, "held": 2, "failure": null, "vendorSync": null, "lines": [],
            },
        },
    });
    assert_eq!(body, expected);
}

#[test]
fn a_refusal_without_end_does_not_fill_an_alert() {
    let shortened = short(&"é".repeat(5_000));
    assert_eq!((shortened.chars().count(), shortened.ends_with('…')), (401, true));
    assert_eq!(short("as it is"), "as it is");
}

#[test]
fn an_alert_of_a_run_kept_the_vendors_own_sync_to_itself() {
    let sync = VendorSync { member: "sophosapi".into(), lines: 14, customers: 9, since: Date::constant(2026, 11, 3) };
    let about = AlertAbout::Run(Digest { vendor_sync: Some(sync.clone()), ..digest(0, 3) });
    let (_, text) = compose(&about, &[], Language::English);
    assert!(text.contains(&sync.in_words()) && text.contains(sync.advice()), "{text}");
    let (_, quiet) = compose(&AlertAbout::Run(digest(0, 3)), &[], Language::English);
    assert!(!quiet.contains("vendor"), "{quiet}");
}

#[test]
fn an_alert_of_an_italian_partner_came_in_english() {
    let failure = RunFailure { code: RunFailureCode::UsageIncomplete, what: "Sophos did not answer.".to_owned() };
    let sync = VendorSync { member: "sophosapi".into(), lines: 14, customers: 9, since: Date::constant(2026, 11, 3) };
    let held = Outcome::Held(Hold::Decrease { from: 20.into(), to: 12.into() });
    let lines: Vec<ReportedLine> = reported(&ledger("Forno Bianchi", vec![held]), Language::Italian).collect();
    let all = [
        AlertAbout::Run(Digest { failure: Some(failure), vendor_sync: Some(sync), ..digest(1, 2) }),
        AlertAbout::Run(digest(1, 1)),
        AlertAbout::Missed {
            month: UsageMonth::parse("2026-11").unwrap(),
            invoice: Date::constant(2026, 12, 1),
            lines: 3,
        },
        AlertAbout::Quiet { since: "2026-11-02T09:30:00Z".parse().unwrap(), days: 20 },
        AlertAbout::Test { by: "anna".into() },
    ];
    for about in &all {
        let (subject, text) = compose(about, &lines, Language::Italian);
        let said = format!("{subject}\n{text}");
        for english in [" the ", " and ", "line ", "lines", "Usage", "run ", "need", "decision", "2026-1", "November"] {
            assert!(!said.contains(english), "{english:?} is in an Italian alert: {said}");
        }
    }
    let (subject, text) = compose(&all[1], &lines, Language::Italian);
    assert_eq!(subject, "Utilizzo di novembre 2026: 1 riga non riuscita, 1 riga da decidere");
    assert!(text.contains("Forno Bianchi, CIXA, 12 unità: da decidere: "), "{text}");
    assert!(text.contains("e 1 altra riga."), "{text}");
}
