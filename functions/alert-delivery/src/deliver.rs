//! One partner's alerts: where each goes, and each attempt, stored before it is made.

use jiff::Timestamp;
use shared::client::webhook::SavedWebhook;
use shared::domain::alert::{Alert, AlertSettings, Channel, Delivery};
use shared::domain::id::PartnerId;
use shared::domain::mail_address::MailAddress;
use shared::error::MailError;
use shared::ports::{Clock, Mail, Mailer, Seal};
use shared::store::SavedAlertSettings;
use shared::table::Table;

use crate::{WorkError, World};

/// How often others may save an alert while what came of an attempt is saved.
const ATTEMPTS: usize = 10;
/// Alerts that are read at once.
const ALERTS_A_READ: u32 = 100;

impl<T: Table, K: Seal, M: Mailer, C: Clock> World<T, K, M, C> {
    /// Makes the attempts that are due; returns when the next one is, if any follows.
    pub(crate) async fn deliver_all(
        &self,
        partner: PartnerId,
        deadline: Timestamp,
    ) -> Result<Option<Timestamp>, WorkError> {
        let waiting = self.waiting(partner).await?;
        if waiting.is_empty() {
            return Ok(None);
        }
        let saved = self.store.find_alert_settings(partner).await?.value.unwrap_or_default();
        let (mut next, mut failed): (Option<Timestamp>, Option<WorkError>) = (None, None);
        for alert in waiting {
            if self.is_near(deadline) {
                next = Some(self.clock.now());
                break;
            }
            match self.deliver(partner, &saved, alert, deadline).await {
                Ok(alert) => next = [next, alert.next_at()].into_iter().flatten().min(),
                // The others do not wait for it.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(next), Err)
    }

    /// The alerts that are not done with, oldest first.
    async fn waiting(&self, partner: PartnerId) -> Result<Vec<Alert>, WorkError> {
        let (mut waiting, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.list_alerts(partner, after.as_deref(), ALERTS_A_READ).await?;
            waiting.extend(page.alerts.into_iter().filter(|alert| alert.next_at().is_some()));
            after = page.next;
            if after.is_none() {
                waiting.reverse();
                return Ok(waiting);
            }
        }
    }

    /// Makes the attempts of one alert that are due; returns it as it is then. Where another delivery works on it at the
    /// same moment, it is left to them.
    async fn deliver(
        &self,
        partner: PartnerId,
        saved: &SavedAlertSettings,
        mut alert: Alert,
        deadline: Timestamp,
    ) -> Result<Alert, WorkError> {
        if alert.message.is_none() {
            let message = self.compose(partner, &alert, saved.settings.language).await?;
            let now = self.clock.now();
            let to = |channel| Delivery::to(channel, now);
            alert.deliveries = channels(&saved.settings, &alert).into_iter().map(to).collect();
            alert.message = Some(message);
            if !self.save(partner, &mut alert).await? {
                return Ok(alert);
            }
        }
        for place in 0..alert.deliveries.len() {
            let now = self.clock.now();
            let Some(delivery) = alert.deliveries.get_mut(place).filter(|delivery| delivery.is_due(now)) else {
                continue;
            };
            if self.is_near(deadline) {
                break;
            }
            if delivery.is_used_up() {
                // Whoever made the last attempt died before it could say what came of it.
                delivery.give_up(now, "It is not known whether the last attempt arrived.".to_owned());
            } else {
                delivery.begin(now);
            }
            if !self.save(partner, &mut alert).await? {
                return Ok(alert);
            }
            self.attempt(partner, saved, &mut alert, place).await?;
        }
        Ok(alert)
    }

    /// Makes one attempt that is stored already, and stores what came of it.
    async fn attempt(
        &self,
        partner: PartnerId,
        saved: &SavedAlertSettings,
        alert: &mut Alert,
        place: usize,
    ) -> Result<(), WorkError> {
        let Some(delivery) = alert.deliveries.get(place).filter(|delivery| delivery.next_at().is_some()) else {
            return Ok(());
        };
        // In boxes: both clients are nested deeper than the compiler follows.
        let sent = match &delivery.channel {
            Channel::Webhook => Box::pin(self.call(partner, saved, alert)).await,
            Channel::Mail { address } => Box::pin(self.mail(saved, alert, address)).await,
        };
        let now = self.clock.now();
        let Some(delivery) = alert.deliveries.get_mut(place) else { return Ok(()) };
        match sent {
            Sent::Taken => delivery.succeed(now),
            Sent::Failed(why) => {
                tracing::warn!(%partner, alert = %alert.id, why, "an alert could not be delivered");
                delivery.fail(now, why);
            }
            Sent::Pointless(why) => delivery.give_up(now, why),
        }
        self.keep(partner, alert, place).await
    }

    /// Saves what came of an attempt, also over what others have saved of the alert's other deliveries meanwhile. An attempt
    /// that somebody else has followed up by then is theirs.
    async fn keep(&self, partner: PartnerId, alert: &mut Alert, place: usize) -> Result<(), WorkError> {
        let Some(ended) = alert.deliveries.get(place).cloned() else { return Ok(()) };
        for _ in 0..ATTEMPTS {
            if self.save(partner, alert).await? {
                return Ok(());
            }
            let Some(now) = self.store.find_alert(partner, alert).await? else { return Ok(()) };
            *alert = now;
            match alert.deliveries.get_mut(place) {
                Some(delivery) if delivery.attempts == ended.attempts => *delivery = ended.clone(),
                Some(_) | None => return Ok(()),
            }
        }
        tracing::warn!(%partner, alert = %alert.id, "an alert was saved by others again and again while it was sent");
        Ok(())
    }

    async fn call(&self, partner: PartnerId, saved: &SavedAlertSettings, alert: &Alert) -> Sent {
        let (Some(sealed), Some(message)) = (&saved.webhook, &alert.message) else {
            return Sent::Pointless("The webhook was removed.".to_owned());
        };
        let opened = match self.seal.open(partner, sealed).await {
            Ok(opened) => opened,
            // The partner's other alerts, and its mail, do not wait for the key.
            Err(error) => {
                tracing::error!(%partner, %error, "a webhook could not be opened");
                return Sent::Failed(
                    "The webhook's address could not be opened here. Save it again if that stays so.".to_owned(),
                );
            }
        };
        let webhook = match SavedWebhook::parse(&opened, self.policy) {
            Ok(webhook) => webhook,
            Err(error) => return Sent::Pointless(format!("The webhook has to be saved again: {error}.")),
        };
        let sent =
            self.webhooks.send(&webhook.address, &webhook.secret, alert.id.as_str(), self.clock.now(), &message.body);
        match sent.await {
            Ok(()) => Sent::Taken,
            Err(failure) => Sent::Failed(sentence(&failure.to_string())),
        }
    }

    async fn mail(&self, saved: &SavedAlertSettings, alert: &Alert, address: &str) -> Sent {
        let Some(message) = &alert.message else { return Sent::Pointless(String::new()) };
        if !saved.settings.mail.iter().any(|wanted| wanted == address) {
            return Sent::Pointless("The mail address was removed.".to_owned());
        }
        let Some(mailer) = &self.mailer else {
            return Sent::Pointless("This service sends no mail; ask its operator.".to_owned());
        };
        let Ok(to) = MailAddress::parse(address) else {
            return Sent::Pointless("The mail address has to be saved again.".to_owned());
        };
        match mailer.send(&Mail { to, subject: message.subject.clone(), text: message.text.clone() }).await {
            Ok(()) => Sent::Taken,
            Err(error) => {
                // The service's own words name the operator's account.
                tracing::error!(%error, "a mail was not taken");
                Sent::Failed(match error {
                    MailError::Unavailable { .. } => "The mail service could not take the mail.".to_owned(),
                    MailError::Refused { .. } => {
                        "The mail service refuses this mail: check the address, or ask this service's operator."
                            .to_owned()
                    }
                })
            }
        }
    }

    /// Saves an alert, which then has the version that is stored. False where somebody else did.
    async fn save(&self, partner: PartnerId, alert: &mut Alert) -> Result<bool, WorkError> {
        let saved = self.store.save_alert(partner, alert).await?;
        if saved {
            alert.version = alert.version.saturating_add(1);
        }
        Ok(saved)
    }
}

/// What came of an attempt.
enum Sent {
    /// The receiver took it.
    Taken,
    /// It is tried again.
    Failed(String),
    /// Trying again would be as vain.
    Pointless(String),
}

fn channels(settings: &AlertSettings, alert: &Alert) -> Vec<Channel> {
    if settings.wants(&alert.about) { settings.channels() } else { Vec::new() }
}

/// Words that begin in the middle, as a sentence.
fn sentence(words: &str) -> String {
    let mut signs = words.chars();
    let first = signs.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(signs).chain(['.']).collect()
}
