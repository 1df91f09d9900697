//! A partner's settings and sealed credentials, read and saved without versions and edits.

use crate::domain::id::PartnerId;
use crate::domain::settings::Settings;
use crate::error::StoreError;
use crate::ports::Sealed;
use crate::store::entry::{read_body, with_body};
use crate::store::{Store, keys};
use crate::table::{Table, Write};

impl<T: Table> Store<T> {
    /// The partner's settings, if any are saved.
    pub async fn find_settings(&self, partner: PartnerId) -> Result<Option<Settings>, StoreError> {
        let entry = self.table.get(&keys::settings(partner)).await?;
        entry.as_ref().map(read_body).transpose()
    }

    /// Saves the partner's settings, whatever was stored. People's saves use [`Store::save_settings`].
    pub async fn put_settings(&self, partner: PartnerId, settings: &Settings) -> Result<(), StoreError> {
        let entry = with_body(&keys::settings(partner), settings)?;
        self.table.write(Write::put(entry)).await?;
        Ok(())
    }

    /// The partner's sealed credentials, if any are saved.
    pub async fn find_credentials(&self, partner: PartnerId) -> Result<Option<Sealed>, StoreError> {
        let entry = self.table.get(&keys::credentials(partner)).await?;
        entry.as_ref().map(read_body).transpose()
    }

    /// Saves the partner's sealed credentials, whatever was stored. People's saves use [`Store::save_connections`].
    pub async fn put_credentials(&self, partner: PartnerId, credentials: &Sealed) -> Result<(), StoreError> {
        let entry = with_body(&keys::credentials(partner), credentials)?;
        self.table.write(Write::put(entry)).await?;
        Ok(())
    }
}
