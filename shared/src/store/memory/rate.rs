//! The rates of PSAs, in memory.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use jiff::Timestamp;

use super::MemoryStore;
use crate::error::StoreError;
use crate::ports::{PsaDatabase, Rate, RateStore};

impl MemoryStore {
    fn rates<T>(&self, act: impl FnOnce(&mut BTreeMap<PsaDatabase, Rate>) -> T) -> T {
        act(&mut self.rates.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl RateStore for MemoryStore {
    async fn find_rate(&self, psa: &PsaDatabase) -> Result<Option<Rate>, StoreError> {
        Ok(self.rates(|rates| rates.get(psa).copied()))
    }

    async fn hold_rate(&self, psa: &PsaDatabase, until: Timestamp, _now: Timestamp) -> Result<(), StoreError> {
        self.rates(|rates| {
            let rate = rates.entry(psa.clone()).or_default();
            rate.not_before = rate.not_before.max(Some(until));
        });
        Ok(())
    }

    async fn put_learnt_rate(&self, psa: &PsaDatabase, learnt: u32, _now: Timestamp) -> Result<(), StoreError> {
        self.rates(|rates| rates.entry(psa.clone()).or_default().learnt = Some(learnt));
        Ok(())
    }
}
