//! From what the queue delivers to alerts, and back to what it must deliver again.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use shared::ports::{AlertMessage, Clock, Mailer, Seal};
use shared::table::Table;

use crate::{WorkError, World};

/// A delivered message that was not worked off.
#[derive(Debug, thiserror::Error)]
enum MessageError {
    /// Each delivery of it fails the same way: it ends among the dead letters.
    #[error("this release cannot read the message: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// Works off the delivered messages one after the other until `deadline` is near. The answer names those that failed: the
/// queue delivers them again, and after some times puts them among its dead letters.
pub async fn work_off<T: Table, K: Seal, M: Mailer, C: Clock>(
    world: &World<T, K, M, C>,
    batch: SqsEvent,
    deadline: Timestamp,
) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in batch.records {
        if let Err(error) = work_on(world, &message, deadline).await {
            let id = message.message_id.unwrap_or_default();
            tracing::error!(delivery = id, %error, "alerts not seen to; the queue delivers the message again");
            // An empty id, which SQS never sends, would have the whole batch delivered again: late, not lost.
            response.add_failure(id);
        }
    }
    response
}

async fn work_on<T: Table, K: Seal, M: Mailer, C: Clock>(
    world: &World<T, K, M, C>,
    message: &SqsMessage,
    deadline: Timestamp,
) -> Result<(), MessageError> {
    let message: AlertMessage = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
    Box::pin(world.see_to(&message, deadline)).await?;
    Ok(())
}
