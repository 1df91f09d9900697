//! What a person at a form does: finding, viewing, creating and editing products, finding companies and agreements.

use rust_decimal::Decimal;
use serde_json::json;
use shared::domain::catalogue::{ProductClass, ProductField, ProductValue, ProductValues};
use shared::domain::id::PsaProductId;
use shared::domain::search::{Rank, SearchText};
use shared::error::PsaError;
use shared::ports::{Psa, PsaCatalogue};
use simulators::connectwise::auth::{Area, Rights, Role};
use simulators::connectwise::{Collection, Settings};
use simulators::simulator::faults::{Fault, FaultKind};

use super::connectwise::Served;

fn text(typed: &str) -> SearchText {
    SearchText::parse(typed).unwrap()
}

fn price(cents: i64) -> ProductValue {
    ProductValue::Price(Decimal::new(cents, 2))
}

fn edit(values: impl Into<Vec<ProductValue>>) -> ProductValues {
    ProductValues::of_edit(values.into()).unwrap()
}

/// A product that the simulator takes: it has one subcategory and one type.
fn new(identifier: &str) -> ProductValues {
    let values = vec![
        ProductValue::Identifier(identifier.into()),
        ProductValue::Description("Endpoint, protected".into()),
        ProductValue::CustomerDescription("Endpoint protection \u{2013} \"per user\"".into()),
        ProductValue::Subcategory(1.try_into().unwrap()),
        ProductValue::Type(1.try_into().unwrap()),
        price(450),
        ProductValue::Taxable(true),
        ProductValue::VendorSku("CEP-1".into()),
    ];
    ProductValues::of_new(values).unwrap()
}

fn plant(served: &Served, identifier: &str, description: &str, more: serde_json::Value) -> u32 {
    let mut fields = json!({"subcategory": {"id": 1}, "type": {"id": 1}});
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    served.psa.add_catalog_item(identifier, description, fields).unwrap()
}

#[tokio::test]
async fn products_are_found_in_one_call_best_first_and_without_those_that_no_addition_can_have() {
    let served = Served::new().await;
    plant(&served, "Acme_Intercept", "Shield", json!({}));
    plant(&served, "Zeta", "Intercept", json!({}));
    plant(&served, "Preinterceptor", "x", json!({}));
    plant(&served, "Intercept_Bundle", "x", json!({"productClass": "Bundle"}));
    plant(&served, "Intercept_Old", "x", json!({"inactiveFlag": true}));
    let client = served.client().await;
    let before = client.calls();
    let found = client.search_products(&text(" INTERCEPT "), 10).await.unwrap();
    let shown: Vec<(&str, Rank)> = found.hits.iter().map(|hit| (hit.row.identifier.as_str(), hit.rank)).collect();
    let expected = [
        ("Zeta", Rank::Exact),
        ("Sophos_Intercept_X", Rank::Prefix),
        ("Acme_Intercept", Rank::Word),
        ("Preinterceptor", Rank::Substring),
    ];
    assert_eq!((shown.as_slice(), found.complete, client.calls() - before), (&expected[..], true, 1));
    assert_eq!(found.only_exact().map(|product| product.identifier.as_str()), Some("Zeta"));
    let best = client.search_products(&text("intercept"), 1).await.unwrap();
    assert_eq!((best.hits.len(), best.complete), (1, false));
}

#[tokio::test]
async fn signs_that_mean_something_elsewhere_are_only_letters_of_a_search() {
    let served = Served::new().await;
    for (identifier, description) in
        [("100% cover", "a"), ("1000 cover", "b"), ("O'Neill", "c"), ("24\" screen", "d"), ("a_b", "e"), ("[ab]*", "f")]
    {
        plant(&served, identifier, description, json!({}));
    }
    let client = served.client().await;
    for (typed, identifier) in
        [("00%", "100% cover"), ("o'n", "O'Neill"), ("24\"", "24\" screen"), ("A_B", "a_b"), ("[ab]*", "[ab]*")]
    {
        let found = client.search_products(&text(typed), 10).await.unwrap();
        let shown: Vec<&str> = found.hits.iter().map(|hit| hit.row.identifier.as_str()).collect();
        assert_eq!(shown, [identifier], "{typed}");
    }
}

#[tokio::test]
async fn of_more_matches_than_are_read_the_exact_one_is_found_all_the_same() {
    let served = Served::new().await;
    for number in 0..3_100 {
        plant(&served, &format!("Part_{number}"), "spare", json!({}));
    }
    plant(&served, "Part", "spare", json!({}));
    let client = served.client().await;
    let before = client.calls();
    let found = client.search_products(&text("part"), 20).await.unwrap();
    assert_eq!((found.hits.len(), found.complete, client.calls() - before), (20, false, 4));
    assert_eq!(found.only_exact().map(|product| product.identifier.as_str()), Some("Part"));
}

#[tokio::test]
async fn companies_and_their_agreements_are_found() {
    let served = Served::new().await;
    let brook = served.psa.add_company("BROOK", "Brook Dental").unwrap();
    served.psa.add_agreement(brook, served.kind, "Brook security", json!({})).unwrap();
    let client = served.client().await;
    let found = client.search_companies(&text("bro"), 10).await.unwrap();
    assert_eq!(found.hits.len(), 1);
    let company = &found.hits[0].row;
    assert_eq!((company.identifier.as_str(), company.name.as_str()), ("BROOK", "Brook Dental"));
    let agreements = client.list_agreements_of(company.id).await.unwrap();
    assert_eq!(agreements.rows.iter().map(|agreement| agreement.name.as_str()).collect::<Vec<_>>(), ["Brook security"]);
    assert_eq!(agreements.rows[0].billing_cycle.as_deref(), Some("Monthly"));
    assert_eq!(client.list_agreements_of(99_999.try_into().unwrap()).await.unwrap().rows, []);
}

#[tokio::test]
async fn a_product_is_created_found_by_its_identifier_and_edited_field_by_field() {
    let served = Served::new().await;
    let client = served.client().await;
    assert_eq!(client.find_product_by_identifier("Acme_Endpoint").await, Ok(None));
    let created = client.create_product(&new("Acme_Endpoint")).await.unwrap();
    assert_eq!((created.price, created.class), (Some(Decimal::new(45, 1)), Some(ProductClass::NonInventory)));
    assert_eq!(created.category.as_ref().unwrap().name, "Security");
    assert!(created.is_available() && created.last_updated.is_some());
    assert_eq!(client.find_product_by_identifier(" acme_endpoint ").await, Ok(Some(created.clone())));
    assert_eq!(client.get_product(created.id).await, Ok(created.clone()));
    let edited = client.edit_product(created.id, &edit([price(525), ProductValue::VendorSku(String::new())])).await;
    let edited = edited.unwrap();
    assert_eq!((edited.price, edited.vendor_sku.as_str()), (Some(Decimal::new(525, 2)), ""));
    assert_eq!((edited.identifier, edited.customer_description), (created.identifier, created.customer_description));
    let missing: PsaProductId = 99_999.try_into().unwrap();
    assert_eq!(client.get_product(missing).await, Err(PsaError::NotFound));
    assert_eq!(client.edit_product(missing, &edit([price(1)])).await, Err(PsaError::NotFound));
}

#[tokio::test]
async fn connectwises_own_field_errors_come_back_on_their_fields() {
    let served = Served::new().await;
    // A server that takes fewer characters than our form.
    served.psa.upgrade("v2022_1/");
    let client = served.client().await;
    let taken = client.create_product(&new("sophos_intercept_x")).await.unwrap_err();
    let field = &taken.fields()[0];
    assert_eq!((field.field.as_str(), field.code.as_str()), ("identifier", "ObjectExists"));
    let mut values = new(&"x".repeat(70)).as_slice().to_vec();
    values.retain(|value| value.field() != ProductField::Type);
    values.push(ProductValue::Type(99.try_into().unwrap()));
    let refused = client.create_product(&ProductValues::of_new(values).unwrap()).await.unwrap_err();
    let mut fields: Vec<(Option<ProductField>, &str)> =
        refused.fields().iter().map(|f| (ProductField::find_by_psa_name(&f.field), f.code.as_str())).collect();
    fields.sort_unstable();
    assert_eq!(fields, [(Some(ProductField::Identifier), "MaxLengthField"), (Some(ProductField::Type), "NotFound")]);
    assert!(!refused.may_have_taken_effect());
    assert_eq!(served.psa.writes().len(), 0);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_sent_once_and_read_back() {
    for kind in [FaultKind::ErrorAfter { status: 500 }, FaultKind::ResetAfter, FaultKind::TruncatedJson] {
        let served = Served::new().await;
        let client = served.client().await;
        served.faults(Fault::new(kind.clone()).on("POST", "*"));
        let created = client.create_product(&new("Acme_Endpoint")).await.unwrap();
        assert_eq!(created.identifier, "Acme_Endpoint", "{kind:?}");
        assert_eq!(served.psa.gate().counters().tally().calls("POST", ""), 1, "{kind:?}");
    }
    for kind in [FaultKind::ErrorBefore { status: 500 }, FaultKind::ResetBefore] {
        let served = Served::new().await;
        let client = served.client().await;
        served.faults(Fault::new(kind.clone()).on("POST", "*"));
        let error = client.create_product(&new("Acme_Endpoint")).await.unwrap_err();
        assert!(error.may_have_taken_effect(), "{kind:?}: {error}");
        assert_eq!(served.psa.gate().counters().tally().calls("POST", ""), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn the_forms_choices_are_what_is_active() {
    let served = Served::new().await;
    served.psa.add_unit_of_measure("Seat").unwrap();
    let retired = served.psa.add_product_type("Retired").unwrap();
    served.psa.edit(Collection::ProductTypes, 0, retired, &json!({"inactiveFlag": true})).unwrap();
    let choices = served.client().await.list_product_choices().await.unwrap();
    assert_eq!(choices.categories.iter().map(|choice| choice.name.as_str()).collect::<Vec<_>>(), ["Security"]);
    assert_eq!(choices.subcategories[0].category, Some(choices.categories[0].id));
    assert_eq!(choices.types.iter().map(|choice| choice.name.as_str()).collect::<Vec<_>>(), ["Software"]);
    assert_eq!(choices.units.iter().map(|choice| choice.name.as_str()).collect::<Vec<_>>(), ["Seat"]);
}

#[tokio::test]
async fn a_right_that_is_missing_is_forbidden_area_by_area() {
    let only_reads = Role::with([(Area::ProductCatalog, Rights::READ)]);
    let served = Served::with(Settings::default(), only_reads).await;
    let client = served.client().await;
    assert!(client.search_products(&text("so"), 5).await.is_ok());
    let denied = [
        client.search_companies(&text("ad"), 5).await.err(),
        client.list_agreements_of(1.try_into().unwrap()).await.err(),
        client.list_product_choices().await.err(),
        client.create_product(&new("Acme_Endpoint")).await.err(),
        client.edit_product(served.product, &edit([price(1)])).await.err(),
    ];
    for error in denied {
        assert!(matches!(error, Some(PsaError::Forbidden { .. })), "{error:?}");
    }
    assert_eq!(served.psa.writes().len(), 0);
}
