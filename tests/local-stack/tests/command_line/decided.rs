//! What needs a decision ends with exit code 1, and is decided from the command line.

use serde_json::json;

use crate::services::{HARROW, Services};

#[tokio::test(flavor = "multi_thread")]
async fn an_addition_at_another_quantity_waits_until_it_is_released_and_is_then_set_once() {
    let services = Services::mapped().await;
    let harrow = services.agreements[0];
    services.psa.add_addition(harrow, services.product, 3, json!({})).unwrap();

    services.run(&["--apply", "--yes"]).await.ends(1).says("bills 3 and the usage is 7");
    assert_eq!(services.writes().len(), 0);
    services.run(&["holds"]).await.ends(1).says("bills 3 and the usage is 7");
    let nobody = services.run(&["release", HARROW, "99", "--why", "typed in by hand"]).await;
    nobody.ends(2).says("Nothing of Harrow Glazing and ConnectWise product 99 needs your decision");
    let product = services.product.to_string();
    services.run(&["release", HARROW, &product, "--why", "typed in by hand"]).await.ends(0).says("Released");
    services.run(&["holds"]).await.ends(0);

    services.run(&["--apply", "--yes"]).await.ends(0).says("3 → 7 on addition");
    assert_eq!(services.billed(harrow), [(u64::from(services.product), 7.0)]);
    assert_eq!(services.writes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_is_left_alone() {
    let services = Services::mapped().await;
    let harrow = services.agreements[0];
    services.psa.add_addition(harrow, services.product, 3, json!({})).unwrap();
    services.run(&["--apply", "--yes"]).await.ends(1);
    let product = services.product.to_string();
    services.run(&["reject", HARROW, &product, "--why", "billed elsewhere"]).await.ends(0).says("Rejected");
    services.run(&["--apply", "--yes"]).await.ends(0);
    assert_eq!(services.writes().len(), 0);
}
