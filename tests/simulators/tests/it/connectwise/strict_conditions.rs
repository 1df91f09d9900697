//! Conditions that a real server refuses, each with its evidence, and the readings of what nobody can prove.

use serde_json::json;
use simulators::connectwise::Settings;
use simulators::connectwise::settings::wire::{Capitals, Doubtful, Quotes, Star, Underscore, WireReadings};

use crate::connectwise::world::World;

const AGREEMENTS: &str = "/finance/agreements";
const CATALOG: &str = "/procurement/catalog";
const COMPANIES: &str = "/company/companies";

async fn world(wire: WireReadings) -> World {
    World::with(Settings { wire, ..Settings::default() }).await
}

/// What `conditions` are refused with.
async fn refusal(world: &World, path: &str, conditions: &str) -> String {
    let refused = world.list(path, &[("conditions", conditions)]).await;
    assert_eq!(refused.status, 400, "{conditions}: {}", refused.body);
    assert_eq!((&refused.body["code"], &refused.body["errors"]), (&json!("ApiFindCondition"), &json!(null)));
    refused.body["message"].as_str().unwrap().to_owned()
}

/// Two public clients quote the refusal, with this message.
#[tokio::test]
async fn an_enumeration_knows_its_own_words_and_no_other() {
    let world = World::new().await;
    for (path, conditions) in [
        (AGREEMENTS, "agreementStatus not like \"Canceled\""),
        (AGREEMENTS, "agreementStatus = \"Canceled\""),
        (AGREEMENTS, "id = 1 and (id = 2 or agreementStatus in ('Active', 'Canceled'))"),
        (AGREEMENTS, "agreementStatus = null"),
        (AGREEMENTS, "agreementStatus = 1"),
        (AGREEMENTS, "agreementStatus contains 'Act'"),
        (CATALOG, "productClass = \"Nope\""),
    ] {
        assert_eq!(refusal(&world, path, conditions).await, "Enum value supplied was invalid", "{conditions}");
    }
    for (conditions, ids) in [
        ("agreementStatus = 'Active'", vec![1]),
        ("agreementStatus != 'active'", vec![]),
        ("agreementStatus not in ('Cancelled', 'Expired')", vec![1]),
    ] {
        assert_eq!(world.ids_where(AGREEMENTS, conditions).await, ids, "{conditions}");
    }
}

#[tokio::test]
async fn other_operators_on_an_enumeration_are_refused_or_taken_as_the_server_is_set() {
    let conditions =
        ["agreementStatus like 'Active'", "agreementStatus >= 'Active'", "agreementStatus not like 'Expired'"];
    let strict = World::new().await;
    let lenient = world(WireReadings { enumeration_operators: Doubtful::Taken, ..WireReadings::default() }).await;
    for condition in conditions {
        assert_eq!(refusal(&strict, AGREEMENTS, condition).await, "Enum value supplied was invalid", "{condition}");
        assert_eq!(lenient.ids_where(AGREEMENTS, condition).await, [1], "{condition}");
    }
    assert_eq!(refusal(&lenient, AGREEMENTS, "agreementStatus like 'Act*'").await, "Enum value supplied was invalid");
}

/// The guide: `childConditions` searches arrays, `customFieldConditions` custom fields. A public client quotes the 400.
#[tokio::test]
async fn lists_and_custom_fields_have_parameters_of_their_own() {
    let world = World::new().await;
    for (path, conditions, name) in [
        (COMPANIES, "types/name = \"Customer\"", "types/name"),
        (COMPANIES, "types = null", "types"),
        (CATALOG, "customFields/value = \"x\"", "customFields/value"),
    ] {
        assert_eq!(refusal(&world, path, conditions).await, format!("{name} is not a recognized name."));
    }
    for wrong in ["name = 'Adler Bakery'", "company/name = 'x'", "types/name like", "invented/name = 'x'"] {
        let refused = world.list(COMPANIES, &[("childConditions", wrong)]).await.expect(400);
        assert_eq!(refused["code"], "ApiFindCondition", "{wrong}");
    }
}

#[tokio::test]
async fn child_conditions_hold_where_one_member_of_the_list_fits_all_of_them() {
    let world = World::new().await;
    let types = json!([{"id": 7, "name": "Customer"}, {"id": 8, "name": "Vendor"}]);
    let changes = json!([{"op": "replace", "path": "types", "value": types}]);
    world.patch("/company/companies/1", changes).await.expect(200);
    for (conditions, count) in [
        ("types/name = 'Customer' and types/id = 7", 1),
        ("Types/Name = 'Customer' and types/ID = 8", 0),
        ("types/name = 'Vendor' or types/id = 9", 1),
        ("types/name not like 'C*'", 1),
        ("types/name = 'Owner'", 0),
    ] {
        let found = world.list(COMPANIES, &[("childConditions", conditions)]).await.expect(200);
        assert_eq!(found.as_array().unwrap().len(), count, "{conditions}");
    }
}

#[tokio::test]
async fn a_comparison_that_the_type_does_not_have_is_refused_or_finds_nothing_as_the_server_is_set() {
    let strict = World::new().await;
    let lenient = world(WireReadings { mismatches: Doubtful::Taken, ..WireReadings::default() }).await;
    for (conditions, kind) in [
        ("price = \"abc\"", "Number"),
        ("id = \"abc\"", "Number"),
        ("id like \"1%\"", "Number"),
        ("id in (1, 'x')", "Number"),
        ("inactiveFlag = 1", "Boolean"),
        ("inactiveFlag > False", "Boolean"),
        ("identifier > 5", "String"),
        ("identifier = True", "String"),
        ("category/name = 1", "String"),
        ("category/id = 'x'", "Number"),
        ("lastUpdated = 5", "DateTime"),
        ("lastUpdated contains '2025'", "DateTime"),
        ("price < null", "Number"),
    ] {
        assert_eq!(refusal(&strict, CATALOG, conditions).await, format!("{kind} value supplied was invalid"));
    }
    for conditions in ["price = \"abc\"", "id = \"abc\"", "inactiveFlag = 1", "id like \"1%\"", "identifier > 5"] {
        assert_eq!(lenient.ids_where(CATALOG, conditions).await, [] as [u64; 0], "{conditions}");
    }
    for (conditions, ids) in [
        ("id = \"1\"", vec![1]),
        ("inactiveFlag = 'true'", vec![3]),
        ("lastUpdated > '2025-11-01'", vec![1, 2, 3, 4]),
        ("price != null and vendorSku = null", vec![1, 2, 3, 4]),
        ("identifier >= 'S'", vec![2, 4]),
    ] {
        assert_eq!(strict.ids_where(CATALOG, conditions).await, ids, "{conditions}");
    }
}

/// A public client quotes the refusal of `invoice = null`, a reference.
#[tokio::test]
async fn a_reference_compared_as_a_whole_is_refused_or_taken_as_the_server_is_set() {
    let strict = World::new().await;
    assert_eq!(refusal(&strict, AGREEMENTS, "parentAgreement = null").await, "Enum value supplied was invalid");
    let lenient = world(WireReadings { whole_references: Doubtful::Taken, ..WireReadings::default() }).await;
    assert_eq!(lenient.ids_where(AGREEMENTS, "parentAgreement = null").await, [1]);
    assert_eq!(lenient.ids_where(AGREEMENTS, "company != null").await, [1]);
    assert_eq!(refusal(&lenient, AGREEMENTS, "company = 'ADL'").await, "Reference value supplied was invalid");
}

#[tokio::test]
async fn an_underscore_in_like_is_a_letter_or_any_character_as_the_server_is_set() {
    for (underscore, ids) in [(Underscore::Letter, vec![]), (Underscore::OneCharacter, vec![3])] {
        let world = world(WireReadings { underscore, ..WireReadings::default() }).await;
        assert_eq!(world.ids_where(CATALOG, "identifier like 'O_d'").await, ids, "{underscore:?}");
        assert_eq!(world.ids_where(CATALOG, "identifier = 'O_d' or identifier contains 'O_d'").await, [] as [u64; 0]);
    }
}

#[tokio::test]
async fn a_star_in_a_text_that_must_be_equal_is_a_letter_or_a_wildcard_as_the_server_is_set() {
    for (equal_star, ids, others) in [(Star::Letter, vec![], vec![1, 2, 3, 4]), (Star::AnyText, vec![2, 4], vec![1, 3])]
    {
        let world = world(WireReadings { equal_star, ..WireReadings::default() }).await;
        assert_eq!(world.ids_where(CATALOG, "identifier = 's*'").await, ids, "{equal_star:?}");
        assert_eq!(world.ids_where(CATALOG, "identifier != 's*'").await, others, "{equal_star:?}");
        assert_eq!(world.ids_where(CATALOG, "identifier in ('s*', 'x')").await, ids, "{equal_star:?}");
        assert_eq!(world.ids_where(CATALOG, "identifier = 's%'").await, [] as [u64; 0], "{equal_star:?}");
    }
}

/// An example in a public manual.
#[tokio::test]
async fn the_older_name_of_an_agreements_parent_is_understood() {
    let world = World::new().await;
    let child = json!({"parentAgreement": {"id": 1}});
    let child = world.psa.add_agreement(1, world.agreement_type, "Child", child).unwrap();
    let manual = "company/identifier=\"ADL\" AND parentagreementid = null AND cancelledFlag = False";
    assert_eq!(world.ids_where(AGREEMENTS, manual).await, [1]);
    assert_eq!(world.ids_where(AGREEMENTS, "ParentAgreementId = 1").await, [u64::from(child)]);
    assert_eq!(
        refusal(&world, COMPANIES, "parentagreementid = null").await,
        "parentagreementid is not a recognized name."
    );
}

#[tokio::test]
async fn capitals_count_or_do_not_when_texts_are_compared_as_the_server_is_set() {
    for (capitals, ids) in [(Capitals::DoNotCount, vec![1]), (Capitals::Count, vec![])] {
        let world = world(WireReadings { capitals, ..WireReadings::default() }).await;
        for conditions in [
            "identifier = 'ENDPOINT'",
            "identifier in ('ENDPOINT')",
            "identifier contains 'NDPOIN'",
            "identifier like 'END*'",
        ] {
            assert_eq!(world.ids_where(CATALOG, conditions).await, ids, "{capitals:?} {conditions}");
        }
        assert_eq!(world.ids_where(CATALOG, "IDENTIFIER = 'Endpoint'").await, [1], "names of fields never count so");
    }
}

#[tokio::test]
async fn a_quote_inside_a_text_is_written_as_the_server_is_set() {
    // Condition, and whether it finds the company under each reading; `None` where it is refused.
    let cases = [
        (r#"name = "5\" disk""#, [Some(true), Some(true), None]),
        (r#"name = "5"" disk""#, [Some(true), None, Some(true)]),
        (r#"name = '5" disk'"#, [Some(true), Some(true), Some(true)]),
        (r#"identifier = 'Q\\'"#, [Some(true), Some(true), Some(false)]),
        (r"identifier = 'Q\'", [None, None, Some(true)]),
    ];
    let readings = [Quotes::BackslashOrDoubled, Quotes::Backslash, Quotes::Doubled];
    for (index, quotes) in readings.into_iter().enumerate() {
        let world = world(WireReadings { quotes, ..WireReadings::default() }).await;
        world.psa.add_company(r"Q\", r#"5" disk"#).unwrap();
        for (conditions, found) in cases {
            let answer = world.list(COMPANIES, &[("conditions", conditions)]).await;
            let expected = if found[index].is_some() { 200 } else { 400 };
            let body = answer.expect(expected);
            let hits = body.as_array().map(|rows| !rows.is_empty());
            assert_eq!(hits, found[index], "{quotes:?} {conditions}");
        }
    }
}
