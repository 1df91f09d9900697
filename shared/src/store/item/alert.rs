//! Alerts and their settings in the table.

use super::{Entry, due, find_text, instant, keyed, keys, number, read_body, text, to_json, with_body};
use crate::domain::alert::Alert;
use crate::domain::follow_up::Look;
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::Sealed;
use crate::store::{AlertPage, DueFor, SavedAlertSettings};
use crate::table::EXPIRY;

/// How often an alert was saved: beside the body, for its condition.
pub(in crate::store) const VERSION: &str = "version";
/// The sealed webhook, beside what may be shown.
const WEBHOOK: &str = "webhook";

/// An alert, and the look that sees to its delivery.
pub(in crate::store) fn to_entries(partner: PartnerId, alert: &Alert) -> Result<[Entry; 2], StoreError> {
    Ok([to_entry(partner, alert)?, due::to_entry(partner, DueFor::Look(Look::Alerts), alert.raised_at)])
}

/// The mark that an alert was raised: it outlives the alert, so that nothing is told twice.
pub(in crate::store) fn mark_to_entry(partner: PartnerId, alert: &Alert) -> Entry {
    let mut entry = keyed(&keys::alert_mark(partner, alert));
    entry.insert(EXPIRY.to_owned(), instant::expiry(alert.raised_at, instant::HISTORY_DAYS));
    entry
}

pub(in crate::store) fn to_entry(partner: PartnerId, alert: &Alert) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::alert(partner, alert), alert)?;
    entry.insert(VERSION.to_owned(), number(alert.version));
    entry.insert(EXPIRY.to_owned(), instant::expiry(alert.raised_at, instant::ALERT_DAYS));
    Ok(entry)
}

pub(in crate::store) fn settings_to_entry(partner: PartnerId, saved: &SavedAlertSettings) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::alert_settings(partner), &saved.settings)?;
    if let Some(webhook) = &saved.webhook {
        entry.insert(WEBHOOK.to_owned(), text(&to_json("a webhook", webhook)?));
    }
    Ok(entry)
}

pub(in crate::store) fn settings_from_entry(entry: &Entry) -> Result<SavedAlertSettings, StoreError> {
    let webhook = find_text(entry, WEBHOOK).map(|json| super::from_json::<Sealed>(entry, json)).transpose()?;
    Ok(SavedAlertSettings { settings: read_body(entry)?, webhook })
}

/// A page of alerts, of which one more than `limit` may have been read.
pub(in crate::store) fn page(mut alerts: Vec<Alert>, limit: usize) -> AlertPage {
    let more = alerts.len() > limit;
    alerts.truncate(limit);
    let next = alerts.last().filter(|_| more).map(keys::place_of_alert);
    AlertPage { alerts, next }
}
