//! Agreements that are over or soon will be.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use shared::clock::SystemClock;
use shared::ports::Clock;

use crate::customers_api::world::World;

#[tokio::test]
async fn an_agreement_no_longer_active_or_ending_within_30_days_is_reported_with_candidates_and_nothing_follows_by_itself()
 {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0), world.map(2, 0, 1), world.map(3, 0, 2)]).await;
    let today = SystemClock.now().to_zoned(TimeZone::UTC).date();
    let soon = format!("{}T00:00:00Z", today.saturating_add(20.days()));
    world.edit_agreement(
        world.agreements[0],
        &json!({"cancelledFlag": true, "dateCancelled": "2026-01-31T00:00:00Z", "reasonCancelled": "Renewed"}),
    );
    world.edit_agreement(world.agreements[1], &json!({"noEndingDateFlag": false, "endDate": soon}));
    let renewed = world.psa.add_agreement(world.companies[0], world.kind, "2026", json!({})).unwrap();
    let other_kind = world.psa.add_agreement_type("Projects").unwrap();
    world.psa.add_agreement(world.companies[0], other_kind, "A project", json!({})).unwrap();
    let (mut rows, mut key, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let calls = world.psa_calls();
        let page = world.get(&format!("/v1/customer-mappings/renewals?pageSize=2{key}")).await;
        assert_eq!(page.status, 200, "{:#}", page.body);
        assert!(world.psa_calls() - calls <= 1 + 2, "one call a customer, and the connection's own");
        rows.extend(page.body["items"].as_array().unwrap().clone());
        pages += 1;
        match page.body["pages"]["nextKey"].as_str() {
            Some(next) => key = format!("&pageFromKey={next}"),
            None => break,
        }
    }
    assert_eq!((rows.len(), pages), (2, 2), "{rows:#?}");
    let question = format!("Renewed as 2026 (id {renewed})? Remap");
    assert_eq!(rows[0]["reason"], "notActive");
    assert_eq!(rows[0]["candidates"], json!([{"agreementId": renewed, "name": "2026", "question": question}]));
    assert_eq!((&rows[1]["reason"], &rows[1]["candidates"]), (&"endsSoon".into(), &json!([])));
    let mapped: Vec<Value> = vec![world.row(1).await["mapping"]["agreementId"].clone()];
    assert_eq!(mapped, [Value::from(world.agreements[0])], "nobody remapped it");
}
