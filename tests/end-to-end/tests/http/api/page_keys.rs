//! Page keys that somebody made up: their binding is right, for it needs no secret, and their position is none of the list.

use local_stack::api::asking::Asking;
use serde_json::{Map, Value};
use shared::http::Paging;

use crate::api::stack;

/// Texts that are the position of no list.
fn positions() -> [String; 9] {
    ["", " ", "x#y", "#", "é", "a b", "2026-13#x#y#", "\u{0}"]
        .map(str::to_owned)
        .into_iter()
        .chain(["x".repeat(3_000)])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

#[tokio::test]
async fn a_page_key_whose_position_is_made_up_is_refused_before_the_table_is_asked() {
    let stack = stack().await;
    let partner = stack.demo.partner();
    let reader = Asking::new(partner, "psa/read");
    let (mut asked, mut wrong) = (0, Vec::new());
    for ((_, router), (_, document)) in stack.local_api().unwrap().by_folder().iter().zip(local_stack::api::functions())
    {
        let operations = local_stack::api::operation::operations(&local_stack::api::document_of([document]));
        // What is a list of one run first looks for the run.
        let is_list = |names: &[&str]| names.contains(&"pageFromKey") && !names.contains(&"runId");
        for operation in operations {
            let names: Vec<&str> = operation.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            if !is_list(&names) {
                continue;
            }
            let filter: Map<String, Value> = operation
                .parameters
                .iter()
                .filter(|parameter| parameter.place == "query")
                .map(|parameter| (parameter.name.clone(), Value::Null))
                .collect();
            let paging = Paging::read(partner, &operation.id, &filter, None, None, 10).unwrap();
            for position in positions() {
                let page = paging.list(Vec::<()>::new(), Some(&position));
                let key = page.pages.next_key().unwrap();
                let answered = reader.get(router, &format!("{}?pageFromKey={key}", operation.path)).await;
                asked += 1;
                if (answered.status.as_u16(), answered.code()) != (400, "invalidPageKey") {
                    let position: String = position.chars().take(40).collect();
                    wrong.push(format!("{} {position:?}: {} {}", operation.id, answered.status, answered.body));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "of {asked} calls");
    assert!(asked >= 9 * 9, "{asked}");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_made_as_above_is_one_of_the_list() {
    let stack = stack().await;
    let partner = stack.demo.partner();
    let reader = Asking::new(partner, "psa/read");
    let routers = stack.local_api().unwrap().by_folder();
    let (_, mappings) = routers.iter().find(|(folder, _)| *folder == "mappings").unwrap();
    let page = reader.get(mappings, "/v1/product-mappings?pageSize=1").await;
    let code = page.body["items"][0]["code"].as_str().unwrap();
    let filter = serde_json::json!({ "state": null, "sync": null, "text": null });
    let paging = Paging::read(partner, "listProductMappings", &filter, None, None, 10).unwrap();
    let made = paging.list(Vec::<()>::new(), Some(code));
    assert_eq!(made.pages.next_key(), page.body["pages"]["nextKey"].as_str());
    stack.stop().await.unwrap();
}
