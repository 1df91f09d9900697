//! What a run, the tick and the delivery of alerts do to the table is what their roles may do to it.

use std::time::Duration;

use end_to_end::rights::Rights;
use jiff::SignedDuration;
use local_stack::apart::Addresses;
use local_stack::demo::{Demo, Size};
use shared::client::address::AddressPolicy;
use shared::client::http::Http;
use shared::client::webhook::Webhooks;
use shared::clock::SystemClock;
use shared::domain::month::UsageMonth;
use shared::domain::run::{RunKind, RunRequest, RunState};
use shared::ids::UuidV7;
use shared::mail::SesMailer;
use shared::ports::{AlertMessage, Clock, Queue, SyncMessage};
use shared::queue::LocalQueue;
use shared::seal::LocalSeal;
use shared::store::DynamoStore;
use simulators::connectwise::{ConnectWise, Settings};
use simulators::sophos::{self, Sophos};
use simulators::table::LocalTable;
use simulators::table::wire::Wire;
use usage_sync::{Handled, Limits, Worker};

#[tokio::test]
async fn the_worker_the_tick_and_the_delivery_have_the_rights_for_what_they_do() {
    let month = UsageMonth::parse("2025-11").unwrap();
    let demo = Demo::new(Size { seed: 31, customers: 60, products: 24 });
    let psa = ConnectWise::new(Settings::default());
    let planted = demo.fill_psa(&psa, month).unwrap();
    let sophos = Sophos::new(sophos::Config::default());
    demo.fill_sophos(&sophos, month);
    let table = LocalTable::in_memory().await.unwrap();
    let wire = Wire::to(&table).await.unwrap();
    let now = SystemClock.now();
    demo.fill_store(&DynamoStore::new(table.client(), table.name().to_owned(), UuidV7), &planted, month, now)
        .await
        .unwrap();
    let (psa_server, sophos_server) = (psa.start(0).await.unwrap(), sophos::start(&sophos, 0).await.unwrap());
    let addresses = Addresses {
        connectwise: psa_server.url(),
        sophos: sophos_server.url(),
        table: wire.url(),
        table_name: table.name().to_owned(),
        partner: demo.partner(),
        month,
    };

    let queue = LocalQueue::new(Duration::from_secs(60));
    let limits = Limits { wait_s: 0, attempts: 3, ..Limits::default() };
    let world = addresses.world(queue.clone(), SystemClock).await.unwrap();
    // What opens the credentials at the start is not the worker's own.
    wire.forget();
    let worker = Worker::new(world, limits);
    for (kind, slot) in [(RunKind::Now, "first"), (RunKind::Scheduled, "2025-11-30")] {
        let request = RunRequest::new(demo.partner(), kind, month, slot.to_owned(), now);
        queue.send(&SyncMessage { request, attempt: 0, turns: 0, first_sent_at: now }, 0).await.unwrap();
        let run = loop {
            let delivery = queue.receive().await;
            let deadline = SystemClock.now() + SignedDuration::from_mins(15);
            let handled = worker.carry_on(&delivery.message, deadline).await.unwrap();
            delivery.acknowledge();
            if let Handled::Over(run) = handled {
                break run;
            }
        };
        assert_eq!(run.state, RunState::Partial, "it has failed lines and held ones, and leaves a retry and an alert");
    }
    let calls = wire.calls();
    let touched = |kind: &str| calls.iter().flat_map(|c| &c.keys).any(|k| k.partition.ends_with(kind));
    assert!(["#S", "#R", "#H", "#D", "#A"].into_iter().all(touched), "the run has done all kinds of things");
    assert_eq!(Rights::of("UsageSyncRole").lacking(&calls), [].into());
    wire.forget();

    let alerts = LocalQueue::<AlertMessage>::new(Duration::from_secs(60));
    let store = wire.store();
    store.put_due(demo.partner(), now).await.unwrap();
    wire.forget();
    let report = sync_schedule::tick(&store, &queue, &alerts, now + SignedDuration::from_hours(72)).await.unwrap();
    assert_eq!((report.alerts_asked, report.failed), (1, Vec::new()));
    assert!(report.sent > 0);
    assert_eq!(Rights::of("SyncScheduleRole").lacking(&wire.calls()), [].into());
    wire.forget();

    let policy = AddressPolicy::Loopback;
    let webhooks = Webhooks::new(Http::build(policy, Webhooks::limits()).unwrap());
    let seal = LocalSeal::ephemeral();
    let delivery = alert_delivery::World {
        store: wire.store(),
        seal,
        webhooks,
        policy,
        mailer: None::<SesMailer>,
        clock: SystemClock,
    };
    let message = alerts.receive().await;
    delivery.see_to(&message.message, SystemClock.now() + SignedDuration::from_mins(2)).await.unwrap();
    message.acknowledge();
    assert!(wire.count("PutItem") > 0, "an alert was saved");
    assert_eq!(Rights::of("AlertDeliveryRole").lacking(&wire.calls()), [].into());
    drop((worker, store, delivery));
    wire.stop().await;
    psa_server.stop().await;
    sophos_server.stop().await;
    table.stop().await.unwrap();
}
