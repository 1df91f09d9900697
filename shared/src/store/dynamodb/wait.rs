//! How long a conflict with another transaction is waited out.

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use super::failure::Failure;

/// 20 to 400 ms and as much again at random, eight times: some 2 to 4 seconds, a fraction of any lease.
fn policy() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_millis(400))
        .with_max_times(8)
        .with_jitter()
}

/// Makes the call again while it is contended. Each call is the same, its nonce and token too.
pub(super) async fn out<T, F: Future<Output = Result<T, Failure>>>(call: impl FnMut() -> F) -> Result<T, Failure> {
    call.retry(policy()).when(|failure| matches!(failure, Failure::Contended(_))).await
}
