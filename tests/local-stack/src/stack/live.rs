//! The stack of a real partner on one machine: table, queue, worker and HTTP API, and no simulator.
//!
//! The functions are the ones that are deployed. Table and key are files of one folder; credentials are in the table,
//! sealed with the key. Nothing here listens but the table, and nothing runs unless it is asked for.

mod api;
mod files;
mod runs;

use std::path::Path;

use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::credentials::Credentials;
use shared::clock::SystemClock;
use shared::domain::id::PartnerId;
use shared::domain::settings::Settings;
use shared::ids::UuidV7;
use shared::ports::Seal;
use shared::queue::LocalQueue;
use shared::seal::LocalSeal;
use usage_sync::{Adapters, Limits, Worker};

use super::worker::Workers;
use super::{LONGEST_SLICE, LocalStore, REDELIVERED_AFTER, StackError};
use crate::api::routers::LocalApi;
pub use api::{LiveApi, Refused, Reply};
use files::LiveFiles;
use simulators::table::LocalTable;

/// A real partner's stack while it is open.
pub struct Live {
    store: LocalStore,
    queue: LocalQueue,
    seal: LocalSeal,
    options: ConnectionOptions,
    files: LiveFiles,
    table: LocalTable,
    workers: Workers,
}

impl Live {
    /// Opens the stack in a folder, made if it is missing; both services are called as `options` say.
    ///
    /// # Errors
    /// The folder is the demo's or in use, or its files cannot be used.
    pub async fn open(folder: &Path, options: ConnectionOptions) -> Result<Self, StackError> {
        let files = LiveFiles::open(folder)?;
        let table = LocalTable::in_file(&files.table(), 0).await?;
        let store = LocalStore::new(table.client(), table.name().to_owned(), UuidV7);
        let seal = LocalSeal::from_file(&files.key())?;
        let queue = LocalQueue::new(REDELIVERED_AFTER);
        let connections = StoredConnections::new(store.clone(), seal.clone(), options.clone()).noting_work();
        let world =
            Adapters { store: store.clone(), connections, queue: queue.clone(), clock: SystemClock, ids: UuidV7 };
        // A lease that an interrupted run left behind runs out soon: nobody else works on these files.
        let limits = Limits { lease_s: 60, wait_s: 2, ..Limits::default() };
        let workers = Workers::start(&Worker::new(world, limits), &queue, LONGEST_SLICE);
        Ok(Self { store, queue, seal, options, files, table, workers })
    }

    /// Whose folder it is, once that is known.
    #[must_use]
    pub fn partner(&self) -> Option<PartnerId> {
        self.files.partner()
    }

    /// Makes it a partner's folder for good.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn belongs_to(&mut self, partner: PartnerId) -> Result<(), StackError> {
        Ok(self.files.belongs_to(partner)?)
    }

    /// How both services are called.
    #[must_use]
    pub const fn options(&self) -> &ConnectionOptions {
        &self.options
    }

    /// The credentials that are saved, opened; none of either service before its first save.
    ///
    /// # Errors
    /// They cannot be read or opened.
    pub async fn credentials(&self, partner: PartnerId) -> Result<Credentials, StackError> {
        let Some(sealed) = self.store.find_credentials(partner).await? else { return Ok(Credentials::default()) };
        let opened = self.seal.open(partner, &sealed).await?;
        Ok(Credentials::parse(&opened)?)
    }

    /// The partner's settings, once a ConnectWise was saved.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn settings(&self, partner: PartnerId) -> Result<Option<Settings>, StackError> {
        Ok(self.store.find_settings(partner).await?)
    }

    /// The HTTP API for this partner, called in this process in the name of `who`.
    ///
    /// # Errors
    /// The template and the functions do not fit, or no key can be made.
    pub fn api(&self, partner: PartnerId, who: &str) -> Result<LiveApi, StackError> {
        let connections = self.options.clone().interactive();
        let (store, seal, queue) = (self.store.clone(), self.seal.clone(), self.queue.clone());
        // Nothing runs here but what is asked for: alerts are listed, and sent where it is deployed.
        let local = LocalApi { store, seal, queue, alerts: LocalQueue::new(REDELIVERED_AFTER), connections };
        Ok(LiveApi::new(partner, who, local.routers())?)
    }

    /// Closes everything in order. A run that is under way stops where it is, and can be taken up again.
    ///
    /// # Errors
    /// The table had failed.
    pub async fn close(self) -> Result<(), StackError> {
        self.workers.stop().await;
        drop(self.store);
        Ok(self.table.stop().await?)
    }
}
