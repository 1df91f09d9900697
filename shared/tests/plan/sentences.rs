//! What a billing clerk reads: every reason and advice, in the page's own words.

use shared::domain::departure::Departure;
use shared::domain::id::AgreementId;
use shared::domain::landing::Landing;
use shared::domain::outcome::{Failure, Hold, LineElsewhere, Outcome, PartTrouble, Place, Skip, Waiting, Would};
use shared::domain::psa::{AgreementFacts, AgreementStatus};
use shared::domain::quantity_override::DecisionReason;
use shared::domain::usage::{Doubt, Period};
use shared::http::Language;

use crate::world::{addition_id, code, day, month, number, psa};

/// Words of the machinery; `settle` is in "unsettled" too.
const NEVER_ON_SCREEN: [&str; 5] = ["intent", "settle", "lease", "shard", "snapshot"];

/// Asserts that an outcome's sentences can stand on the page.
#[track_caller]
pub(crate) fn well_said(outcome: &Outcome) {
    let (reason, advice) = (outcome.reason(), outcome.advice());
    if matches!(outcome, Outcome::Waiting(_) | Outcome::Held(_) | Outcome::Skipped(_) | Outcome::Failed(_)) {
        assert!(!reason.is_empty() && !advice.is_empty(), "no reason or no advice: {outcome:?}");
        assert!(advice.ends_with(['.', '?']), "advice is a sentence: {advice}");
    }
    for text in [&reason, &advice] {
        if let Some(wrong) = wrong_word(text) {
            panic!("{wrong:?} in {text:?}");
        }
    }
}

fn wrong_word(text: &str) -> Option<&'static str> {
    // `invoiced` is a verb and allowed.
    let lower = text.to_lowercase().replace("release", "").replace("invoiced", "");
    let machinery = NEVER_ON_SCREEN.into_iter().find(|word| lower.contains(word));
    let plain_invoice = lower.match_indices("invoice").any(|(at, _)| {
        let whose = lower[..at].trim_end_matches([' ', '-']).trim_end_matches(" monthly");
        !whose.ends_with("sophos") && !whose.ends_with("connectwise")
    });
    machinery.or(plain_invoice.then_some("invoice"))
}

#[test]
fn a_wrong_word_is_noticed() {
    for text in ["an Intent stands", "not settled yet", "the lease", "our snapshot", "the next invoice"] {
        assert!(wrong_word(text).is_some(), "{text}");
    }
    for text in ["choose Write", "with the Sophos monthly invoice", "the next ConnectWise invoice", "Sophos-invoice"] {
        assert_eq!(wrong_word(text), None, "{text}");
    }
}

fn holds() -> Vec<Hold> {
    let adopt = |unit_price| Hold::Adopt {
        addition: addition_id(1),
        from: number("8.00"),
        to: number("12"),
        unit_price,
        less_included: number("2.00"),
        bill_customer: "DoNotBill".into(),
    };
    let vanished = |last, billed| Hold::Vanished { product: code("CIX"), last, billed };
    let part = |trouble| Hold::Part { product: code("CIX"), trouble };
    let (from, to) = (number("12.00"), number("8"));
    let line = || "order O-1, line 1, serial X".to_owned();
    let november = Period { first: day("2026-11-01"), last: day("2026-11-30") };
    let december = Period { first: day("2026-12-01"), last: day("2026-12-31") };
    let in_doubt = |doubt, for_all| Hold::UsageLines {
        product: code("CIX"),
        doubt,
        asks: std::collections::BTreeMap::new(),
        for_all,
    };
    vec![
        adopt(Some(number("4.50"))),
        adopt(None),
        Hold::Decrease { from, to },
        Hold::Increase { from: to, to: from },
        Hold::NewMonth { written: month("2026-10"), from, to },
        Hold::Unfinished { pairs: 100, gone: 11, before: 1200, now: 980, would: Would::Update { from, to } },
        Hold::ProductUnfinished { product: code("CIX"), pairs: 300, gone: 214, would: Would::Update { from, to } },
        Hold::ToZero { from, last: false },
        Hold::ToZero { from, last: true },
        Hold::Amount { from, to, by: number("-1204"), most: number("500") },
        vanished(Some((month("2026-10"), 12)), Some(from)),
        vanished(None, Some(from)),
        vanished(None, None),
        part(PartTrouble::Firewall),
        part(PartTrouble::Vanished),
        part(PartTrouble::Unreadable),
        Hold::PartsChanged { left: vec![code("CIX"), code("SVR")], from, to },
        Hold::Unreadable { found: "-3, which is below zero".into() },
        in_doubt(Doubt::DuplicateUsage { line: line(), copies: 2, least: 5, most: 5 }, false),
        in_doubt(Doubt::DuplicateUsage { line: line(), copies: 3, least: 5, most: 7 }, false),
        in_doubt(Doubt::OtherPeriod { period: december, units: 7 }, false),
        in_doubt(Doubt::ConsecutivePeriods { first: november, then: december }, false),
        in_doubt(Doubt::ConsecutivePeriods { first: november, then: december }, true),
        Hold::CombineRule { parts: vec![code("CIX"), code("SVR")] },
        Hold::Ambiguous { additions: vec![addition_id(1), addition_id(2)] },
        Hold::Surplus { kept: addition_id(1), addition: addition_id(2), created: to, left: number("0") },
        Hold::ZeroPrice { to },
        Hold::HandEdit { written: from, found: number("7.50"), to },
        Hold::AdditionGone { addition: addition_id(1), to },
        Hold::EndedInMonth {
            line: elsewhere(Place::MappedAgreement, "SEC-CIXA"),
            on: day("2026-11-16"),
            to,
            begins: day("2026-11-17"),
        },
        Hold::BilledElsewhere { lines: vec![elsewhere(on_old_msa(), ""), elsewhere(on_old_msa(), "SEC-CIXA")], to },
        Hold::StillBilled { product: code("CIX"), on: psa(70), addition: addition_id(12), quantity: from },
        Hold::NotYetInForce { addition: addition_id(1), from: day("2026-12-01"), to },
        Hold::FirstRun { would: Would::Create { to, begins: Some(day("2026-11-01")) } },
        Hold::FirstRun { would: Would::Update { from, to } },
        Hold::FirstRun { would: Would::Adopt { at: from } },
        Hold::FormerAgreement {
            agreement: AgreementId::try_from(5).unwrap(),
            addition: addition_id(12),
            quantity: from,
        },
        Hold::LeftMonthlyBilling {
            departure: Departure::OtherBilling { billing: "term".into() },
            would: Would::Update { from, to },
            also: None,
        },
        Hold::LeftMonthlyBilling {
            departure: Departure::NotListed,
            would: Would::Update { from, to },
            also: Some(Box::new(Hold::HandEdit { written: to, found: from, to })),
        },
        Hold::Late { on: day("2026-12-01"), invoiced: from, to },
        Hold::Late { on: day("2026-12-01"), invoiced: to, to: from },
        Hold::OlderMonth { written: month("2026-12"), from, to },
        Hold::Moved { shown: Would::Update { from, to }, now: Would::Nothing },
    ]
}

fn on_old_msa() -> Place {
    Place::OtherAgreement { agreement: AgreementId::try_from(9).unwrap(), name: "Old MSA".into() }
}

fn elsewhere(place: Place, identifier: &str) -> LineElsewhere {
    LineElsewhere {
        addition: addition_id(8),
        place,
        product: psa(70),
        identifier: identifier.into(),
        quantity: number("12.00"),
    }
}

fn skips() -> Vec<Skip> {
    vec![
        Skip::ProductUnmapped,
        Skip::MappingRemoved,
        Skip::MappingMoved,
        Skip::ProductOff,
        Skip::Excluded { reason: "part of the flat fee".into() },
        Skip::CustomerUnmapped,
        Skip::CustomerOff,
        Skip::NotFlex { billing: "term".into() },
        Skip::CustomerLeft { departure: Departure::NotListed },
        Skip::Firewall,
        Skip::Rejected {
            kept: number("12.00"),
            who: "Ann".into(),
            reason: Some(DecisionReason::CustomerAgreed),
            why: "a credit is on its way".into(),
        },
        Skip::BilledElsewhere { lines: vec![elsewhere(on_old_msa(), "SEC-CIXA")] },
        Skip::Unassigned,
        Skip::NoProductCode,
    ]
}

fn failures() -> Vec<Failure> {
    let agreement = AgreementId::try_from(5).unwrap();
    let candidate = |id: i64, name: &str| (AgreementId::try_from(id).unwrap(), name.to_owned());
    let not_active = |status, candidates| Failure::AgreementNotActive { agreement, status, candidates };
    let answer = || "Agreement is closed".to_owned();
    vec![
        Failure::AgreementForbidden { agreement },
        Failure::AgreementGone { agreement },
        not_active(AgreementStatus::Active, vec![]),
        not_active(AgreementStatus::Cancelled, vec![candidate(812, "2026")]),
        not_active(AgreementStatus::Expired, vec![candidate(812, "2026"), candidate(813, "2026 servers")]),
        not_active(AgreementStatus::Inactive, vec![]),
        Failure::AgreementWrongCompany { agreement, company: "Globex".into() },
        Failure::AgreementNeverRecurs { agreement, cycle: "One Time".into() },
        Failure::AgreementNotStarted { agreement, start: day("2026-12-01") },
        Failure::PsaProductGone { product: psa(70) },
        Failure::PsaProductInactive { identifier: "SOPHOS-70".into() },
        Failure::PsaProductBundle { identifier: "SOPHOS-70".into() },
        Failure::CustomerNotListed,
        Failure::CustomerUnreadable { why: "no name".into() },
        Failure::EndMoved { seen: number("5.00"), found: number("7") },
        Failure::Unreadable { answer: answer() },
        Failure::ListTooLong { what: "the list of additions of agreement 5 has more than 100 pages".into() },
        Failure::Busy { answer: answer() },
        Failure::Unknown,
        Failure::Unsettled,
        Failure::NotSent { why: "other calls came first".into() },
        Failure::Refused { answer: answer() },
        Failure::WrongAnswer { answer: answer() },
    ]
}

fn waiting() -> Vec<Waiting> {
    let new_month = |until, awaits_invoice| {
        let (written, from, to, until) = (month("2026-10"), number("12.00"), number("13"), day(until));
        Waiting::NewMonth { written, from, to, until, awaits_invoice }
    };
    let would = Would::Update { from: number("12.00"), to: number("13") };
    vec![new_month("2026-11-15", true), new_month("2026-11-05", false), Waiting::NextRun { would }]
}

fn outcomes() -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::Unchanged, Outcome::Created, Outcome::Updated, Outcome::Adopted];
    outcomes.extend(waiting().into_iter().map(Outcome::Waiting));
    outcomes.extend(holds().into_iter().map(Outcome::Held));
    outcomes.extend(skips().into_iter().map(Outcome::Skipped));
    outcomes.extend(failures().into_iter().map(Outcome::Failed));
    outcomes
}

#[test]
fn every_reason_and_advice_reads_well() {
    let outcomes = outcomes();
    outcomes.iter().for_each(well_said);
    let sentences = |outcome: &Outcome| format!("{}\n  {}\n  {}", outcome.code(), outcome.reason(), outcome.advice());
    insta::assert_snapshot!(outcomes.iter().map(sentences).collect::<Vec<_>>().join("\n"));
}

/// Words that Sophos' Italian help does not use, and English ones.
const NEVER_IN_ITALIAN: [&str; 14] = [
    "mappatura",
    "accordo",
    "aggiunta",
    "sblocca",
    "rilascia",
    "rifiuta",
    "adottata",
    "esecuzione",
    " the ",
    " is ",
    " of ",
    "release",
    "reject",
    "usage",
];

#[test]
fn every_reason_and_advice_exists_in_italian() {
    let outcomes = outcomes();
    for outcome in &outcomes {
        let english = [outcome.reason(), outcome.advice()];
        let italian = [Language::Italian.reason(outcome), Language::Italian.advice(outcome)];
        assert_eq!([Language::English.reason(outcome), Language::English.advice(outcome)], english);
        for (english, italian) in english.iter().zip(&italian) {
            assert_eq!(english.is_empty(), italian.is_empty(), "{outcome:?}");
            assert!(english.is_empty() || english != italian, "not translated: {english}");
            // The setting's name and what people and ConnectWise said stay what they are.
            let quoted = ["usageperiods", "part of the flat fee", "a credit is on its way", "agreement is closed"];
            let lower = quoted.iter().fold(italian.to_lowercase(), |text, quoted| text.replace(quoted, ""));
            let wrong = NEVER_IN_ITALIAN.into_iter().find(|word| lower.contains(word));
            assert_eq!(wrong, None, "{italian}");
        }
        assert!(italian[1].is_empty() || italian[1].ends_with(['.', '?']), "advice is a sentence: {}", italian[1]);
    }
    let sentences = |outcome: &Outcome| {
        format!("{}\n  {}\n  {}", outcome.code(), Language::Italian.reason(outcome), Language::Italian.advice(outcome))
    };
    insta::assert_snapshot!(outcomes.iter().map(sentences).collect::<Vec<_>>().join("\n"));
}

#[test]
fn on_which_connectwise_invoice_usage_goes_was_said_in_english_only() {
    let said = |next: &str, cycle: &str, made: bool| {
        let facts = AgreementFacts { cycle: Some(cycle.into()), ..AgreementFacts::default() };
        let landing = Landing::of(month("2026-11"), day(next), &facts).unwrap();
        let landing = Landing { made, ..landing };
        [Language::English, Language::Italian].map(|one| one.landing(month("2026-11"), landing, &facts))
    };
    let advance = said("2026-12-01", "Monthly", false);
    assert_eq!(advance[0], "usage of November 2026 → on the ConnectWise invoice for December 2026");
    assert_eq!(advance[1], "utilizzo di novembre 2026 → sulla fattura ConnectWise di dicembre 2026");
    let yearly = said("2027-03-01", "Annual", false);
    assert_eq!(yearly[0], "usage of November 2026 → on the ConnectWise invoice for the period from 1 Mar 2027");
    assert_eq!(yearly[1], "utilizzo di novembre 2026 → sulla fattura ConnectWise del periodo dal 01/03/2027");
    let made = said("2026-12-01", "Monthly", true);
    assert_eq!(made[0], "usage of November 2026 was on the ConnectWise invoice for December 2026");
    assert_eq!(made[1], "l'utilizzo di novembre 2026 era sulla fattura ConnectWise di dicembre 2026");
}
