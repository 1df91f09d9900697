//! `sync-runs` as a Lambda: settings, log, adapters, run.

use aws_sdk_dynamodb::Client;
use lambda_http::{Error, run};
use shared::queue::SqsQueue;
use shared::telemetry::{self, Output};
use shared::{clock::SystemClock, config, ids::UuidV7, store::DynamoStore};
use sync_runs::{World, app};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = config::SyncRuns::from_environment()?;
    telemetry::start(Output::Json, &settings.log_filter)?;
    let aws = shared::aws::connect().await;
    let store = DynamoStore::new(Client::new(&aws), settings.table_name, UuidV7);
    let queue = SqsQueue::new(&aws, settings.queue_url);
    run(app(World { store, queue, clock: SystemClock, ids: UuidV7 }, settings.api)).await
}
