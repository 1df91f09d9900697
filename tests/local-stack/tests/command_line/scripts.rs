//! For scripts: one document on standard output whatever comes of it, and a code that says what came of it.

use serde_json::json;

use crate::services::{HARROW, Services, ran};

#[tokio::test(flavor = "multi_thread")]
async fn every_step_prints_one_document_and_nothing_else() {
    let services = Services::mapped().await;
    let document = async |words: &[&str]| services.run(&[words, &["--json"]].concat()).await.ends(0).document();
    assert_eq!(document(&["connect"]).await["sophos"]["works"], json!(true));
    assert_eq!(document(&["customers"]).await["customers"].as_array().unwrap().len(), 2);
    assert_eq!(document(&["products", "--unmapped"]).await["products"][0]["code"], json!("CEMA"));
    assert_eq!(document(&["companies", "harr"]).await["items"][0]["name"], json!(HARROW));
    assert_eq!(document(&["agreements", HARROW]).await["items"][0]["status"], json!("active"));
    assert_eq!(document(&["psa-products", "inter"]).await["items"][0]["identifier"], json!("Intercept_X"));
    let preview = document(&["preview"]).await;
    assert_eq!(preview["run"]["tally"]["counts"]["created"], json!(1), "{preview}");
    let id = preview["run"]["id"].as_str().unwrap();
    let applied = document(&["apply", id, "--yes"]).await;
    assert_eq!(applied["run"]["request"]["preview"], json!(id));
    assert_eq!(document(&["lines"]).await["run"]["id"], applied["run"]["id"]);
    assert_eq!(document(&["runs"]).await["runs"].as_array().unwrap().len(), 3);
    assert_eq!(document(&["holds"]).await["holds"], json!([]));
    let all = document(&["--apply", "--yes"]).await;
    assert_eq!(all["connections"]["connectwise"]["works"], json!(true), "{all}");
    assert_eq!(all["applied"]["run"]["tally"]["counts"]["unchanged"], json!(1), "{all}");
    assert_eq!(services.writes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_runs_within_one_second_the_last_is_the_newest() {
    let services = Services::mapped().await;
    let newest = async || services.run(&["lines", "--json"]).await.ends(0).document()["run"]["id"].clone();
    for _ in 0..4 {
        let preview = services.run(&["preview", "--json"]).await.ends(0).document();
        assert_eq!(newest().await, preview["run"]["id"]);
        // One that has nothing to write is shown and not applied.
        let applied = services.run(&["apply", "--yes", "--json"]).await.ends(0).document();
        assert_eq!(newest().await, applied["run"]["id"]);
    }
    assert_eq!(services.writes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_applied_once_however_often_it_is_said() {
    let services = Services::mapped().await;
    services.run(&["preview"]).await.ends(0);
    let first = services.run(&["apply", "--yes", "--json"]).await.ends(0).document();
    let again = services.run(&["apply", "--yes", "--json"]).await.ends(0).document();
    assert_eq!(first["run"]["id"], again["run"]["id"]);
    assert_eq!(services.writes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_document_too_with_the_apis_own_code() {
    let services = Services::open().await;
    let ran = services.run_but(&["connect", "--json"], &[("CONNECTWISE_PRIVATE_KEY", "wrong")]).await.ends(2);
    let document = ran.document();
    assert_eq!(document["connections"]["connectwise"]["code"], json!("connectionTestFailed"), "{document}");
    assert_eq!(document["connections"]["sophos"]["works"], json!(true), "{document}");
    let ran = services.run(&["call", "GET", "/v1/customer-mappings?surprise=1", "--json"]).await.ends(2);
    assert_eq!(ran.document()["problem"]["code"], json!("invalidRequest"));
    services.run(&["call", "GET", "/v1/nowhere", "--json"]).await.ends(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_without_usage_is_told_with_advice_and_writes_nothing() {
    let services = Services::mapped().await;
    let before = services.month.previous().to_string();
    services.run(&["--apply", "--yes", "--month", &before]).await.ends(1).says("Sophos has no usage");
    assert_eq!(services.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_route_can_be_called_with_a_body_from_standard_input() {
    let services = Services::mapped().await;
    let exclude = json!({ "rows": [{ "code": "CEMA", "version": 0, "exclude": "billed by hand" }] });
    let mut command = services.command(&["call", "post", "/v1/product-mappings/save", "--body", "--json"]);
    let body = services.file("body.json", &exclude.to_string());
    command.stdin(std::fs::File::open(body).unwrap());
    let saved = ran(command).await.ends(0).document();
    assert_eq!(saved["changes"][0]["after"]["reason"], json!("billed by hand"));
    let broken = services.file("broken.json", "{\"secret\": canary}");
    let mut command = services.command(&["call", "POST", "/v1/product-mappings/save", "--body"]);
    command.stdin(std::fs::File::open(broken).unwrap());
    let refused = ran(command).await.ends(2);
    refused.says("The body is no JSON (line 1");
    assert!(!refused.err.contains("canary"), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_with_nothing_mapped_says_so() {
    let services = Services::open().await;
    services.run(&["--apply", "--yes"]).await.ends(0).says("have to be mapped first");
}
