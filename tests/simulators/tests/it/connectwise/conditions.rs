//! What conditions, orderBy and fields mean.

use serde_json::json;

use crate::connectwise::world::World;

const CATALOG: &str = "/procurement/catalog";

#[tokio::test]
async fn every_operator_selects_what_it_says() {
    let world = World::new().await;
    for (conditions, expected) in [
        ("price = 4.5", vec![1, 2, 3]),
        ("price != 4.5", vec![4]),
        ("price < 9.25", vec![1, 2, 3]),
        ("price <= 9.25", vec![1, 2, 3, 4]),
        ("price > 4.5", vec![4]),
        ("price >= 9.25", vec![4]),
        ("description contains 'protect'", vec![1, 4]),
        ("description NOT contains 'protect'", vec![2, 3]),
        ("identifier like 'S%'", vec![2, 4]),
        ("identifier like 's*e'", vec![2]),
        ("identifier not like 'S*'", vec![1, 3]),
        ("identifier like '[es]*'", vec![1, 2, 4]),
        ("id in (1, 4, 99)", vec![1, 4]),
        ("identifier in ('endpoint', \"Old\")", vec![1, 3]),
        ("id not in (1, 4)", vec![2, 3]),
        ("inactiveFlag = True", vec![3]),
        ("INACTIVEFLAG = false AND productClass != 'Bundle'", vec![1, 4]),
        ("vendorSku = null", vec![1, 2, 3, 4]),
        ("vendorSku != null", vec![]),
        ("vendorSku != 'x'", vec![]),
        ("_info/lastUpdated >= [2025-11-20T08:30:00Z]", vec![1, 2, 3, 4]),
        ("lastUpdated > [2025-11-20]", vec![1, 2, 3, 4]),
        ("lastUpdated > [2025-11-21]", vec![]),
    ] {
        assert_eq!(world.ids_where(CATALOG, conditions).await, expected, "{conditions}");
    }
}

#[tokio::test]
async fn and_binds_tighter_than_or_and_parentheses_bind_tightest() {
    let world = World::new().await;
    for (conditions, expected) in [
        ("id = 1 or id = 4 and price = 4.5", vec![1]),
        ("(id = 1 or id = 4) and price > 5", vec![4]),
        ("((id=1)) OR (id=2 AND (id=2 OR id=3))", vec![1, 2]),
    ] {
        assert_eq!(world.ids_where(CATALOG, conditions).await, expected, "{conditions}");
    }
}

#[tokio::test]
async fn a_path_reaches_into_a_reference_and_sees_what_it_is_called_now() {
    let world = World::new().await;
    let agreements = "/finance/agreements";
    assert_eq!(world.ids_where(agreements, "company/id = 1").await, [1]);
    assert_eq!(world.ids_where(agreements, "company/identifier = 'adl' and type/name like 'managed*'").await, [1]);
    world
        .patch("/company/companies/1", json!([{"op": "replace", "path": "name", "value": "Brook Bakery"}]))
        .await
        .expect(200);
    assert_eq!(world.ids_where(agreements, "company/name = 'Brook Bakery'").await, [1]);
}

#[tokio::test]
async fn quotes_and_backslashes_stay_inside_their_text() {
    let world = World::new().await;
    let names = [r#"5" disk"#, "O'Hara", r"C:\temp", r#"both ' and ""#, "100% [new]*"];
    for (number, name) in names.iter().enumerate() {
        world.psa.add_company(&format!("Q{number}"), name).unwrap();
    }
    for (conditions, expected) in [
        (r#"name = "5\" disk""#, 2),
        (r#"name = '5" disk'"#, 2),
        (r#"name = "5"" disk""#, 2),
        (r#"name = "O'Hara""#, 3),
        ("name = 'O''Hara'", 3),
        (r"name = 'O\'Hara'", 3),
        (r#"name = "C:\temp""#, 4),
        (r#"name = "C:\\temp""#, 4),
        (r#"name = "both ' and \"""#, 5),
        ("name contains '100% [new]*'", 6),
    ] {
        assert_eq!(world.ids_where("/company/companies", conditions).await, [expected], "{conditions}");
    }
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_its_name() {
    let world = World::new().await;
    let refused = world.list("/finance/agreements", &[("conditions", "invoiceDate > [2025-01-01]")]).await.expect(400);
    let expected = json!({
        "code": "ApiFindCondition",
        "message": "invoiceDate is not a recognized name.",
        "errors": null,
    });
    assert_eq!(refused, expected);
    world.list("/finance/agreements", &[("conditions", "company/phone = '1'")]).await.expect(400);
    world.list("/finance/agreements", &[("orderBy", "invoiceDate")]).await.expect(400);
}

#[tokio::test]
async fn a_text_that_is_no_condition_is_refused() {
    let world = World::new().await;
    for wrong in [
        "id =",
        "id = 1 and",
        "id 1",
        "(id = 1",
        "id = 'x",
        "id = [yesterday]",
        "id in 1",
        "id = 1 id = 2",
        "=",
        "not id = 1",
    ] {
        let refused = world.list(CATALOG, &[("conditions", wrong)]).await.expect(400);
        assert_eq!(refused["code"], "ApiFindCondition", "{wrong}");
    }
}

#[tokio::test]
async fn names_of_parameters_and_fields_match_in_any_capitals_and_unknown_parameters_are_ignored() {
    let world = World::new().await;
    let query = [("CONDITIONS", "ID > 2"), ("PageSize", "1"), ("orderby", "IDENTIFIER DESC"), ("wish", "1")];
    let found = world.list(CATALOG, &query).await.expect(200);
    assert_eq!((found.as_array().unwrap().len(), &found[0]["identifier"]), (1, &json!("Server")));
}

#[tokio::test]
async fn order_by_takes_several_fields_and_directions() {
    let world = World::new().await;
    let query = [("orderBy", "price desc, identifier")];
    let found = world.list(CATALOG, &query).await.expect(200);
    let order: Vec<_> = found.as_array().unwrap().iter().map(|item| item["identifier"].as_str().unwrap()).collect();
    assert_eq!(order, ["Server", "Endpoint", "Old", "Suite"]);
}

#[tokio::test]
async fn fields_shows_these_and_no_others() {
    let world = World::new().await;
    let query = [("fields", "id,Company/identifier")];
    let found = world.list("/finance/agreements", &query).await.expect(200);
    assert_eq!(found, json!([{"id": 1, "company": {"identifier": "ADL"}}]));
    let one = world.get("/finance/agreements/1?fields=name").await.expect(200);
    assert_eq!(one, json!({"name": "Adler security"}));
}

#[tokio::test]
async fn child_conditions_look_into_lists_and_custom_field_conditions_into_custom_fields() {
    let world = World::new().await;
    let changes = json!([
        {"op": "replace", "path": "types", "value": [{"id": 7, "name": "Customer"}]},
        {"op": "replace", "path": "customFields", "value": [{"id": 3, "caption": "Tier", "value": "Gold"}]},
    ]);
    world.patch("/company/companies/1", changes).await.expect(200);
    world.psa.add_company("OTH", "Other").unwrap();
    for (parameter, condition, count) in [
        ("childConditions", "types/name = 'customer'", 1),
        ("childConditions", "types/id = 8", 0),
        ("customFieldConditions", "caption = 'Tier' AND value = 'gold'", 1),
        ("customFieldConditions", "caption = 'Tier' AND value = 'tin'", 0),
    ] {
        let found = world.list("/company/companies", &[(parameter, condition)]).await.expect(200);
        assert_eq!(found.as_array().unwrap().len(), count, "{condition}");
    }
}

#[tokio::test]
async fn a_query_beyond_what_the_server_takes_is_refused_in_html() {
    let world = World::new().await;
    let long = format!("identifier = '{}'", "x".repeat(10_100));
    assert!(world.list(CATALOG, &[("conditions", &long)]).await.expect(404).is_string());
}
