//! `mappings` as a Lambda: settings, log, adapters, run.

use aws_sdk_dynamodb::Client;
use lambda_http::{Error, run};
use mappings::{World, app};
use shared::config::Mappings;
use shared::ids::UuidV7;
use shared::store::DynamoStore;
use shared::telemetry::{self, Output};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = Mappings::from_environment()?;
    telemetry::start(Output::Json, &settings.log_filter)?;
    let aws = shared::aws::connect().await;
    let store = DynamoStore::new(Client::new(&aws), settings.table_name, UuidV7);
    run(app(World { store }, settings.api)).await
}
