//! ConnectWise's client against ConnectWise's simulator: pages to the end, writes, rights, an upgrade, and a rate.

use futures::future::join_all;
use jiff::civil::date;
use rust_decimal::Decimal;
use serde_json::json;
use shared::client::connectwise::ConnectWise;
use shared::client::credentials::ConnectWiseCredentials;
use shared::domain::id::{AgreementId, PsaProductId};
use shared::domain::psa::{AgreementStatus, NewAddition};
use shared::error::PsaError;
use shared::ports::Psa;
use simulators::connectwise::auth::{Credential, Role};
use simulators::connectwise::{ConnectWise as Simulator, Settings, UnknownCompany, WrongKeys};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan, Latency};
use simulators::simulator::serve::Running;

/// A simulator with one company, one agreement and one product, and the client's keys in a role.
pub(super) struct Served {
    pub(super) psa: Simulator,
    pub(super) running: Running,
    pub(super) company: u32,
    pub(super) kind: u32,
    pub(super) agreement: AgreementId,
    pub(super) product: PsaProductId,
}

impl Served {
    pub(super) async fn new() -> Self {
        Self::with(Settings::default(), Role::integrator()).await
    }

    pub(super) async fn with(settings: Settings, role: Role) -> Self {
        let psa = Simulator::new(settings);
        let company = psa.add_company("C100", "Adler Bakery").unwrap();
        let kind = psa.add_agreement_type("Managed services").unwrap();
        let agreement = psa.add_agreement(company, kind, "Adler security", json!({})).unwrap();
        let product = catalog_item(&psa);
        psa.add_credential(Credential {
            company_id: "acme".to_owned(),
            public_key: "public".to_owned(),
            private_key: "private".to_owned(),
            member: "API".to_owned(),
            role,
        });
        let running = psa.start(0).await.unwrap();
        let (agreement, product) = (id(agreement), i64::from(product).try_into().unwrap());
        Self { psa, running, company, kind, agreement, product }
    }

    pub(super) async fn connect(&self, company: &str, private_key: &str) -> Result<ConnectWise, PsaError> {
        let credentials = ConnectWiseCredentials {
            site: self.running.url(),
            company: company.to_owned(),
            public_key: "public".into(),
            private_key: private_key.into(),
            client_id: "00000000-0000-4000-8000-000000000000".into(),
        };
        ConnectWise::connect(&credentials, &super::options().connectwise).await
    }

    pub(super) async fn client(&self) -> ConnectWise {
        self.connect("acme", "private").await.unwrap()
    }

    pub(super) fn addition(&self, quantity: i64) -> NewAddition {
        NewAddition { product: self.product, quantity: quantity.into(), effective: date(2026, 11, 1), terms: None }
    }

    pub(super) fn faults(&self, fault: Fault) {
        self.psa.gate().set_faults(FaultPlan::of(1, [fault])).unwrap();
    }
}

fn id(agreement: u32) -> AgreementId {
    i64::from(agreement).try_into().unwrap()
}

fn catalog_item(psa: &Simulator) -> u32 {
    let category = psa.add_category("Security").unwrap();
    let subcategory = psa.add_subcategory(category, "Subscriptions").unwrap();
    let kind = psa.add_product_type("Software").unwrap();
    let fields = json!({"subcategory": {"id": subcategory}, "type": {"id": kind}, "price": 4.5});
    psa.add_catalog_item("Sophos_Intercept_X", "Intercept X", fields).unwrap()
}

#[tokio::test]
async fn lists_are_read_to_the_last_page_by_the_fewest_calls() {
    let served = Served::new().await;
    for number in 0..2_100 {
        let name = format!("Agreement {number}");
        served.psa.add_agreement(served.company, served.kind, &name, json!({})).unwrap();
    }
    let client = served.client().await;
    let (mut agreements, mut after) = (Vec::new(), None);
    loop {
        let page = client.list_agreements(after.as_deref()).await.unwrap();
        agreements.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(agreements.len(), 2_101);
    assert!(agreements.iter().all(|agreement| agreement.status == AgreementStatus::Active));
    assert_eq!(agreements[0].company_name, "Adler Bakery");
    assert_eq!(client.calls(), 1 + 3);
    assert_eq!(served.psa.gate().counters().tally().total, 1 + 3);
}

#[tokio::test]
async fn companies_and_products_are_what_the_server_has() {
    let served = Served::new().await;
    served.psa.add_company("C200", "Brook Dental").unwrap();
    let client = served.client().await;
    let companies = client.list_companies(None).await.unwrap();
    assert_eq!((companies.rows.len(), companies.next), (2, None));
    let missing = 99_999.try_into().unwrap();
    let products = client.list_products(&[served.product, missing]).await.unwrap();
    assert_eq!(products.len(), 1);
    assert_eq!((products[0].price, products[0].bundle), (Some(Decimal::new(45, 1)), false));
}

#[tokio::test]
async fn an_addition_is_created_found_and_set() {
    let served = Served::new().await;
    let client = served.client().await;
    let created = client.create_addition(served.agreement, &served.addition(12)).await.unwrap();
    assert_eq!((created.product, created.quantity), (served.product, Decimal::from(12)));
    assert_eq!(created.effective, Some(date(2026, 11, 1)));
    assert_eq!((created.unit_price, created.bill_customer.as_str()), (Some(Decimal::new(45, 1)), "Billable"));
    let set = client.set_quantity(served.agreement, created.id, Decimal::new(255, 1)).await.unwrap();
    assert_eq!(set.quantity, Decimal::new(255, 1));
    assert_eq!(client.list_additions(served.agreement).await, Ok(vec![set]));
    assert_eq!(served.psa.writes().len(), 2);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_sent_again() {
    for kind in [
        FaultKind::ErrorAfter { status: 500 },
        FaultKind::ResetAfter,
        FaultKind::TruncatedJson,
        FaultKind::Html { status: 502 },
    ] {
        let served = Served::new().await;
        let client = served.client().await;
        served.faults(Fault::new(kind.clone()).on("POST", "*"));
        let error = client.create_addition(served.agreement, &served.addition(12)).await.unwrap_err();
        assert!(error.may_have_taken_effect(), "{kind:?}: {error}");
        assert_eq!(served.psa.gate().counters().tally().calls("POST", ""), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn faults_of_a_read_that_pass_cost_calls_and_no_row() {
    let served = Served::new().await;
    let client = served.client().await;
    for kind in [
        FaultKind::ErrorBefore { status: 503 },
        FaultKind::ResetAfter,
        FaultKind::Html { status: 200 },
        FaultKind::MalformedJson,
    ] {
        served.faults(Fault::new(kind.clone()).on("GET", "*").at_most(1));
        assert_eq!(client.list_companies(None).await.unwrap().rows.len(), 1, "{kind:?}");
    }
    assert_eq!(client.calls(), 1 + 4 * 2);
}

#[tokio::test]
async fn refusals_are_told_in_the_servers_words() {
    let served = Served::with(Settings::default(), Role::reader()).await;
    let client = served.client().await;
    let denied = client.create_addition(served.agreement, &served.addition(1)).await.unwrap_err();
    assert!(matches!(denied, PsaError::Forbidden { .. }), "{denied}");
    assert_eq!(client.list_additions(id(99_999)).await, Err(PsaError::NotFound));
    let served = Served::new().await;
    let product = PsaProductId::try_from(99_999).unwrap();
    let addition = NewAddition { product, ..served.addition(1) };
    let refused = served.client().await.create_addition(served.agreement, &addition).await.unwrap_err();
    assert!(matches!(&refused, PsaError::Refused { fields, .. } if fields[0].field == "product"), "{refused}");
}

#[tokio::test]
async fn wrong_keys_and_an_unknown_company_say_so() {
    let served = Served::new().await;
    let client = served.connect("acme", "wrong").await.unwrap();
    assert_eq!(client.list_companies(None).await, Err(PsaError::Unauthorized));
    let cloud =
        Settings { wrong_keys: WrongKeys::NotFound, unknown_company: UnknownCompany::NotFound, ..Settings::default() };
    for served in [served, Served::with(cloud, Role::integrator()).await] {
        let unknown = served.connect("nobody", "private").await.unwrap_err();
        assert!(unknown.to_string().contains("\"nobody\""), "{unknown}");
    }
}

#[tokio::test]
async fn an_upgrade_of_the_cloud_is_followed() {
    let served = Served::new().await;
    let client = served.client().await;
    served.psa.upgrade("v2025_2/");
    assert_eq!(client.list_companies(None).await.unwrap().rows.len(), 1);
    assert!(client.create_addition(served.agreement, &served.addition(1)).await.is_ok());
    assert_eq!(client.calls(), 1 + 1 + 1 + 1 + 1);
}

#[tokio::test]
async fn no_more_calls_run_at_a_time_than_allowed() {
    let served = Served::new().await;
    let client = served.client().await;
    let plan = FaultPlan { latency: Some(Latency::fixed(20)), ..FaultPlan::default() };
    served.psa.gate().set_faults(plan).unwrap();
    let outcomes = join_all((0..40).map(|_| client.list_additions(served.agreement))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(served.psa.gate().counters().tally().peak_in_flight, 8);
}

#[tokio::test]
async fn no_call_is_sent_inside_a_retry_after_that_another_one_met() {
    let served = Served::new().await;
    let client = served.client().await;
    // Slow enough that most calls start well after the refusal of the first.
    let throttled = Fault::new(FaultKind::TooManyCalls { retry_after_s: 1 }).at_most(1);
    let plan = FaultPlan { latency: Some(Latency::fixed(60)), ..FaultPlan::of(1, [throttled]) };
    served.psa.gate().set_faults(plan).unwrap();
    let outcomes = join_all((0..40).map(|_| client.list_additions(served.agreement))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let tally = served.psa.gate().counters().tally();
    assert_eq!((tally.answered(429), tally.early), (1, 0));
}
