//! The queues of sync messages and of alerts: SQS where it is deployed, in process for the local stack and the tests.

mod local;
mod sqs;

pub use local::{Delivery, LocalQueue};
pub use sqs::SqsQueue;

use crate::error::QueueError;

/// The longest delay of a message, seconds: SQS' own limit, kept by both queues.
pub const MAX_DELAY_S: u32 = 900;

fn checked_delay(delay_s: u32) -> Result<u32, QueueError> {
    if delay_s <= MAX_DELAY_S {
        Ok(delay_s)
    } else {
        let why = format!("a message can wait at most {MAX_DELAY_S} s, not {delay_s} s");
        Err(QueueError { why })
    }
}
