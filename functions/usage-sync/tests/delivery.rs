//! What the queue is told of the messages that it delivered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use jiff::Timestamp;
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::http::{Http, HttpLimits};
use shared::clock::SystemClock;
use shared::ids::CountedIds;
use shared::queue::LocalQueue;
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use usage_sync::{Adapters, Limits, Worker, work_off};

fn message(id: &str, body: &str) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(id.into());
    message.body = Some(body.into());
    message
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_delivered_again_and_holds_up_no_other() {
    let http = Http::build(AddressPolicy::Vendor, HttpLimits::default()).unwrap();
    let options = ConnectionOptions::new(http, AddressRules::default()).unwrap();
    let store = MemoryStore::default();
    let world = Adapters {
        connections: StoredConnections::new(store.clone(), LocalSeal::ephemeral(), options),
        store,
        queue: LocalQueue::new(Duration::from_secs(60)),
        clock: SystemClock,
        ids: CountedIds::new("worker"),
    };
    let readable = r#"{"request":{"partner":"00000000-0000-4000-8000-000000000001","kind":"scheduled",
        "month":"2026-11","slot":"2026-11-30","scheduledAt":"2026-11-30T01:12:00Z"},
        "attempt":0,"firstSentAt":"2026-11-30T01:15:00Z"}"#;
    let mut batch = SqsEvent::default();
    batch.records = vec![message("m-1", "{}"), message("m-2", readable), message("m-3", "")];

    let response = work_off(&Worker::new(world, Limits::default()), batch, Timestamp::MAX).await;

    let failed: Vec<&str> =
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
    assert_eq!(failed, ["m-1", "m-3"], "the partner of m-2 has no settings, so there is nothing to sync");
}
