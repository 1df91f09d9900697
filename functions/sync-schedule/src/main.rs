//! `sync-schedule` as a Lambda: settings, log, adapters, run.

use aws_sdk_dynamodb::Client;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::config::SyncSchedule;
use shared::ids::UuidV7;
use shared::queue::SqsQueue;
use shared::store::DynamoStore;
use shared::telemetry::{self, Output};
use sync_schedule::{Tick, tick};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = SyncSchedule::from_environment()?;
    telemetry::start(Output::Json, &settings.log_filter)?;
    let aws = shared::aws::connect().await;
    let store = DynamoStore::new(Client::new(&aws), settings.table_name, UuidV7);
    let queue = SqsQueue::new(&aws, settings.queue_url);
    let alerts = SqsQueue::new(&aws, settings.alert_queue_url);
    let (store, queue, alerts) = (&store, &queue, &alerts);
    run(service_fn(async |event: LambdaEvent<Tick>| {
        tick(store, queue, alerts, event.payload.time).await?;
        Ok::<(), Error>(())
    }))
    .await
}
