//! Alerts by webhook: taken once, signed, and never at the mercy of who receives them.

use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use shared::client::address::AddressPolicy;
use shared::client::http::{Http, HttpLimits};
use shared::client::webhook::{WebhookAddress, WebhookFailure, WebhookSecret, Webhooks};
use simulators::simulator::serve::serve_tls;
use simulators::simulator::tls::Authority;
use simulators::webhook_sink::{Misbehaviour, WebhookSink};

const PATH: &str = "/canary-path?token=canary-query";
const BODY: &str = r#"{"customer":"Müller & Söhne","note":"canary-body"}"#;
const AT_S: i64 = 1_764_158_400;
const SHORT: Duration = Duration::from_millis(200);

/// A receiver that trusts the sender.
struct Environment {
    sink: WebhookSink,
    secret: WebhookSecret,
}

impl Environment {
    async fn new() -> Self {
        let ground = Self { sink: WebhookSink::start().await.unwrap(), secret: WebhookSecret::generate() };
        ground.sink.trust(&ground.secret.expose_text()).unwrap();
        ground
    }

    async fn send(&self, limits: HttpLimits, id: &str) -> Result<(), WebhookFailure> {
        send(limits, &self.sink.url(PATH), &self.secret, id).await
    }

    /// Sends with the limits that are shipped.
    async fn send_patiently(&self, id: &str) -> Result<(), WebhookFailure> {
        self.send(Webhooks::limits(), id).await
    }

    fn ids(&self) -> Vec<(String, u32)> {
        self.sink.taken().into_iter().map(|alert| (alert.id, alert.times)).collect()
    }
}

/// Sends, and sees that no text of the way shows what is secret.
async fn send(limits: HttpLimits, address: &str, secret: &WebhookSecret, id: &str) -> Result<(), WebhookFailure> {
    let webhooks = Webhooks::new(Http::build(AddressPolicy::Loopback, limits).unwrap());
    let address = WebhookAddress::parse(address, AddressPolicy::Loopback).unwrap();
    let sent = webhooks.send(&address, secret, id, Timestamp::from_second(AT_S).unwrap(), BODY).await;
    let words = sent.as_ref().err().map(ToString::to_string);
    let shown = format!("{words:?} {sent:?} {webhooks:?} {address:?} {secret:?}");
    assert!(!shown.contains("canary") && !shown.contains(&secret.expose_text()["whsec_".len()..]), "{shown}");
    sent
}

#[tokio::test]
async fn an_alert_arrives_as_it_was_sent_and_its_signature_holds() {
    let ground = Environment::new().await;
    assert_eq!(ground.send_patiently("alert_1").await, Ok(()));
    let [alert] = ground.sink.taken().try_into().unwrap();
    assert_eq!((alert.id.as_str(), alert.at_s, alert.times), ("alert_1", AT_S, 1));
    assert_eq!((alert.path.as_str(), alert.body.as_str()), (PATH, BODY));
    assert!(ground.sink.refused().is_empty());
}

#[tokio::test]
async fn an_alert_that_is_sent_again_is_known_by_its_id() {
    let ground = Environment::new().await;
    for id in ["alert_1", "alert_2", "alert_1"] {
        assert_eq!(ground.send_patiently(id).await, Ok(()));
    }
    assert_eq!(ground.ids(), [("alert_1".into(), 2), ("alert_2".into(), 1)]);
}

#[tokio::test]
async fn an_alert_that_another_secret_signed_is_refused_until_that_one_is_trusted_too() {
    let ground = Environment { secret: WebhookSecret::generate(), ..Environment::new().await };
    assert_eq!(ground.send_patiently("alert_1").await, Err(WebhookFailure::Answered { status: 401 }));
    assert_eq!(ground.sink.refused(), ["no trusted secret made the signature of alert_1"]);
    assert!(ground.sink.taken().is_empty());
    ground.sink.trust(&ground.secret.expose_text()).unwrap();
    assert_eq!(ground.send_patiently("alert_1").await, Ok(()));
}

#[tokio::test]
async fn the_receiver_takes_nothing_whose_body_time_or_id_was_changed_on_the_way() {
    let ground = Environment::new().await;
    let (id, at, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
    ground.sink.trust("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let post = async |id: &str, at: &str, signature: &str, body: &'static str| {
        let request = client.post(ground.sink.url("/")).header("content-type", "application/json").body(body);
        let request = request.header("webhook-id", id).header("webhook-timestamp", at);
        request.header("webhook-signature", signature).send().await.unwrap().status().as_u16()
    };
    assert_eq!(post("msg_p5jXN8AQM9LWM0D4loKWxJeK", at, signature, body).await, 401);
    assert_eq!(post(id, "1614265331", signature, body).await, 401);
    assert_eq!(post(id, "01614265330", signature, body).await, 401);
    assert_eq!(post(id, at, signature, r#"{"test": 2432232315}"#).await, 401);
    assert_eq!(post(id, at, &signature.replace("v1", "v2"), body).await, 401);
    assert_eq!(post(id, at, "v1,", body).await, 401);
    assert_eq!((ground.ids(), ground.sink.refused().len()), (Vec::new(), 6));
    assert_eq!(post(id, at, &format!("v1,AAAA {signature}"), body).await, 204);
    assert_eq!(ground.ids(), [(id.to_owned(), 1)]);
}

#[tokio::test]
async fn any_2xx_says_that_the_alert_was_taken_and_no_other_status_does() {
    let ground = Environment::new().await;
    for status in [200, 201, 202, 204, 299] {
        ground.sink.misbehave(Misbehaviour::Status(status), 1);
        assert_eq!(ground.send_patiently("alert_1").await, Ok(()), "{status}");
    }
    for status in [400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 599] {
        ground.sink.misbehave(Misbehaviour::Status(status), 1);
        assert_eq!(ground.send_patiently("alert_1").await, Err(WebhookFailure::Answered { status }), "{status}");
    }
    ground.sink.misbehave(Misbehaviour::Status(410), 1);
    assert_eq!(ground.send_patiently("alert_1").await, Err(WebhookFailure::Gone));
    assert_eq!(ground.sink.requests(), 17, "no failure is repeated by itself");
}

#[tokio::test]
async fn no_redirect_is_followed_wherever_it_leads() {
    let (ground, trap) = (Environment::new().await, WebhookSink::start().await.unwrap());
    let inside = ["http://169.254.169.254/latest/meta-data/".to_owned(), "//169.254.169.254/".to_owned()];
    for status in [300, 301, 302, 303, 304, 307, 308] {
        for to in [trap.url("/"), ground.sink.url("/")].iter().chain(&inside) {
            ground.sink.misbehave(Misbehaviour::Redirect(status, to.clone()), 1);
            let sent = ground.send_patiently("alert_1").await;
            assert_eq!(sent, Err(WebhookFailure::Redirect { status }), "{to}");
        }
    }
    assert_eq!((ground.sink.requests(), trap.requests()), (28, 0));
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let ground = Environment::new().await;
    for how in [Misbehaviour::DripBody, Misbehaviour::FloodBody] {
        ground.sink.misbehave(how.clone(), 1);
        assert_eq!(ground.send_patiently("alert_1").await, Ok(()), "{how:?}");
    }
    assert_eq!(ground.ids(), [("alert_1".into(), 2)]);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_waited_for_no_longer_than_the_limit() {
    let ground = Environment::new().await;
    let limits = HttpLimits { call_timeout: SHORT, ..Webhooks::limits() };
    for how in [Misbehaviour::Hang, Misbehaviour::InterimForEver] {
        ground.sink.misbehave(how.clone(), 1);
        let sent = ground.send(limits, "alert_1").await;
        assert_eq!(sent, Err(WebhookFailure::NoAnswerInTime { within: SHORT }), "{how:?}");
    }
    assert!(ground.sink.taken().is_empty());
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_no_yes() {
    let ground = Environment::new().await;
    for how in [Misbehaviour::CutInTheHead, Misbehaviour::EndlessHeader, Misbehaviour::Nonsense] {
        ground.sink.misbehave(how.clone(), 1);
        assert_eq!(ground.send_patiently("alert_1").await, Err(WebhookFailure::NoUsableAnswer), "{how:?}");
    }
    assert!(ground.sink.taken().is_empty());
}

#[tokio::test]
async fn an_alert_whose_answer_was_lost_is_the_same_alert_when_it_is_sent_again() {
    let ground = Environment::new().await;
    ground.sink.misbehave(Misbehaviour::LoseAnswer, 2);
    for _ in 0..2 {
        assert_eq!(ground.send_patiently("alert_1").await, Err(WebhookFailure::NoUsableAnswer));
    }
    assert_eq!(ground.send_patiently("alert_1").await, Ok(()));
    assert_eq!(ground.ids(), [("alert_1".into(), 3)]);
}

#[tokio::test]
async fn a_receiver_behaves_again_when_it_is_told_to() {
    let ground = Environment::new().await;
    ground.sink.misbehave(Misbehaviour::Status(503), u32::MAX);
    for _ in 0..3 {
        assert!(ground.send_patiently("alert_1").await.is_err());
    }
    ground.sink.behave();
    assert_eq!(ground.send_patiently("alert_1").await, Ok(()));
}

#[tokio::test]
async fn why_no_connection_stands_is_told_apart() {
    let secret = WebhookSecret::generate();
    // Nothing listens on the discard port of loopback.
    let refused = send(Webhooks::limits(), &format!("http://127.0.0.1:9{PATH}"), &secret, "alert_1").await;
    assert_eq!(refused, Err(WebhookFailure::ConnectionRefused));

    let unknown = serve_tls(Router::new(), 0, &Authority::new().unwrap()).await.unwrap();
    let port = unknown.address().port();
    for host in ["localhost", "127.0.0.1"] {
        let sent = send(Webhooks::limits(), &format!("https://{host}:{port}{PATH}"), &secret, "alert_1").await;
        assert_eq!(sent, Err(WebhookFailure::BadCertificate), "{host}");
    }

    // The sink takes the first words of TLS for the beginning of a request, and waits for more.
    let ground = Environment::new().await;
    let limits = HttpLimits { connect_timeout: SHORT, ..Webhooks::limits() };
    let address = format!("https://{}{PATH}", ground.sink.address());
    let sent = send(limits, &address, &secret, "alert_1").await;
    assert_eq!(sent, Err(WebhookFailure::NoConnectionInTime { within: SHORT }));
}
