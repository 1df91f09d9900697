//! Who is let in: the token's partner with the route's own scope, and nobody else.

use local_stack::api::asking::{Asking, PARTNER_CLAIM, answer, request};

use super::{partner, reader, served};

const PATH: &str = "/v1/product-mappings";

#[tokio::test]
async fn no_scope_implies_another() {
    for scopes in ["", "psa/write", "psa/admin", "psa/write psa/admin", "psa/rea", "psa/read2", "PSA/READ"] {
        let refused = Asking::new(partner(1), scopes).get(&served().await, PATH).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "scopeMissing"), "{scopes}");
    }
    for scopes in ["psa/read", "openid psa/read psa/write", "[psa/write psa/read]"] {
        assert_eq!(Asking::new(partner(1), scopes).get(&served().await, PATH).await.status, 200, "{scopes}");
    }
}

#[tokio::test]
async fn a_token_that_names_no_partner_is_let_in_nowhere() {
    let id = partner(1).to_string();
    let wrong =
        [None, Some(""), Some("acme"), Some("*"), Some(&id[..35]), Some("[718b6047-2fbc-4f4b-a143-45ee42bf5d3b]")];
    for claim in wrong {
        let refused =
            reader(1).claim(PARTNER_CLAIM, claim).claim("partner_id", Some(&id)).get(&served().await, PATH).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "noPartner"), "{claim:?}");
    }
}

#[tokio::test]
async fn without_an_authorizer_nobody_is_signed_in() {
    let refused =
        answer(&served().await, request(&format!("GET {PATH}"), &[("authorization", "Bearer x")], None)).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (401, "notSignedIn"));
}

#[tokio::test]
async fn whoever_may_not_learns_nothing_of_the_rest_of_the_request() {
    let refused = Asking::new(partner(1), "psa/write").get(&served().await, "/v1/product-mappings?nonsense=1").await;
    assert_eq!(refused.code(), "scopeMissing");
}
