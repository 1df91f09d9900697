//! The way in: whoever has to go to the page *Configure usage sync* is told where it is, in the page's own words.

use serde_json::json;

use crate::sentences::world::{INTERCEPT, World};

#[tokio::test(flavor = "multi_thread")]
async fn the_way_in_is_settings_and_policies_psa_integration_connectwise_details_configure() {
    let world = World::billing().await;
    world.save(INTERCEPT, json!({"unmap": true})).await.done();
    let ways = [
        ("en", "Settings and policies > PSA integration > ConnectWise details > Configure"),
        ("it", "Impostazioni e criteri > Integrazione PSA > Dettagli ConnectWise > Configura"),
    ];
    for (language, way) in ways {
        let refused = world.save_in(language, INTERCEPT, json!({"sync": true})).await;
        assert_eq!(refused.refusal(), (422, "notMapped"));
        let advice = refused.body["advice"].as_str().unwrap();
        assert!(advice.contains(way), "{language}: {advice}");
    }
}
