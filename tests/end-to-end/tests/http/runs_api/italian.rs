//! What a clerk reads in Italian: no sentence of a list stays English.

use serde_json::{Value, json};

use crate::runs_api::world::{World, id_of};

/// The sentences of a list's rows, in a language.
async fn sentences(world: &World, language: &str, path: &str) -> Vec<(String, String)> {
    let listed = world.get_in(language, path).await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    listed.body["items"].as_array().unwrap().iter().map(|row| (text(row, "what"), text(row, "advice"))).collect()
}

/// Every sentence is there in both languages and in none the same.
async fn differ(world: &World, path: &str) {
    let (english, italian) = (sentences(world, "en", path).await, sentences(world, "it-IT,it;q=0.9", path).await);
    assert!(!english.is_empty() && english.len() == italian.len(), "{path}");
    for ((what, advice), (cosa, consiglio)) in english.iter().zip(&italian) {
        assert!(what != cosa && !cosa.is_empty() && advice != consiglio && !consiglio.is_empty(), "{cosa} {consiglio}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_lines_runs_and_what_is_still_billed_were_half_english_to_an_italian_reader() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let code = world.lines(&shown, "").await[0]["product"].as_str().unwrap().to_owned();
    world.apply(&shown).await;
    world.usage_times(|units| units / 10);
    world.toggle(&code, false).await;
    let run = world.sync_now(&json!({})).await;
    differ(&world, "/v1/sync/holds?pageSize=500").await;
    differ(&world, &format!("/v1/sync/runs/{}/lines?outcome=held", id_of(&run))).await;
    differ(&world, &format!("/v1/sync/runs/{}/lines?outcome=skipped", id_of(&run))).await;
    differ(&world, "/v1/sync/still-billing?pageSize=100").await;
    let italian = world.get_in("it", &format!("/v1/sync/runs/{}", id_of(&run))).await.body;
    assert_eq!((&italian["progress"]["what"], &italian["progress"]["stage"]), (&json!("Terminata"), &json!("ended")));
    // What a decision on something that has moved is told.
    let hold = world.get("/v1/sync/holds?pageSize=1").await.body["items"][0].clone();
    let decision = json!({ "month": hold["month"], "customerId": hold["customerId"], "verdict": "reject",
        "psaProductId": hold["psaProductId"], "version": "0", "why": "Il cliente ha confermato." });
    let refused = world.post_in("it", "/v1/sync/holds/decisions", &json!({ "decisions": [decision] })).await;
    let detail = refused.body["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("Ciò che attende di "), "{detail}");
}
