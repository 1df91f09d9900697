//! Sends writes, waits out conflicts, and recognises its own by their nonce when an answer was lost.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::TransactWriteItem;

use super::failure::{self, Failure};
use super::write::{Action, Write};
use super::{DynamoStore, wait};
use crate::error::StoreError;
use crate::ports::Ids;
use crate::store::item::{Entry, NONCE, find_text, keyed};

/// What came of writes under conditions.
pub(super) enum Verdict {
    /// They are written, by this call or by its predecessor whose answer was lost.
    Written,
    /// Nothing is: for each write whether its condition was not met, and what stands there instead.
    Unmet(Vec<Option<Entry>>),
}

impl<I: Ids> DynamoStore<I> {
    /// Makes one write.
    pub(super) async fn write(&self, write: Write) -> Result<Verdict, StoreError> {
        let nonce = self.ids.unique();
        let write = write.signed(&nonce);
        let sent = wait::out(|| self.send_one(&write, &nonce)).await;
        verdict(sent, &nonce)
    }

    /// Makes all writes or none, at most 100 and of different entries.
    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<Verdict, StoreError> {
        let nonce = self.ids.unique();
        let writes: Vec<Write> = writes.into_iter().map(|write| write.signed(&nonce)).collect();
        let sent = wait::out(|| self.send_all(&writes, &nonce)).await;
        verdict(sent, &nonce)
    }

    /// The same for what a person saves: contention that lasts is somebody else's save, which the person looks at before
    /// deciding again. To say that the service is busy would have the same request sent again.
    pub(super) async fn transact_for_a_person(&self, writes: Vec<Write>) -> Result<Verdict, StoreError> {
        let nonce = self.ids.unique();
        let writes: Vec<Write> = writes.into_iter().map(|write| write.signed(&nonce)).collect();
        match wait::out(|| self.send_all(&writes, &nonce)).await {
            Err(Failure::Contended(why)) => {
                tracing::info!(why, "others were saving the same for as long as it was waited for");
                Err(StoreError::Conflict { what: "what was to be saved".to_owned() })
            }
            sent => verdict(sent, &nonce),
        }
    }

    async fn send_one(&self, write: &Write, token: &str) -> Result<(), Failure> {
        match &write.action {
            Action::Put(entry) => {
                let call = self.client.put_item().table_name(&self.table).set_item(Some(entry.clone()));
                let call = call
                    .set_condition_expression(write.condition.map(str::to_owned))
                    .set_expression_attribute_names(write.names())
                    .set_expression_attribute_values(write.values())
                    .set_return_values_on_condition_check_failure(write.on_failure());
                call.send().await.map_err(failure::of_put)?;
            }
            Action::Update(key, expression) => {
                let call = self.client.update_item().table_name(&self.table).set_key(Some(keyed(key)));
                let call = call
                    .update_expression(expression)
                    .set_condition_expression(write.condition.map(str::to_owned))
                    .set_expression_attribute_names(write.names())
                    .set_expression_attribute_values(write.values())
                    .set_return_values_on_condition_check_failure(write.on_failure());
                call.send().await.map_err(failure::of_update)?;
            }
            // Removals only ever go with other writes; one alone is a transaction of one.
            Action::Delete(_) => self.send_all(std::slice::from_ref(write), token).await?,
        }
        Ok(())
    }

    async fn send_all(&self, writes: &[Write], token: &str) -> Result<(), Failure> {
        let actions: Result<Vec<TransactWriteItem>, BuildError> =
            writes.iter().map(|write| write.to_action(&self.table)).collect();
        let actions = actions.map_err(|error| Failure::Store(StoreError::Refused { why: error.to_string() }))?;
        self.client
            .transact_write_items()
            .set_transact_items(Some(actions))
            .client_request_token(token)
            .send()
            .await
            .map_err(failure::of_transaction)?;
        Ok(())
    }
}

/// An unmet condition is success when what stands there is our own write: its answer was lost, and it was sent again.
fn verdict(sent: Result<(), Failure>, nonce: &str) -> Result<Verdict, StoreError> {
    let unmet = match sent {
        Ok(()) => return Ok(Verdict::Written),
        Err(failure) => failure.into_unmet()?,
    };
    let ours = |old: &Entry| find_text(old, NONCE) == Some(nonce);
    if unmet.iter().flatten().any(ours) { Ok(Verdict::Written) } else { Ok(Verdict::Unmet(unmet)) }
}
