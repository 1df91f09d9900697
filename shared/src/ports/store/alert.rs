//! Alerts: what a partner wants to be told of and where, and each alert with how far its deliveries have got.

use std::future::Future;

use super::{Author, Sealed, Versioned};
use crate::domain::alert::{Alert, AlertSettings};
use crate::domain::id::PartnerId;
use crate::error::StoreError;

/// A partner's alert settings with what is sealed of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedAlertSettings {
    /// What may be shown.
    pub settings: AlertSettings,
    /// The webhook's address and signing secret, where one is saved.
    pub webhook: Option<Sealed>,
}

/// One page of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertPage {
    /// Alerts, newest first.
    pub alerts: Vec<Alert>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

/// Alerts and their settings. A run's alert is raised by [`super::Change::RaiseAlert`]. Alerts are kept for 90 days.
pub trait AlertStore: Send + Sync {
    /// The partner's alert settings.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_alert_settings(
        &self,
        partner: PartnerId,
    ) -> impl Future<Output = Result<Versioned<SavedAlertSettings>, StoreError>> + Send;

    /// Saves alert settings over those that were read, as the next version, with an edit. False when somebody else saved
    /// them meanwhile; then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    fn save_alert_settings(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<SavedAlertSettings>,
        settings: &SavedAlertSettings,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Stores a new alert and makes the partner due for [`super::Look::Alerts`] from its time on. False where one with its id
    /// was raised so within 400 days, at whatever time; then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    fn raise_alert(&self, partner: PartnerId, alert: &Alert) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The alert of this time and id as it stands, if it is still kept.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_alert(
        &self,
        partner: PartnerId,
        alert: &Alert,
    ) -> impl Future<Output = Result<Option<Alert>, StoreError>> + Send;

    /// Saves an alert that was read at `alert.version`; what is stored has the next version. False when somebody else saved
    /// it meanwhile, or it is gone; then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    fn save_alert(&self, partner: PartnerId, alert: &Alert) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// One page of the partner's alerts from `after` on, at most `limit` (1 to 1,000), newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_alerts(
        &self,
        partner: PartnerId,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<AlertPage, StoreError>> + Send;
}
