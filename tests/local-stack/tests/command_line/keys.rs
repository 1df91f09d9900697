//! Keys that are missing or wrong: what is told names the variable and what to do, and nothing is saved or written.

use simulators::connectwise::auth::{Credential, Role};

use crate::services::Services;

#[tokio::test(flavor = "multi_thread")]
async fn every_key_that_is_missing_is_named_at_once() {
    let services = Services::open().await;
    let missing = [("CONNECTWISE_PRIVATE_KEY", ""), ("SOPHOS_CLIENT_SECRET", ""), ("TIME_ZONE", "")];
    let ran = services.run_but(&["connect"], &missing).await.ends(2);
    ran.says("Set CONNECTWISE_PRIVATE_KEY, SOPHOS_CLIENT_SECRET, TIME_ZONE in the environment.");
    assert_eq!(services.psa.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_key_is_told_with_what_to_mend() {
    let services = Services::open().await;
    for (name, wrong, what) in [
        ("TIME_ZONE", "Rome", "time zone"),
        ("CONNECTWISE_PRIVATE_KEY", "wrong", "ConnectWise does not accept the public and private key"),
        ("CONNECTWISE_CLIENT_ID", "wrong", "ConnectWise does not accept the client id"),
        ("CONNECTWISE_COMPANY", "wrong", "knows no company with this id"),
        ("CONNECTWISE_SITE", "psa.example.com", "--psa-host"),
        ("SOPHOS_CLIENT_SECRET", "wrong", "Sophos does not accept the client id and secret"),
    ] {
        let ran = services.run_but(&["connect"], &[(name, wrong)]).await.ends(2);
        ran.says(what);
        ran.says(name);
    }
    services.run(&["connect"]).await.ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_no_longer_work_are_told_and_new_ones_are_saved_in_their_place() {
    let services = Services::open().await;
    services.run(&["connect"]).await.ends(0);
    services.sophos.add_account(simulators::sophos::AccountType::Partner, services.partner, "new-id", "new-secret");
    let ran = services.run_but(&["connect"], &[("SOPHOS_CLIENT_ID", "new-id"), ("SOPHOS_CLIENT_SECRET", "gone")]).await;
    ran.ends(2).says("Sophos does not accept");
    let new = [("SOPHOS_CLIENT_ID", "new-id"), ("SOPHOS_CLIENT_SECRET", "new-secret")];
    services.run_but(&["connect"], &new).await.ends(0);
    let kept = services.run_but(&["connect"], &[("SOPHOS_CLIENT_ID", ""), ("SOPHOS_CLIENT_SECRET", "")]).await;
    kept.ends(0).says("Sophos works");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_another_partner_do_not_take_over_a_folder() {
    let services = Services::open().await;
    services.run(&["connect"]).await.ends(0);
    let other = uuid::Uuid::from_u128(0x718b);
    services.sophos.add_partner(other, "other-id", "other-secret");
    let keys = [("SOPHOS_CLIENT_ID", "other-id"), ("SOPHOS_CLIENT_SECRET", "other-secret")];
    services.run_but(&["connect"], &keys).await.ends(2).says("another Sophos partner");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_a_customer_are_told_apart_from_a_partners_before_there_is_one() {
    let services = Services::open().await;
    services.sophos.add_account(
        simulators::sophos::AccountType::Tenant,
        services.partner,
        "tenant-id",
        "tenant-secret",
    );
    let keys = [("SOPHOS_CLIENT_ID", "tenant-id"), ("SOPHOS_CLIENT_SECRET", "tenant-secret")];
    let ran = services.run_but(&["connect"], &keys).await.ends(2);
    ran.says("of a Sophos tenant");
    ran.says("ConnectWise works");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_nobody_vouches_for_is_not_trusted_and_the_variable_is_named() {
    let services = Services::open().await;
    let ran = services.run_but(&["connect"], &[("SSL_CERT_FILE", "")]).await.ends(2);
    ran.says("SSL_CERT_FILE");
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_no_connectwise_unless_that_is_said() {
    let services = Services::open().await;
    let site = services.site().replace("127.0.0.1", "localhost");
    for (allowed, code) in [("", 2), ("true", 0)] {
        let other = [("PSA_ALLOW_LOOPBACK", allowed), ("CONNECTWISE_SITE", &site)];
        services.run_but(&["connect"], &other).await.ends(code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_cannot_be_read_is_told_before_anything_is_called() {
    let services = Services::open().await;
    let ran = services.run_but(&["connect"], &[("PSA_ALLOW_LOOPBACK", "yes")]).await.ends(2);
    ran.says("PSA_ALLOW_LOOPBACK is neither true nor false");
    assert!(!services.data().exists(), "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_another_connectwise_are_not_taken_where_mappings_lead_to_this_one() {
    let services = Services::mapped().await;
    services.psa.add_credential(Credential {
        company_id: "other".to_owned(),
        public_key: "other-public".to_owned(),
        private_key: "other-private".to_owned(),
        member: "API".to_owned(),
        role: Role::administrator(),
    });
    let other = [
        ("CONNECTWISE_COMPANY", "other"),
        ("CONNECTWISE_PUBLIC_KEY", "other-public"),
        ("CONNECTWISE_PRIVATE_KEY", "other-private"),
    ];
    for words in [["--apply", "--yes"].as_slice(), &["preview"]] {
        services.run_but(words, &other).await.ends(2).says("this folder is connected to acme");
    }
    assert_eq!(services.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_ones_own_is_named_whole() {
    let services = Services::open().await;
    let ran = services.run(&["connect", "--psa-host", "*.example.com"]).await.ends(2);
    ran.says("no full host name such as psa.example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_most_talkative_log_tells_no_secret() {
    let services = Services::mapped().await;
    for words in [["connect"].as_slice(), &["--apply", "--yes"]] {
        let ran = services.run(&[words, &["--log", "trace"]].concat()).await.ends(0);
        assert!(ran.err.contains("DEBUG") || ran.err.contains("INFO"), "it logs: {}", ran.err);
    }
}
