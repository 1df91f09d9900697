//! A partner whose alerts go to sinks, with a clock that is moved by hand: a tick, the queue and the delivery between them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alert_delivery::World as Delivery;
use axum::Router;
use jiff::{SignedDuration, Timestamp};
use local_stack::api::asking::{Answered, Asking, options};
use serde_json::{Value, json};
use shared::client::address::AddressPolicy;
use shared::client::http::{Http, HttpLimits};
use shared::client::webhook::Webhooks;
use shared::domain::alert::{Alert, AlertAbout, AlertId, Digest};
use shared::domain::id::{PartnerId, RunId};
use shared::domain::mail_address::MailAddress;
use shared::domain::month::UsageMonth;
use shared::domain::run::RunKind;
use shared::ids::UuidV7;
use shared::mail::SesMailer;
use shared::ports::{AlertMessage, Clock, Ids, SyncMessage};
use shared::queue::LocalQueue;
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use shared::table::memory::MemoryTable;
use simulators::mail_sink::MailSink;
use simulators::webhook_sink::WebhookSink;
use uuid::Uuid;

pub(crate) const WEBHOOK: &str = "/v1/alerts/webhook";
pub(crate) const SETTINGS: &str = "/v1/alerts/settings";
/// The timeout for a receiver that does not answer.
const PATIENCE: Duration = Duration::from_millis(400);

/// A clock that is moved by hand.
#[derive(Clone, Debug)]
pub(crate) struct HandClock(Arc<Mutex<Timestamp>>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) fn partner() -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(0xaaaa_0000 << 96 | 1))
}

pub(crate) fn admin() -> Asking {
    Asking::new(partner(), "psa/read psa/admin").claim("email", Some("ann@msp.example"))
}

pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) app: Router,
    pub(crate) delivery: Arc<Delivery<MemoryTable, LocalSeal, SesMailer, HandClock>>,
    pub(crate) hook: WebhookSink,
    pub(crate) mails: MailSink,
    queue: LocalQueue<AlertMessage>,
    clock: HandClock,
}

impl World {
    /// A partner that has saved nothing yet.
    pub(crate) async fn new() -> Self {
        let (store, seal) = (MemoryStore::default(), LocalSeal::ephemeral());
        let clock = HandClock(Arc::new(Mutex::new("2026-11-30T02:00:00Z".parse().unwrap())));
        let queue = LocalQueue::new(Duration::from_secs(60));
        let (hook, mails) = (WebhookSink::start().await.unwrap(), MailSink::start().await.unwrap());
        let policy = AddressPolicy::Loopback;
        let routes = alerts::World {
            store: store.clone(),
            queue: queue.clone(),
            seal: seal.clone(),
            clock: clock.clone(),
            ids: UuidV7,
            policy,
            mails: true,
        };
        let limits = HttpLimits { connect_timeout: PATIENCE, call_timeout: PATIENCE, ..Webhooks::limits() };
        let webhooks = Webhooks::new(Http::build(policy, limits).unwrap());
        let from = MailAddress::parse("alerts@msp.example").unwrap();
        let mailer = Some(SesMailer::new(&shared::aws::connect_local(&mails.url()).await, from));
        let delivery = Delivery { store: store.clone(), seal, webhooks, policy, mailer, clock: clock.clone() };
        let (app, delivery) = (alerts::app(routes, options()), Arc::new(delivery));
        Self { store, app, delivery, hook, mails, queue, clock }
    }

    /// The same with the webhook saved and trusted by its receiver.
    pub(crate) async fn with_webhook() -> Self {
        let world = Self::new().await;
        world.save_webhook().await;
        world
    }

    pub(crate) async fn save_webhook(&self) -> Answered {
        let body = json!({"url": self.hook.url("/hooks?token=canary-token")});
        let saved = self.ask(&format!("PUT {WEBHOOK}"), Some(&body)).await;
        assert_eq!(saved.status, 200, "{}", saved.body);
        self.hook.trust(saved.body["secret"].as_str().unwrap()).unwrap();
        saved
    }

    pub(crate) async fn save_settings(&self, body: &Value) -> Answered {
        self.ask(&format!("PUT {SETTINGS}"), Some(body)).await
    }

    pub(crate) async fn ask(&self, head: &str, body: Option<&Value>) -> Answered {
        admin().ask(&self.app, head, &[("if-match", "*"), ("idempotency-key", &UuidV7.unique())], body).await
    }

    /// The alerts as they are listed, newest first.
    pub(crate) async fn listed(&self) -> Vec<Value> {
        let listed = admin().get(&self.app, "/v1/alerts").await;
        assert_eq!(listed.status, 200, "{}", listed.body);
        listed.body["items"].as_array().unwrap().clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        let mut now = self.clock.0.lock().unwrap();
        *now += time;
    }

    /// Raises the alert of a run that just ended, as its last commit does.
    pub(crate) async fn raise(&self, failed: u64, held: u64) -> Alert {
        let run = RunId::parse(&format!("20261130T011200Z-scheduled-{:08x}", failed * 1000 + held)).unwrap();
        let month = UsageMonth::parse("2026-11").unwrap();
        let (kind, vendor_sync) = (RunKind::Scheduled, None);
        let digest = Digest { run: run.clone(), kind, month, failed, held, failure: None, vendor_sync };
        let alert = Alert::new(AlertId::of_run(&run), self.now(), AlertAbout::Run(digest));
        assert!(self.store.raise_alert(partner(), &alert).await.unwrap());
        alert
    }

    /// What EventBridge and SQS do: a tick, and each message that it sends or that was sent before.
    pub(crate) async fn tick(&self) {
        let runs = LocalQueue::<SyncMessage>::new(Duration::from_secs(60));
        sync_schedule::tick(&self.store, &runs, &self.queue, self.now()).await.unwrap();
        self.work_off().await;
    }

    /// Works off what is queued.
    pub(crate) async fn work_off(&self) {
        while self.queue.waiting() > 0 {
            let message = self.queue.receive().await;
            self.delivery.see_to(&message.message, self.deadline()).await.unwrap();
            message.acknowledge();
        }
    }

    pub(crate) fn deadline(&self) -> Timestamp {
        self.now() + SignedDuration::from_mins(2)
    }

    /// Ticks every five minutes for so long.
    pub(crate) async fn tick_for(&self, time: SignedDuration) {
        let until = self.now() + time;
        while self.now() < until {
            self.tick().await;
            self.pass(SignedDuration::from_mins(5));
        }
    }
}
