//! Customer mappings: every Sophos customer, the ConnectWise company and agreement that it is billed to, and its last sync.

pub(crate) mod import;
mod judge;
pub(crate) mod list;
mod read;
pub(crate) mod renewals;
mod report;
mod row;
pub(crate) mod save;
mod search;
pub(crate) mod suggestions;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use shared::domain::id::PartnerId;
use shared::http::Problem;
use shared::ports::Clock;
use shared::store::Store;
use shared::table::Table;

/// An agreement that ends within this number of days is reported.
const ENDS_SOON_DAYS: i64 = 30;

/// The day that it is for the partner: in its own time zone, in UTC before it has saved any settings.
async fn today(store: &Store<impl Table>, clock: &impl Clock, partner: PartnerId) -> Result<Date, Problem> {
    let settings = store.find_settings(partner).await?;
    let zone = settings.map_or(TimeZone::UTC, |settings| settings.time_zone.zone().clone());
    Ok(clock.now().to_zoned(zone).date())
}

/// Whether a last day is near enough to be reported.
fn ends_soon(end: Option<Date>, today: Date) -> bool {
    let last = today.saturating_add(jiff::Span::new().days(ENDS_SOON_DAYS));
    end.is_some_and(|end| end <= last)
}
