//! A worker and its world in two processes: what one must tell the other, and the worker's side of it.

use aws_sdk_dynamodb::Client;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use shared::client::connections::StoredConnections;
use shared::domain::id::PartnerId;
use shared::domain::month::UsageMonth;
use shared::ids::UuidV7;
use shared::ports::{Clock, Queue, Seal};
use shared::seal::LocalSeal;
use shared::store::DynamoStore;
use usage_sync::{Adapters, World};

use crate::stack::{StackError, claim, connection_options, credentials};

/// Where a world answers, and whose it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addresses {
    /// ConnectWise's.
    pub connectwise: String,
    /// Sophos Central's.
    pub sophos: String,
    pub table: String,
    pub table_name: String,
    pub partner: PartnerId,
    /// The month for which Sophos has usage.
    pub month: UsageMonth,
}

impl Addresses {
    /// The Lambda's own adapters of table and wire, a queue and a clock as told, and a key that ends with this process:
    /// the credentials are sealed with it anew.
    ///
    /// # Errors
    /// The table does not answer, or a client cannot be made.
    pub async fn world<Q: Queue, K: Clock>(
        &self,
        queue: Q,
        clock: K,
    ) -> Result<impl World<Queue = Q> + use<Q, K>, StackError> {
        let aws = shared::aws::connect_local(&self.table).await;
        let store = DynamoStore::new(Client::new(&aws), self.table_name.clone(), UuidV7);
        let seal = LocalSeal::ephemeral();
        let credentials = credentials(&self.connectwise);
        let sealed = seal.seal(self.partner, credentials.to_json().expose_secret()).await?;
        store.put_credentials(self.partner, &sealed).await?;
        claim(&store, self.partner, &credentials).await?;
        let connections = StoredConnections::new(store.clone(), seal, connection_options(&self.sophos)?);
        Ok(Adapters { store, connections, queue, clock, ids: UuidV7 })
    }
}
