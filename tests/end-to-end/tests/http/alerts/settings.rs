//! What a partner is told of, and where: saved, shown without its secrets, tested.

use serde_json::json;
use shared::ids::UuidV7;
use shared::ports::Ids;
use shared::store::Subject;

use crate::alerts::world::{SETTINGS, WEBHOOK, World, admin, partner};

#[tokio::test]
async fn a_partner_that_saved_nothing_is_warned_that_alerts_go_nowhere() {
    let world = World::new().await;
    let shown = admin().get(&world.app, SETTINGS).await;
    let expected =
        json!({"failed": true, "held": true, "missed": true, "quietDays": null, "language": "en", "mail": []});
    assert_eq!(shown.body["settings"], expected);
    assert_eq!(shown.body["warnings"], json!(["Alerts go nowhere: save a webhook or a mail address."]));
    let tested = world.ask("POST /v1/alerts/test", Some(&json!({}))).await;
    assert_eq!((tested.status.as_u16(), tested.code()), (409, "noAlertChannel"));
}

#[tokio::test]
async fn the_webhooks_address_and_secret_are_shown_by_nothing_but_the_save() {
    let world = World::with_webhook().await;
    let secret = world.save_webhook().await.body["secret"].as_str().unwrap().to_owned();
    let shown = admin().get(&world.app, SETTINGS).await;
    assert_eq!(shown.body["webhook"]["savedBy"], "ann@msp.example");
    assert_eq!(shown.body["webhook"]["host"], world.hook.address().to_string());
    let edits = world.store.list_edits(partner(), Some(&Subject::Alerts), None, 10).await.unwrap();
    assert_eq!(edits.edits.len(), 2);
    let stored = world.store.find_alert_settings(partner()).await.unwrap();
    let seen = format!("{} {edits:?} {stored:?}", shown.body);
    assert!(!seen.contains("canary") && !seen.contains(&secret), "{seen}");
}

#[tokio::test]
async fn each_save_of_a_webhook_makes_a_new_secret_and_the_old_one_signs_no_more() {
    let world = World::new().await;
    let body = json!({"url": world.hook.url("/hooks")});
    let first = world.ask(&format!("PUT {WEBHOOK}"), Some(&body)).await.body["secret"].as_str().unwrap().to_owned();
    let second = world.ask(&format!("PUT {WEBHOOK}"), Some(&body)).await.body["secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    world.hook.trust(&first).unwrap();
    world.raise(1, 0).await;
    world.tick().await;
    assert_eq!(world.hook.taken(), []);
    assert!(world.listed().await[0]["deliveries"][0]["lastFailure"].as_str().unwrap().contains("401"));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_nothing_is_saved() {
    let world = World::new().await;
    let mail = ["a@example.com", "no address", "A@EXAMPLE.COM", "a@example.com", "b@example.com", "c@example.com"];
    let body = json!({"failed": true, "held": true, "missed": true, "quietDays": 63, "mail": mail});
    let refused = world.save_settings(&body).await;
    let pointers: Vec<&str> =
        refused.body["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!((refused.status.as_u16(), pointers), (400, vec!["/quietDays", "/mail", "/mail/1", "/mail/3"]));
    assert_eq!(world.store.find_alert_settings(partner()).await.unwrap().version, 0);
}

#[tokio::test]
async fn an_address_that_may_not_be_called_is_refused_without_being_quoted() {
    let world = World::new().await;
    for url in ["https://hooks.example.com/canary", "ftp://127.0.0.1/canary", "http://10.0.0.1/canary", "canary"] {
        let refused = world.ask(&format!("PUT {WEBHOOK}"), Some(&json!({"url": url}))).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "webhookNotAllowed"), "{url}");
        assert!(!refused.body.to_string().contains("canary"), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_save_over_what_somebody_else_saved_meanwhile_is_refused() {
    let world = World::new().await;
    let seen = admin().get(&world.app, SETTINGS).await;
    world.save_webhook().await;
    let body = json!({"failed": false, "held": true, "missed": true, "mail": []});
    let head = format!("PUT {SETTINGS}");
    let refused = admin().ask(&world.app, &head, &[("if-match", seen.header("etag"))], Some(&body)).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"));
    let saved = world.save_settings(&body).await;
    assert_eq!((saved.status.as_u16(), &saved.body["settings"]["failed"]), (200, &json!(false)));
    assert!(saved.body["webhook"].is_object(), "the webhook stays");
}

#[tokio::test]
async fn a_test_goes_everywhere_at_once_and_is_sent_once_however_often_it_is_asked_for() {
    let world = World::with_webhook().await;
    world.save_settings(&json!({"failed": true, "held": true, "missed": true, "mail": ["billing@example.com"]})).await;
    let key = UuidV7.unique();
    for _ in 0..2 {
        let headers = [("idempotency-key", key.as_str())];
        let asked = admin().ask(&world.app, "POST /v1/alerts/test", &headers, Some(&json!({}))).await;
        assert_eq!((asked.status.as_u16(), &asked.body["state"]), (202, &json!("waiting")), "{}", asked.body);
    }
    world.work_off().await;
    let taken = world.hook.taken();
    assert_eq!((taken.len(), taken[0].times, world.mails.taken().len()), (1, 1, 1));
    let text = &world.mails.taken()[0].text;
    assert!(text.starts_with("Somebody tried whether alerts of the usage sync arrive. This one did.\n"), "{text}");
    let listed = world.listed().await;
    assert_eq!((listed.len(), &listed[0]["state"], &listed[0]["kind"]), (1, &json!("delivered"), &json!("test")));
    assert_eq!(listed[0]["id"], taken[0].id);
}

#[tokio::test]
async fn what_is_on_its_way_to_a_webhook_that_is_removed_is_given_up() {
    let world = World::with_webhook().await;
    world.hook.misbehave(simulators::webhook_sink::Misbehaviour::Status(503), u32::MAX);
    world.raise(1, 0).await;
    world.tick().await;
    assert_eq!(world.ask(&format!("DELETE {WEBHOOK}"), None).await.status, 204);
    assert_eq!(world.ask(&format!("DELETE {WEBHOOK}"), None).await.status, 404);
    world.tick_for(jiff::SignedDuration::from_mins(15)).await;
    let listed = world.listed().await;
    assert_eq!(listed[0]["state"], "undelivered");
    assert_eq!(listed[0]["deliveries"][0]["lastFailure"], "The webhook was removed.");
    assert_eq!(world.hook.requests(), 1);
}

#[tokio::test]
async fn strangers_cannot_be_mailed_without_end_by_tests() {
    let world = World::with_webhook().await;
    for _ in 0..5 {
        assert_eq!(world.ask("POST /v1/alerts/test", Some(&json!({}))).await.status, 202);
    }
    let refused = world.ask("POST /v1/alerts/test", Some(&json!({}))).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "limitReached"));
    world.pass(jiff::SignedDuration::from_mins(61));
    assert_eq!(world.ask("POST /v1/alerts/test", Some(&json!({}))).await.status, 202);
}
