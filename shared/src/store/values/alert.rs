//! Alerts: what a partner wants to be told of and where, and each alert with how far its deliveries have got.

use super::Sealed;
use crate::domain::alert::{Alert, AlertSettings};

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
