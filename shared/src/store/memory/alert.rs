//! Alerts and their settings, in memory.

use super::MemoryStore;
use super::edit::add_edits;
use super::shelf::Shelf;
use crate::domain::alert::Alert;
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::{AlertPage, AlertStore, Author, Look, SavedAlertSettings, Versioned};
use crate::store::item::{alert as row, keys};
use crate::store::{limits, setup};

impl AlertStore for MemoryStore {
    async fn find_alert_settings(&self, partner: PartnerId) -> Result<Versioned<SavedAlertSettings>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.alert_settings.clone()))
    }

    async fn save_alert_settings(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<SavedAlertSettings>,
        settings: &SavedAlertSettings,
    ) -> Result<bool, StoreError> {
        let edit = setup::edit_of_alerts(author, read.value.as_ref(), settings)?;
        self.with(partner, |shelf| {
            if shelf.alert_settings.version != read.version {
                return Ok(false);
            }
            add_edits(shelf, &[edit])?;
            shelf.alert_settings = Versioned { value: Some(settings.clone()), version: read.version.saturating_add(1) };
            Ok(true)
        })
    }

    async fn raise_alert(&self, partner: PartnerId, alert: &Alert) -> Result<bool, StoreError> {
        Ok(self.with(partner, |shelf| {
            let is_new = shelf.alert_marks.insert(alert.id.clone());
            if is_new {
                raise(shelf, alert.clone());
            }
            is_new
        }))
    }

    async fn find_alert(&self, partner: PartnerId, alert: &Alert) -> Result<Option<Alert>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.alerts.get(&keys::place_of_alert(alert)).cloned()))
    }

    async fn save_alert(&self, partner: PartnerId, alert: &Alert) -> Result<bool, StoreError> {
        Ok(self.with(partner, |shelf| match shelf.alerts.get_mut(&keys::place_of_alert(alert)) {
            Some(stored) if stored.version == alert.version => {
                *stored = Alert { version: alert.version.saturating_add(1), ..alert.clone() };
                true
            }
            Some(_) | None => false,
        }))
    }

    async fn list_alerts(&self, partner: PartnerId, after: Option<&str>, limit: u32) -> Result<AlertPage, StoreError> {
        let limit = limit.clamp(1, limits::MAX_PAGE) as usize;
        Ok(self.with(partner, |shelf| {
            let older = shelf.alerts.iter().rev().filter(|(place, _)| after.is_none_or(|after| place.as_str() < after));
            row::page(older.map(|(_, alert)| alert.clone()).take(limit + 1).collect(), limit)
        }))
    }
}

/// Stores an alert, with the look that sees to its delivery.
pub(super) fn raise(shelf: &mut Shelf, alert: Alert) {
    shelf.looks.insert(Look::Alerts, alert.raised_at);
    shelf.alerts.insert(keys::place_of_alert(&alert), alert);
}
