//! What a person names is found or told apart, and never guessed.

use crate::services::{HARROW, KELL, Services};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_whole_maps_nothing_and_is_answered_with_what_is_like_it() {
    let services = Services::open().await;
    services.run(&["preview"]).await.ends(0);
    let map = async |customer: &str, company: &str, agreement: &str| {
        services.run(&["map-customer", customer, "--company", company, "--agreement", agreement]).await
    };
    map("Harrow", HARROW, "1").await.ends(2).says("Like it: Harrow Glazing (");
    map(HARROW, "Harr", "1").await.ends(2).says("Like it: Harrow Glazing (id 1)");
    map(HARROW, HARROW, "Nothing like it").await.ends(2).says("Harrow Glazing security");
    map(HARROW, HARROW, &services.agreements[1].to_string()).await.ends(2);
    let product = services.run(&["map-product", "CIXA", "--product", "Intercept_X"]).await.ends(2);
    product.says("Like it: CIXA-MSP");
    services.run(&["map-product", "CIXA-MSP", "--product", "Intercept"]).await.ends(2).says("Intercept_X (id 1)");
    let list = services.run(&["customers", "--json"]).await.ends(0).document();
    assert!(list["customers"].as_array().unwrap().iter().all(|row| row["mapping"].is_null()), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_quote_is_found_and_its_mapping_goes_as_it_came() {
    let services = Services::open().await;
    services.run(&["preview"]).await.ends(0);
    services.map(KELL).await;
    services.run(&["unmap-customer", "kell's bakery"]).await.ends(0).says("is not mapped any more");
    services.run(&["unmap-customer", KELL]).await.ends(0).says("is so already");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_known_before_a_first_look_and_that_is_said() {
    let services = Services::open().await;
    services.run(&["customers"]).await.ends(0).says("known once a preview has read them");
    services.run(&["apply", "--yes"]).await.ends(2).says("There is no such preview");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_product_on_one_asks_for_the_rule_by_its_argument() {
    let services = Services::mapped().await;
    let second = ["map-product", "CEMA", "--product", "Intercept_X"];
    services.run(&second).await.ends(2).says("--combine take-largest");
    services.run(&[second.as_slice(), &["--combine", "add-up"]].concat()).await.ends(0);
    services.run(&["preview"]).await.ends(0).says("new addition of 8");
    services.run(&["unmap-product", "CEMA"]).await.ends(0).says("is not mapped any more");
}
