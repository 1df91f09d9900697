//! The collections beside agreements and the catalog.

use serde_json::json;

use crate::connectwise::world::World;

#[tokio::test]
async fn every_collection_can_be_created_read_counted_and_deleted() {
    let world = World::new().await;
    for (path, body) in [
        ("/company/companies", json!({"identifier": "NEW", "name": "New"})),
        ("/procurement/categories", json!({"name": "New"})),
        ("/procurement/subcategories/", json!({"name": "New", "category": {"id": 1}})),
        ("/procurement/categories/1/subcategories/", json!({"name": "New"})),
        ("/procurement/types", json!({"name": "New"})),
        ("/procurement/unitOfMeasures", json!({"name": "New"})),
        ("/procurement/manufacturers", json!({"name": "New"})),
    ] {
        let plain = path.trim_end_matches('/');
        let made = world.post(path, body).await.expect(201);
        let one = format!("{plain}/{}", made["id"]);
        assert_eq!(world.get(&one).await.expect(200), made, "{path}");
        let changed = json!([{"op": "replace", "path": "name", "value": "Newer"}]);
        assert_eq!(world.patch(&one, changed).await.expect(200)["name"], "Newer");
        assert!(world.get(&format!("{plain}/count")).await.expect(200)["count"].as_u64() > Some(0));
        world.delete(&one).await.expect(204);
        world.get(&one).await.expect(404);
    }
}

#[tokio::test]
async fn agreement_types_are_no_agreements() {
    let world = World::new().await;
    let types = world.get("/finance/agreements/types").await.expect(200);
    assert_eq!(types[0]["name"], "Managed services");
    assert_eq!(world.get("/finance/agreements/types/count").await.expect(200), json!({"count": 1}));
}

#[tokio::test]
async fn a_category_lists_its_own_subcategories_alone() {
    let world = World::new().await;
    let other = world.psa.add_category("Other").unwrap();
    world.psa.add_subcategory(other, "Elsewhere").unwrap();
    let own = world.get("/procurement/categories/1/subcategories").await.expect(200);
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!((&own[0]["name"], own[0].get("category")), (&json!("Subscriptions"), None));
    let all = world.get("/procurement/subcategories/").await.expect(200);
    assert_eq!(all[0]["category"]["name"], "Security");
    world.get("/procurement/categories/1/subcategories/2").await.expect(404);
    world.get("/procurement/categories/9/subcategories").await.expect(404);
}

#[tokio::test]
async fn system_info_tells_the_version() {
    let world = World::new().await;
    let info = world.get("/system/info").await.expect(200);
    assert_eq!((&info["version"], &info["isCloud"]), (&json!("v2025.1"), &json!(true)));
}
