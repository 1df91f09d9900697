//! Alerts and their settings.

use super::read::Ask;
use crate::domain::alert::Alert;
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::{alert as row, keys, number, read_body};
use crate::store::{AlertPage, Author, SavedAlertSettings, Versioned};
use crate::store::{limits, setup};
use crate::table::{Table, Write, Written};

impl<T: Table> Store<T> {
    /// The partner's alert settings.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_alert_settings(&self, partner: PartnerId) -> Result<Versioned<SavedAlertSettings>, StoreError> {
        self.find_versioned(&keys::alert_settings(partner), row::settings_from_entry).await
    }

    /// Saves alert settings over those that were read, as the next version, with an edit. False when somebody else saved
    /// them meanwhile; then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_alert_settings(
        &self,
        partner: PartnerId,
        author: &Author,
        read: &Versioned<SavedAlertSettings>,
        settings: &SavedAlertSettings,
    ) -> Result<bool, StoreError> {
        let entry = row::settings_to_entry(partner, settings)?;
        let edit = setup::edit_of_alerts(author, read.value.as_ref(), settings)?;
        self.save_next(partner, entry, read.version, &[edit]).await
    }

    /// Stores a new alert and makes the partner due for [`super::Look::Alerts`] from its time on. False where one with its id
    /// was raised so within 400 days, at whatever time; then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn raise_alert(&self, partner: PartnerId, alert: &Alert) -> Result<bool, StoreError> {
        let [entry, look] = row::to_entries(partner, alert)?;
        let mark = Write::put(row::mark_to_entry(partner, alert)).if_absent();
        match self.table.transact(vec![mark, Write::put(entry), Write::put(look)]).await? {
            Written::All => Ok(true),
            Written::Unmet(_) => Ok(false),
        }
    }

    /// The alert of this time and id as it stands, if it is still kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_alert(&self, partner: PartnerId, alert: &Alert) -> Result<Option<Alert>, StoreError> {
        self.table.get(&keys::alert(partner, alert)).await?.as_ref().map(read_body).transpose()
    }

    /// Saves an alert that was read at `alert.version`; what is stored has the next version. False when somebody else saved
    /// it meanwhile, or it is gone; then nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_alert(&self, partner: PartnerId, alert: &Alert) -> Result<bool, StoreError> {
        let next = Alert { version: alert.version.saturating_add(1), ..alert.clone() };
        let write = Write::put(row::to_entry(partner, &next)?).if_equals(row::VERSION, number(alert.version));
        match self.table.write(write).await? {
            Written::All => Ok(true),
            Written::Unmet(_) => Ok(false),
        }
    }

    /// One page of the partner's alerts from `after` on, at most `limit` (1 to 1,000), newest first.
    ///
    /// # Errors
    /// [`StoreError`].
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
            // One more than wanted says whether there is a next page, and one more still: the range ends in its own start.
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
                return Ok(row::page(alerts, limit));
            }
        }
    }
}
