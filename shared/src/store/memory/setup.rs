//! Connections and settings with their versions, in memory.

use super::MemoryStore;
use super::edit::add_edits;
use crate::domain::id::PartnerId;
use crate::domain::settings::Settings;
use crate::error::StoreError;
use crate::ports::{Author, ConnectionsSaved, Databases, PsaHolder, SavedConnections, SetupStore, Versioned};
use crate::store::setup;

impl SetupStore for MemoryStore {
    async fn find_connections(&self, partner: PartnerId) -> Result<Versioned<SavedConnections>, StoreError> {
        Ok(self.with(partner, |shelf| {
            let saved = |sealed| SavedConnections { sealed, shown: shelf.shown.clone() };
            Versioned { value: shelf.credentials.clone().map(saved), version: shelf.credentials_version }
        }))
    }

    async fn save_connections(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<SavedConnections>,
        connections: &SavedConnections,
    ) -> Result<bool, StoreError> {
        let edits = setup::edits_of_connections(author, read.value.as_ref(), &connections.shown)?;
        self.with(partner, |shelf| {
            if shelf.credentials_version != read.version {
                return Ok(false);
            }
            add_edits(shelf, &edits)?;
            shelf.credentials = Some(connections.sealed.clone());
            shelf.shown = connections.shown.clone();
            shelf.credentials_version = read.version.saturating_add(1);
            Ok(true)
        })
    }

    async fn save_connections_moving(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<SavedConnections>,
        connections: &SavedConnections,
        databases: Databases<'_>,
    ) -> Result<ConnectionsSaved, StoreError> {
        let edits = setup::edits_of_connections(author, read.value.as_ref(), &connections.shown)?;
        let mut owners = self.owners();
        let may_have = |owner: Option<&PsaHolder>| owner.is_none_or(|owner| owner.partner == partner);
        let may_take = |owner: Option<&PsaHolder>| match databases.taken_from {
            Some(holder) => owner == Some(&holder),
            None => may_have(owner),
        };
        if databases.taken.is_some_and(|taken| !may_take(owners.get(taken))) {
            return Ok(ConnectionsSaved::HeldByAnother);
        }
        self.with(partner, |shelf| {
            if shelf.credentials_version != read.version {
                return Ok(ConnectionsSaved::ChangedMeanwhile);
            }
            add_edits(shelf, &edits)?;
            shelf.credentials = Some(connections.sealed.clone());
            shelf.shown = connections.shown.clone();
            shelf.credentials_version = read.version.saturating_add(1);
            if let Some(taken) = databases.taken {
                owners.insert(taken.clone(), PsaHolder { partner, worked_at: Some(author.at) });
            }
            if let Some(left) = databases.left.filter(|left| may_have(owners.get(*left))) {
                owners.remove(left);
            }
            Ok(ConnectionsSaved::Saved)
        })
    }

    async fn find_versioned_settings(&self, partner: PartnerId) -> Result<Versioned<Settings>, StoreError> {
        Ok(self.with(partner, |shelf| Versioned { value: shelf.settings.clone(), version: shelf.settings_version }))
    }

    async fn save_settings(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<Settings>,
        settings: &Settings,
    ) -> Result<bool, StoreError> {
        let edit = setup::edit_of_settings(author, read.value.as_ref(), settings)?;
        self.with(partner, |shelf| {
            if shelf.settings_version != read.version {
                return Ok(false);
            }
            add_edits(shelf, &[edit])?;
            shelf.settings = Some(settings.clone());
            shelf.settings_version = read.version.saturating_add(1);
            Ok(true)
        })
    }
}
