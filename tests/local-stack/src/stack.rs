//! The local stack: the table, both simulators, the queue and the functions in one process, over the real protocols.
//!
//! The functions are the very libraries that the Lambdas run; only the adapters of queue and seal are local ones. With
//! a folder, everything is still there when the stack is started again.

mod alerts;
mod api;
mod files;
mod live;
mod worker;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::credentials::{ConnectWiseCredentials, Credentials, CredentialsError, SophosCredentials};
use shared::client::http::{Http, HttpError, HttpLimits};
use shared::clock::SystemClock;
use shared::domain::id::{IdError, PartnerId, RunId};
use shared::domain::ledger::CustomerLedger;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunRequest, RunScope};
use shared::domain::schedule::next_run_after;
use shared::error::{QueueError, SealError, StoreError};
use shared::ids::UuidV7;
use shared::ports::{AlertMessage, Clock, Queue, Seal, SyncMessage};
use shared::queue::LocalQueue;
use shared::seal::{LocalKeyError, LocalSeal};
use shared::store::{PsaDatabase, Store};
use shared::table::Table;
use shared::table::dynamodb::DynamoTable;
use sync_schedule::{TickError, TickReport, tick};
use usage_sync::{Adapters, Limits, Worker};

use crate::demo::{DEMO_COMPANY, Demo, PlantError, SOPHOS_CLIENT, Size};
use alerts::AlertWorker;
pub use api::{Api, ApiError};
use files::Files;
pub use files::FilesError;
pub use live::{Live, LiveApi, Refused, Reply};
use simulators::connectwise::{ConnectWise, Refusal, StateFileError};
use simulators::simulator::serve::Running;
use simulators::sophos::{self, Sophos};
use simulators::table::{LocalTable, TableError};
use worker::Workers;

/// A message that a worker gave up is delivered again after this time.
const REDELIVERED_AFTER: Duration = Duration::from_secs(5);
/// How often a caller is told how a run gets on.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The store of the local stack.
pub type LocalStore = Store<TableClient>;

/// The client of the local stack's table.
pub type TableClient = DynamoTable<UuidV7>;
/// The world that the local workers work in.
pub type LocalWorld = Adapters<TableClient, StoredConnections<TableClient, LocalSeal>, LocalQueue, SystemClock, UuidV7>;

/// What a stack is started with.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// The partner.
    pub size: Size,
    /// The month for which Sophos has usage.
    pub month: UsageMonth,
    /// Where everything is kept; none keeps nothing.
    pub data: Option<PathBuf>,
    /// The numbers that bound a slice.
    pub limits: Limits,
    /// How long a slice may take.
    pub slice: SignedDuration,
}

/// A ceiling that tests never reach.
pub(crate) const UNLIMITED: u32 = 600_000;

/// How long a slice may take where a Lambda has its longest time-out.
pub const LONGEST_SLICE: SignedDuration = SignedDuration::from_mins(15);

/// The stack could not be started, or something in it failed.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The files of an earlier start cannot be used.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The table cannot be served.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A simulator cannot be served.
    #[error("a simulator could not be served: {0}")]
    Serve(#[from] io::Error),
    /// What the run came to cannot be written on standard output.
    #[error("the report could not be written: {0}")]
    Report(io::Error),
    /// Ctrl-C cannot be waited for.
    #[error("Ctrl-C could not be listened for: {0}")]
    Signal(io::Error),
    /// The simulated ConnectWise refuses a record of the demo: {0}
    #[error("the demo's ConnectWise could not be filled: {0}")]
    Psa(String),
    /// The simulated ConnectWise cannot be kept.
    #[error(transparent)]
    PsaFile(#[from] StateFileError),
    /// The demo partner cannot be stored.
    #[error(transparent)]
    Plant(#[from] PlantError),
    /// The local key cannot be used.
    #[error(transparent)]
    Key(#[from] LocalKeyError),
    /// The credentials cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The saved credentials are not in a form that this release reads.
    #[error("the saved connections cannot be used: {0}")]
    Credentials(#[from] CredentialsError),
    /// The HTTP client cannot be built.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An address is none.
    #[error(transparent)]
    Address(#[from] url::ParseError),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The tick failed.
    #[error(transparent)]
    Tick(#[from] TickError),
    /// A run id cannot be formed.
    #[error(transparent)]
    Run(#[from] IdError),
    /// The HTTP API cannot be served.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A run that was asked for is not there when all messages are worked off.
    #[error("run {0} came to nothing: the log says why")]
    Lost(RunId),
}

impl From<Refusal> for StackError {
    fn from(refusal: Refusal) -> Self {
        Self::Psa(format!("{refusal:?}"))
    }
}

/// A running stack.
pub struct Stack {
    /// The partner.
    pub demo: Demo,
    /// The simulated ConnectWise.
    pub psa: ConnectWise,
    /// The simulated Sophos Central.
    pub sophos: Sophos,
    /// The table.
    pub store: LocalStore,
    pub queue: LocalQueue,
    pub alerts: LocalQueue<AlertMessage>,
    /// Whether the partner was made at this start; else it was found in the files.
    pub fresh: bool,
    files: Files,
    table: LocalTable,
    psa_server: Running,
    sophos_server: Running,
    seal: LocalSeal,
    workers: Workers,
    alert_worker: AlertWorker,
}

impl Stack {
    /// Starts everything on free ports of 127.0.0.1.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        Self::start_for(Demo::new(options.size), options).await
    }

    /// The same for a partner made otherwise than its size alone says.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn start_for(demo: Demo, options: StackOptions) -> Result<Self, StackError> {
        let files = Files::open(options.data, options.size)?;
        let table = match files.table() {
            Some(path) => LocalTable::in_file(&path, 0).await?,
            None => LocalTable::in_memory().await?,
        };
        let store = LocalStore::new(table.client(), table.name().to_owned(), UuidV7);
        let (psa, planted) = files.psa(&demo, options.month)?;
        if let Some(planted) = &planted {
            let now = SystemClock.now();
            demo.fill_store(&store, planted, options.month, now).await?;
            let next = next_run_after(&demo.settings().map_err(PlantError::from)?, demo.partner(), now);
            store.put_due(demo.partner(), next).await?;
        }
        let sophos = Sophos::new(sophos::Config::default());
        demo.fill_sophos(&sophos, options.month);
        let psa_server = psa.start(0).await?;
        let sophos_server = sophos::start(&sophos, 0).await?;
        let seal = match files.key() {
            Some(path) => LocalSeal::from_file(&path)?,
            None => LocalSeal::ephemeral(),
        };
        let queue = LocalQueue::new(REDELIVERED_AFTER);
        let connections =
            StoredConnections::new(store.clone(), seal.clone(), connection_options(&sophos_server.url())?)
                .noting_work();
        let world =
            Adapters { store: store.clone(), connections, queue: queue.clone(), clock: SystemClock, ids: UuidV7 };
        let workers = Workers::start(&Worker::new(world, options.limits), &queue, options.slice);
        let alerts = LocalQueue::new(REDELIVERED_AFTER);
        let alert_worker = AlertWorker::start(alerts::world(store.clone(), seal.clone())?, &alerts);
        let fresh = planted.is_some();
        files.remember(&psa)?;
        let stack = Self {
            demo,
            psa,
            sophos,
            store,
            queue,
            alerts,
            fresh,
            files,
            table,
            psa_server,
            sophos_server,
            seal,
            workers,
            alert_worker,
        };
        stack.save_credentials(&stack.credentials()).await?;
        Ok(stack)
    }

    /// The credentials that open both simulators.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        credentials(&self.psa_server.url())
    }

    /// Saves the partner's credentials, sealed.
    ///
    /// # Errors
    /// They cannot be sealed or stored.
    pub async fn save_credentials(&self, credentials: &Credentials) -> Result<(), StackError> {
        let partner = self.demo.partner();
        let sealed = self.seal.seal(partner, credentials.to_json().expose_secret()).await?;
        self.store.put_credentials(partner, &sealed).await?;
        claim(&self.store, partner, credentials).await
    }

    /// Deletes what a stack has kept in a folder, and nothing else that is there.
    ///
    /// # Errors
    /// A stack is at work in the folder, or a file cannot be deleted.
    pub fn forget(folder: &Path) -> Result<(), StackError> {
        Ok(files::forget(folder)?)
    }

    /// Where ConnectWise, Sophos Central and the table answer.
    #[must_use]
    pub fn urls(&self) -> [(&'static str, String); 3] {
        [
            ("ConnectWise PSA (simulated)", self.psa_server.url()),
            ("Sophos Central (simulated)", self.sophos_server.url()),
            ("DynamoDB table (embedded)", self.table.url().to_owned()),
        ]
    }

    /// Asks for a run and waits until all messages are worked off, telling how it gets on: nothing until it is opened.
    ///
    /// # Errors
    /// The run is not there, or not over, at the end.
    pub async fn run(&self, request: RunRequest, mut progress: impl FnMut(Option<&Run>)) -> Result<Run, StackError> {
        let (partner, id) = (request.partner, request.id()?);
        self.queue.send(&SyncMessage { request, attempt: 0, turns: 0, first_sent_at: SystemClock.now() }, 0).await?;
        let mut every = tokio::time::interval(PROGRESS_EVERY);
        let mut drained = std::pin::pin!(self.queue.drained());
        loop {
            let over = tokio::select! {
                () = &mut drained => true,
                _ = every.tick() => false,
            };
            let run = self.store.find_run(partner, &id).await?;
            progress(run.as_ref());
            if over {
                self.files.remember(&self.psa)?;
                return run.filter(|run| run.state.is_over()).ok_or(StackError::Lost(id));
            }
        }
    }

    /// A request of a person for the demo partner: a preview, an apply of one, or *Sync now*.
    #[must_use]
    pub fn request(&self, kind: RunKind, month: UsageMonth, preview: Option<RunId>) -> RunRequest {
        let scheduled_at = SystemClock.now();
        let slot = preview.as_ref().map_or_else(|| scheduled_at.to_string(), ToString::to_string);
        RunRequest {
            partner: self.demo.partner(),
            kind,
            month,
            slot,
            scheduled_at,
            preview,
            retry_of: None,
            scope: RunScope::default(),
            asked_by: None,
        }
    }

    /// What the schedule does every five minutes: queues the partners that are due at `at`.
    ///
    /// # Errors
    /// [`TickError`].
    pub async fn tick(&self, at: Timestamp) -> Result<TickReport, StackError> {
        Ok(tick(&self.store, &self.queue, &self.alerts, at).await?)
    }

    /// A run's whole ledger.
    ///
    /// # Errors
    /// The table failed.
    pub async fn ledger(&self, run: &RunId) -> Result<Vec<CustomerLedger>, StackError> {
        let (mut entries, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.list_ledger(self.demo.partner(), run, "", after.as_deref()).await?;
            entries.extend(page.entries);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(entries),
            }
        }
    }

    /// Stops everything in order; what is kept in files is whole.
    ///
    /// # Errors
    /// The files cannot be written.
    pub async fn stop(self) -> Result<(), StackError> {
        self.workers.stop().await;
        self.alert_worker.stop().await;
        self.psa_server.stop().await;
        self.files.remember(&self.psa)?;
        self.sophos_server.stop().await;
        drop(self.store);
        Ok(self.table.stop().await?)
    }
}

/// The demo partner's credentials: ConnectWise at `site`, and Sophos.
pub(crate) fn credentials(site: &str) -> Credentials {
    Credentials {
        connectwise: Some(ConnectWiseCredentials {
            site: site.to_owned(),
            company: DEMO_COMPANY.0.to_owned(),
            public_key: DEMO_COMPANY.1.to_owned().into(),
            private_key: DEMO_COMPANY.2.to_owned().into(),
            client_id: uuid::Uuid::from_u128(0x5eed).to_string().into(),
        }),
        sophos: Some(SophosCredentials {
            client_id: SOPHOS_CLIENT.0.to_owned().into(),
            client_secret: SOPHOS_CLIENT.1.to_owned().into(),
        }),
    }
}

/// Connections to simulators: any ConnectWise on this machine and none elsewhere, and Sophos at `sophos`.
pub(crate) fn connection_options(sophos: &str) -> Result<ConnectionOptions, StackError> {
    let policy = AddressPolicy::Loopback;
    let http = Http::build(policy, HttpLimits::default())?;
    let rules = AddressRules { policy, allowed_hosts: Vec::new() };
    let mut options = ConnectionOptions::new(http, rules)?;
    let url = url::Url::parse(sophos)?;
    options.sophos.sign_in_url = url.clone();
    options.sophos.api_url = url;
    // What a simulator takes is up to its plan of faults, not to a vendor's guide.
    options.connectwise.calls_per_minute = UNLIMITED;
    Ok(options)
}

/// Claims the database that planted credentials lead to, as saving them would: a database without an owner is not
/// written to.
pub async fn claim(store: &Store<impl Table>, partner: PartnerId, credentials: &Credentials) -> Result<(), StackError> {
    if let Some(connectwise) = &credentials.connectwise {
        let host = connectwise.site.trim_start_matches("http://");
        store.claim_psa(partner, &PsaDatabase::new(host, &connectwise.company)).await?;
    }
    Ok(())
}
