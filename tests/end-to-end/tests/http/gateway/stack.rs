//! The HTTP API of the local stack.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use local_stack::demo::Size;
use local_stack::gateway::Routes;
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use shared::domain::month::UsageMonth;
use usage_sync::Limits;

/// The functions that the template gives routes, each answered by a router that says its name.
fn routers() -> Vec<(String, Router)> {
    let template = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml"));
    let routes = Routes::from_template(template).unwrap();
    let functions: BTreeSet<String> = routes.iter().map(|route| route.function.clone()).collect();
    let named = |function: String| {
        let name = function.clone();
        (function, Router::new().fallback(async move || name))
    };
    functions.into_iter().map(named).collect()
}

#[tokio::test]
async fn the_stack_serves_the_templates_routes_and_its_tokens_outlive_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = StackOptions {
        size: Size { seed: 1, customers: 1, products: 1 },
        month: UsageMonth::parse("2026-11").unwrap(),
        data: Some(folder.path().to_owned()),
        limits: Limits::default(),
        slice: LONGEST_SLICE,
    };
    let client = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(30)).build().unwrap();
    let mut kids = BTreeSet::new();
    for _ in 0..2 {
        let stack = Stack::start(options.clone()).await.unwrap();
        let api = stack.serve_api(0, routers()).await.unwrap();
        kids.insert(api.issuer.kid().to_owned());
        let answer = client.get(format!("{}/nowhere", api.gateway.url())).send().await.unwrap();
        assert_eq!(answer.status(), 404);
        let steps = api.first_steps().unwrap();
        let token = steps.lines().find_map(|line| line.strip_prefix("TOKEN=")).unwrap();
        let calls: Vec<_> = steps.lines().filter(|line| line.starts_with("curl ")).collect();
        let lists = api.gateway.routes().iter().filter(|route| route.method == "GET" && !route.path.contains('{'));
        let lists: BTreeMap<&str, _> = lists.map(|route| (route.path.as_str(), route)).collect();
        // What must be asked for a thing of the partner's is not among them.
        assert!(calls.len() > 3 && calls.len() <= lists.len(), "{calls:?}");
        for call in &calls {
            let (_, target) = call.split_once("\"$API").unwrap();
            let route = lists[target.trim_end_matches('"')];
            let answer = client.get(format!("{}{}", api.gateway.url(), route.path)).bearer_auth(token).send().await;
            assert_eq!(answer.unwrap().text().await.unwrap(), route.function, "{call}");
        }
        api.gateway.stop().await;
        stack.stop().await.unwrap();
    }
    assert_eq!(kids.len(), 1, "the key is kept");
    Stack::forget(folder.path()).unwrap();
    assert!(!folder.path().join("issuer.key").exists(), "and deleted with the rest");
}
