//! The walk of `infra/DEPLOY.md`: test, look, map one customer and one product, preview, apply, look in ConnectWise, and a
//! second run that writes nothing.

use simulators::sophos::UsageRow;

use crate::services::{HARROW, INTERCEPT, SECRETS, Services, files};

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_bills_a_first_customer_within_the_hour_and_a_second_run_writes_nothing() {
    let services = Services::open().await;
    let [harrow, kell] = services.agreements;

    let looked = services.run(&[]).await.ends(0);
    looked.says("ConnectWise works");
    looked.says("Sophos works");
    looked.says("2 Sophos customers, 0 mapped.");
    looked.says("likely Harrow Glazing (id 1)");
    looked.says("map-customer 'Harrow Glazing' --company 1 --agreement AGREEMENT");
    looked.says("map-product CIXA-MSP --product 1");

    let mapped =
        services.run(&["map-customer", HARROW, "--company", "1", "--agreement", &harrow.to_string()]).await.ends(0);
    mapped.says("Harrow Glazing is billed to Harrow Glazing (company 1) by Harrow Glazing security");
    let mapped = services.run(&["map-product", INTERCEPT, "--product", "intercept_x"]).await.ends(0);
    mapped.says("CIXA-MSP is mapped to Intercept_X (id 1); its sync is on.");

    let preview = services.run(&["preview"]).await.ends(0);
    preview.says("nothing is written");
    preview.says("new addition of 7");
    let looked = services.run(&[]).await.ends(0);
    looked.says("new addition of 7");
    assert_eq!(services.writes().len(), 0, "nothing is written without --apply");

    let applied = services.run(&["--apply", "--yes"]).await.ends(0);
    applied.says("Written to ConnectWise: 1 addition created, 0 quantities set.");
    assert_eq!(services.billed(harrow), [(u64::from(services.product), 7.0)]);
    assert_eq!(services.billed(kell), []);
    assert_eq!(services.writes().len(), 1);

    let again = services.run(&["--apply", "--yes"]).await.ends(0);
    again.says("Nothing was written to ConnectWise.");
    assert_eq!(services.writes().len(), 1);

    for (path, bytes) in files(&services.data()) {
        for secret in SECRETS {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in the clear in {}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_are_on_while_an_apply_lasts_and_never_else() {
    let services = Services::mapped().await;
    let writes = async || services.run(&["call", "GET", "/v1/connections/writes"]).await.ends(0).document();
    assert_eq!(writes().await["writes"], false);
    services.run(&["--apply", "--yes"]).await.ends(0);
    assert_eq!(writes().await["writes"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_nobody_agreed_to_writes_nothing() {
    let services = Services::mapped().await;
    for words in [["--apply"].as_slice(), &["preview"], &["apply"]] {
        let code = if words == ["preview"] { 0 } else { 2 };
        services.run(words).await.ends(code);
    }
    assert_eq!(services.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_in_common_are_no_ground_for_a_line_that_is_copied() {
    let services = Services::open().await;
    let rows = [UsageRow { product_description: "Intercept X Essentials".into(), ..services.used("CIXE", 2) }];
    services.sophos.set_usage(services.partner, services.month.first_day(), &rows);
    let looked = services.run(&[]).await.ends(0);
    looked.says("perhaps Intercept_X (id 1)");
    looked.says("map-product CIXE --product PRODUCT");
}
