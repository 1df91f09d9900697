//! `alert-delivery` as a Lambda: settings, log, adapters, run.

use alert_delivery::{World, work_off};
use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::client::address::AddressPolicy;
use shared::client::http::Http;
use shared::client::webhook::Webhooks;
use shared::mail::SesMailer;
use shared::telemetry::{self, Output};
use shared::{clock::SystemClock, config, ids::UuidV7, seal::KmsSeal, store::DynamoStore};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = config::AlertDelivery::from_environment()?;
    telemetry::start(Output::Json, &settings.log_filter)?;
    let aws = shared::aws::connect().await;
    let store = DynamoStore::new(Client::new(&aws), settings.table_name, UuidV7);
    let policy = if settings.webhook_allow_loopback { AddressPolicy::VendorAndLoopback } else { AddressPolicy::Vendor };
    let webhooks = Webhooks::new(Http::build(policy, Webhooks::limits())?);
    let mailer = settings.mail_from.map(|from| SesMailer::new(&aws, from));
    let seal = KmsSeal::new(&aws, settings.seal_key_id);
    let world = &World { store, seal, webhooks, policy, mailer, clock: SystemClock };
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let deadline = Timestamp::from_millisecond(i64::try_from(event.context.deadline)?)?;
        Ok::<_, Error>(work_off(world, event.payload, deadline).await)
    }))
    .await
}
