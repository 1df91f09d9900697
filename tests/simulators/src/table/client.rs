//! A DynamoDB client for a loopback address.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::{Client, Config};

/// The SDK as the functions have it, but for its pauses: nobody gains by waiting for a server in the same process.
pub(super) fn at(url: &str) -> Client {
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(5));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local table"))
        .retry_config(retries)
        .build();
    Client::from_conf(config)
}
