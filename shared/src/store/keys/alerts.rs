//! The keys of alerts and of their settings.

use super::Key;
use crate::domain::alert::Alert;
use crate::domain::id::PartnerId;
use crate::table::Range;

/// Prefix of alerts.
const ALERTS: &str = "AL#";

/// The partner's partition of alerts.
pub(in crate::store) fn alerts(partner: PartnerId) -> String {
    format!("P#{partner}#A")
}

pub(in crate::store) fn alert_settings(partner: PartnerId) -> Key {
    Key::new(alerts(partner), "CFG")
}

/// The place of an alert among the others: its time, then its id.
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

/// The sort keys of the alerts up to a place, that one included; of all alerts without one.
pub(in crate::store) fn alerts_until(place: Option<&str>) -> Range {
    // The page leaves out the alert at `place` itself.
    Range::Between(ALERTS.to_owned(), format!("{ALERTS}{}", place.unwrap_or("~")))
}
