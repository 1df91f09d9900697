//! Alerts with the state of their deliveries, and a partner's alert settings.

use jiff::Timestamp;

use crate::domain::alert::{Alert, AlertId, AlertSettings};
use crate::domain::follow_up::FollowUp;
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::Sealed;
use crate::store::entry::{find_text, from_json, keyed, number, read_body, text, to_json, with_body};
use crate::store::read::Ask;
use crate::store::{Author, DueFor, Store, Versioned, due, instant, keys, limits, setup};
use crate::table::{EXPIRY, Entry, Table, Write, Written};

/// How often an alert was saved. An attribute of its own, because conditions compare it.
const VERSION: &str = "version";
/// The sealed webhook; the body has only what may be shown.
const WEBHOOK: &str = "webhook";

/// A partner's alert settings with their sealed part.
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

impl AlertPage {
    /// Whether a page may start after this text: a page's `next` has this form.
    #[must_use]
    pub fn can_start_after(text: &str) -> bool {
        let parts = text.split_once('#');
        parts.is_some_and(|(at, id)| at.len() < 40 && at.parse::<Timestamp>().is_ok() && AlertId::parse(id).is_ok())
    }
}

impl<T: Table> Store<T> {
    /// The partner's alert settings; version 0 and no value before the first save.
    pub async fn find_alert_settings(&self, partner: PartnerId) -> Result<Versioned<SavedAlertSettings>, StoreError> {
        self.find_versioned(&keys::alert_settings(partner), settings_from_entry).await
    }

    /// Saves alert settings over those that were read, as the next version, with an edit. False when somebody else saved
    /// them meanwhile; then nothing is written.
    pub async fn save_alert_settings(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<SavedAlertSettings>,
        settings: &SavedAlertSettings,
    ) -> Result<bool, StoreError> {
        let entry = settings_to_entry(partner, settings)?;
        let edit = setup::edit_of_alerts(author, read.value.as_ref(), settings)?;
        self.save_next(partner, entry, read.version, &[edit]).await
    }

    /// Stores a new alert and makes the partner due for [`FollowUp::DeliverAlerts`] at the alert's time. False when an
    /// alert with this id was raised in this way within the last 400 days; then nothing is written.
    pub async fn raise_alert(&self, partner: PartnerId, alert: &Alert) -> Result<bool, StoreError> {
        let [entry, follow_up] = to_entries(partner, alert)?;
        let mark = Write::put(mark_to_entry(partner, alert)).if_absent();
        match self.table.transact(vec![mark, Write::put(entry), Write::put(follow_up)]).await? {
            Written::All => Ok(true),
            Written::Unmet(_) => Ok(false),
        }
    }

    /// The stored alert with the time and id of `alert`, if it has not expired.
    pub async fn find_alert(&self, partner: PartnerId, alert: &Alert) -> Result<Option<Alert>, StoreError> {
        self.table.get(&keys::alert(partner, alert)).await?.as_ref().map(read_body).transpose()
    }

    /// Saves an alert that was read at `alert.version`, as the next version. False when somebody else saved or removed
    /// it meanwhile; then nothing is written.
    pub async fn save_alert(&self, partner: PartnerId, alert: &Alert) -> Result<bool, StoreError> {
        let next = Alert { version: alert.version.saturating_add(1), ..alert.clone() };
        let write = Write::put(to_entry(partner, &next)?).if_equals(VERSION, number(alert.version));
        match self.table.write(write).await? {
            Written::All => Ok(true),
            Written::Unmet(_) => Ok(false),
        }
    }

    /// One page of the partner's alerts from `after` on, at most `limit` (1 to 1,000), newest first.
    pub async fn list_alerts(
        &self,
        partner: PartnerId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<AlertPage, StoreError> {
        let limit = limit.clamp(1, limits::MAX_PAGE) as usize;
        let range = keys::alerts_until(after);
        let (mut alerts, mut start): (Vec<Alert>, _) = (Vec::new(), None);
        loop {
            // One extra shows whether there is a next page. Another one, because the range includes `after` itself.
            let ask = Ask { start, limit: limit + 2 - alerts.len(), backwards: true };
            let page = self.part_of_range(&keys::alerts(partner), &range, ask).await?;
            for entry in &page.entries {
                let alert: Alert = read_body(entry)?;
                alerts.extend(
                    Some(alert).filter(|alert| after.is_none_or(|after| keys::place_of_alert(alert).as_str() < after)),
                );
            }
            start = page.next;
            if start.is_none() || alerts.len() > limit {
                return Ok(to_page(alerts, limit));
            }
        }
    }
}

/// An alert, and the follow-up that delivers it.
pub(super) fn to_entries(partner: PartnerId, alert: &Alert) -> Result<[Entry; 2], StoreError> {
    Ok([to_entry(partner, alert)?, due::to_entry(partner, DueFor::FollowUp(FollowUp::DeliverAlerts), alert.raised_at)])
}

/// The mark that an alert was raised. It outlives the alert, so that nothing is reported twice.
fn mark_to_entry(partner: PartnerId, alert: &Alert) -> Entry {
    let mut entry = keyed(&keys::alert_mark(partner, alert));
    entry.insert(EXPIRY.to_owned(), instant::expiry(alert.raised_at, instant::HISTORY_DAYS));
    entry
}

fn to_entry(partner: PartnerId, alert: &Alert) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::alert(partner, alert), alert)?;
    entry.insert(VERSION.to_owned(), number(alert.version));
    entry.insert(EXPIRY.to_owned(), instant::expiry(alert.raised_at, instant::ALERT_DAYS));
    Ok(entry)
}

fn settings_to_entry(partner: PartnerId, saved: &SavedAlertSettings) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::alert_settings(partner), &saved.settings)?;
    if let Some(webhook) = &saved.webhook {
        entry.insert(WEBHOOK.to_owned(), text(&to_json("a webhook", webhook)?));
    }
    Ok(entry)
}

fn settings_from_entry(entry: &Entry) -> Result<SavedAlertSettings, StoreError> {
    let webhook = find_text(entry, WEBHOOK).map(|json| from_json::<Sealed>(entry, json)).transpose()?;
    Ok(SavedAlertSettings { settings: read_body(entry)?, webhook })
}

/// The first `limit` alerts as a page; the rest show only that there is a next page.
fn to_page(mut alerts: Vec<Alert>, limit: usize) -> AlertPage {
    let more = alerts.len() > limit;
    alerts.truncate(limit);
    let next = alerts.last().filter(|_| more).map(keys::place_of_alert);
    AlertPage { alerts, next }
}
