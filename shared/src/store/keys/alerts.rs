//! The keys of alerts and of their settings.

use super::Key;
use crate::domain::alert::Alert;
use crate::domain::id::PartnerId;

/// What the sort keys of alerts start with.
const ALERTS: &str = "AL#";

/// The partner's partition of alerts.
pub(in crate::store) fn alerts(partner: PartnerId) -> String {
    format!("P#{partner}#A")
}

pub(in crate::store) fn alert_settings(partner: PartnerId) -> Key {
    Key::new(alerts(partner), "CFG")
}

/// Where an alert stands among the others: by its time.
pub(in crate::store) fn place_of_alert(alert: &Alert) -> String {
    format!("{:.9}#{}", alert.raised_at, alert.id)
}

pub(in crate::store) fn alert(partner: PartnerId, alert: &Alert) -> Key {
    Key::new(alerts(partner), format!("{ALERTS}{}", place_of_alert(alert)))
}

/// The mark that an alert of this id was raised, whatever its time.
pub(in crate::store) fn alert_mark(partner: PartnerId, alert: &Alert) -> Key {
    Key::new(alerts(partner), format!("ID#{}", alert.id))
}

/// The first and last sort key of the alerts older than the one at a place; of all of them without one.
pub(in crate::store) fn alerts_until(place: Option<&str>) -> (String, String) {
    // A place ends in letters, digits and hyphens: the sign before the last one's is not needed, for the page leaves its
    // own start out.
    (ALERTS.to_owned(), format!("{ALERTS}{}", place.unwrap_or("~")))
}
