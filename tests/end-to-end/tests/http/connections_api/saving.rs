//! Saved after the test, shown without secrets, rotated, removed; and the first save makes the partner's settings.

use local_stack::api::asking::Asking;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shared::client::credentials::Credentials;
use shared::domain::settings::Frequency;
use shared::ports::Seal;
use shared::store::{PsaDatabase, PsaOwner, Subject};

use super::served::{CLIENT_ID, CONNECTWISE, SOPHOS, Served, admin, partner, refused};

/// What is sealed, opened.
async fn saved(served: &Served, n: u128) -> Credentials {
    let sealed = served.store.find_credentials(partner(n)).await.unwrap().unwrap();
    Credentials::parse(&served.seal.open(partner(n), &sealed).await.unwrap()).unwrap()
}

fn database(served: &Served, company: &str) -> PsaDatabase {
    PsaDatabase::new(served.site().strip_prefix("http://").unwrap(), company)
}

#[tokio::test]
async fn nothing_is_shown_before_anything_is_saved() {
    let served = Served::new().await;
    assert_eq!(served.shown(&admin(1)).await, json!({}));
    for service in [CONNECTWISE, SOPHOS] {
        assert_eq!(refused(&served.remove(&admin(1), service).await), (404, "notFound"));
        assert_eq!(refused(&served.test(&admin(1), service, None).await), (409, "connectionMissing"));
    }
}

#[tokio::test]
async fn what_is_saved_is_shown_by_the_ends_of_its_keys() {
    let served = Served::new().await;
    let answered = served.save(&admin(1), served.connectwise()).await;
    assert_eq!(answered.status, 200, "{:?}", answered.body);
    assert_eq!(answered.body["report"]["verdict"], "works");
    assert_eq!(answered.body["writes"], false);
    assert!(answered.body["report"]["advice"].as_str().unwrap().contains("switch off usage sync"));
    let shown = served.shown(&admin(1)).await;
    let expected = json!({"connectwise": {
        "site": served.site(), "company": "acme", "publicKeyEnd": "wxyz", "clientIdEnd": "abcd",
        "savedAt": "2026-11-23T12:00:00Z", "savedBy": "ann@msp.example", "version": 1,
        "lastTest": {"at": "2026-11-23T12:00:00Z", "works": true, "verdict": "works"},
    }});
    assert_eq!(shown, expected);
    assert_eq!(answered.body["connection"], expected["connectwise"]);
    assert!(answered.header("etag").starts_with("\"1."));
    let kept = saved(&served, 1).await.connectwise.unwrap();
    assert_eq!(kept.private_key.expose_secret(), "private");
    assert_eq!(kept.client_id.expose_secret(), CLIENT_ID);
    assert_eq!(served.shown(&admin(0x11)).await, json!({}), "another partner sees nothing of it");
}

#[tokio::test]
async fn the_first_connectwise_makes_settings_with_writes_off_and_a_due_time() {
    let served = Served::new().await;
    let put = format!("PUT {CONNECTWISE}");
    for (zone, code) in [(Value::Null, "missing"), (json!("Mars/Base"), "invalid")] {
        let body = json!({"connection": served.connectwise(), "timeZone": zone});
        let answered = admin(1).ask(&served.app, &put, &[("if-match", "\"0\"")], Some(&body)).await;
        assert_eq!(refused(&answered), (400, "invalidRequest"));
        assert_eq!(answered.body["errors"][0]["pointer"], "/timeZone");
        assert_eq!(answered.body["errors"][0]["code"], code);
    }
    assert_eq!(served.psa.gate().counters().tally().total, 0, "nothing is called for what cannot be saved");
    served.save(&admin(1), served.connectwise()).await;
    let settings = served.store.find_settings(partner(1)).await.unwrap().unwrap();
    assert_eq!((settings.time_zone.name(), settings.writes), ("Europe/Rome", false));
    assert_eq!(settings.frequency, Frequency::SophosInvoice);
    let due = served.store.find_due(partner(1)).await.unwrap().unwrap();
    assert_eq!(due.to_string().get(..10), Some("2026-11-30"), "with the next Sophos invoice");
    let body = json!({"connection": served.connectwise(), "timeZone": "Asia/Tokyo"});
    let answered = admin(1).ask(&served.app, &put, &[("if-match", "*")], Some(&body)).await;
    assert_eq!(
        (refused(&answered), &answered.body["errors"][0]["pointer"]),
        ((400, "invalidRequest"), &"/timeZone".into())
    );
}

#[tokio::test]
async fn a_rotation_of_one_half_keeps_the_other_and_each_is_in_the_audit() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    let answered = served.save_sophos(&admin(1), "client-of-0001", "sophos-secret").await;
    assert_eq!(answered.status, 200, "{:?}", answered.body);
    served.sophos.add_partner(partner(1).to_string().parse().unwrap(), "client-of-0001", "rotated");
    assert_eq!(served.save_sophos(&admin(1), "client-of-0001", "rotated").await.status, 200);
    let kept = saved(&served, 1).await;
    assert_eq!(kept.connectwise.unwrap().private_key.expose_secret(), "private");
    assert_eq!(kept.sophos.unwrap().client_secret.expose_secret(), "rotated");
    let shown = served.shown(&admin(1)).await;
    assert_eq!((&shown["connectwise"]["version"], &shown["sophos"]["version"]), (&1.into(), &3.into()));
    let edits = served.store.list_edits(partner(1), Some(&Subject::SophosConnection), None, 10).await.unwrap().edits;
    assert_eq!(edits.len(), 2);
    assert!(edits.iter().all(|edit| edit.who == "ann@msp.example"));
}

#[tokio::test]
async fn two_editors_at_once_lose_neither_half() {
    let served = Served::new().await;
    let (asking, other) = (admin(1), admin(1));
    let (connectwise, sophos) = tokio::join!(
        served.save(&asking, served.connectwise()),
        served.save_sophos(&other, "client-of-0001", "sophos-secret")
    );
    assert_eq!((connectwise.status.as_u16(), sophos.status.as_u16()), (200, 200));
    let kept = saved(&served, 1).await;
    assert!(kept.connectwise.is_some() && kept.sophos.is_some());
}

#[tokio::test]
async fn a_save_over_what_somebody_else_saved_is_refused_with_what_there_is() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    served.save(&admin(1), served.connectwise()).await;
    let put = format!("PUT {CONNECTWISE}");
    let body = json!({"connection": served.connectwise()});
    let stale = admin(1).ask(&served.app, &put, &[("if-match", "\"1\"")], Some(&body)).await;
    assert_eq!(refused(&stale), (412, "versionMismatch"));
    assert_eq!((&stale.body["present"]["version"], &stale.body["present"]["company"]), (&2.into(), &"acme".into()));
    let unsaid = admin(1).ask(&served.app, &put, &[], Some(&body)).await;
    assert_eq!(refused(&unsaid), (428, "versionMissing"));
    let fitting = admin(1).ask(&served.app, &put, &[("if-match", "\"2\"")], Some(&body)).await;
    assert_eq!(fitting.status, 200);
}

#[tokio::test]
async fn of_two_partners_one_drives_a_connectwise_database_until_it_gives_it_up() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    let taken = served.save(&admin(0x11), served.connectwise_but("company", "ACME")).await;
    assert_eq!(refused(&taken), (409, "psaTaken"), "another spelling is the same database");
    assert_eq!(served.shown(&admin(0x11)).await, json!({}));
    let told = served.test(&admin(0x11), CONNECTWISE, Some(served.connectwise())).await;
    assert_eq!((&told.body["works"], &told.body["verdict"]), (&false.into(), &"takenByAnother".into()));
    assert_eq!(served.save(&admin(1), served.connectwise_but("company", "other")).await.status, 200);
    assert_eq!(served.save(&admin(0x11), served.connectwise()).await.status, 200, "left by the first");
    assert_eq!(served.remove(&admin(1), CONNECTWISE).await.status, 204);
    let owner = served.store.find_psa_owner(partner(0x11), &database(&served, "other")).await.unwrap();
    assert_eq!(owner, PsaOwner::Nobody);
}

#[tokio::test]
async fn of_two_first_saves_at_once_one_gave_up_the_database_of_the_other() {
    let served = Served::new().await;
    let acme = database(&served, "acme");
    for round in 0..100 {
        let (one, other) = (admin(1), admin(1));
        let (one, other) = tokio::join!(
            served.save(&one, served.connectwise()),
            served.save(&other, served.connectwise_but("privateKey", "private"))
        );
        let statuses = [one.status.as_u16(), other.status.as_u16()];
        assert!(statuses.contains(&200) && statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
        assert!(served.shown(&admin(1)).await["connectwise"].is_object(), "round {round}");
        let owner = served.store.find_psa_owner(partner(1), &acme).await.unwrap();
        assert_eq!(owner, PsaOwner::Asker, "round {round}: {statuses:?}");
        let (taken, removed) = (admin(0x11), admin(1));
        // Somebody else tries to take it while it is saved, and while it is given up.
        let (taken, _) = tokio::join!(served.save(&taken, served.connectwise()), async {
            if round % 2 == 0 {
                drop(served.remove(&removed, CONNECTWISE).await)
            }
        });
        let shown = served.shown(&admin(1)).await;
        let owner = served.store.find_psa_owner(partner(1), &acme).await.unwrap();
        match (taken.status.as_u16(), shown["connectwise"].is_object()) {
            (200, false) => assert_eq!(owner, PsaOwner::Another, "round {round}"),
            (409, true) => assert_eq!(owner, PsaOwner::Asker, "round {round}"),
            (409, false) => assert_eq!(owner, PsaOwner::Nobody, "round {round}"),
            (status, has) => panic!("round {round}: {status}, and the first one is connected: {has}"),
        }
        for n in [1, 0x11] {
            served.remove(&admin(n), CONNECTWISE).await;
        }
        assert_eq!(served.store.find_psa_owner(partner(1), &acme).await.unwrap(), PsaOwner::Nobody);
    }
}

#[tokio::test]
async fn a_removed_half_is_gone_and_the_other_stays() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    served.save_sophos(&admin(1), "client-of-0001", "sophos-secret").await;
    assert_eq!(served.remove(&admin(1), CONNECTWISE).await.status, 204);
    let kept = saved(&served, 1).await;
    assert!(kept.connectwise.is_none() && kept.sophos.is_some());
    assert_eq!(served.remove(&admin(1), SOPHOS).await.status, 204);
    assert!(saved(&served, 1).await.sophos.is_none());
    assert_eq!(served.shown(&admin(1)).await, json!({}));
}

#[tokio::test]
async fn credentials_that_cannot_be_opened_any_more_are_saved_over_and_the_lost_half_is_not_shown() {
    let served = Served::new().await;
    served.save(&admin(1), served.connectwise()).await;
    served.save_sophos(&admin(1), "client-of-0001", "sophos-secret").await;
    let read = served.store.find_connections(partner(1)).await.unwrap();
    let mut damaged = read.value.clone().unwrap();
    damaged.sealed.0.push('A');
    let author = shared::store::Author { who: "x".into(), at: jiff::Timestamp::UNIX_EPOCH, note: None };
    served.store.save_connections(partner(1), &author, &read, &damaged).await.unwrap();
    assert_eq!(refused(&served.test(&admin(1), CONNECTWISE, None).await), (409, "connectionUnusable"));
    assert_eq!(served.save(&admin(1), served.connectwise()).await.status, 200);
    let shown = served.shown(&admin(1)).await;
    assert!(shown.get("connectwise").is_some() && shown.get("sophos").is_none(), "{shown}");
}

#[tokio::test]
async fn only_an_administrator_saves_tests_switches_and_removes() {
    let served = Served::new().await;
    for scopes in ["psa/read", "psa/write", "psa/read psa/write"] {
        let asking = Asking::new(partner(1), scopes);
        let body = json!({"connection": served.connectwise(), "timeZone": "UTC"});
        let heads = [
            "PUT /v1/connections/connectwise",
            "POST /v1/connections/connectwise/test",
            "PUT /v1/connections/sophos",
            "POST /v1/connections/sophos/test",
            "PUT /v1/connections/writes",
            "DELETE /v1/connections/connectwise",
            "DELETE /v1/connections/sophos",
            "DELETE /v1/partner",
        ];
        for head in heads {
            let answered = asking.ask(&served.app, head, &[("if-match", "*")], Some(&body)).await;
            assert_eq!(refused(&answered), (403, "scopeMissing"), "{head} {scopes}");
        }
    }
    assert_eq!(served.psa.gate().counters().tally().total, 0);
}
