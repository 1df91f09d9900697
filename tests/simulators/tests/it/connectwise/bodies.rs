//! What bodies and the answers to them look like where the simulator was laxer, or stricter, than the vendor.

use reqwest::Method;
use serde_json::{Value, json};
use simulators::connectwise::Settings;
use simulators::connectwise::settings::wire::{Capitals, Doubtful, Identifiers, StoredDates, WireReadings};

use crate::connectwise::world::{World, send};

const ADDITIONS: &str = "/finance/agreements/1/additions";
const CATALOG: &str = "/procurement/catalog";

async fn world(wire: WireReadings) -> World {
    World::with(Settings { wire, ..Settings::default() }).await
}

fn replace(path: &str, value: Value) -> Value {
    json!([{"op": "replace", "path": path, "value": value}])
}

fn line() -> Value {
    json!({"product": {"id": 1}, "billCustomer": "Billable", "quantity": 5, "effectiveDate": "2025-11-01T00:00:00Z"})
}

/// The guide: 409, "Record possibly in use or another conflict with the record". Its body is a guess.
#[tokio::test]
async fn deleting_what_is_in_use_is_409_in_every_collection() {
    let world = World::new().await;
    world.post(ADDITIONS, line()).await.expect(201);
    let manufacturer = world.post("/procurement/manufacturers", json!({"name": "Sophos"})).await.expect(201);
    let made_by = replace("manufacturer", json!({"id": manufacturer["id"]}));
    world.patch("/procurement/catalog/1", made_by).await.expect(200);
    world.psa.add_agreement(1, world.agreement_type, "Child", json!({"parentAgreement": {"id": 1}})).unwrap();
    let expected = json!({
        "code": "Conflict",
        "message": "Record possibly in use or another conflict with the record",
        "errors": null,
    });
    for path in [
        "/procurement/catalog/1",
        "/company/companies/1",
        "/procurement/types/1",
        "/procurement/categories/1",
        "/procurement/subcategories/1",
        "/procurement/categories/1/subcategories/1",
        "/procurement/unitOfMeasures/1",
        "/procurement/manufacturers/1",
        "/finance/agreements/types/1",
        "/finance/agreements/1",
    ] {
        assert_eq!(world.delete(path).await.expect(409), expected, "{path}");
        world.get(path).await.expect(200);
    }
}

/// The guide: partial responses work for GET and POST; a 201 is the record and the path to it.
#[tokio::test]
async fn fields_work_on_post_and_the_answer_names_the_path_of_the_record() {
    let world = World::new().await;
    let made = world.post(&format!("{CATALOG}?fields=id,Identifier,category/name"), world.item("New")).await;
    let at = made.headers["location"].to_str().unwrap().to_owned();
    let shown = made.expect(201);
    assert_eq!(shown, json!({"id": 5, "identifier": "New", "category": {"name": "Security"}}));
    assert_eq!(at, world.url("/procurement/catalog/5"));
    assert_eq!(world.get("/procurement/catalog/5").await.expect(200)["description"], "New");
    let patched = world.patch("/procurement/catalog/5?fields=id", replace("price", json!(3))).await.expect(200);
    assert_eq!((&patched["identifier"], &patched["price"]), (&json!("New"), &json!(3.0)));
    let line = world.post(&format!("{ADDITIONS}?fields=id,quantity"), line()).await.expect(201);
    assert_eq!(line, json!({"id": 1, "quantity": 5.0}));
}

#[tokio::test]
async fn a_post_whose_fields_are_refused_creates_nothing() {
    let world = World::new().await;
    world.post(&format!("{ADDITIONS}?fields=id,nosuch"), line()).await.expect(400);
    assert_eq!(world.psa.additions(1).len(), 0);
}

/// A published client in C# writes names with a capital first.
#[tokio::test]
async fn names_of_members_count_without_their_capitals_at_every_depth() {
    let world = World::new().await;
    let body = json!({"Product": {"Id": 1}, "BillCustomer": "Billable", "Quantity": 2, "InvoiceGrouping": {"ID": 4, "Name": "Cloud"}});
    let made = world.post(ADDITIONS, body).await.expect(201);
    assert_eq!((&made["product"]["identifier"], &made["quantity"]), (&json!("Endpoint"), &json!(2.0)));
    assert_eq!(made["invoiceGrouping"], json!({"id": 4, "name": "Cloud"}));
    let patched = json!([{"Op": "Replace", "Path": "price", "Value": "4.75"}, {"OP": "replace", "PATH": "type", "VALUE": {"Name": "Software"}}]);
    assert_eq!(world.patch("/procurement/catalog/1", patched).await.expect(200)["price"], 4.75);
    let types = json!([{"Op": "add", "Path": "types", "Value": [{"Id": 7, "Name": "Customer"}]}]);
    let company = world.patch("/company/companies/1", types).await.expect(200);
    assert_eq!(company["types"], json!([{"id": 7, "name": "Customer"}]));
    let mut item = world.item("Nested");
    item["Category"] = json!({"NAME": "security"});
    assert_eq!(world.post(CATALOG, item).await.expect(201)["category"]["id"], 1);
}

/// The guide: the path is case sensitive.
#[tokio::test]
async fn capitals_of_a_patchs_path_count_or_do_not_as_the_server_is_set() {
    let strict = World::new().await;
    strict.patch("/procurement/catalog/1", replace("Price", json!(5))).await.expect(400);
    let lenient = world(WireReadings { patch_paths: Capitals::DoNotCount, ..WireReadings::default() }).await;
    let item = lenient.patch("/procurement/catalog/1", replace("/PRICE", json!(5))).await.expect(200);
    assert_eq!(item["price"], 5.0);
    let id = lenient.patch("/procurement/catalog/1", replace("Id", json!(99))).await.expect(200);
    assert_eq!(id["id"], 1);
}

#[tokio::test]
async fn no_error_speaks_of_a_parser() {
    let world = World::new().await;
    let bodies = [
        "",
        "{",
        "[1]",
        "[{}]",
        "[{\"op\":\"replace\"}]",
        "[{\"op\":1,\"path\":\"price\"}]",
        "null",
        "{\"a\":}",
        "\u{1}",
    ];
    for body in bodies {
        for (method, path) in [(Method::POST, CATALOG), (Method::PATCH, "/procurement/catalog/1")] {
            let refused = send(world.call(method.clone(), path).body(body)).await;
            // An object is a record that lacks its fields; only a text that is no JSON has a parser to speak of.
            let said = refused.expect(400)["message"].as_str().unwrap().to_owned();
            for word in ["line", "column", "expected", "EOF", "invalid type", "missing field"] {
                assert!(!said.contains(word), "{method} {body}: {said}");
            }
        }
    }
}

/// The document's `LegacySubCategory`, the body of that path, has no category.
#[tokio::test]
async fn under_a_category_a_subcategory_is_replaced_without_naming_it() {
    let world = World::new().await;
    let other = world.psa.add_category("Other").unwrap();
    let path = "/procurement/categories/1/subcategories/1";
    let replaced = world.put(path, json!({"name": "Licences"})).await.expect(200);
    assert_eq!((&replaced["name"], replaced.get("category")), (&json!("Licences"), None));
    world.put(path, json!({"name": "Licences", "Category": {"id": other}})).await.expect(200);
    assert_eq!(world.get("/procurement/subcategories/1").await.expect(200)["category"]["id"], 1);
    let made = json!({"name": "More", "Category": {"id": other}});
    let made = world.post("/procurement/categories/1/subcategories", made).await.expect(201);
    let made = world.get(&format!("/procurement/subcategories/{}", made["id"])).await.expect(200);
    assert_eq!(made["category"]["id"], 1);
}

#[tokio::test]
async fn a_change_of_a_line_whose_product_became_unusable_is_refused_or_taken_as_the_server_is_set() {
    for (unusable_product, status) in [(Doubtful::Refused, 400), (Doubtful::Taken, 200)] {
        let world = world(WireReadings { unusable_product, ..WireReadings::default() }).await;
        world.post(ADDITIONS, line()).await.expect(201);
        let one = format!("{ADDITIONS}/1");
        for spoil in [json!({"inactiveFlag": true}), json!({"inactiveFlag": false, "productClass": "Bundle"})] {
            world.psa.edit(simulators::connectwise::Collection::Catalog, 0, 1, &spoil).unwrap();
            world.patch(&one, replace("quantity", json!(7))).await.expect(status);
            // To name such a product anew is refused whatever the reading.
            world.post(ADDITIONS, line()).await.expect(400);
            world.patch(&one, replace("product", json!({"id": 3}))).await.expect(400);
        }
        let quantity = world.get(&one).await.expect(200)["quantity"].clone();
        assert_eq!(quantity, if status == 200 { 7.0 } else { 5.0 });
    }
}

/// A third party quotes `UnsupportedFormat` from a real server, for entries of time.
#[tokio::test]
async fn a_date_with_fractions_or_without_a_zone_is_refused_or_taken_as_the_server_is_set() {
    let strict = World::new().await;
    let lenient = world(WireReadings { loose_dates: Doubtful::Taken, ..WireReadings::default() }).await;
    for date in ["2025-12-01T00:00:00.000Z", "2025-12-01T00:00:00"] {
        let refused = strict.patch("/finance/agreements/1", replace("endDate", json!(date))).await;
        assert_eq!(refused.field_errors(), ["UnsupportedFormat endDate"], "{date}");
        let taken = lenient.patch("/finance/agreements/1", replace("endDate", json!(date))).await.expect(200);
        assert_eq!(taken["endDate"], "2025-12-01T00:00:00Z");
    }
    for date in ["2025-12-01T00:00:00Z", "2025-12-01", "2025-12-01T02:00:00+02:00"] {
        let taken = strict.patch("/finance/agreements/1", replace("endDate", json!(date))).await.expect(200);
        assert_eq!(taken["endDate"], "2025-12-01T00:00:00Z", "{date}");
    }
}

#[tokio::test]
async fn a_date_keeps_its_time_of_day_or_is_cut_to_the_day_as_the_server_is_set() {
    for (stored_dates, kept) in
        [(StoredDates::WithTime, "2025-11-05T13:45:00Z"), (StoredDates::DayAlone, "2025-11-05T00:00:00Z")]
    {
        let world = world(WireReadings { stored_dates, ..WireReadings::default() }).await;
        let mut body = line();
        body["effectiveDate"] = json!("2025-11-05T13:45:00Z");
        assert_eq!(world.post(ADDITIONS, body).await.expect(201)["effectiveDate"], kept);
    }
}

#[tokio::test]
async fn a_line_cancelled_before_it_begins_is_taken_or_refused_as_the_server_is_set() {
    for (reading, status) in [(Doubtful::Taken, 200), (Doubtful::Refused, 400)] {
        let world = world(WireReadings { cancelled_before_effective: reading, ..WireReadings::default() }).await;
        world.post(ADDITIONS, line()).await.expect(201);
        let one = format!("{ADDITIONS}/1");
        let changed = world.patch(&one, replace("cancelledDate", json!("2025-10-31"))).await;
        let expected: &[&str] = if status == 400 { &["OutOfRange cancelledDate"] } else { &[] };
        assert_eq!(changed.field_errors(), expected);
        changed.expect(status);
        world.patch(&one, replace("cancelledDate", json!("2025-11-01"))).await.expect(200);
    }
}

#[tokio::test]
async fn a_negative_quantity_is_taken_or_refused_as_the_server_is_set() {
    for (reading, status) in [(Doubtful::Taken, 200), (Doubtful::Refused, 400)] {
        let world = world(WireReadings { negative_quantity: reading, ..WireReadings::default() }).await;
        world.post(ADDITIONS, line()).await.expect(201);
        let one = format!("{ADDITIONS}/1");
        world.patch(&one, replace("quantity", json!(-2))).await.expect(status);
        world.patch(&one, replace("quantity", json!(0))).await.expect(200);
    }
}

/// One public client notes that a list of fields with an unknown name is 400.
#[tokio::test]
async fn an_unknown_name_in_fields_is_refused_or_ignored_as_the_server_is_set() {
    let strict = World::new().await;
    for path in ["/finance/agreements?fields=id,nosuch", "/finance/agreements/1?fields=nosuch/name"] {
        let refused = strict.get(path).await.expect(400);
        assert_eq!(refused["message"], "nosuch is not a recognized name.", "{path}");
    }
    strict.get("/finance/agreements?fields=ID,_info,_info/lastUpdated,customFields,company/name").await.expect(200);
    let lenient = world(WireReadings { unknown_fields: Doubtful::Taken, ..WireReadings::default() }).await;
    let found = lenient.get("/finance/agreements?fields=id,nosuch").await.expect(200);
    assert_eq!(found, json!([{"id": 1}]));
}

#[tokio::test]
async fn identifiers_are_unique_by_letter_or_shared_as_the_server_is_set() {
    for (identifiers, other_capitals, same) in
        [(Identifiers::Unique, 400, 400), (Identifiers::UniqueByLetter, 201, 400), (Identifiers::Shared, 201, 201)]
    {
        let world = world(WireReadings { identifiers, ..WireReadings::default() }).await;
        world.post(CATALOG, world.item("ENDPOINT")).await.expect(other_capitals);
        world.post(CATALOG, world.item("Endpoint")).await.expect(same);
        let named = replace("product", json!({"identifier": "Endpoint"}));
        world.post(ADDITIONS, line()).await.expect(201);
        // Whatever is shared, one that is left can be named after the other was deleted.
        world.patch("/procurement/catalog/4", replace("identifier", json!("Server"))).await.expect(200);
        if same == 201 {
            world.delete("/procurement/catalog/6").await.expect(204);
            world.delete("/procurement/catalog/5").await.expect(204);
        }
        world.patch(&format!("{ADDITIONS}/1"), named).await.expect(200);
    }
}
