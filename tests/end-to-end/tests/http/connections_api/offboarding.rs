//! A partner leaves: all of it goes, in steps, and never under an open run.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use connections::{World, app};
use local_stack::api::asking::options;
use serde_json::json;
use shared::domain::id::ProductCode;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunRequest, RunScope};
use shared::ports::Clock;
use shared::store::{DiscoveredProduct, Subject, Tombstone};
use simulators::table::LocalTable;

use super::served::{CONNECTWISE, Noon, Served, admin, calls, partner, refused};

async fn leave(app: &Router, n: u128) -> local_stack::api::asking::Answered {
    admin(n).ask(app, &format!("DELETE /v1/partner?confirm={}", partner(n)), &[], None).await
}

#[tokio::test]
async fn a_partner_leaves_with_all_that_is_stored_and_another_may_have_its_connectwise() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    assert_eq!(leave(&served.app, 1).await.status, 204);
    assert_eq!(served.store.find_credentials(partner(1)).await, Ok(None));
    assert_eq!(served.store.find_settings(partner(1)).await, Ok(None));
    assert_eq!(served.save(&admin(0x11), served.connectwise()).await.status, 200);
    assert_eq!(leave(&served.app, 1).await.status, 204, "again is no fault");
}

#[tokio::test]
async fn a_large_partner_leaves_in_steps_and_nothing_of_another_goes() {
    let served = Served::new().await;
    let table = LocalTable::in_memory().await.unwrap();
    let store = table.store();
    let world =
        World { store: store.clone(), seal: served.seal.clone(), clock: Noon, options: calls(&served.sophos_url()) };
    let app = app(world, options());
    let body = json!({"connection": served.connectwise(), "timeZone": "UTC"});
    let saved = admin(1).ask(&app, &format!("PUT {CONNECTWISE}"), &[("if-match", "*")], Some(&body)).await;
    assert_eq!(saved.status, 200, "{:?}", saved.body);
    let product = |n: usize| DiscoveredProduct {
        code: ProductCode::parse(&format!("P-{n}")).unwrap(),
        description: "many".to_owned(),
        group: "User".to_owned(),
    };
    let products: Vec<_> = (0..4_100).map(product).collect();
    store.add_discovered_products(partner(1), &products).await.unwrap();
    store.add_discovered_products(partner(0x11), &products[..3]).await.unwrap();
    let first = leave(&app, 1).await;
    assert_eq!((first.status.as_u16(), &first.body), (202, &json!({"done": false})));
    assert_eq!(first.header("retry-after"), "1");
    assert_eq!(leave(&app, 1).await.status, 204);
    let left = table.client().scan().table_name(table.name()).send().await.unwrap();
    let stays = |entry: &&HashMap<String, AttributeValue>| {
        entry["PK"].as_s().is_ok_and(|key| *key == format!("T#{}", partner(1)))
    };
    assert_eq!(left.items().iter().filter(stays).count(), 2, "that it was removed, and the entry of the audit");
    assert_eq!(left.count(), 3 + 2, "those of the other partner");
}

#[tokio::test]
async fn a_partner_is_removed_only_by_a_request_that_names_it_and_that_it_was_stays() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    for (query, code) in [
        (String::new(), "missing"),
        ("?confirm=".to_owned(), "invalid"),
        (format!("?confirm={}", partner(0x11)), "invalid"),
        ("?confirm=yes".to_owned(), "invalid"),
    ] {
        let answered = admin(1).ask(&served.app, &format!("DELETE /v1/partner{query}"), &[], None).await;
        assert_eq!(refused(&answered), (400, "invalidRequest"), "{query}");
        assert_eq!(answered.body["errors"][0]["code"], code, "{query}");
        assert_eq!(answered.body["errors"][0]["parameter"], "confirm", "{query}");
    }
    let unknown = admin(1).ask(&served.app, "DELETE /v1/partner?name=x", &[], None).await;
    assert_eq!(refused(&unknown), (400, "invalidRequest"));
    assert!(served.store.find_credentials(partner(1)).await.unwrap().is_some());
    assert_eq!(served.store.find_tombstone(partner(1)).await, Ok(None));

    assert_eq!(leave(&served.app, 1).await.status, 204);
    let tombstone = Tombstone { at: Noon.now(), by: "ann@msp.example".to_owned() };
    assert_eq!(served.store.find_tombstone(partner(1)).await, Ok(Some(tombstone)));
    let removals = served.store.list_removals(partner(1)).await.unwrap();
    let told: Vec<_> = removals.iter().map(|edit| (&edit.subject, edit.who.as_str(), edit.at)).collect();
    assert_eq!(told, [(&Subject::Partner, "ann@msp.example", Noon.now())]);
    assert_eq!(served.store.find_tombstone(partner(0x11)).await, Ok(None));
    assert_eq!(served.save(&admin(1), served.connectwise()).await.status, 200, "a partner may come back");
    assert_eq!(served.store.list_removals(partner(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn no_partner_leaves_under_an_open_run() {
    let served = Served::new().await;
    let now = Noon.now();
    let request = RunRequest {
        partner: partner(1),
        kind: RunKind::Preview,
        month: UsageMonth::parse("2026-11").unwrap(),
        slot: "one".to_owned(),
        scheduled_at: now,
        preview: None,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    };
    let run = Run::open(request, true, now).unwrap();
    served.store.open_run(&run).await.unwrap();
    let answered = leave(&served.app, 1).await;
    assert_eq!(refused(&answered), (409, "runOpen"));
    assert!(answered.body["detail"].as_str().unwrap().contains(run.id.as_str()));
}
