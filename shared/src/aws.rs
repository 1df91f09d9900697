//! What all AWS adapters share: timeouts, retries, and the messages of errors.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_kms::config::Credentials;
use aws_sdk_kms::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// Reads region, credentials and, if `AWS_ENDPOINT_URL` is set, the address of the local replacement for AWS.
pub async fn connect() -> SdkConfig {
    loader().load().await
}

/// The local replacement for AWS at `endpoint`, for the local stack and the tests, with made-up credentials.
pub async fn connect_local(endpoint: &str) -> SdkConfig {
    loader()
        .endpoint_url(endpoint)
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "made up"))
        .load()
        .await
}

fn loader() -> ConfigLoader {
    // A healthy call takes a few milliseconds. The SDK does not limit a whole call, and one call must not use up a
    // slice's deadline.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(20))
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(4))
}

/// The service's own message if it answered, else what happened instead.
pub(crate) fn words<E>(error: &SdkError<E>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => DisplayErrorContext(error).to_string(),
    }
}

/// Whether the call may succeed later: the service is unavailable, failed, or refused with one of the codes `passing`.
pub(crate) fn may_pass<E>(error: &SdkError<E>, passing: &[&str]) -> bool
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(context) => {
            context.raw().status().is_server_error() || error.code().is_some_and(|code| passing.contains(&code))
        }
        SdkError::ConstructionFailure(_) => false,
        _ => false,
    }
}
