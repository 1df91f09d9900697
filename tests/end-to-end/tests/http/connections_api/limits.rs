//! Limits of tests and of guessed keys: exact when many come at once, and told in the caller's language.

use futures::future::join_all;
use serde_json::json;
use simulators::simulator::faults::{Fault, FaultKind};

use super::served::{CONNECTWISE, SOPHOS, Served, admin, refused};

#[tokio::test]
async fn five_tests_an_hour_are_five_when_forty_come_at_once() {
    let served = Served::new().await;
    for (service, connection) in [
        (CONNECTWISE, served.connectwise()),
        (SOPHOS, json!({"clientId": "client-of-0001", "clientSecret": "sophos-secret"})),
    ] {
        let one = admin(1);
        let answers = join_all((0..40).map(|_| served.test(&one, service, Some(connection.clone())))).await;
        let (tested, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answered| answered.status == 200);
        assert_eq!(tested.len(), 5, "{service}");
        assert!(refused.iter().all(|answered| super::served::refused(answered) == (429, "limitReached")), "{service}");
        assert_eq!(refused[0].header("retry-after"), "3600", "it is noon");
        assert!(tested.iter().all(|answered| answered.body["works"] == true), "{service}");
        assert_eq!(served.test(&admin(0x11), service, Some(connection)).await.status, 200, "another partner's");
    }
}

#[tokio::test]
async fn a_reached_limit_is_told_in_a_sentence_of_the_callers_language() {
    let served = Served::new().await;
    let (head, body) = (format!("POST {CONNECTWISE}/test"), json!({"connection": served.connectwise()}));
    for _ in 0..5 {
        assert_eq!(admin(1).ask(&served.app, &head, &[], Some(&body)).await.status, 200);
    }
    for (language, sentence) in [
        ("en", "At most 5 tests of the ConnectWise connection are accepted within an hour."),
        ("it", "Si accettano al massimo 5 test della connessione a ConnectWise all'ora."),
    ] {
        let told = admin(1).ask(&served.app, &head, &[("accept-language", language)], Some(&body)).await;
        assert_eq!((refused(&told), &told.body["detail"]), ((429, "limitReached"), &sentence.into()));
    }
}

#[tokio::test]
async fn ten_wrong_keys_an_hour_are_ten_and_right_ones_do_not_count() {
    let served = Served::new().await;
    for _ in 0..12 {
        assert_eq!(served.save(&admin(1), served.connectwise()).await.status, 200);
    }
    let one = admin(1);
    let wrong = join_all((0..30).map(|n| {
        let connection = served.connectwise_but("privateKey", &format!("guess-{n}"));
        let body = json!({"connection": connection});
        let (one, served) = (&one, &served);
        async move { one.ask(&served.app, &format!("PUT {CONNECTWISE}"), &[("if-match", "*")], Some(&body)).await }
    }))
    .await;
    let guessed = wrong.iter().filter(|answered| answered.status == 422).count();
    assert_eq!(guessed, 10);
    assert!(wrong.iter().all(|answered| answered.status == 422 || refused(answered) == (429, "limitReached")));
    // Also the right ones wait now: an answer would tell them from the wrong ones.
    assert_eq!(refused(&served.save(&admin(1), served.connectwise()).await), (429, "limitReached"));
    let right = json!({"clientId": "client-of-0001", "clientSecret": "sophos-secret"});
    assert_eq!(
        refused(&served.test(&admin(1), SOPHOS, Some(right)).await),
        (429, "limitReached"),
        "one limit for both"
    );
}

#[tokio::test]
async fn a_service_that_is_away_uses_up_no_guess() {
    let served = Served::new().await;
    served.faults([Fault::new(FaultKind::ErrorBefore { status: 503 }).on("GET", "*")]);
    for _ in 0..11 {
        assert_eq!(refused(&served.save(&admin(1), served.connectwise()).await), (502, "psaUnreachable"));
    }
}
