//! Edit product details in PSA: only what was sent, on the basis of what was seen.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::domain::id::{AdditionId, AgreementId, PsaProductId};
use shared::domain::month::UsageMonth;
use shared::domain::snapshot::{Snapshot, Written};
use shared::store::{Change, Subject};
use simulators::connectwise::Collection;

use super::world::{World, partner, served};

async fn edit(world: &World, id: u64, tag: &str, body: &Value) -> local_stack::api::asking::Answered {
    world.write(&format!("PATCH /v1/psa/products/{id}"), &[("if-match", tag)], body).await
}

/// The codes of the notes of an edit.
fn notes(body: &Value) -> Vec<&str> {
    body["notes"].as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn only_the_fields_that_were_sent_are_changed() {
    let (world, psa) = served().await;
    let id = psa.plant("Sophos_Intercept_X", "Intercept X", &json!({"vendorSku": "CIX", "cost": 2.25}));
    let seen = world.view(id).await;
    let edited =
        edit(&world, id, seen.header("etag"), &json!({"description": "Endpoint shield", "vendorSku": ""})).await;
    assert_eq!(edited.status, 200, "{:?}", edited.body);
    let now = world.view(id).await;
    assert_eq!((&edited.body["product"], edited.header("etag")), (&now.body, now.header("etag")));
    let changed: Vec<&String> = {
        let (before, after) = (seen.body.as_object().unwrap(), now.body.as_object().unwrap());
        after.iter().filter(|(name, value)| before.get(*name) != Some(*value)).map(|(name, _)| name).collect()
    };
    let own: Vec<&&String> =
        changed.iter().filter(|name| !["lastUpdated", "updatedBy"].contains(&name.as_str())).collect();
    assert_eq!(own, [&"description", &"vendorSku"]);
    assert_eq!((notes(&edited.body), &edited.body["additionsKeepingPrice"]), (Vec::<&str>::new(), &Value::Null));
    assert_eq!(psa.psa.writes().len(), 1);
    let subject = Subject::PsaProduct(i64::try_from(id).unwrap().try_into().unwrap());
    let audit = world.store.list_edits(partner(1), Some(&subject), None, 9).await.unwrap().edits;
    let described = |value: &Option<Value>| value.as_ref().unwrap()["description"].as_str().unwrap().to_owned();
    assert_eq!((audit.len(), audit[0].who.as_str()), (1, "billing@msp.example"));
    assert_eq!(
        (described(&audit[0].before), described(&audit[0].after)),
        ("Intercept X".into(), "Endpoint shield".into())
    );
}

#[tokio::test]
async fn an_edit_based_on_what_is_no_longer_there_is_refused_with_what_is() {
    let (world, psa) = served().await;
    let id = psa.plant("Sophos_Intercept_X", "Intercept X", &json!({}));
    let seen = world.view(id).await;
    psa.psa.edit(Collection::Catalog, 0, u32::try_from(id).unwrap(), &json!({"price": 9.75})).unwrap();
    let refused = edit(&world, id, seen.header("etag"), &json!({"price": "5.25"})).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"));
    assert_eq!(refused.body["present"]["price"], "9.75");
    assert_eq!(psa.calls_of("PATCH"), 0);
    let without = world.write(&format!("PATCH /v1/psa/products/{id}"), &[], &json!({"price": "5.25"})).await;
    assert_eq!((without.status.as_u16(), without.code()), (428, "versionMissing"));
    assert_eq!(edit(&world, id, "*", &json!({"price": "5.25"})).await.body["product"]["price"], "5.25");
    let gone = edit(&world, 99_999, "*", &json!({"price": "5.25"})).await;
    assert_eq!((gone.status.as_u16(), gone.code()), (404, "psaNotFound"));
}

/// What usage sync wrote for a product on some agreements.
async fn synced(world: &World, product: u64, agreements: std::ops::Range<i64>) {
    let lease = world.store.acquire_lease(partner(1), "worker", "2026-11-23T09:00:00Z".parse().unwrap(), 60).await;
    let lease = lease.unwrap().unwrap();
    let product = PsaProductId::try_from(i64::try_from(product).unwrap()).unwrap();
    let month = UsageMonth::parse("2026-10").unwrap();
    let written = |n: i64| Written::new(AdditionId::try_from(n).unwrap(), 10.into(), month, BTreeMap::new());
    for part in agreements.collect::<Vec<_>>().chunks(50) {
        let changes = part.iter().map(|n| {
            let snapshot = Snapshot { written: [(product, written(*n))].into(), ..Snapshot::default() };
            Change::PutSnapshot(AgreementId::try_from(*n).unwrap(), snapshot)
        });
        world.store.commit(&lease, lease.expires_at, changes.collect()).await.unwrap();
    }
}

#[tokio::test]
async fn a_price_change_says_how_many_existing_additions_keep_their_price() {
    let (world, psa) = served().await;
    let id = psa.plant("Sophos_Intercept_X", "Intercept X", &json!({}));
    let other = psa.plant("Other", "Other", &json!({}));
    synced(&world, id, 1..251).await;
    synced(&world, other, 300..310).await;
    let edited = edit(&world, id, "*", &json!({"price": "5.25"})).await;
    assert_eq!(edited.body["additionsKeepingPrice"], json!({"atLeast": 250, "units": "2500"}), "{:?}", edited.body);
    assert_eq!(notes(&edited.body), ["additionsKeepPrice"]);
    let same = edit(&world, id, "*", &json!({"price": "5.250", "description": "Shield"})).await;
    assert_eq!(
        (&same.body["additionsKeepingPrice"], notes(&same.body)),
        (&Value::Null, vec![]),
        "the price is the same"
    );
}

#[tokio::test]
async fn a_changed_customer_description_is_warned_against_as_the_vendor_does() {
    let (world, psa) = served().await;
    let id = psa.plant("Sophos_Intercept_X", "Intercept X", &json!({}));
    let edited = edit(&world, id, "*", &json!({"customerDescription": "Our own words"})).await;
    assert_eq!(notes(&edited.body), ["customerDescriptionChanged"], "{:?}", edited.body);
    let retired = edit(&world, id, "*", &json!({"inactive": true})).await;
    assert_eq!(
        (notes(&retired.body), &retired.body["product"]["available"]),
        (vec!["noLongerAvailable"], &json!(false))
    );
}

#[tokio::test]
async fn an_edits_own_field_errors_and_a_taken_identifier_are_told_on_their_fields() {
    let (world, psa) = served().await;
    let id = psa.plant("Sophos_Intercept_X", "Intercept X", &json!({}));
    let holder = psa.plant("Acme_Endpoint", "Shield", &json!({}));
    let taken = edit(&world, id, "*", &json!({"identifier": "acme_endpoint"})).await;
    assert_eq!(
        (taken.status.as_u16(), taken.code(), &taken.body["present"]["id"]),
        (409, "identifierTaken", &json!(holder))
    );
    let refused = edit(&world, id, "*", &json!({"unitId": 77})).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["errors"][0]["pointer"]),
        (422, &json!("/unitId")),
        "{:?}",
        refused.body
    );
    for nothing in [json!({}), json!({"price": null})] {
        assert_eq!(edit(&world, id, "*", &nothing).await.status, 400, "{nothing}");
    }
    assert_eq!(psa.psa.writes().len(), 0);
}

#[tokio::test]
async fn a_price_below_zero_was_written_and_would_have_paid_the_customer() {
    let (world, psa) = served().await;
    let id = psa.plant("Sophos_Intercept_X", "Intercept X", &json!({}));
    for (field, amount) in [("price", "-4.50"), ("cost", "-0.01")] {
        let head = format!("PATCH /v1/psa/products/{id}");
        let headers = [("if-match", "*"), ("accept-language", "it")];
        let refused = world.write(&head, &headers, &json!({ field: amount })).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "amountBelowZero"), "{}", refused.body);
        assert_eq!(refused.body["title"], "Un prezzo o un costo è inferiore a zero");
        let error = &refused.body["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(format!("/{field}")), &json!("amountBelowZero")));
        let english = edit(&world, id, "*", &json!({ field: amount })).await;
        assert_eq!(english.body["title"], "A price or cost is below zero");
        let form = crate::psa_api::create::form_with(json!({ field: amount }));
        let created = world.create(field, &form).await;
        assert_eq!((created.status.as_u16(), created.code()), (400, "amountBelowZero"), "{}", created.body);
    }
    assert_eq!(psa.calls_of("PATCH") + psa.calls_of("POST"), 0);
    let free = edit(&world, id, "*", &json!({"price": "-0.00", "cost": "0"})).await;
    assert_eq!(free.status, 200, "nothing is not below zero: {}", free.body);
}
