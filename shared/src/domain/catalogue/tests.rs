//! What a product's fields take.

use super::*;

fn id<Id: TryFrom<i64, Error = crate::domain::id::IdError>>(number: i64) -> Id {
    Id::try_from(number).unwrap()
}

fn required() -> Vec<ProductValue> {
    vec![
        ProductValue::Identifier("Acme_Endpoint".into()),
        ProductValue::Description("Endpoint protection".into()),
        ProductValue::CustomerDescription("Endpoint protection, per user".into()),
        ProductValue::Subcategory(id(2)),
        ProductValue::Type(id(3)),
    ]
}

fn with(value: ProductValue) -> Vec<InvalidValue> {
    let mut values: Vec<ProductValue> = required();
    values.retain(|other| other.field() != value.field());
    values.push(value);
    ProductValues::of_new(values).err().unwrap_or_default()
}

#[test]
fn a_new_product_needs_what_connectwise_needs_and_all_errors_are_reported_at_once() {
    assert_eq!(ProductValues::of_new(required()).unwrap().identifier(), Some("Acme_Endpoint"));
    let wrong = ProductValues::of_new(vec![ProductValue::Description(" ".into())]).unwrap_err();
    let fields: Vec<(ProductField, &str)> = wrong.iter().map(|wrong| (wrong.field(), wrong.code())).collect();
    use ProductField::{CustomerDescription, Description, Identifier, Subcategory, Type};
    let missing = [Identifier, CustomerDescription, Subcategory, Type, Description].map(|field| (field, "missing"));
    assert_eq!(fields, missing);
}

#[test]
fn a_text_may_be_as_long_as_the_schema_says_and_no_longer_in_characters_not_bytes() {
    for (field, max) in [
        (ProductValue::Identifier as fn(String) -> ProductValue, 75),
        (ProductValue::Description, 60),
        (ProductValue::CustomerDescription, 6000),
        (ProductValue::VendorSku, 50),
        (ProductValue::ManufacturerPartNumber, 50),
        (ProductValue::IntegrationXref, 50),
    ] {
        assert_eq!(with(field("é".repeat(max))), []);
        let wrong = with(field("é".repeat(max + 1)));
        assert!(matches!(wrong[..], [InvalidValue::TooLong { max: found, .. }] if found == max), "{wrong:?}");
    }
    assert_eq!(with(ProductValue::Notes("x".repeat(100_000))), []);
}

#[test]
fn an_identifier_that_could_never_be_looked_up_is_refused() {
    for identifier in ["A\\B", "5'11\"", "A\nB"] {
        let wrong = with(ProductValue::Identifier(identifier.into()));
        assert!(matches!(wrong[..], [InvalidValue::Unquotable(_)]), "{identifier:?}: {wrong:?}");
    }
}

#[test]
fn money_that_a_double_would_change_is_refused() {
    let price = |text: &str| with(ProductValue::Price(text.parse().unwrap()));
    for fits in ["0", "4.50", "999999999999999", "0.10000000000000000", "99999999999.9999"] {
        assert_eq!(price(fits), [], "{fits}");
    }
    for wrong in ["1000000000000000.1", "0.1234567890123456"] {
        assert_eq!(price(wrong), [InvalidValue::TooPrecise(ProductField::Price)], "{wrong}");
    }
}

#[test]
fn an_edit_needs_only_the_fields_that_change_and_each_of_them_once() {
    let price = |cents| ProductValue::Price(Decimal::new(cents, 2));
    assert_eq!(ProductValues::of_edit(vec![price(450)]).unwrap().as_slice(), [price(450)]);
    assert_eq!(ProductValues::of_edit(vec![]), Err(vec![]));
    assert_eq!(
        ProductValues::of_edit(vec![price(450), price(500)]),
        Err(vec![InvalidValue::Twice(ProductField::Price)])
    );
    assert_eq!(
        ProductValues::of_edit(vec![ProductValue::Identifier(String::new())]),
        Err(vec![InvalidValue::Missing(ProductField::Identifier)])
    );
}

#[test]
fn the_field_that_connectwise_complains_of_is_found_however_it_is_written() {
    for (name, field) in [
        ("identifier", ProductField::Identifier),
        ("subcategory/id", ProductField::Subcategory),
        ("catalogItem.price", ProductField::Price),
        ("UnitOfMeasure", ProductField::Unit),
        ("catalogItem/type/id", ProductField::Type),
    ] {
        assert_eq!(ProductField::find_by_psa_name(name), Some(field), "{name}");
    }
    assert_eq!(ProductField::find_by_psa_name("sla"), None);
    assert_eq!(ProductField::find_by_psa_name(""), None);
    for field in ProductField::ALL {
        assert_eq!(ProductField::find_by_psa_name(field.psa_name()), Some(field));
    }
}

#[test]
fn the_additions_that_keep_their_price_are_those_that_were_synced() {
    let written = |addition, quantity: i64| {
        let month = crate::domain::month::UsageMonth::parse("2026-11").unwrap();
        crate::domain::snapshot::Written::new(id(addition), quantity.into(), month, std::collections::BTreeMap::new())
    };
    let snapshot = |written: Vec<(i64, crate::domain::snapshot::Written)>| Snapshot {
        written: written.into_iter().map(|(product, written)| (id(product), written)).collect(),
        ..Snapshot::default()
    };
    let both = snapshot(vec![(5, written(31, 12)), (6, written(32, 9))]);
    let other = snapshot(vec![(6, written(40, 1))]);
    let known = known_additions_of(id(5), [(id(812), &both), (id(813), &other)]);
    assert_eq!(known, [KnownAddition { agreement: id(812), addition: id(31), quantity: 12.into() }]);
}
