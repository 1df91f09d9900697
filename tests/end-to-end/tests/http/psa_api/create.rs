//! Add product to PSA: created once, whatever happens to the answer.

use serde_json::{Value, json};
use shared::store::Subject;
use simulators::connectwise::auth::Role;
use simulators::simulator::faults::{Fault, FaultKind, When};
use simulators::table::LocalTable;
use simulators::table::wire::{Wire, crash};

use super::world::{Psa, World, partner, reader, served, writer};

fn form() -> Value {
    json!({
        "identifier": "Acme_Endpoint", "description": "Endpoint, protected",
        "customerDescription": "Endpoint protection \u{2013} \"per user\"",
        "subcategoryId": 1, "typeId": 1, "price": "4.50", "taxable": true,
    })
}

pub(crate) fn form_with(more: Value) -> Value {
    let mut form = form();
    form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    form
}

/// Where a problem's errors are, with their codes.
fn errors(body: &Value) -> Vec<(&str, &str)> {
    let errors = body["errors"].as_array().unwrap().iter();
    let mut errors: Vec<_> =
        errors.map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect();
    errors.sort_unstable();
    errors
}

#[tokio::test]
async fn the_filled_in_form_creates_the_product_which_is_not_mapped_until_a_mapping_is_saved() {
    let (world, psa) = served().await;
    let created = world.create("k1", &form()).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    let id = created.body["id"].as_u64().unwrap();
    assert_eq!(created.header("location"), format!("/v1/psa/products/{id}"));
    assert_eq!((&created.body["price"], &created.body["class"]), (&json!("4.5"), &json!("NonInventory")));
    let shown = world.view(id).await;
    assert_eq!((&shown.body, shown.header("etag")), (&created.body, created.header("etag")));
    assert_eq!(psa.psa.writes().len(), 1);
    assert!(world.store.list_product_mappings(partner(1)).await.unwrap().iter().next().is_none());
    let subject = Subject::PsaProduct(i64::try_from(id).unwrap().try_into().unwrap());
    let audit = world.store.list_edits(partner(1), Some(&subject), None, 9).await.unwrap().edits;
    assert_eq!((audit.len(), audit[0].who.as_str(), &audit[0].before), (1, "billing@msp.example", &None));
    assert_eq!(audit[0].after.as_ref().unwrap()["identifier"], "Acme_Endpoint");
}

#[tokio::test]
async fn the_same_key_creates_once_and_is_answered_alike_without_a_call() {
    let (world, psa) = served().await;
    let created = world.create("k1", &form()).await;
    let calls = psa.calls();
    let again = world.create("k1", &form()).await;
    assert_eq!(
        (again.status, &again.body, again.header("idempotency-replayed")),
        (created.status, &created.body, "true")
    );
    assert_eq!(again.header("location"), created.header("location"));
    let other = world.create("k1", &form_with(json!({"price": "5"}))).await;
    assert_eq!((other.status.as_u16(), other.code()), (422, "idempotencyKeyReused"));
    assert_eq!((psa.calls(), psa.calls_of("POST")), (calls, 1));
    let without = world.write("POST /v1/psa/products", &[], &form()).await;
    assert_eq!((without.status.as_u16(), without.code()), (400, "idempotencyKeyMissing"));
}

#[tokio::test]
async fn an_identifier_that_is_taken_names_the_product_that_has_it() {
    let (world, psa) = served().await;
    let holder = psa.plant("acme_endpoint", "Old shield", &json!({"inactiveFlag": true}));
    let refused = world.create("k1", &form()).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "identifierTaken"));
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("product {holder} (Old shield), which is inactive")), "{detail}");
    assert_eq!(
        (errors(&refused.body), &refused.body["present"]["id"]),
        (vec![("/identifier", "identifierTaken")], &json!(holder))
    );
    assert_eq!(psa.calls_of("POST"), 0);
    let renamed = world.create("k1", &form_with(json!({"identifier": "Acme_Endpoint_2"}))).await;
    assert_eq!(renamed.status, 201, "after a refusal the key may be used again");
}

#[tokio::test]
async fn a_product_whose_answer_was_lost_is_not_created_twice() {
    for kind in [FaultKind::ErrorAfter { status: 500 }, FaultKind::ResetAfter, FaultKind::TruncatedJson] {
        let (world, psa) = served().await;
        psa.faults([Fault::new(kind.clone()).on("POST", "*")]);
        let created = world.create("k1", &form()).await;
        assert_eq!((created.status.as_u16(), psa.calls_of("POST")), (201, 1), "{kind:?}: {:?}", created.body);
    }
}

#[tokio::test]
async fn a_product_that_could_not_be_read_back_is_found_by_a_repetition_with_the_same_key() {
    let (world, psa) = served().await;
    let mut away = Fault::new(FaultKind::ErrorBefore { status: 500 }).on("GET", "*procurement/catalog*");
    away.when = When::Calls((2..40).collect());
    psa.faults([Fault::new(FaultKind::ResetAfter).on("POST", "*"), away]);
    let lost = world.create("k1", &form()).await;
    assert_eq!((lost.status.as_u16(), lost.code(), psa.psa.writes().len()), (502, "psaUnanswered", 1));
    psa.faults([]);
    let other_key = world.create("k2", &form()).await;
    assert_eq!(
        (other_key.status.as_u16(), other_key.code()),
        (409, "identifierTaken"),
        "for another request it is taken"
    );
    let found = world.create("k1", &form()).await;
    assert_eq!((found.status.as_u16(), psa.calls_of("POST")), (201, 1), "{:?}", found.body);
    assert_eq!(found.body["identifier"], "Acme_Endpoint");
}

#[tokio::test]
async fn a_product_that_never_arrived_is_created_by_a_repetition() {
    let (world, psa) = served().await;
    psa.faults([Fault::new(FaultKind::ResetBefore).on("POST", "*").at_most(1)]);
    let lost = world.create("k1", &form()).await;
    assert_eq!((lost.status.as_u16(), lost.code()), (502, "psaUnanswered"));
    assert_eq!(world.create("k1", &form()).await.status, 201);
    assert_eq!(psa.psa.writes().len(), 1);
}

#[tokio::test]
async fn a_creation_that_crashed_before_its_answer_is_told_again_and_stands_in_the_audit_once() {
    use simulators::table::wire::Fault::{LoseAnswer, LoseCall};
    for lost in [LoseAnswer, LoseCall] {
        let table = LocalTable::in_memory().await.unwrap();
        let wire = Wire::to(&table).await.unwrap();
        let (world, psa) = (World::on(wire.store()), Psa::new(Role::integrator()).await);
        world.connect(partner(1), psa.running.url()).await;
        // The audit and the answer are one transaction.
        wire.meets(crash("TransactWriteItems", lost.clone()));
        world.create("k1", &form()).await;
        wire.heals();
        world.pass(61);
        let again = world.create("k1", &form()).await;
        assert_eq!((again.status.as_u16(), psa.psa.writes().len()), (201, 1), "{lost:?}: {:#}", again.body);
        let is_kept = matches!(lost, LoseAnswer);
        assert_eq!(again.header("idempotency-replayed") == "true", is_kept, "{lost:?}");
        let audit = world.store.list_edits(partner(1), None, None, 9).await.unwrap().edits;
        assert_eq!(audit.len(), 1, "{lost:?}");
        wire.stop().await;
        table.stop().await.unwrap();
    }
}

#[tokio::test]
async fn connectwises_own_field_errors_come_back_on_the_fields_that_caused_them() {
    let (world, psa) = served().await;
    // A server that takes fewer characters than our form.
    psa.psa.upgrade("v2022_1/");
    let wrong = form_with(json!({"identifier": "x".repeat(70), "typeId": 99}));
    let refused = world.create("k1", &wrong).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "psaRefused"));
    assert_eq!(errors(&refused.body), [("/identifier", "invalid"), ("/typeId", "invalid")]);
    assert!(!refused.body["psa"]["message"].as_str().unwrap().is_empty());
    assert_eq!(psa.psa.writes().len(), 0);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_form_is_told_at_once_and_connectwise_is_not_asked() {
    let (world, psa) = served().await;
    let wrong =
        json!({"identifier": "a\\b", "description": "d".repeat(61), "price": "4,50", "vendorSku": "v".repeat(51)});
    let refused = world.create("k1", &wrong).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalidRequest"));
    let expected = [
        ("/customerDescription", "missing"),
        ("/description", "invalid"),
        ("/identifier", "invalid"),
        ("/price", "invalid"),
        ("/subcategoryId", "missing"),
        ("/typeId", "missing"),
        ("/vendorSku", "invalid"),
    ];
    assert_eq!(errors(&refused.body), expected);
    for (more, pointer) in [
        (json!({"price": 4.5}), "/price"),
        (json!({"price": null}), "/price"),
        (json!({"typeId": 0}), "/typeId"),
        (json!({"class": "Bungle"}), "/class"),
        (json!({"colour": "red"}), "/colour"),
    ] {
        let refused = world.create("k1", &form_with(more)).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (400, &json!(pointer)));
    }
    assert_eq!(psa.calls(), 0);
}

#[tokio::test]
async fn creating_takes_the_right_to_write() {
    let (world, psa) = served().await;
    let refused =
        reader(1).ask(&world.products, "POST /v1/psa/products", &[("idempotency-key", "k")], Some(&form())).await;
    assert_eq!((refused.status.as_u16(), refused.code(), psa.calls()), (403, "scopeMissing", 0));
    let unconnected =
        writer(2).ask(&world.products, "POST /v1/psa/products", &[("idempotency-key", "k")], Some(&form())).await;
    assert_eq!((unconnected.status.as_u16(), unconnected.code()), (409, "connectionMissing"));
}
