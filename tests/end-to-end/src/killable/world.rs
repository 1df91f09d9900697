//! The world that killable workers work in, served by this process.

use shared::clock::SystemClock;
use shared::domain::id::RunId;
use shared::domain::ledger::CustomerLedger;
use shared::domain::month::UsageMonth;
use shared::domain::psa::CustomerNames;
use shared::ids::UuidV7;
use shared::ports::Clock;

use local_stack::apart::Addresses;
use local_stack::demo::Demo;
use local_stack::stack::{LocalStore, StackError};
use simulators::connectwise::{ConnectWise, Settings};
use simulators::simulator::serve::Running;
use simulators::sophos::{self, Sophos};
use simulators::table::LocalTable;

/// Both simulators and the table, with a partner in them.
pub struct KillableWorld {
    /// The partner.
    pub demo: Demo,
    /// The simulated ConnectWise.
    pub psa: ConnectWise,
    /// The simulated Sophos Central.
    pub sophos: Sophos,
    /// The table.
    pub store: LocalStore,
    pub(super) addresses: Addresses,
    _table: LocalTable,
    _servers: [Running; 2],
}

impl KillableWorld {
    /// Makes a partner's world, with usage of `month`.
    ///
    /// # Errors
    /// Something cannot be served or stored.
    pub async fn start(demo: Demo, month: UsageMonth) -> Result<Self, StackError> {
        let psa = ConnectWise::new(Settings::default());
        let planted = demo.fill_psa(&psa, month)?;
        let sophos = Sophos::new(sophos::Config::default());
        demo.fill_sophos(&sophos, month);
        let table = LocalTable::in_memory().await?;
        let store = LocalStore::new(table.client(), table.name().to_owned(), UuidV7);
        demo.fill_store(&store, &planted, month, SystemClock.now()).await?;
        let (psa_server, sophos_server) = (psa.start(0).await?, sophos::start(&sophos, 0).await?);
        let addresses = Addresses {
            connectwise: psa_server.url(),
            sophos: sophos_server.url(),
            table: table.url().to_owned(),
            table_name: table.name().to_owned(),
            partner: demo.partner(),
            month,
        };
        Ok(Self { demo, psa, sophos, store, addresses, _table: table, _servers: [psa_server, sophos_server] })
    }

    /// Marks every customer as one whose preview a person has applied, so that a run by itself writes.
    ///
    /// # Errors
    /// The table failed.
    pub async fn mark_all_applied(&self) -> Result<(), StackError> {
        let partner = self.demo.partner();
        let names = CustomerNames {
            company: "As it was".to_owned(),
            agreement: "As it was".to_owned(),
            ..CustomerNames::default()
        };
        for (mapping, _) in self.store.list_customer_mappings(partner, "").await? {
            self.store.touch_customer(partner, mapping.customer, mapping.agreement, &names, true).await?;
        }
        Ok(())
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
}
