//! Each verdict of a test, and that a save is refused with the same verdict on the field that caused it.

use serde_json::{Value, json};
use simulators::connectwise::auth::{Area, Rights, Role};
use simulators::connectwise::{Settings, UnknownCompany, WrongKeys};
use simulators::simulator::faults::{Fault, FaultKind};
use simulators::sophos::AccountType;
use uuid::Uuid;

use super::served::{CONNECTWISE, SOPHOS, Served, admin, partner, refused};

/// The verdict of a test, and where and why a save of the same is refused; nothing is saved by either.
async fn verdict(served: &Served, connection: Value) -> (Value, (u16, String), Value) {
    served.forget_limits().await;
    let told = served.test(&admin(1), CONNECTWISE, Some(connection.clone())).await;
    assert_eq!(told.status, 200, "{:?}", told.body);
    assert_eq!(told.body["works"], false);
    let save = served.save(&admin(1), connection).await;
    assert_eq!(served.shown(&admin(1)).await, json!({}));
    assert_eq!(save.body["detail"], told.body["detail"]);
    let (status, code) = refused(&save);
    (told.body["verdict"].clone(), (status, code.to_owned()), save.body["errors"].clone())
}

#[tokio::test]
async fn each_wrong_value_is_told_apart_and_on_its_own_field() {
    let served = Served::new().await;
    let failed = (422, "connectionTestFailed".to_owned());
    for (field, value, word, pointer, code) in [
        ("company", "nobody", "unknownCompany", "/connection/company", "invalid"),
        ("privateKey", "wrong", "wrongKeys", "/connection/privateKey", "psaKeysRefused"),
        ("publicKey", "wrong", "wrongKeys", "/connection/privateKey", "psaKeysRefused"),
        ("clientId", "no-guid", "wrongClientId", "/connection/clientId", "invalid"),
    ] {
        let (found, refusal, errors) = verdict(&served, served.connectwise_but(field, value)).await;
        assert_eq!((found, refusal), (word.into(), failed.clone()), "{field}");
        assert_eq!((&errors[0]["pointer"], &errors[0]["code"]), (&pointer.into(), &code.into()), "{field}");
    }
    served.faults([Fault::new(FaultKind::Html { status: 200 }).on("GET", "*")]);
    let (found, refusal, errors) = verdict(&served, served.connectwise()).await;
    assert_eq!((found, refusal, &errors[0]["pointer"]), ("wrongHost".into(), failed, &"/connection/site".into()));
}

#[tokio::test]
async fn on_the_cloud_wrong_keys_are_told_from_a_wrong_company() {
    let cloud =
        Settings { wrong_keys: WrongKeys::NotFound, unknown_company: UnknownCompany::NotFound, ..Settings::default() };
    let served = Served::with(cloud, Role::integrator()).await;
    assert_eq!(verdict(&served, served.connectwise_but("privateKey", "wrong")).await.0, "wrongKeys");
    assert_eq!(verdict(&served, served.connectwise_but("company", "nobody")).await.0, "unknownCompany");
}

#[tokio::test]
async fn each_missing_right_is_named_in_the_test_and_in_the_refused_save() {
    let role = Role::with([(Area::CompanyMaintenance, Rights::READ), (Area::TableSetup, Rights::READ)]);
    let served = Served::with(Settings::default(), role).await;
    let told = served.test(&admin(1), CONNECTWISE, Some(served.connectwise())).await;
    let rights = json!(["Finance > Agreements: Inquire", "Procurement > Product Catalog: Inquire"]);
    assert_eq!(told.body["missingRights"], rights);
    assert_eq!(told.body["untestedRights"].as_array().unwrap().len(), 4, "what only a write would show");
    let (found, _, errors) = verdict(&served, served.connectwise()).await;
    assert_eq!(found, "missingRights");
    let details: Vec<&Value> = errors.as_array().unwrap().iter().map(|error| &error["detail"]).collect();
    assert_eq!(json!(details), rights);
}

#[tokio::test]
async fn a_connectwise_that_is_away_is_asked_again_later_and_nothing_is_saved() {
    let served = Served::new().await;
    served.faults([Fault::new(FaultKind::ErrorBefore { status: 503 }).on("GET", "*")]);
    let (found, refusal, _) = verdict(&served, served.connectwise()).await;
    assert_eq!((found, refusal), ("unavailable".into(), (502, "psaUnreachable".to_owned())));
}

#[tokio::test]
async fn a_test_of_the_saved_connection_is_remembered_and_is_no_edit() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    served.faults([Fault::new(FaultKind::ErrorBefore { status: 503 }).on("GET", "*")]);
    assert_eq!(served.test(&admin(1), CONNECTWISE, None).await.body["verdict"], "unavailable");
    let shown = served.shown(&admin(1)).await;
    assert_eq!(shown["connectwise"]["lastTest"]["verdict"], "unavailable");
    assert_eq!(shown["connectwise"]["version"], 1, "an edit in progress goes on");
    served.faults([]);
    assert_eq!(served.test(&admin(1), CONNECTWISE, None).await.body["verdict"], "works");
    assert_eq!(served.shown(&admin(1)).await["connectwise"]["lastTest"]["works"], true);
    assert_eq!(served.psa.writes().len(), 0, "no test writes in ConnectWise");
}

#[tokio::test]
async fn each_wrong_account_of_sophos_is_told_apart() {
    let served = Served::new().await;
    served.sophos.add_account(AccountType::Tenant, Uuid::from_u128(7), "tenant", "secret");
    served.sophos.add_account(AccountType::Organization, Uuid::from_u128(8), "organization", "secret");
    for (client_id, secret, word, code) in [
        ("client-of-0001", "wrong", "wrongKeys", "sophosKeysRefused"),
        ("tenant", "secret", "notAPartner", "sophosWrongAccount"),
        ("organization", "secret", "notAPartner", "sophosWrongAccount"),
        ("client-of-0017", "sophos-secret", "anotherPartner", "sophosWrongAccount"),
    ] {
        served.forget_limits().await;
        let given = json!({"clientId": client_id, "clientSecret": secret});
        let told = served.test(&admin(1), SOPHOS, Some(given)).await;
        assert_eq!((&told.body["works"], &told.body["verdict"]), (&false.into(), &word.into()), "{client_id}");
        let save = served.save_sophos(&admin(1), client_id, secret).await;
        assert_eq!(refused(&save), (422, "connectionTestFailed"), "{client_id}");
        assert_eq!(save.body["errors"][0]["code"], code, "{client_id}");
    }
    served.sophos.forbid_billing(partner(1).to_string().parse().unwrap());
    let save = served.save_sophos(&admin(1), "client-of-0001", "sophos-secret").await;
    assert_eq!(save.body["errors"][0]["code"], "sophosRightMissing");
    assert_eq!(save.body["errors"][0]["detail"], "billing usage");
    assert_eq!(served.shown(&admin(1)).await, json!({}));
}

#[tokio::test]
async fn what_cannot_be_a_connection_is_told_by_all_its_fields_before_anything_is_called() {
    let served = Served::new().await;
    let long = "k".repeat(301);
    let wrong = json!({"site": " ", "company": "a\nb", "publicKey": "", "privateKey": long, "clientId": "ä"});
    let answered = served.save(&admin(1), wrong).await;
    assert_eq!(refused(&answered), (400, "invalidRequest"));
    let errors = answered.body["errors"].as_array().unwrap();
    let told: Vec<String> = errors.iter().map(|error| format!("{} {}", error["pointer"], error["code"])).collect();
    let expected = [
        r#""/connection/site" "missing""#,
        r#""/connection/company" "invalid""#,
        r#""/connection/publicKey" "missing""#,
        r#""/connection/privateKey" "invalid""#,
        r#""/connection/clientId" "invalid""#,
    ];
    assert_eq!(told, expected);
    assert_eq!(served.psa.gate().counters().tally().total, 0);
}

#[tokio::test]
async fn the_advice_is_told_in_the_language_of_whoever_asks() {
    let served = Served::new().await;
    let body = json!({"connection": served.connectwise()});
    let head = format!("POST {CONNECTWISE}/test");
    let told = admin(1).ask(&served.app, &head, &[("accept-language", "it")], Some(&body)).await;
    assert!(told.body["advice"].as_str().unwrap().starts_with("Prima di attivare le scritture"));
}
