//! Canary secrets: whatever is done with them and however it fails, none is found in a log, an answer, the table or a
//! message, neither as it is nor encoded.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use connections::{World, app};
use jiff::SignedDuration;
use local_stack::api::asking::{Answered, Asking, answer, options, request};
use local_stack::api::limits::forget_limits;
use serde_json::{Value, json};
use shared::client::connections::StoredConnections;
use shared::domain::id::PartnerId;
use shared::domain::month::UsageMonth;
use shared::domain::run::{RunKind, RunRequest};
use shared::error::{QueueError, SealError, SealOutlook};
use shared::ids::UuidV7;
use shared::ports::{Clock, Queue, Seal, Sealed, SyncMessage};
use shared::seal::LocalSeal;
use shared::table::dynamodb::DynamoTable;
use simulators::connectwise::auth::{Credential, Role};
use simulators::simulator::faults::{Fault, FaultKind};
use simulators::sophos::AccountType;
use simulators::table::LocalTable;
use simulators::table::ids::CountedIds;
use tracing_subscriber::EnvFilter;
use usage_sync::{Adapters, Limits, Worker};
use uuid::Uuid;

use super::served::{CONNECTWISE, Noon, SOPHOS, Served, admin, calls, partner};

/// Everything that was written somewhere, as it was written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn add(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A queue that keeps the texts of its messages.
#[derive(Clone)]
struct Noted(Paper);

impl Queue for Noted {
    async fn send(&self, message: &SyncMessage, _: u32) -> Result<(), QueueError> {
        self.0.add(&serde_json::to_string(message).unwrap());
        Ok(())
    }
}

/// A key service that can be made to fail.
#[derive(Clone)]
struct Fragile {
    inner: LocalSeal,
    fails: Arc<Mutex<Option<SealOutlook>>>,
}

impl Fragile {
    fn check(&self, action: &'static str) -> Result<(), SealError> {
        match *self.fails.lock().unwrap() {
            Some(outlook) => Err(SealError { action, why: "AccessDeniedException".into(), outlook }),
            None => Ok(()),
        }
    }
}

impl Seal for Fragile {
    async fn seal(&self, partner: PartnerId, secret: &str) -> Result<Sealed, SealError> {
        self.check("sealed")?;
        self.inner.seal(partner, secret).await
    }

    async fn open(&self, partner: PartnerId, sealed: &Sealed) -> Result<secrecy::SecretString, SealError> {
        self.check("opened")?;
        self.inner.open(partner, sealed).await
    }
}

/// The texts of which none may be found: each secret as it is and as it is sent.
#[derive(Default)]
struct Canaries {
    count: usize,
    secrets: BTreeSet<String>,
}

impl Canaries {
    fn secret(&mut self) -> String {
        self.count += 1;
        let secret = format!(
            "cnry{}",
            Uuid::from_u128((0x0c0f_fee0 << 96) | (self.count as u128 * 0x9e37_79b9_7f4a_7c15)).simple()
        );
        self.secrets.insert(secret.clone());
        secret
    }

    /// A client id of ConnectWise, which is a GUID.
    fn guid(&mut self) -> String {
        self.count += 1;
        let guid = Uuid::from_u128((0x0dec_0de0 << 96) | (self.count as u128 * 0x9e37_79b9_7f4a_7c15)).to_string();
        self.secrets.insert(guid.clone());
        guid
    }

    /// New keys of ConnectWise.
    fn connectwise(&mut self, site: &str, company: &str) -> Value {
        let (public, private) = (self.secret(), self.secret());
        self.secrets.insert(format!("{company}+{public}:{private}"));
        json!({"site": site, "company": company, "publicKey": public, "privateKey": private, "clientId": self.guid()})
    }

    /// New credentials of Sophos.
    fn sophos(&mut self) -> Value {
        json!({"clientId": self.secret(), "clientSecret": self.secret()})
    }

    /// How often one of them, or one of their encodings, is in a text.
    fn found_in(&self, text: &str) -> Vec<String> {
        let forms = |secret: &String| {
            // Without their ends, which depend on what stands beside them.
            let encoded = [STANDARD.encode(secret), STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(secret)];
            let shifted = (1..3).map(|n| {
                let encoded = STANDARD_NO_PAD.encode(format!("{}{secret}", "x".repeat(n)));
                encoded.get(4..encoded.len() - 4).unwrap_or_default().to_owned()
            });
            let whole = [secret.clone()].into_iter().chain(encoded).chain(shifted);
            whole.collect::<Vec<_>>()
        };
        let of = self.secrets.iter().flat_map(forms);
        of.filter(|form| text.contains(form.as_str())).collect()
    }
}

/// The routes over a real table, with everything that leaves them noted.
struct Watched {
    served: Served,
    table: LocalTable,
    seal: Fragile,
    app: Router,
    paper: Paper,
    canaries: Canaries,
}

impl Watched {
    async fn new(paper: Paper) -> Self {
        let served = Served::new().await;
        let table = LocalTable::in_memory().await.unwrap();
        let seal = Fragile { inner: served.seal.clone(), fails: Arc::default() };
        let calls = calls(&served.sophos_url());
        let app = app(World { store: table.store(), seal: seal.clone(), clock: Noon, options: calls }, options());
        Self { served, table, seal, app, paper, canaries: Canaries::default() }
    }

    async fn ask(&self, head: &str, body: &Value) -> Answered {
        let answered = admin(1).ask(&self.app, head, &[("if-match", "*")], Some(body)).await;
        self.note(head, &answered).await;
        answered
    }

    /// Writes an answer and the whole table down.
    async fn note(&self, head: &str, answered: &Answered) {
        self.paper.add(&format!("{head} {:?} {}\n", answered.headers, answered.body));
        let entries = self.table.client().scan().table_name(self.table.name()).send().await.unwrap();
        self.paper.add(&format!("{:?}\n", entries.items()));
    }

    /// Saves and tests a connection; both answers' statuses.
    async fn try_out(&self, service: &str, connection: &Value) -> (u16, u16) {
        let table = DynamoTable::new(self.table.client(), self.table.name().to_owned(), CountedIds);
        forget_limits(&table, partner(1)).await.unwrap();
        let trial = json!({"connection": connection});
        let tested = self.ask(&format!("POST {service}/test"), &trial).await;
        let mut save = trial;
        if service == CONNECTWISE && !self.has_settings().await {
            save["timeZone"] = "UTC".into();
        }
        let saved = self.ask(&format!("PUT {service}"), &save).await;
        (tested.status.as_u16(), saved.status.as_u16())
    }

    async fn has_settings(&self) -> bool {
        self.table.store().find_settings(partner(1)).await.unwrap().is_some()
    }

    /// Lets a connection to ConnectWise in.
    fn admit(&self, connection: &Value, role: Role) {
        let text = |name: &str| connection[name].as_str().unwrap().to_owned();
        self.served.psa.add_credential(Credential {
            company_id: text("company"),
            public_key: text("publicKey"),
            private_key: text("privateKey"),
            member: "API".to_owned(),
            role,
        });
    }

    fn admit_sophos(&self, kind: AccountType, connection: &Value) {
        let text = |name: &str| connection[name].as_str().unwrap().to_owned();
        let id = Uuid::parse_str(&partner(1).to_string()).unwrap();
        self.served.sophos.add_account(kind, id, &text("clientId"), &text("clientSecret"));
    }

    async fn connectwise_paths(&mut self) {
        let site = self.served.site();
        // Nothing of it fits.
        for (site, company) in [(site.as_str(), "nobody"), (site.as_str(), "acme"), ("10.0.0.1", "acme")] {
            let connection = self.canaries.connectwise(site, company);
            assert_ne!(self.try_out(CONNECTWISE, &connection).await.1, 200);
        }
        let mut no_guid = self.canaries.connectwise(&site, "acme");
        no_guid["clientId"] = self.canaries.secret().into();
        assert_eq!(self.try_out(CONNECTWISE, &no_guid).await.1, 422);
        let without_rights = self.canaries.connectwise(&site, "acme");
        self.admit(&without_rights, Role::default());
        assert_eq!(self.try_out(CONNECTWISE, &without_rights).await, (200, 422));
        let good = self.canaries.connectwise(&site, "acme");
        self.admit(&good, Role::integrator());
        for kind in [
            FaultKind::ErrorBefore { status: 503 },
            FaultKind::Html { status: 200 },
            FaultKind::ResetBefore,
            FaultKind::MalformedJson,
            FaultKind::TruncatedJson,
        ] {
            self.served.faults([Fault::new(kind).on("GET", "*")]);
            assert_ne!(self.try_out(CONNECTWISE, &good).await.1, 200);
        }
        self.served.faults([]);
        assert_eq!(self.try_out(CONNECTWISE, &good).await, (200, 200));
        let rotated = self.canaries.connectwise(&site, "acme");
        self.admit(&rotated, Role::integrator());
        assert_eq!(self.try_out(CONNECTWISE, &rotated).await, (200, 200));
        let taken = self.canaries.connectwise(&site, "acme");
        self.admit(&taken, Role::integrator());
        let other = Asking::new(partner(0x11), "psa/admin");
        let body = json!({"connection": taken, "timeZone": "UTC"});
        let answered = other.ask(&self.app, &format!("PUT {CONNECTWISE}"), &[("if-match", "*")], Some(&body)).await;
        assert_eq!(answered.code(), "psaTaken");
        self.note("taken", &answered).await;
    }

    async fn sophos_paths(&mut self) {
        let unknown = self.canaries.sophos();
        assert_eq!(self.try_out(SOPHOS, &unknown).await, (200, 422));
        for kind in [AccountType::Tenant, AccountType::Organization] {
            let wrong = self.canaries.sophos();
            self.admit_sophos(kind, &wrong);
            assert_eq!(self.try_out(SOPHOS, &wrong).await, (200, 422));
        }
        for _ in 0..2 {
            let good = self.canaries.sophos();
            self.admit_sophos(AccountType::Partner, &good);
            assert_eq!(self.try_out(SOPHOS, &good).await, (200, 200));
        }
    }

    /// Bodies with a secret where none belongs.
    async fn broken_bodies(&mut self) {
        let put = format!("PUT {CONNECTWISE}");
        for n in 0..6 {
            let mut connection = self.canaries.connectwise("na.myconnectwise.net", "acme");
            let secret = self.canaries.secret();
            let body = match n {
                0 => json!(secret),
                1 => json!({ secret: 1 }),
                2 => json!({"connection": secret}),
                3 => json!([secret]),
                4 => {
                    connection[&secret] = 1.into();
                    json!({"connection": connection})
                }
                _ => {
                    connection["privateKey"] = json!({ "is": secret });
                    json!({"connection": connection, "timeZone": "UTC"})
                }
            };
            assert_eq!(self.ask(&put, &body).await.status, 400, "{n}");
        }
        let number: u64 = 9_182_736_455_463_728_190;
        self.canaries.secrets.insert(number.to_string());
        let mut connection = self.canaries.connectwise("na.myconnectwise.net", "acme");
        connection["privateKey"] = number.into();
        assert_eq!(self.ask(&put, &json!({"connection": connection})).await.status, 400);
        // A text that breaks off, and one that is no JSON.
        for text in [json!({"connection": connection}).to_string().replace('}', ""), self.canaries.secret()] {
            let mut broken = request(&put, &[("if-match", "*"), ("content-type", "application/json")], None);
            *broken.body_mut() = text.into();
            broken.extensions_mut().insert(admin(1).context());
            let answered = answer(&self.app, broken).await;
            assert_eq!(answered.status, 400);
            self.note("broken", &answered).await;
        }
    }

    /// The key service fails while something is saved, tested and removed.
    async fn seal_failures(&mut self) {
        let site = self.served.site();
        for outlook in [SealOutlook::MayPass, SealOutlook::Lasting] {
            let good = self.canaries.connectwise(&site, "acme");
            self.admit(&good, Role::integrator());
            *self.seal.fails.lock().unwrap() = Some(outlook);
            assert_eq!(self.try_out(CONNECTWISE, &good).await, (200, 503));
            let stored = self.ask(&format!("POST {CONNECTWISE}/test"), &json!({})).await;
            assert!(!stored.status.is_success());
            *self.seal.fails.lock().unwrap() = None;
        }
    }

    /// Runs with what is saved, against services that fail in turn.
    async fn runs(&self) {
        let clock = shared::clock::SystemClock;
        let store = self.table.store();
        let options = calls(&self.served.sophos_url()).interactive();
        for (n, kind) in
            [None, Some(FaultKind::ErrorBefore { status: 500 }), Some(FaultKind::ResetBefore)].into_iter().enumerate()
        {
            self.served.faults(kind.map(Fault::new));
            if n == 2 {
                *self.seal.fails.lock().unwrap() = Some(SealOutlook::Lasting);
            }
            let connections = StoredConnections::new(store.clone(), self.seal.clone(), options.clone());
            let queue = Noted(self.paper.clone());
            let world = Adapters { store: store.clone(), connections, queue: queue.clone(), clock, ids: UuidV7 };
            let month = UsageMonth::parse("2026-11").unwrap();
            let request = RunRequest::new(partner(1), RunKind::Preview, month, format!("run-{n}"), clock.now());
            let message = SyncMessage { request, attempt: 0, turns: 0, first_sent_at: clock.now() };
            queue.send(&message, 0).await.unwrap();
            let deadline = clock.now() + SignedDuration::from_mins(5);
            let outcome = Worker::new(world, Limits::default()).carry_on(&message, deadline).await;
            self.paper.add(&format!("{outcome:?}\n"));
        }
        *self.seal.fails.lock().unwrap() = None;
        self.served.faults([]);
    }
}

#[tokio::test]
async fn none_of_64_canary_secrets_is_ever_found_outside_of_the_seal() {
    let paper = Paper::default();
    let writer = paper.clone();
    let filter = EnvFilter::new("info,connections=trace,shared=trace,usage_sync=trace");
    let subscriber = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(move || writer.clone());
    let _logged = tracing::subscriber::set_default(subscriber.finish());
    let mut watched = Watched::new(paper.clone()).await;
    watched.connectwise_paths().await;
    watched.sophos_paths().await;
    watched.broken_bodies().await;
    watched.seal_failures().await;
    watched.runs().await;
    let shown = admin(1).get(&watched.app, "/v1/connections").await;
    assert!(shown.body["connectwise"].is_object() && shown.body["sophos"].is_object(), "{}", shown.body);
    watched.note("shown", &shown).await;
    for service in [CONNECTWISE, SOPHOS] {
        let removed = admin(1).ask(&watched.app, &format!("DELETE {service}"), &[("if-match", "*")], None).await;
        assert_eq!(removed.status, 204);
        watched.note("removed", &removed).await;
    }
    assert!(watched.canaries.count >= 64, "{}", watched.canaries.count);
    let text = paper.text();
    for expected in ["\"answered\"", "connectionTestFailed", "CRED", "\"slot\":\"run-0\""] {
        assert!(text.contains(expected), "the paper has everything: {expected}");
    }
    assert_eq!(watched.canaries.found_in(&text), Vec::<String>::new());
}

#[tokio::test]
async fn the_search_for_canaries_finds_one_that_is_there() {
    let mut canaries = Canaries::default();
    let connection = canaries.connectwise("na.myconnectwise.net", "acme");
    let text = |name: &str| connection[name].as_str().unwrap().to_owned();
    let pair = format!("acme+{}:{}", text("publicKey"), text("privateKey"));
    for leak in [text("privateKey"), text("clientId"), STANDARD.encode(text("publicKey")), STANDARD.encode(&pair)] {
        assert!(!canaries.found_in(&format!("log {leak} line")).is_empty(), "{leak}");
    }
    let basic = STANDARD.encode(format!("{{\"k\":\"{}\"", text("privateKey")));
    assert!(!canaries.found_in(&basic).is_empty(), "in the middle of something encoded");
    assert!(canaries.found_in("nothing").is_empty());
}
