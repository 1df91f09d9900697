//! Everything that is stored: one table, tenant first, reached through the port [`crate::table`].
//!
//! The store is the same code whether the table is in DynamoDB or in memory, so simulations exercise what is shipped.
//! Each file below this one has one noun: its values, the methods of [`Store`] and its entries. The map of the table
//! (`P#…` is a partner's partition):
//!
//! | partition | sort key | what, and its file |
//! |---|---|---|
//! | `P#…#` | `CFG` | settings (`settings`) |
//! | | `MP#code` · `MC#customer` · `UQ#company` | product and customer mappings, companies in use (`mapping`, `save`) |
//! | | `PC#code` · `NM#product` · `SC#customer` · `LS#customer` | what runs saw (`known`) |
//! | | `AU#time#…` | the audit, 400 days (`edit`) |
//! | | `OW#database` | the ConnectWise databases that the partner owns (`owner`) |
//! | `P#…#K` | `CRED` | sealed credentials (`settings`, `setup`) |
//! | `P#…#D` | `DUE` and one key for each follow-up | when something is due; index `due` (`due`) |
//! | `P#…#A` | `CFG` · `AL#time#id` · `ID#id` | alerts, 90 days, and their settings (`alert`) |
//! | `P#…#H` | `month#customer#product#H` · `…#D` · `END#…` | holds, decisions, additions to end (`hold`) |
//! | | `OV#customer#product#month#time#` | other quantities than the usage (`quantity_override`) |
//! | `P#…#S` | `LEASE` · `OPEN` | the lease and the open run (`lease`, `run`) |
//! | | `AG#agreement` · `IN#…` · `BO#…` | snapshots, intents, where a customer is billed (`snapshot`) |
//! | `P#…#R` | `run` | runs, 400 days (`run`) |
//! | `P#…#R#run` | `CH#…` · `LG#customer#part` | rows that a run has read, 3 days (`chunk`); its ledger (`ledger`) |
//! | `P#…#I` | hash of the key | idempotency keys, 24 hours (`idempotency`) |
//! | `P#…#L` | `what#hour` | counters of limits, 2 hours (`limit`) |
//! | `T#partner` | `GONE` · `AU#time` | that a partner was removed (`tombstone`) |
//! | `H#database` | `RATE` · `OWNER` | a ConnectWise database's rate and owner (`rate`, `owner`) |

mod alert;
mod chunk;
mod commit;
mod due;
mod edit;
mod entry;
mod hold;
mod idempotency;
mod instant;
mod keys;
mod known;
mod lease;
mod ledger;
mod limit;
mod limits;
mod mapping;
mod owner;
mod quantity_override;
mod rate;
mod read;
mod removal;
mod run;
mod save;
mod settings;
mod setup;
mod snapshot;
mod tombstone;

use aws_sdk_dynamodb::Client;

pub use self::alert::{AlertPage, SavedAlertSettings};
pub use self::chunk::{Chunk, ChunkKind, ChunkPage};
pub use self::commit::Change;
pub use self::due::{Due, DueFor};
pub use self::edit::{Author, Edit, EditPage, Subject};
pub use self::hold::HoldPage;
pub use self::idempotency::{Answer, Attempt, Begun, IDEMPOTENCY_TTL_H, Keep};
pub use self::known::{DiscoveredProduct, KnownPsaProduct, SeenProduct, Sighting};
pub use self::lease::{Lease, LeaseTaken};
pub use self::ledger::LedgerPage;
pub use self::limit::{Counted, LimitReached, Limited};
pub use self::limits::{
    MAX_ANSWER_BYTES, MAX_CHANGES, MAX_CHUNK_BYTES, MAX_COMMIT_BYTES, MAX_CUSTOMER_ROWS, MAX_PRODUCT_ROWS,
};
pub use self::mapping::{CustomerConflict, CustomerEdit, MappedCustomer, ProductConflict};
pub use self::owner::{PsaClaim, PsaDatabase, PsaHolder, PsaOwner};
pub use self::quantity_override::OverridePage;
pub use self::rate::Rate;
pub use self::removal::Removal;
pub use self::run::Opened;
pub use self::setup::{
    ConnectionsSaved, Databases, LastTest, SavedBy, SavedConnections, ShownConnectWise, ShownConnections, ShownSophos,
    Versioned,
};
pub use self::tombstone::Tombstone;
use crate::table::dynamodb::DynamoTable;
use crate::table::memory::MemoryTable;

/// Everything that is stored, in one table. Clones share the table.
///
/// Every call names the partner first and reads and writes nothing of another partner. Reads that decide a write are
/// consistent. A write whose response was lost can be sent again and then succeeds. Every call fails with
/// [`StoreError`](crate::error::StoreError).
#[derive(Clone, Debug, Default)]
pub struct Store<T> {
    table: T,
}

/// The store in a DynamoDB table.
pub type DynamoStore<I> = Store<DynamoTable<I>>;

/// A store in memory, for simulations and tests.
pub type MemoryStore = Store<MemoryTable>;

impl<T> Store<T> {
    /// A store whose values are in `table`.
    #[must_use]
    pub const fn on(table: T) -> Self {
        Self { table }
    }
}

impl<I> DynamoStore<I> {
    /// The store in the DynamoDB table of this name; `ids` makes the nonces of its writes.
    #[must_use]
    pub const fn new(client: Client, name: String, ids: I) -> Self {
        Self::on(DynamoTable::new(client, name, ids))
    }
}
