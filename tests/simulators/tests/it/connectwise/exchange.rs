//! The exchange around the bodies: lengths, verbs, headers, discovery.

use reqwest::Method;
use serde_json::json;
use simulators::connectwise::Settings;
use simulators::connectwise::settings::wire::{IsCloud, LongestQuery, SiteUrl, WireReadings};

use crate::connectwise::world::{Answer, World, http, send};

const CATALOG: &str = "/procurement/catalog";

async fn world(wire: WireReadings) -> World {
    World::with(Settings { wire, ..Settings::default() }).await
}

async fn with_query(world: &World, bytes: usize) -> Answer {
    world.get(&format!("{CATALOG}?wish={}", "x".repeat(bytes - "wish=".len()))).await
}

/// The guide offers another way for URLs above 10,000 characters; IIS by itself takes 2,048.
#[tokio::test]
async fn a_query_may_have_10_000_bytes_or_2_048_as_the_server_is_set() {
    for (longest_query, most) in [(LongestQuery::Guide, 10_000), (LongestQuery::WebServer, 2_048)] {
        let world = world(WireReadings { longest_query, ..WireReadings::default() }).await;
        with_query(&world, most).await.expect(200);
        assert!(with_query(&world, most + 1).await.expect(404).is_string());
    }
}

/// The vendor's document has `/search` for tickets alone.
#[tokio::test]
async fn there_is_no_search_for_these_collections() {
    let world = World::new().await;
    for path in ["/company/companies", "/finance/agreements", "/finance/agreements/1/additions", CATALOG] {
        let body = json!({"conditions": "id = 1"});
        assert_eq!(world.post(&format!("{path}/search"), body).await.expect(404)["code"], "NotFound", "{path}");
    }
}

/// The guide: 405 for a method that the URL does not support.
#[tokio::test]
async fn a_verb_that_a_path_does_not_have_is_405_and_head_and_options_are_nowhere() {
    let world = World::new().await;
    for (path, allowed) in [
        (CATALOG, "GET, POST"),
        ("/procurement/catalog/1", "GET, PUT, PATCH, DELETE"),
        ("/procurement/catalog/count", "GET"),
        ("/system/info", "GET"),
    ] {
        let all =
            [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];
        for method in all.into_iter().filter(|method| !allowed.split(", ").any(|verb| verb == method.as_str())) {
            let refused = send(world.call(method.clone(), path)).await;
            assert_eq!(
                (refused.status, &refused.headers["allow"]),
                (405, &allowed.parse().unwrap()),
                "{method} {path}"
            );
            assert!(method == Method::HEAD || refused.body["code"] == "MethodNotAllowed", "{method} {path}");
        }
    }
    let discovery = format!("{}/login/companyinfo/acme", world.server.url());
    for method in [Method::HEAD, Method::OPTIONS, Method::POST] {
        send(http().request(method, &discovery)).await.expect(405);
    }
}

/// Third parties quote them from real servers.
#[tokio::test]
async fn every_answer_names_the_version_and_a_request_of_its_own_and_is_not_cached() {
    let world = World::new().await;
    let mut seen = std::collections::BTreeSet::new();
    for (path, status) in
        [(CATALOG, 200), ("/procurement/catalog/1", 200), ("/procurement/catalog/99", 404), ("/nowhere", 404)]
    {
        let answer = world.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.headers["api-current-version"], "2025.1");
        assert_eq!(answer.headers["cache-control"], "no-cache");
        let request_id = answer.headers["x-cw-request-id"].to_str().unwrap();
        uuid::Uuid::parse_str(request_id).unwrap();
        assert!(seen.insert(request_id.to_owned()), "{request_id} came twice");
    }
}

#[tokio::test]
async fn discovery_names_the_site_and_the_type_of_is_cloud_as_the_server_is_set() {
    for (site_url, is_cloud, cloud) in
        [(SiteUrl::Named, IsCloud::Flag, json!(true)), (SiteUrl::Absent, IsCloud::Text, json!("True"))]
    {
        let world = world(WireReadings { site_url, is_cloud, ..WireReadings::default() }).await;
        let info = send(http().get(format!("{}/login/companyinfo/acme", world.server.url()))).await.expect(200);
        assert_eq!(info["IsCloud"], cloud);
        let site = json!(world.server.address().to_string());
        assert_eq!(info.get("SiteUrl"), (site_url == SiteUrl::Named).then_some(&site));
    }
}
