//! Receivers that are slow, down or hostile: each alert arrives once, or is listed as undelivered.

use jiff::SignedDuration;
use serde_json::json;
use simulators::webhook_sink::Misbehaviour;

use crate::alerts::world::World;

const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Everything that keeps an alert from being taken.
fn refusals() -> Vec<Misbehaviour> {
    vec![
        Misbehaviour::Status(500),
        Misbehaviour::Status(404),
        Misbehaviour::Status(410),
        Misbehaviour::Redirect(302, "http://169.254.169.254/latest/meta-data/".to_owned()),
        Misbehaviour::Redirect(307, "http://127.0.0.1:1/".to_owned()),
        Misbehaviour::Hang,
        Misbehaviour::CutInTheHead,
        Misbehaviour::EndlessHeader,
        Misbehaviour::InterimForEver,
        Misbehaviour::Nonsense,
    ]
}

#[tokio::test]
async fn each_alert_arrives_once_though_its_receiver_does_everything_wrong_at_first() {
    for how in refusals() {
        let world = World::with_webhook().await;
        world.hook.misbehave(how.clone(), 2);
        let alert = world.raise(1, 0).await;
        world.tick_for(SignedDuration::from_hours(1)).await;
        let taken = world.hook.taken();
        assert_eq!((taken.len(), taken[0].times), (1, 1), "{how:?}");
        assert_eq!(taken[0].id, alert.id.as_str());
        assert_eq!(world.listed().await[0]["state"], "delivered", "{how:?}");
    }
}

#[tokio::test]
async fn an_alert_that_is_never_taken_is_listed_as_undelivered_with_the_reason_and_no_secret() {
    for how in refusals() {
        let world = World::with_webhook().await;
        world.hook.misbehave(how.clone(), u32::MAX);
        world.raise(1, 0).await;
        world.tick_for(A_DAY).await;
        let listed = world.listed().await;
        let delivery = &listed[0]["deliveries"][0];
        assert_eq!((&listed[0]["state"], &delivery["attempts"]), (&json!("undelivered"), &json!(8)), "{how:?}");
        assert!(delivery["lastFailure"].as_str().unwrap().len() > 20, "{delivery}");
        assert!(!listed[0].to_string().contains("canary"), "{}", listed[0]);
        assert_eq!((world.hook.taken().len(), world.hook.requests()), (0, 8), "{how:?}");
        world.tick_for(A_DAY).await;
        assert_eq!(world.hook.requests(), 8, "given up is given up");
    }
}

#[tokio::test]
async fn a_receiver_that_took_an_alert_and_lost_its_answer_gets_the_same_one_again_by_its_id() {
    let world = World::with_webhook().await;
    world.hook.misbehave(Misbehaviour::LoseAnswer, 2);
    world.raise(1, 0).await;
    world.tick_for(SignedDuration::from_hours(1)).await;
    let taken = world.hook.taken();
    assert_eq!((taken.len(), taken[0].times), (1, 3), "one alert, told three times alike");
    assert_eq!(world.listed().await[0]["state"], "delivered");
}

#[tokio::test]
async fn an_answer_whose_body_never_ends_is_an_answer() {
    for how in [Misbehaviour::DripBody, Misbehaviour::FloodBody] {
        let world = World::with_webhook().await;
        world.hook.misbehave(how.clone(), 1);
        world.raise(1, 0).await;
        world.tick().await;
        assert_eq!(world.listed().await[0]["state"], "delivered", "{how:?}");
        assert_eq!(world.hook.taken()[0].times, 1, "{how:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_down_is_tried_until_it_is_up() {
    let mut world = World::with_webhook().await;
    let address = world.hook.address();
    // Nobody listens there any more, once the sink is gone.
    world.hook = simulators::webhook_sink::WebhookSink::start().await.unwrap();
    assert_ne!(world.hook.address(), address);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    world.raise(1, 0).await;
    world.tick().await;
    let listed = world.listed().await;
    assert_eq!(listed[0]["state"], "waiting");
    assert!(listed[0]["deliveries"][0]["lastFailure"].as_str().unwrap().contains("refuses the connection"));
    world.save_webhook().await;
    world.tick_for(SignedDuration::from_mins(20)).await;
    assert_eq!(world.hook.taken().len(), 1, "it goes to the address of now");
}
