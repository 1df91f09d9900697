//! What all answers have, and problems for whatever no handler answers.

use shared::http::{Language, ProblemCode};

use super::{reader, served};

#[tokio::test]
async fn every_answer_has_its_correlation_id_and_is_stored_nowhere() {
    let app = served().await;
    for path in ["/v1/product-mappings", "/v1/product-mappings?x=1", "/v1/nothing"] {
        let answered = reader(1).get(&app, path).await;
        assert_eq!(answered.header("x-correlation-id"), "JKJaXmPLvHcESHA=", "{path}");
        assert_eq!(answered.header("cache-control"), "no-store", "{path}");
        if !answered.status.is_success() {
            assert_eq!(answered.header("content-type"), "application/problem+json", "{path}");
            assert_eq!(answered.body["correlationId"], "JKJaXmPLvHcESHA=", "{path}");
        }
    }
}

#[tokio::test]
async fn an_unknown_route_is_a_404_and_a_wrong_method_a_405_that_names_the_right_ones() {
    let app = served().await;
    let unknown = reader(1).get(&app, "/v1/nothing").await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (404, "routeUnknown"));
    let wrong = reader(1).ask(&app, "DELETE /v1/product-mappings", &[], None).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (405, "methodNotAllowed"));
    assert_eq!(wrong.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn a_problem_is_told_in_the_language_of_whoever_asks() {
    let app = served().await;
    for (header, language) in [("it-IT,en;q=0.5", Language::Italian), ("de", Language::English)] {
        let refused = reader(1).ask(&app, "GET /v1/product-mappings?x=1", &[("accept-language", header)], None).await;
        assert_eq!(refused.body["title"], ProblemCode::InvalidRequest.title(language));
        assert_eq!(refused.body["advice"], ProblemCode::InvalidRequest.advice(language));
        assert_eq!(refused.header("content-language"), language.tag());
    }
}

#[tokio::test]
async fn the_catalogue_lists_every_code_in_the_language_of_whoever_asks() {
    let app = served().await;
    let listed = reader(1).ask(&app, "GET /v1/problems", &[("accept-language", "it")], None).await;
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), ProblemCode::ALL.len());
    for (item, code) in items.iter().zip(ProblemCode::ALL) {
        assert_eq!(item["code"], code.as_str());
        assert_eq!(item["title"], code.title(Language::Italian));
        assert_eq!(item["status"], code.status().as_u16());
        assert_eq!(item["retryable"], code.is_retryable());
    }
}
