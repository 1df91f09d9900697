//! Saves of product mappings: each sentence of the vendor's page, and the rules behind it.

use local_stack::api::asking::Asking;
use local_stack::demo::Size;
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use serde_json::{Value, json};
use shared::domain::month::UsageMonth;
use shared::domain::run::RunKind;
use shared::seal::LocalSeal;
use usage_sync::Limits;

use super::shop::Shop;
use super::{faults, partner, reader, row, save, served, serving, writer};

#[tokio::test]
async fn sophos_products_map_to_connectwise_products_by_id_so_that_renamed_products_never_break_the_sync() {
    let shop = Shop::open().await;
    let id = shop.product("SEC-EP", "Brand Endpoint", &json!({}));
    let saved = save(&shop.app, &writer(1), &json!({"rows": [{"code": "FW-1", "version": 0, "mapTo": id}]})).await;
    assert_eq!((saved.status.as_u16(), &saved.body["applied"]), (200, &json!(true)), "{:?}", saved.body);
    assert_eq!(saved.body["changes"][0]["after"]["psaProduct"]["identifier"], "SEC-EP");
    shop.edit(id, &json!({"identifier": "SEC-EP-2", "description": "Brand Endpoint Plus"}));
    let stored = row(&shop.app, "FW-1").await;
    assert_eq!((&stored["psaProductId"], &stored["sync"]), (&json!(id), &json!(true)));
    assert_eq!(stored["psaProduct"]["description"], "Brand Endpoint", "as it was last seen");
    let listed = reader(1).get(&shop.app, "/v1/product-mappings?text=brand%20end").await;
    assert_eq!(listed.body["items"], json!([stored]), "found by the name in ConnectWise");
    let toggled = save(&shop.app, &writer(1), &json!({"rows": [{"code": "FW-1", "version": 1, "mapTo": id}]})).await;
    assert_eq!((toggled.status.as_u16(), toggled.body["changes"].as_array().unwrap().len()), (200, 0));
    shop.close().await;
}

#[tokio::test]
async fn a_full_name_that_one_product_has_is_taken_and_any_other_lists_what_matches() {
    let shop = Shop::open().await;
    let id = shop.product("SEC-EP", "Brand Endpoint", &json!({}));
    shop.product("SEC-EP-ADV", "Brand Endpoint Advanced", &json!({}));
    shop.product("SEC-OLD", "Old Endpoint", &json!({"inactiveFlag": true}));
    for (version, name) in [(0, "brand endpoint"), (1, "sec-ep"), (1, "SEC-EP")] {
        let saved =
            save(&shop.app, &writer(1), &json!({"rows": [{"code": "FW-1", "version": version, "mapTo": name}]})).await;
        assert_eq!(saved.status, 200, "{name}: {}", saved.body);
        assert_eq!(row(&shop.app, "FW-1").await["psaProductId"], id, "{name}");
    }
    for (name, listed) in [("Brand End", "SEC-EP-ADV"), ("Old Endpoint", "Old Endpoint"), ("x", "two characters")] {
        let rows = json!({"rows": [{"code": "EMAIL", "version": 1, "mapTo": name}]});
        let refused = save(&shop.app, &writer(1), &rows).await;
        let at = vec![("/rows/0/mapTo".to_owned(), "productUnavailable".to_owned())];
        assert_eq!(faults(&refused), (422, "productUnavailable".to_owned(), at), "{name}: {}", refused.body);
        let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(listed), "{detail}");
    }
    assert_eq!(row(&shop.app, "EMAIL").await["state"], "excluded", "nothing is stored");
    shop.close().await;
}

#[tokio::test]
async fn why_a_save_is_refused_was_english_to_an_italian_reader() {
    let shop = Shop::open().await;
    let bundle = shop.product("PACK", "Pack", &json!({"productClass": "Bundle"}));
    let rows = json!({"rows": [
        {"code": "FW-1", "version": 0, "mapTo": bundle},
        {"code": "EMAIL", "version": 1, "combine": "addUp"},
        {"code": "NEVER-SEEN", "version": 0, "sync": true},
    ]});
    let key = "0198c7b4-0000-7000-8000-000000000001";
    let headers = [("idempotency-key", key), ("accept-language", "it")];
    let refused = writer(1).ask(&shop.app, "POST /v1/product-mappings/save", &headers, Some(&rows)).await;
    let details = refused.body["errors"].as_array().unwrap().iter();
    let details: Vec<&str> = details.map(|error| error["detail"].as_str().unwrap()).collect();
    assert_eq!(details.len(), 3, "{}", refused.body);
    for part in ["classe Bundle", "solo per i prodotti mappati", "NEVER-SEEN è senza mapping"] {
        assert!(details.iter().any(|detail| detail.contains(part)), "{part}: {details:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_code_that_nothing_has_ever_named_is_stored_with_a_warning() {
    let shop = Shop::open().await;
    let id = shop.product("SEC-EP", "Brand Endpoint", &json!({}));
    let rows = json!({"rows": [
        {"code": "NEVER-SEEN", "version": 0, "mapTo": id, "combine": "addUp"},
        {"code": "FW-1", "version": 0, "mapTo": id},
    ]});
    let saved = save(&shop.app, &writer(1), &rows).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    let warnings = saved.body["warnings"].as_array().unwrap();
    assert_eq!((warnings.len(), &warnings[0]["code"]), (1, &json!("NEVER-SEEN")), "{}", saved.body);
    assert_eq!(warnings[0]["about"], "neverNamed");
    assert_eq!(row(&shop.app, "NEVER-SEEN").await["psaProductId"], id);
    let again =
        save(&shop.app, &writer(1), &json!({"rows": [{"code": "NEVER-SEEN", "version": 1, "sync": false}]})).await;
    assert_eq!((again.status.as_u16(), &again.body["warnings"]), (200, &json!(null)), "said once");
    shop.close().await;
}

#[tokio::test]
async fn mapping_takes_only_products_that_are_available_for_mapping_and_names_all_others_at_once() {
    let shop = Shop::open().await;
    let old = shop.product("OLD", "Old", &json!({"inactiveFlag": true}));
    let bundle = shop.product("BUN", "Bundle", &json!({"productClass": "Bundle"}));
    let rows = json!({"rows": [
        {"code": "FW-1", "version": 0, "mapTo": old},
        {"code": "EMAIL", "version": 1, "mapTo": bundle},
        {"code": "ZTNA", "version": 1, "mapTo": 999_999},
    ]});
    let refused = save(&shop.app, &writer(1), &rows).await;
    let at = |n: u8| (format!("/rows/{n}/mapTo"), "productUnavailable".to_owned());
    assert_eq!(faults(&refused), (422, "productUnavailable".to_owned(), vec![at(0), at(1), at(2)]));
    assert_eq!(row(&shop.app, "FW-1").await["state"], "unmapped", "nothing is stored");
    shop.close().await;
}

#[tokio::test]
async fn a_product_created_in_connectwise_is_not_mapped_until_save() {
    let shop = Shop::open().await;
    let id = shop.product("NEW", "Just created", &json!({}));
    assert_eq!(row(&shop.app, "FW-1").await["state"], "unmapped");
    let body = json!({"rows": [{"code": "FW-1", "version": 0, "mapTo": id, "sync": false}], "validateOnly": true});
    let shown = save(&shop.app, &writer(1), &body).await;
    assert_eq!(
        (&shown.body["applied"], &shown.body["changes"][0]["after"]["psaProductId"]),
        (&json!(false), &json!(id))
    );
    assert_eq!(row(&shop.app, "FW-1").await["state"], "unmapped", "a look stores nothing");
    let body = json!({"rows": [{"code": "FW-1", "version": 0, "mapTo": id, "sync": false}]});
    assert_eq!(save(&shop.app, &writer(1), &body).await.status, 200);
    let stored = row(&shop.app, "FW-1").await;
    assert_eq!((&stored["state"], &stored["sync"]), (&json!("mapped"), &json!(false)), "as the request says");
    shop.close().await;
}

#[tokio::test]
async fn removing_a_mapped_product_switches_that_sophos_products_usage_sync_off_automatically() {
    let app = served().await;
    let saved = save(&app, &writer(1), &json!({"rows": [{"code": "CIXA", "version": 1, "unmap": true}]})).await;
    assert_eq!(saved.status, 200, "{:?}", saved.body);
    let stored = row(&app, "CIXA").await;
    assert_eq!((&stored["state"], &stored["sync"], &stored["version"]), (&json!("removed"), &json!(false), &json!(2)));
}

#[tokio::test]
async fn sync_of_that_product_resumes_only_when_a_product_is_mapped_again() {
    let shop = Shop::open().await;
    let id = shop.product("SEC-Z", "Zero trust", &json!({}));
    let refused = save(
        &shop.app,
        &writer(1),
        &json!({"rows": [
            {"code": "ZTNA", "version": 1, "sync": true},
            {"code": "EMAIL", "version": 1, "sync": true},
            {"code": "FW-1", "version": 0, "unmap": true, "sync": true},
        ]}),
    )
    .await;
    let at = |n: u8| (format!("/rows/{n}/sync"), "notMapped".to_owned());
    assert_eq!(faults(&refused), (422, "notMapped".to_owned(), vec![at(0), at(1), at(2)]));
    let mapped = save(&shop.app, &writer(1), &json!({"rows": [{"code": "ZTNA", "version": 1, "mapTo": id}]})).await;
    assert_eq!(mapped.status, 200, "{:?}", mapped.body);
    assert_eq!(row(&shop.app, "ZTNA").await["sync"], true);
    shop.close().await;
}

#[tokio::test]
async fn new_usage_data_never_creates_maps_or_syncs_products_by_itself_and_an_unknown_product_waits_as_unmapped() {
    let options = StackOptions {
        size: Size::default(),
        month: UsageMonth::parse("2026-11").unwrap(),
        data: None,
        limits: Limits::default(),
        slice: LONGEST_SLICE,
    };
    let stack = Stack::start(options.clone()).await.unwrap();
    let partner = stack.demo.partner();
    let before = stack.store.list_product_mappings(partner).await.unwrap();
    let request = stack.request(RunKind::Preview, options.month, None);
    stack.run(request, |_| {}).await.unwrap();
    assert_eq!(stack.store.list_product_mappings(partner).await.unwrap(), before);
    let app = serving(stack.store.clone(), LocalSeal::ephemeral());
    let list = Asking::new(partner, "psa/read").get(&app, "/v1/product-mappings?pageSize=500").await;
    let rows = list.body["items"].as_array().unwrap();
    let fresh: Vec<&Value> = rows.iter().filter(|row| row["state"] == "unmapped").collect();
    assert!(!fresh.is_empty(), "a product that nobody has mapped: {rows:?}");
    for row in fresh {
        assert_eq!((&row["sync"], &row["psaProductId"]), (&json!(false), &Value::Null));
        assert!(row["lastSeen"]["month"] == "2026-11" && row["unsyncedUnits"] == row["lastSeen"]["units"], "{row}");
    }
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn toggles_per_product_are_stored_with_save() {
    let app = served().await;
    let off = json!({"rows": [{"code": "CIXA", "version": 1, "sync": false}, {"code": "FW-1", "version": 0, "firewall": false}]});
    assert_eq!(save(&app, &writer(1), &off).await.status, 200);
    assert_eq!(
        (&row(&app, "CIXA").await["sync"], &row(&app, "FW-1").await["firewall"]),
        (&json!(false), &json!(false))
    );
    let on = json!({"rows": [{"code": "CIXA", "version": 2, "sync": true, "combine": "addUp"}]});
    assert_eq!(save(&app, &writer(1), &on).await.status, 200);
    assert_eq!(row(&app, "CIXA").await["sync"], true);
}

#[tokio::test]
async fn mapping_a_second_product_to_a_connectwise_product_asks_for_a_rule_that_all_parts_share() {
    let shop = Shop::open().await;
    let id = shop.product("SEC-M", "Mail", &json!({}));
    let first = json!({"rows": [{"code": "ZTNA", "version": 1, "mapTo": id}]});
    assert_eq!(save(&shop.app, &writer(1), &first).await.status, 200);
    let second = |combine: Option<&str>| {
        let mut row = json!({"code": "FW-1", "version": 0, "mapTo": id});
        row["combine"] = combine.map_or(Value::Null, Value::from);
        json!({ "rows": [row] })
    };
    let refused = save(&shop.app, &writer(1), &second(None)).await;
    let at = vec![("/rows/0/combine".to_owned(), "combineRuleMissing".to_owned())];
    assert_eq!(faults(&refused), (422, "combineRuleMissing".to_owned(), at));
    let saved = save(&shop.app, &writer(1), &second(Some("takeLargest"))).await;
    assert_eq!(saved.body["changes"].as_array().unwrap().len(), 2, "the first part takes the rule over");
    for name in ["ZTNA", "FW-1"] {
        assert_eq!(row(&shop.app, name).await["combine"], "takeLargest");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_row_that_someone_changed_meanwhile_is_refused_with_what_it_is_now_and_nothing_is_stored() {
    let app = served().await;
    let mine = json!({"rows": [
        {"code": "CIXA", "version": 1, "sync": false},
        {"code": "EMAIL", "version": 1, "exclude": "mine"},
    ]});
    let theirs = json!({"rows": [{"code": "EMAIL", "version": 1, "exclude": "theirs"}], "note": "as agreed"});
    assert_eq!(save(&app, &writer(1), &theirs).await.status, 200);
    let refused = save(&app, &writer(1), &mine).await;
    let at = vec![("/rows/1/version".to_owned(), "versionMismatch".to_owned())];
    assert_eq!(faults(&refused), (412, "versionMismatch".to_owned(), at));
    assert_eq!(refused.body["present"]["rows"], json!([row(&app, "EMAIL").await]));
    assert_eq!(row(&app, "CIXA").await["sync"], true);
    let edits = reader(1).get(&app, "/v1/edits?product=EMAIL").await;
    let edit = &edits.body["items"][0];
    assert_eq!((&edit["kind"], &edit["id"], &edit["note"]), (&json!("product"), &json!("EMAIL"), &json!("as agreed")));
    assert_eq!((&edit["before"]["reason"], &edit["after"]["reason"]), (&json!("sold as a bundle"), &json!("theirs")));
    assert!(edit["who"].as_str().is_some_and(|who| !who.is_empty()));
    assert_eq!(reader(1).get(&app, "/v1/edits?product=CIXA").await.body["items"], json!([]));
    assert_eq!(reader(0x11).get(&app, "/v1/edits").await.body["items"], json!([]), "another partner sees none");
    assert_eq!(reader(1).get(&app, "/v1/edits?product=CIXA&customer=x").await.status, 400);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_for_all_rows_and_a_repetition_is_done_once() {
    let app = served().await;
    let wrong = json!({"rows": [
        {"code": "A B", "version": 0, "unmap": true},
        {"code": "CIXA", "version": 1, "mapTo": 0},
        {"code": "EMAIL", "version": 1, "unmap": true, "exclude": " "},
    ]});
    let invalid = |pointer: &str| (pointer.to_owned(), "invalid".to_owned());
    let expected = ["/rows/0/code", "/rows/1/mapTo", "/rows/2/exclude", "/rows/2/mapTo"].map(invalid).to_vec();
    assert_eq!(faults(&save(&app, &writer(1), &wrong).await), (400, "invalidRequest".to_owned(), expected));
    let too_many: Vec<Value> = (0..91).map(|n| json!({"code": format!("P{n}"), "version": 0, "unmap": true})).collect();
    assert_eq!(save(&app, &writer(1), &json!({ "rows": too_many })).await.status, 400);
    let body = json!({"rows": [{"code": "CIXA", "version": 1, "sync": false}]});
    let ask = async || {
        writer(1).ask(&app, "POST /v1/product-mappings/save", &[("idempotency-key", "k-1")], Some(&body)).await
    };
    let (first, again) = (ask().await, ask().await);
    assert_eq!((first.status.as_u16(), &first.body), (again.status.as_u16(), &again.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(row(&app, "CIXA").await["version"], 2);
    let reading = Asking::new(partner(1), "psa/read");
    assert_eq!(save(&app, &reading, &body).await.code(), "scopeMissing");
}

#[tokio::test]
async fn while_connectwise_is_away_nothing_is_mapped_and_all_else_can_be_saved() {
    let shop = Shop::open().await;
    let (app, id) = (shop.app.clone(), shop.product("X1", "X", &json!({})));
    shop.close().await;
    let refused = save(&app, &writer(1), &json!({"rows": [{"code": "FW-1", "version": 0, "mapTo": id}]})).await;
    assert!(refused.status.as_u16() == 502 && refused.code().starts_with("psa"), "{:?}", refused.body);
    assert_eq!(row(&app, "FW-1").await["version"], 0);
    let off = json!({"rows": [{"code": "CIXA", "version": 1, "sync": false}]});
    assert_eq!(save(&app, &writer(1), &off).await.status, 200);
}
