//! Deliveries that go well, at last or by many at once.

use std::sync::Arc;

use harness::mail_sink::MailFault;
use harness::webhook_sink::Misbehaviour;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::ports::{AlertMessage, AlertStore, DueStore, Look};

use crate::world::{World, partner};

#[tokio::test]
async fn a_digest_arrives_signed_and_nothing_is_left_to_look_at() {
    let world = World::with_webhook().await;
    let alert = world.raise(2, 3).await;
    world.tick().await;
    let taken = world.hook.taken();
    assert_eq!((taken.len(), taken[0].id.as_str(), taken[0].times), (1, alert.id.as_str(), 1));
    let body: Value = serde_json::from_str(&taken[0].body).unwrap();
    assert_eq!(body["type"], "sync.needsAttention");
    assert_eq!((&body["data"]["about"]["failed"], &body["data"]["about"]["held"]), (&json!(2), &json!(3)));
    assert_eq!(world.listed().await[0]["state"], "delivered");
    world.tick_for(SignedDuration::from_hours(2)).await;
    assert_eq!(world.hook.requests(), 1);
    for shard in 0..16 {
        assert_eq!(world.store.list_due(shard, world.now(), 10).await.unwrap(), [], "a look is left behind");
    }
}

#[tokio::test]
async fn what_is_not_wanted_is_listed_and_not_sent() {
    let world = World::with_webhook().await;
    world.save_settings(&json!({"failed": true, "held": false, "missed": false, "mail": []})).await;
    world.raise(0, 3).await;
    world.tick().await;
    assert_eq!((world.hook.requests(), &world.listed().await[0]["state"]), (0, &json!("notSent")));
}

#[tokio::test]
async fn an_alert_arrives_once_its_receiver_is_back() {
    let world = World::with_webhook().await;
    world.hook.misbehave(Misbehaviour::Status(503), 3);
    world.raise(1, 0).await;
    world.tick_for(SignedDuration::from_hours(1)).await;
    let taken = world.hook.taken();
    assert_eq!((taken.len(), taken[0].times, world.hook.requests()), (1, 1, 4));
    let delivery = &world.listed().await[0]["deliveries"][0];
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(4)));
    assert!(delivery["lastFailure"].is_null());
}

#[tokio::test]
async fn two_deliveries_at_once_send_nothing_twice() {
    let world = World::with_webhook().await;
    let alert = world.raise(1, 0).await;
    let message = AlertMessage { partner: partner(), look: Look::Alerts, look_at: alert.raised_at };
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (delivery, message, deadline) = (Arc::clone(&world.delivery), message.clone(), world.deadline());
        sending.spawn(async move { delivery.see_to(&message, deadline).await });
    }
    while let Some(ended) = sending.join_next().await {
        ended.unwrap().unwrap();
    }
    assert_eq!((world.hook.requests(), world.hook.taken().len()), (1, 1));
}

#[tokio::test]
async fn a_delivery_that_dies_while_it_sends_has_used_its_attempt_up_and_the_next_one_sends_again() {
    let world = World::with_webhook().await;
    world.hook.misbehave(Misbehaviour::Hang, 1);
    let alert = world.raise(1, 0).await;
    let message = AlertMessage { partner: partner(), look: Look::Alerts, look_at: alert.raised_at };
    let dying = tokio::spawn({
        let (delivery, deadline) = (Arc::clone(&world.delivery), world.deadline());
        async move { delivery.see_to(&message, deadline).await }
    });
    while world.hook.requests() == 0 {
        tokio::task::yield_now().await;
    }
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    world.tick().await;
    assert_eq!(world.hook.requests(), 1, "its turn is not yet");
    world.tick_for(SignedDuration::from_mins(20)).await;
    assert_eq!((world.hook.requests(), world.hook.taken()[0].times), (2, 1));
    assert_eq!(world.listed().await[0]["deliveries"][0]["attempts"], 2);
}

#[tokio::test]
async fn nothing_is_begun_that_cannot_end_before_the_deadline() {
    let world = World::with_webhook().await;
    let alert = world.raise(1, 0).await;
    let message = AlertMessage { partner: partner(), look: Look::Alerts, look_at: alert.raised_at };
    world.delivery.see_to(&message, world.now() + SignedDuration::from_secs(10)).await.unwrap();
    assert_eq!(world.hook.requests(), 0);
    world.pass(SignedDuration::from_mins(5));
    world.tick().await;
    assert_eq!(world.hook.taken().len(), 1);
}

#[tokio::test]
async fn an_alert_that_is_raised_while_others_are_sent_is_not_forgotten() {
    let world = World::with_webhook().await;
    let first = world.raise(1, 0).await;
    let message = AlertMessage { partner: partner(), look: Look::Alerts, look_at: first.raised_at };
    world.pass(SignedDuration::from_secs(1));
    // The second one is stored with a look of its own before the first one's delivery puts its look away.
    world.raise(2, 0).await;
    let page = world.store.list_alerts(partner(), None, 10).await.unwrap();
    assert_eq!(page.alerts.len(), 2);
    world.delivery.see_to(&message, world.deadline()).await.unwrap();
    world.tick_for(SignedDuration::from_mins(20)).await;
    assert_eq!(world.hook.taken().len(), 2);
    assert!(world.hook.taken().iter().all(|alert| alert.times == 1));
}

#[tokio::test]
async fn each_address_has_a_mail_of_its_own_and_one_that_is_refused_keeps_no_other_back() {
    let world = World::new().await;
    let mail = ["a@example.com", "b@example.com"];
    world.save_settings(&json!({"failed": true, "held": true, "missed": true, "mail": mail})).await;
    world.mails.misbehave(MailFault::Refuse(400, "MessageRejected", "Email address is not verified."), 1);
    world.raise(1, 0).await;
    world.tick().await;
    let listed = world.listed().await;
    let states: Vec<&Value> = listed[0]["deliveries"].as_array().unwrap().iter().map(|row| &row["state"]).collect();
    assert_eq!(states, ["waiting", "delivered"]);
    let told = listed[0]["deliveries"][0]["lastFailure"].as_str().unwrap();
    assert!(told.contains("not verified"), "{told}");
    world.tick_for(SignedDuration::from_mins(15)).await;
    let to: Vec<String> = world.mails.taken().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["b@example.com", "a@example.com"]);
    assert_eq!(world.mails.taken()[0].subject, "Usage sync of November 2026: 1 line failed");
}
