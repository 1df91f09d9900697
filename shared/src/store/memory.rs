//! The store in memory: the same duties without any I/O, for simulated worlds that run by the million.

mod alert;
mod due;
mod edit;
mod hold;
mod idempotency;
mod known;
mod mapping;
mod oversight;
mod owner;
mod rate;
mod run;
mod settings;
mod setup;
mod shelf;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use self::shelf::Shelf;
use crate::domain::id::PartnerId;
use crate::ports::{PsaDatabase, PsaHolder, Rate};

/// A store in memory. Clones share what is stored. It never fails by itself and never waits.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shelves: Arc<Mutex<BTreeMap<PartnerId, Shelf>>>,
    owners: Arc<Mutex<BTreeMap<PsaDatabase, PsaHolder>>>,
    rates: Arc<Mutex<BTreeMap<PsaDatabase, Rate>>>,
}

impl MemoryStore {
    /// Does something with what a partner has; nothing else happens to the store meanwhile.
    fn with<T>(&self, partner: PartnerId, act: impl FnOnce(&mut Shelf) -> T) -> T {
        // A panic of a test elsewhere leaves whole entries behind: each act changes the shelf in its last step.
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        act(shelves.entry(partner).or_default())
    }

    /// Looks through all partners.
    fn shelves<T>(&self, look: impl FnOnce(&BTreeMap<PartnerId, Shelf>) -> T) -> T {
        look(&self.shelves.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
