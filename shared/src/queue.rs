//! The queues of sync messages and alerts: SQS in a deployment, in process for the local stack and the tests.

mod local;
mod sqs;

pub use local::{Delivery, LocalQueue};
pub use sqs::SqsQueue;

use crate::error::QueueError;

/// The longest delay of a message in seconds: the limit of SQS, which both queues enforce.
pub const MAX_DELAY_S: u32 = 900;

fn checked_delay(delay_s: u32) -> Result<u32, QueueError> {
    if delay_s <= MAX_DELAY_S {
        Ok(delay_s)
    } else {
        let why = format!("a message can wait at most {MAX_DELAY_S} s, not {delay_s} s");
        Err(QueueError { why })
    }
}
