//! Settings and sealed credentials, in memory.

use super::MemoryStore;
use crate::domain::id::PartnerId;
use crate::domain::settings::Settings;
use crate::error::StoreError;
use crate::ports::{Sealed, SettingsStore, ShownConnections};

impl SettingsStore for MemoryStore {
    async fn find_settings(&self, partner: PartnerId) -> Result<Option<Settings>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.settings.clone()))
    }

    async fn put_settings(&self, partner: PartnerId, settings: &Settings) -> Result<(), StoreError> {
        self.with(partner, |shelf| (shelf.settings, shelf.settings_version) = (Some(settings.clone()), 0));
        Ok(())
    }

    async fn find_credentials(&self, partner: PartnerId) -> Result<Option<Sealed>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.credentials.clone()))
    }

    async fn put_credentials(&self, partner: PartnerId, credentials: &Sealed) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            shelf.credentials = Some(credentials.clone());
            (shelf.shown, shelf.credentials_version) = (ShownConnections::default(), 0);
        });
        Ok(())
    }
}
