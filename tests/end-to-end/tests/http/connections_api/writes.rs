//! Writes are off until somebody switches them on, over a connection that works and that no other partner has.

use serde_json::json;
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::store::PsaDatabase;
use simulators::simulator::faults::{Fault, FaultKind};

use super::served::{CONNECTWISE, Served, WRITES, admin, partner, refused};

#[tokio::test]
async fn writes_are_off_for_a_new_partner_and_on_only_over_a_connection() {
    let served = Served::new().await;
    assert!(!served.writes(&admin(1)).await);
    assert_eq!(refused(&served.switch(&admin(1), true).await), (409, "connectionMissing"));
    assert_eq!(served.switch(&admin(1), false).await.status, 200, "off is what it is");
    served.save(&admin(1), served.connectwise()).await;
    assert!(!served.writes(&admin(1)).await);
    let on = served.switch(&admin(1), true).await;
    assert_eq!((on.status.as_u16(), &on.body), (200, &json!({"writes": true})));
    assert!(served.store.find_settings(partner(1)).await.unwrap().unwrap().writes);
    assert_eq!(on.header("etag"), admin(1).get(&served.app, WRITES).await.header("etag"));
}

#[tokio::test]
async fn a_connection_whose_last_test_failed_is_not_written_to() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    served.faults([Fault::new(FaultKind::ErrorBefore { status: 503 }).on("GET", "*")]);
    served.test(&admin(1), CONNECTWISE, None).await;
    assert_eq!(refused(&served.switch(&admin(1), true).await), (409, "connectionUnusable"));
    served.faults([]);
    served.test(&admin(1), CONNECTWISE, None).await;
    assert_eq!(served.switch(&admin(1), true).await.status, 200);
}

#[tokio::test]
async fn a_database_that_another_partner_took_is_not_written_to() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    let database = PsaDatabase::new(served.site().strip_prefix("http://").unwrap(), "acme");
    served.store.release_psa(partner(1), &database).await.unwrap();
    assert_eq!(refused(&served.switch(&admin(1), true).await), (409, "connectionUnusable"));
    served.store.claim_psa(partner(0x11), &database).await.unwrap();
    assert_eq!(refused(&served.switch(&admin(1), true).await), (409, "psaTaken"));
}

#[tokio::test]
async fn another_database_and_a_removal_switch_writes_off_and_a_rotation_does_not() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    served.switch(&admin(1), true).await;
    let rotated = served.save(&admin(1), served.connectwise()).await;
    assert_eq!(rotated.body["writes"], true);
    let moved = served.save(&admin(1), served.connectwise_but("company", "other")).await;
    assert_eq!(moved.body["writes"], false);
    assert!(!served.writes(&admin(1)).await);
    served.switch(&admin(1), true).await;
    served.remove(&admin(1), CONNECTWISE).await;
    assert!(!served.writes(&admin(1)).await);
}

#[tokio::test]
async fn a_switch_is_based_on_what_was_seen() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    let tag = admin(1).get(&served.app, WRITES).await.header("etag").to_owned();
    let put = format!("PUT {WRITES}");
    let body = json!({"writes": true});
    let on = admin(1).ask(&served.app, &put, &[("if-match", &tag)], Some(&body)).await;
    assert_eq!(on.status, 200);
    let stale = admin(1).ask(&served.app, &put, &[("if-match", &tag)], Some(&json!({"writes": false}))).await;
    assert_eq!((refused(&stale), &stale.body["present"]["writes"]), ((412, "versionMismatch"), &true.into()));
    assert_eq!(refused(&admin(1).ask(&served.app, &put, &[], Some(&body)).await), (428, "versionMissing"));
}

#[tokio::test]
async fn settings_that_were_there_before_keep_all_but_the_switch() {
    let served = Served::new().await;
    let settings = Settings {
        time_zone: TimeZoneName::parse("Asia/Tokyo").unwrap(),
        frequency: Frequency::Nightly,
        writes: true,
        guards: Guards { new_month_days: 9, ..Guards::default() },
    };
    served.store.put_settings(partner(1), &settings).await.unwrap();
    let body = json!({"connection": served.connectwise()});
    let saved = admin(1).ask(&served.app, &format!("PUT {CONNECTWISE}"), &[("if-match", "\"0\"")], Some(&body)).await;
    assert_eq!(saved.status, 200, "{:?}", saved.body);
    let now = served.store.find_settings(partner(1)).await.unwrap().unwrap();
    assert_eq!(now, Settings { writes: false, ..settings }, "a new connection is not written to");
}
