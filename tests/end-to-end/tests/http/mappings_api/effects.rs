//! The effects that are shown before a save.

use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::json;
use shared::clock::SystemClock;
use shared::domain::id::{AdditionId, AgreementId};
use shared::domain::mapping::{Combine, ProductMapping};
use shared::domain::month::UsageMonth;
use shared::domain::snapshot::{Snapshot, Written};
use shared::ports::Clock;
use shared::seal::LocalSeal;
use shared::store::Change;
use shared::store::MemoryStore;

use super::{code, partner, psa_id, save, serving, writer};

/// What a run wrote to an agreement: ConnectWise product 7 from two parts.
async fn wrote(store: &MemoryStore, agreement: i64, cixa: u64, srvc: u64) {
    let (addition, month) = (AdditionId::try_from(agreement).unwrap(), UsageMonth::parse("2026-10").unwrap());
    let parts = [(code("CIXA"), cixa), (code("SRVC"), srvc)].into();
    let written = Written::new(addition, Decimal::from(cixa + srvc), month, parts);
    let snapshot = Snapshot { written: [(psa_id(7), written)].into(), ..Snapshot::default() };
    let now = SystemClock.now();
    let lease = store.acquire_lease(partner(1), "me", now, 60).await.unwrap().unwrap();
    let change = Change::PutSnapshot(AgreementId::try_from(agreement).unwrap(), snapshot);
    store.commit(&lease, now + SignedDuration::from_secs(60), vec![change]).await.unwrap();
}

async fn world() -> MemoryStore {
    let store = MemoryStore::default();
    for name in ["CIXA", "SRVC"] {
        let mapping = ProductMapping::discovered(code(name), false).map_to(psa_id(7), Some(Combine::AddUp));
        store.put_product_mapping(partner(1), &mapping).await.unwrap();
    }
    for agreement in 1..=250 {
        wrote(&store, agreement, 10, 5).await;
    }
    wrote(&store, 300, 0, 0).await;
    store
}

#[tokio::test]
async fn unmapping_names_the_additions_and_units_that_go_on_being_billed_and_what_can_be_done() {
    let store = world().await;
    let app = serving(store.clone(), LocalSeal::ephemeral());
    let both = json!({"validateOnly": true, "rows": [
        {"code": "CIXA", "version": 1, "unmap": true},
        {"code": "SRVC", "version": 1, "exclude": "given away"},
    ]});
    let told = save(&app, &writer(1), &both).await;
    let effect = &told.body["effects"][0];
    assert_eq!(
        effect["text"],
        "250 additions of ConnectWise product 7, 3750 units, will go on being billed: leave them, set them to 0, or set a cancelled date."
    );
    assert_eq!(effect["choices"], json!(["leave", "setToZero", "setCancelledDate"]));
    assert_eq!(
        (&effect["additions"], &effect["units"], &effect["complete"]),
        (&json!(250), &json!("3750"), &json!(true))
    );
    assert_eq!(effect["codes"], json!(["CIXA", "SRVC"]));
    let stored = store.find_product_mapping(partner(1), &code("CIXA")).await.unwrap().unwrap();
    assert_eq!(stored.version, 1, "only told");
}

#[tokio::test]
async fn a_part_that_is_switched_off_shows_the_sum_with_and_without_it() {
    let app = serving(world().await, LocalSeal::ephemeral());
    let off = json!({"validateOnly": true, "rows": [{"code": "SRVC", "version": 1, "sync": false}]});
    let told = save(&app, &writer(1), &off).await;
    let effect = &told.body["effects"][0];
    assert_eq!((&effect["kind"], &effect["additions"]), (&json!("sumChanges"), &json!(250)));
    assert_eq!(effect["sums"][0], json!({"agreementId": 1, "from": "15", "to": "10"}));
    assert_eq!(effect["sums"].as_array().unwrap().len(), 20);
    let flag = json!({"validateOnly": true, "rows": [{"code": "SRVC", "version": 1, "firewall": true}]});
    assert_eq!(save(&app, &writer(1), &flag).await.body["effects"], json!([]));
}
