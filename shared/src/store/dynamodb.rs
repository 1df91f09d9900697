//! The store on DynamoDB.
//!
//! - Reads that decide a write are consistent; nothing is scanned.
//! - Every conditional write carries a nonce and asks for the old entry when its condition fails: the SDK itself sends a
//!   write again whose answer was lost, and an old entry with our nonce tells that it had worked.
//! - A conflict with a transaction that is under way is waited out for some seconds; what goes on longer, throttling
//!   and a table that is away are `Unavailable`.

mod alert;
mod batch;
mod commit;
mod due;
mod edit;
mod failure;
mod hold;
mod idempotency;
mod known;
mod lease;
mod ledger;
mod mapping;
mod open;
mod oversight;
mod owner;
mod rate;
mod read;
mod removal;
mod run;
mod save;
mod send;
mod settings;
mod setup;
mod wait;
mod write;

use aws_sdk_dynamodb::Client;

/// The table behind all functions. Clones share the client.
#[derive(Clone, Debug)]
pub struct DynamoStore<I> {
    client: Client,
    table: String,
    ids: I,
}

impl<I> DynamoStore<I> {
    /// The store in a table that has the keys and the index of [`super::table`]; `ids` names its writes.
    #[must_use]
    pub const fn new(client: Client, table: String, ids: I) -> Self {
        Self { client, table, ids }
    }
}
