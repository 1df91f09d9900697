//! From what the queue delivers to slices of work, and back to what it must deliver again.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use shared::ports::SyncMessage;

use crate::errors::WorkError;
use crate::handler::Worker;
use crate::world::World;

/// A delivered message that was not worked off.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    /// Each delivery of it fails the same way: it ends among the dead letters.
    #[error("this release cannot read the message: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// Works off the delivered messages one after the other until `deadline` is near.
///
/// The response names those that failed: the queue delivers them again, and after some times puts them among its dead
/// letters. The others are done.
pub async fn work_off<W: World>(worker: &Worker<W>, batch: SqsEvent, deadline: Timestamp) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in batch.records {
        if let Err(error) = work_on(worker, &message, deadline).await {
            let id = message.message_id.unwrap_or_default();
            tracing::error!(delivery = id, %error, "message not worked off; the queue delivers it again");
            // An empty id, which SQS never sends, would have the whole batch delivered again: late, not lost.
            response.add_failure(id);
        }
    }
    response
}

async fn work_on<W: World>(worker: &Worker<W>, message: &SqsMessage, deadline: Timestamp) -> Result<(), DeliveryError> {
    let message: SyncMessage = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
    worker.carry_on(&message, deadline).await?;
    Ok(())
}
