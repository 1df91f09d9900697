//! `sync-invoke` as a Lambda: settings, log, adapters, run.

// The types of the SDK's futures within the runtime's are deeper than the default allows.
#![recursion_limit = "256"]

use aws_sdk_dynamodb::Client;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use shared::queue::SqsQueue;
use shared::telemetry::{self, Output};
use shared::{clock::SystemClock, config, ids::UuidV7, store::DynamoStore};
use sync_invoke::World;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = config::SyncInvoke::from_environment()?;
    telemetry::start(Output::Json, &settings.log_filter)?;
    let aws = shared::aws::connect().await;
    let store = DynamoStore::new(Client::new(&aws), settings.table_name, UuidV7);
    let queue = SqsQueue::new(&aws, settings.queue_url);
    let world = &World { store, queue, clock: SystemClock, ids: UuidV7 };
    run(service_fn(async |event: LambdaEvent<Value>| world.handle(event.payload).await)).await
}
