//! `mappings` as a Lambda: settings, log, adapters, run.

use aws_sdk_dynamodb::Client;
use lambda_http::{Error, run};
use mappings::{World, app};
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::http::{Http, HttpLimits};
use shared::telemetry::{self, Output};
use shared::{clock::SystemClock, config::Mappings, ids::UuidV7, seal::KmsSeal, store::DynamoStore};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = Mappings::from_environment()?;
    telemetry::start(Output::Json, &settings.log_filter)?;
    let aws = shared::aws::connect().await;
    let store = DynamoStore::new(Client::new(&aws), settings.table_name, UuidV7);
    let policy = if settings.psa_allow_loopback { AddressPolicy::VendorAndLoopback } else { AddressPolicy::Vendor };
    let http = Http::build(policy, HttpLimits::default())?;
    let rules = AddressRules { policy, allowed_hosts: settings.psa_allowed_hosts };
    let options = ConnectionOptions::new(http, rules)?.interactive();
    let connections = StoredConnections::new(store.clone(), KmsSeal::new(&aws, settings.seal_key_id), options);
    run(app(World { store, connections, clock: SystemClock, ids: UuidV7 }, settings.api)).await
}
