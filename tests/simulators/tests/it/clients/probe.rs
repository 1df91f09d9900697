//! What a connection test says of each thing that can be wrong, by how few calls, and that it writes nothing.

use shared::client::connections::ConnectionOptions;
use shared::client::credentials::{ConnectWiseCredentials, SophosCredentials};
use shared::client::probe::Probe;
use shared::client::probe::report::{ConnectWiseVerdict, PsaRight, SophosReport, SophosRight, SophosVerdict};
use shared::domain::id::PartnerId;
use simulators::connectwise::auth::{Area, Rights, Role};
use simulators::connectwise::{Settings, UnknownCompany, WrongKeys};
use simulators::simulator::faults::{Fault, FaultKind};
use simulators::sophos::AccountType;
use uuid::Uuid;

use super::connectwise::Served;
use super::sophos::{PARTNER, Served as SophosServed, november};

const CLIENT_ID: &str = "00000000-0000-4000-8000-000000000000";

fn credentials(site: &str) -> ConnectWiseCredentials {
    ConnectWiseCredentials {
        site: site.to_owned(),
        company: "acme".to_owned(),
        public_key: "public".into(),
        private_key: "private".into(),
        client_id: CLIENT_ID.into(),
    }
}

/// Tests a simulated ConnectWise; the verdict, and that exactly these calls arrived and none of them wrote.
async fn found(served: &Served, credentials: &ConnectWiseCredentials, calls: u64) -> ConnectWiseVerdict {
    let before = served.psa.gate().counters().tally().total;
    let report = Probe::new(super::options().interactive()).test_connectwise(credentials).await;
    assert_eq!((report.calls, served.psa.gate().counters().tally().total - before), (calls, calls), "{report:?}");
    assert_eq!(served.psa.writes().len(), 0);
    report.verdict
}

#[tokio::test]
async fn a_connectwise_that_works_takes_five_calls_and_no_right_to_write() {
    for role in [Role::integrator(), Role::reader()] {
        let served = Served::with(Settings::default(), role).await;
        assert_eq!(found(&served, &credentials(&served.running.url()), 5).await, ConnectWiseVerdict::Works);
    }
}

#[tokio::test]
async fn each_wrong_value_of_a_connectwise_is_told_apart() {
    let served = Served::new().await;
    let good = credentials(&served.running.url());
    let wrong = ConnectWiseCredentials { company: "nobody".into(), ..good.clone() };
    assert_eq!(found(&served, &wrong, 1).await, ConnectWiseVerdict::UnknownCompany);
    let wrong = ConnectWiseCredentials { private_key: "wrong".into(), ..good.clone() };
    assert_eq!(found(&served, &wrong, 2).await, ConnectWiseVerdict::WrongKeys);
    let wrong = ConnectWiseCredentials { public_key: "wrong".into(), ..good.clone() };
    assert_eq!(found(&served, &wrong, 2).await, ConnectWiseVerdict::WrongKeys);
    let wrong = ConnectWiseCredentials { client_id: "no guid".into(), ..good.clone() };
    assert!(matches!(found(&served, &wrong, 0).await, ConnectWiseVerdict::WrongClientId { .. }));
    let wrong = ConnectWiseCredentials { site: "psa.example.com".into(), ..good };
    assert!(matches!(found(&served, &wrong, 0).await, ConnectWiseVerdict::AddressNotAllowed(_)));
}

#[tokio::test]
async fn on_the_cloud_wrong_keys_meet_a_404_and_are_told_all_the_same() {
    let cloud =
        Settings { wrong_keys: WrongKeys::NotFound, unknown_company: UnknownCompany::NotFound, ..Settings::default() };
    let served = Served::with(cloud, Role::integrator()).await;
    let good = credentials(&served.running.url());
    let wrong = ConnectWiseCredentials { private_key: "wrong".into(), ..good.clone() };
    // The surprising 404 asks for the codebase once more.
    assert_eq!(found(&served, &wrong, 3).await, ConnectWiseVerdict::WrongKeys);
    let wrong = ConnectWiseCredentials { company: "nobody".into(), ..good };
    assert_eq!(found(&served, &wrong, 1).await, ConnectWiseVerdict::UnknownCompany);
}

#[tokio::test]
async fn a_client_id_that_connectwise_does_not_take_is_told_in_its_words() {
    let served = Served::new().await;
    let text = "Invalid company or keys.".to_owned();
    let by = "The clientId provided is not valid.".to_owned();
    served.faults(Fault::new(FaultKind::TextReplaced { text, by }).on("GET", "*"));
    let wrong = ConnectWiseCredentials { private_key: "wrong".into(), ..credentials(&served.running.url()) };
    let why = "Unauthorized: The clientId provided is not valid.".to_owned();
    assert_eq!(found(&served, &wrong, 2).await, ConnectWiseVerdict::WrongClientId { why });
}

#[tokio::test]
async fn each_missing_right_is_named_in_connectwises_words() {
    let areas = [
        (Area::CompanyMaintenance, PsaRight::InquireCompanies, "Companies > Company Maintenance: Inquire"),
        (Area::Agreements, PsaRight::InquireAgreements, "Finance > Agreements: Inquire"),
        (Area::ProductCatalog, PsaRight::InquireProducts, "Procurement > Product Catalog: Inquire"),
        (Area::TableSetup, PsaRight::InquireSetupTables, "System > Table Setup: Inquire"),
    ];
    for (area, right, words) in areas {
        let others = areas.into_iter().map(|(area, ..)| area).filter(|other| *other != area);
        let served = Served::with(Settings::default(), Role::with(others.map(|area| (area, Rights::READ)))).await;
        let verdict = found(&served, &credentials(&served.running.url()), 5).await;
        assert!(verdict.to_string().ends_with(words), "{verdict}");
        assert_eq!(verdict, ConnectWiseVerdict::MissingRights(vec![right]));
    }
    let served = Served::with(Settings::default(), Role::default()).await;
    let verdict = found(&served, &credentials(&served.running.url()), 5).await;
    assert!(matches!(verdict, ConnectWiseVerdict::MissingRights(rights) if rights.len() == 4));
}

#[tokio::test]
async fn a_host_that_is_no_connectwise_and_one_that_is_away_are_told_apart() {
    let served = Served::new().await;
    let good = credentials(&served.running.url());
    served.faults(Fault::new(FaultKind::Html { status: 200 }).on("GET", "*"));
    assert!(matches!(found(&served, &good, 2).await, ConnectWiseVerdict::WrongHost { .. }));
    served.faults(Fault::new(FaultKind::ErrorBefore { status: 503 }).on("GET", "*"));
    assert!(matches!(found(&served, &good, 2).await, ConnectWiseVerdict::Unavailable { .. }));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let report =
        Probe::new(super::options().interactive()).test_connectwise(&credentials(&format!("http://{nobody}"))).await;
    assert!(matches!(report.verdict, ConnectWiseVerdict::WrongHost { .. }), "{report:?}");
}

async fn sophos_report(served: &SophosServed, client_id: &str, secret: &str) -> SophosReport {
    let credentials = SophosCredentials { client_id: client_id.into(), client_secret: secret.into() };
    let options = ConnectionOptions { sophos: served.options(), ..super::options() };
    let before = served.sophos.gate().counters().tally().total;
    let report = Probe::new(options).test_sophos(PartnerId::from_uuid(PARTNER), &credentials, november()).await;
    assert_eq!(report.calls, served.sophos.gate().counters().tally().total - before, "{report:?}");
    report
}

#[tokio::test]
async fn a_sophos_that_works_takes_four_calls_also_in_a_month_without_usage() {
    let served = SophosServed::with_lines(3).await;
    let works = SophosReport { verdict: SophosVerdict::Works, calls: 4 };
    assert_eq!(sophos_report(&served, "partner", "secret").await, works);
    served.sophos.remove_usage(PARTNER, november().first_day());
    assert_eq!(sophos_report(&served, "partner", "secret").await, works);
}

#[tokio::test]
async fn each_wrong_account_of_sophos_is_told_apart() {
    let served = SophosServed::with_lines(1).await;
    let other = Uuid::from_u128(0x5eed_0002);
    served.sophos.add_partner(other, "other", "secret");
    served.sophos.add_account(AccountType::Tenant, Uuid::from_u128(7), "tenant", "secret");
    served.sophos.add_account(AccountType::Organization, Uuid::from_u128(8), "organization", "secret");
    assert_eq!(sophos_report(&served, "partner", "wrong").await.verdict, SophosVerdict::WrongKeys);
    for kind in ["tenant", "organization"] {
        let verdict = sophos_report(&served, kind, "secret").await.verdict;
        assert_eq!(verdict, SophosVerdict::NotAPartner { kind: kind.to_owned() });
    }
    let verdict = sophos_report(&served, "other", "secret").await.verdict;
    assert_eq!(verdict, SophosVerdict::AnotherPartner { id: other.to_string() });
    served.sophos.forbid_billing(PARTNER);
    let report = sophos_report(&served, "partner", "secret").await;
    assert_eq!(report.verdict, SophosVerdict::MissingRights(vec![SophosRight::BillingUsage]));
}
