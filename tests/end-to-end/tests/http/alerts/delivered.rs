//! Deliveries that go well, at last or by many at once.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::domain::follow_up::FollowUp;
use shared::ports::AlertMessage;
use shared::seal::LocalSeal;
use shared::store::DueFor;
use simulators::mail_sink::MailFault;
use simulators::webhook_sink::Misbehaviour;
use tokio::task::JoinHandle;

use crate::alerts::world::{World, partner};

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
        let due = world.store.list_due(shard, world.now(), 10).await.unwrap();
        assert!(
            due.iter().all(|due| due.due_for != DueFor::FollowUp(FollowUp::DeliverAlerts)),
            "a look is left behind"
        );
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
    let message = AlertMessage { partner: partner(), follow_up: FollowUp::DeliverAlerts, due_at: alert.raised_at };
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
    let message = AlertMessage { partner: partner(), follow_up: FollowUp::DeliverAlerts, due_at: alert.raised_at };
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
    let message = AlertMessage { partner: partner(), follow_up: FollowUp::DeliverAlerts, due_at: alert.raised_at };
    world.delivery.see_to(&message, world.now() + SignedDuration::from_secs(10)).await.unwrap();
    assert_eq!(world.hook.requests(), 0);
    world.pass(SignedDuration::from_mins(5));
    world.tick().await;
    assert_eq!(world.hook.taken().len(), 1);
}

#[tokio::test]
async fn an_alert_that_is_raised_while_others_are_sent_is_not_forgotten() {
    let world = World::with_webhook().await;
    world.hook.misbehave(Misbehaviour::Hang, 1);
    let first = world.raise(1, 0).await;
    let sending = send(&world, first.raised_at);
    while world.hook.requests() == 0 {
        tokio::task::yield_now().await;
    }
    // The delivery has listed what waits, and will set the next look when it has given this attempt up.
    world.pass(SignedDuration::from_secs(1));
    world.raise(2, 0).await;
    sending.await.unwrap().unwrap();
    world.tick_for(SignedDuration::from_mins(20)).await;
    assert_eq!(world.hook.taken().len(), 2);
    assert!(world.hook.taken().iter().all(|alert| alert.times == 1));
}

#[tokio::test]
async fn what_came_of_an_attempt_is_kept_though_another_delivery_saved_the_alert_meanwhile() {
    let world = World::with_webhook().await;
    let mail = ["a@example.com", "b@example.com"];
    world.save_settings(&json!({"failed": true, "held": true, "missed": true, "mail": mail})).await;
    world.hook.misbehave(Misbehaviour::Hang, 1);
    let alert = world.raise(1, 0).await;
    let first = send(&world, alert.raised_at);
    while world.hook.requests() == 0 {
        tokio::task::yield_now().await;
    }
    // The webhook's attempt is under way; this one sends the mails.
    send(&world, alert.raised_at).await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    let row = &world.listed().await[0]["deliveries"][0];
    assert!(row["lastFailure"].as_str().unwrap().starts_with("The webhook's server did not answer"), "{row}");
    world.tick_for(SignedDuration::from_hours(2)).await;
    assert_eq!((world.hook.taken().len(), world.hook.taken()[0].times, world.hook.requests()), (1, 1, 2));
    let mut to: Vec<String> = world.mails.taken().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, mail, "each has one mail");
}

#[tokio::test]
async fn a_success_that_was_saved_over_what_another_delivery_saved_is_not_sent_again() {
    for _ in 0..20 {
        let world = World::with_webhook().await;
        world.save_settings(&json!({"failed": true, "held": true, "missed": true, "mail": ["a@example.com"]})).await;
        let alert = world.raise(1, 0).await;
        let sending: Vec<_> = (0..4).map(|_| send(&world, alert.raised_at)).collect();
        for sent in sending {
            sent.await.unwrap().unwrap();
        }
        world.tick_for(SignedDuration::from_hours(1)).await;
        assert_eq!((world.hook.requests(), world.mails.taken().len()), (1, 1));
        assert_eq!(world.listed().await[0]["state"], "delivered");
    }
}

/// A delivery of its own, as another invocation makes it.
fn send(world: &World, due_at: Timestamp) -> JoinHandle<Result<(), alert_delivery::WorkError>> {
    let (delivery, deadline) = (Arc::clone(&world.delivery), world.deadline());
    let message = AlertMessage { partner: partner(), follow_up: FollowUp::DeliverAlerts, due_at };
    tokio::spawn(async move { delivery.see_to(&message, deadline).await })
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
    assert!(told.starts_with("The mail service refuses this mail") && !told.contains("verified"), "{told}");
    world.tick_for(SignedDuration::from_mins(15)).await;
    let to: Vec<String> = world.mails.taken().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["b@example.com", "a@example.com"]);
    assert_eq!(world.mails.taken()[0].subject, "Usage sync of November 2026: 1 line failed");
}

#[tokio::test]
async fn a_mail_is_in_the_language_of_the_alert_settings() {
    let world = World::new().await;
    let wanted = json!({"failed": true, "held": true, "missed": true, "language": "it", "mail": ["a@example.com"]});
    let saved = world.save_settings(&wanted).await;
    assert_eq!(saved.body["settings"]["language"], "it");
    world.raise(1, 0).await;
    world.tick().await;
    assert_eq!(world.mails.taken()[0].subject, "Utilizzo di novembre 2026: 1 riga non riuscita");
}

#[tokio::test]
async fn a_webhook_that_cannot_be_opened_keeps_no_mail_back_and_is_tried_again() {
    let world = World::with_webhook().await;
    world.save_settings(&json!({"failed": true, "held": true, "missed": true, "mail": ["a@example.com"]})).await;
    let alert = world.raise(1, 0).await;
    let message = AlertMessage { partner: partner(), follow_up: FollowUp::DeliverAlerts, due_at: alert.raised_at };
    let away = alert_delivery::World { seal: LocalSeal::ephemeral(), ..(*world.delivery).clone() };
    away.see_to(&message, world.deadline()).await.unwrap();
    assert_eq!((world.hook.requests(), world.mails.taken().len()), (0, 1));
    let told = world.listed().await[0]["deliveries"][0]["lastFailure"].as_str().unwrap().to_owned();
    assert!(told.starts_with("The webhook's address could not be opened"), "{told}");
    world.tick_for(SignedDuration::from_mins(20)).await;
    assert_eq!((world.hook.taken().len(), world.mails.taken().len()), (1, 1));
}
