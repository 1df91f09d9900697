//! The table of the local stack and of the tests: DynamoDB's API served in this process, on a loopback port.
//!
//! [`LocalTable`] serves it from memory or from a file. [`Wire`](wire::Wire) can be put in front of it: it tells what went
//! over the wire and does what networks and a busy table do: answers that get lost, throttling, conflicts.

mod client;
mod definition;
pub mod ids;
pub mod wire;

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use dynoxide::Database;
use dynoxide::server::serve_with_shutdown;
use shared::store::DynamoStore;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::ids::CountedIds;

/// What the table is called.
const NAME: &str = "usage-sync";
/// How often expired entries are removed. DynamoDB promises days only, so nothing may rely on it.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// The table could not be served.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("no loopback port for the table: {0}")]
    Port(#[from] std::io::Error),
    /// The file cannot be opened, or is none of ours.
    #[error("the table's file cannot be used: {0}")]
    File(String),
    /// The table cannot be created in it.
    #[error("the table cannot be created: {0}")]
    Create(String),
    /// It ended by a failure.
    #[error("the table ended by a failure: {0}")]
    Served(String),
}

/// A table that is served until it is stopped or dropped.
pub struct LocalTable {
    url: String,
    client: Client,
    database: Database,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), String>>,
}

impl LocalTable {
    /// A new table that is gone with this value.
    ///
    /// # Errors
    /// No port is free.
    pub async fn in_memory() -> Result<Self, TableError> {
        let database = Database::memory().map_err(|error| TableError::File(error.to_string()))?;
        Self::serve(database, 0).await
    }

    /// The table in a file, made if it is missing, at a port of 127.0.0.1 (0: a free one).
    ///
    /// # Errors
    /// The file cannot be used, or the port is taken.
    pub async fn in_file(path: &Path, port: u16) -> Result<Self, TableError> {
        let shown = path.to_string_lossy();
        let database = Database::new(&shown).map_err(|error| TableError::File(format!("{shown}: {error}")))?;
        Self::serve(database, port).await
    }

    async fn serve(database: Database, port: u16) -> Result<Self, TableError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(run(listener, database.clone(), stopped));
        let client = client::at(&url);
        definition::create_if_missing(&client, NAME).await?;
        Ok(Self { url, client, database, stop, serving })
    }

    /// A client of it, with credentials that open nothing else.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// What the table is called.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// `http://127.0.0.1:<port>`: what the functions take for DynamoDB's endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A store in it.
    pub fn store(&self) -> DynamoStore<CountedIds> {
        DynamoStore::new(self.client(), NAME.to_owned(), CountedIds)
    }

    /// Removes what has expired by the wall clock, and says how many entries that were. Also done once a minute.
    ///
    /// # Errors
    /// The table's file cannot be written.
    pub async fn sweep(&self) -> Result<usize, TableError> {
        sweep(self.database.clone()).await
    }

    /// Answers what is under way, then closes the port and the file.
    ///
    /// # Errors
    /// It had ended by a failure before.
    pub async fn stop(self) -> Result<(), TableError> {
        drop((self.stop, self.client, self.database));
        let served = self.serving.await;
        served.map_err(|error| TableError::Served(error.to_string()))?.map_err(TableError::Served)
    }
}

/// Serves and sweeps until the sender of `stopped` is used or dropped.
async fn run(listener: TcpListener, database: Database, stopped: oneshot::Receiver<()>) -> Result<(), String> {
    let sweeping = sweep_now_and_then(database.clone());
    let stopped = async {
        // Ends on the signal or when the sender is dropped.
        if stopped.await.is_err() {
            tracing::debug!("a local table was dropped");
        }
    };
    tokio::select! {
        served = serve_with_shutdown(listener, database, stopped) => served,
        never = sweeping => match never {},
    }
}

async fn sweep_now_and_then(database: Database) -> Infallible {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        match sweep(database.clone()).await {
            Ok(removed) => tracing::debug!(removed, "swept the local table"),
            Err(error) => tracing::warn!(%error, "the local table could not be swept"),
        }
    }
}

async fn sweep(database: Database) -> Result<usize, TableError> {
    let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
    let swept = swept.map_err(|error| TableError::Served(error.to_string()))?;
    swept.map_err(|error| TableError::Served(error.to_string()))
}
