//! `alerts` as a Lambda: settings, log, adapters, run.

use alerts::{World, app};
use aws_sdk_dynamodb::Client;
use lambda_http::{Error, run};
use shared::client::address::AddressPolicy;
use shared::queue::SqsQueue;
use shared::telemetry::{self, Output};
use shared::{clock::SystemClock, config, ids::UuidV7, seal::KmsSeal, store::DynamoStore};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = config::Alerts::from_environment()?;
    telemetry::start(Output::Json, &settings.log_filter)?;
    let aws = shared::aws::connect().await;
    let store = DynamoStore::new(Client::new(&aws), settings.table_name, UuidV7);
    let queue = SqsQueue::new(&aws, settings.alert_queue_url);
    let seal = KmsSeal::new(&aws, settings.seal_key_id);
    let policy = if settings.webhook_allow_loopback { AddressPolicy::VendorAndLoopback } else { AddressPolicy::Vendor };
    let mails = settings.mail_from.is_some();
    run(app(World { store, queue, seal, clock: SystemClock, ids: UuidV7, policy, mails }, settings.api)).await
}
