//! The document that is served.

use local_stack::api::asking::Asking;
use serde_json::Value;
use shared::domain::id::PartnerId;

use crate::api::stack;

#[tokio::test]
async fn the_served_document_is_the_committed_one() {
    let stack = stack().await;
    let routers = stack.local_api().unwrap().by_folder();
    let (_, mappings) = routers.iter().find(|(folder, _)| *folder == "mappings").unwrap();
    let asking = Asking::new(PartnerId::from_uuid(uuid::Uuid::from_u128(1)), "psa/read");
    let served = asking.get(mappings, "/v1/openapi.json").await;
    assert_eq!((served.status.as_u16(), served.header("content-type")), (200, "application/json"));
    let committed = std::fs::read_to_string(local_stack::api::committed()).unwrap();
    assert_eq!(served.body, serde_json::from_str::<Value>(&committed).unwrap());
    assert_eq!(served.body, local_stack::api::document(), "and what the routes say");
    let again = asking.ask(mappings, "GET /v1/openapi.json", &[("if-none-match", served.header("etag"))], None).await;
    assert_eq!(again.status, 304);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn every_function_of_the_document_has_its_router() {
    let stack = stack().await;
    let routers = stack.local_api().unwrap().by_folder();
    let routers: Vec<&str> = routers.iter().map(|(folder, _)| *folder).collect();
    let documented: Vec<&str> = local_stack::api::functions().iter().map(|(folder, _)| *folder).collect();
    assert_eq!(routers, documented);
    stack.stop().await.unwrap();
}
