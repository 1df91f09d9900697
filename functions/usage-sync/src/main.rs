//! `usage-sync` as a Lambda: settings, log, adapters, run.

use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::http::{Http, HttpLimits};
use shared::telemetry::{self, Output};
use shared::{clock::SystemClock, config, ids::UuidV7, queue::SqsQueue, seal::KmsSeal, store::DynamoStore};
use usage_sync::{Adapters, Limits, Worker, work_off};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = config::UsageSync::from_environment()?;
    telemetry::start(Output::Json, &settings.log_filter)?;
    let aws = shared::aws::connect().await;
    let store = DynamoStore::new(Client::new(&aws), settings.table_name, UuidV7);
    let policy = if settings.psa_allow_loopback { AddressPolicy::VendorAndLoopback } else { AddressPolicy::Vendor };
    let http = Http::build(policy, HttpLimits::default())?;
    let mut options = ConnectionOptions::new(http, AddressRules { policy, allowed_hosts: settings.psa_allowed_hosts })?;
    options.sophos.sign_in_url = settings.sophos_sign_in_url;
    options.sophos.api_url = settings.sophos_api_url;
    let connections =
        StoredConnections::new(store.clone(), KmsSeal::new(&aws, settings.seal_key_id), options).noting_work();
    let queue = SqsQueue::new(&aws, settings.queue_url);
    let world = Adapters { store, connections, queue, clock: SystemClock, ids: UuidV7 };
    let worker = &Worker::new(world, Limits::default());
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let deadline = Timestamp::from_millisecond(i64::try_from(event.context.deadline)?)?;
        Ok::<_, Error>(work_off(worker, event.payload, deadline).await)
    }))
    .await
}
