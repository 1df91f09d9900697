//! How a partner syncs: when, for which month, and what has to wait for a person.

mod guards;

use axum::Json as Body;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::id::{PartnerId, ProductCode};
use shared::domain::schedule::next_run_after;
use shared::domain::settings::{DayOfMonth, Frequency, Guards, MonthRule, Settings, TimeZoneName};
use shared::http::{
    Admin, Caller, FieldError, IfMatch, IfNoneMatch, Json, LineReadings, NoQuery, Problem, ProblemBody, ProblemCode,
    Query, Read, Text, etag, represent,
};
use shared::store::Author;
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use self::guards::SyncGuards;
use crate::readings::CancelledDateReading;
use crate::{Naming, Sender, Time, World};

/// How often another save may come between before whoever asks has to come again.
const ATTEMPTS: usize = 5;
/// Agreements that are read at once to count what freezes.
const AGREEMENTS_A_READ: u32 = 500;

/// How a partner syncs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SyncSettings {
    /// The partner's time zone: it decides which day and month a night is in.
    #[schema(example = "Europe/Rome")]
    time_zone: String,
    /// When the sync runs by itself.
    frequency: SyncFrequency,
    /// What waits for a person.
    guards: SyncGuards,
    /// How usage lines are read that say more than one thing, for all Sophos products whose mapping does not say. What is
    /// `ask` waits for a decision; where that would be many, a run asks once for all of them, and this is the answer.
    #[serde(default)]
    usage_periods: LineReadings,
    /// What the cancelled date of a ConnectWise addition says. While it is `unknown`, a line is taken to have billed that
    /// day, so that a new one never bills it again.
    #[serde(default)]
    cancelled_date: CancelledDateReading,
}

/// When the sync runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SyncFrequency {
    /// How often.
    every: SyncEvery,
    /// For `monthly` alone: the day, 1 to 31; one past the month's end is its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 31)]
    day: Option<i8>,
    /// For `monthly` alone: which month such a run bills; `byDay` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    month: Option<SyncMonthRule>,
}

/// How often the sync runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SyncEvery {
    /// With the Sophos monthly invoice: on the month's last day, and on the 3rd once more for the same month. Firewall
    /// products sync in this mode alone.
    SophosInvoice,
    /// Once a month.
    Monthly,
    /// Every night, for the present month.
    Nightly,
}

/// Which usage month a run on a day of the month bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SyncMonthRule {
    /// From the 25th on the present month, before that the one before.
    ByDay,
    /// The month that the day is in.
    Current,
    /// The month before.
    Previous,
}

/// How a partner syncs, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncSettingsShown {
    /// The settings, as they are saved.
    settings: SyncSettings,
    /// When the sync runs next by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    next_run_at: Option<String>,
    /// What a person should know: additions of firewall products that freeze, for example.
    warnings: Vec<String>,
}

/// How a save is meant.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct SaveHow {
    /// Checks the settings and tells their warnings; saves nothing.
    #[serde(default)]
    validate_only: bool,
}

/// Show how the partner syncs.
#[utoipa::path(
    get,
    path = "/v1/sync/settings",
    operation_id = "getSyncSettings",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(IfNoneMatch),
    responses(
        (status = 200, description = "The settings.", body = SyncSettingsShown),
        (status = 409, description = "No ConnectWise connection is saved yet.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_sync_settings<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    _: NoQuery,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let partner = caller.partner();
    let read = world.store.find_versioned_settings(partner).await?;
    let settings = read.value.ok_or_else(|| Problem::new(ProblemCode::ConnectionMissing))?;
    let next = world.store.find_due(partner).await?;
    let shown = world.shown(partner, &settings, next, &mut None).await?;
    Ok(represent(&if_none_match, Some(read.version), &shown))
}

/// Save how the partner syncs.
///
/// A frequency other than the Sophos monthly invoice freezes the additions of firewall products; the answer warns of how many,
/// also with `validateOnly`.
#[utoipa::path(
    put,
    path = "/v1/sync/settings",
    operation_id = "saveSyncSettings",
    tag = "runs",
    security(("token" = ["psa/admin"])),
    params(SaveHow, IfMatch),
    request_body(content = SyncSettings, description = "All of them."),
    responses(
        (status = 200, description = "The settings as they are now; with `validateOnly`, as they would be.",
            body = SyncSettingsShown),
        (status = 409, description = "No ConnectWise connection is saved yet.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn save_sync_settings<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Admin>,
    Query(how): Query<SaveHow>,
    if_match: IfMatch,
    Json(wanted): Json<SyncSettings>,
) -> Result<Response, Problem> {
    let (store, partner, now) = (&world.store, caller.partner(), world.clock.now());
    let author = Author { who: caller.name().to_owned(), at: now, note: None };
    let mut frozen = None;
    for _ in 0..ATTEMPTS {
        let read = store.find_versioned_settings(partner).await?;
        let before = read.value.clone().ok_or_else(|| Problem::new(ProblemCode::ConnectionMissing))?;
        let due = store.find_due(partner).await?;
        if_match.check(read.version, &world.shown(partner, &before, due, &mut frozen).await?)?;
        let settings = wanted.over(&before)?;
        let mut version = read.version;
        // What is due already is still run. Else from these settings, whatever was there: the time of an earlier save may
        // have been lost.
        let next = due.filter(|due| *due <= now).unwrap_or_else(|| next_run_after(&settings, partner, now));
        if !how.validate_only {
            if settings != before {
                if !store.save_settings(partner, &author, &read, &settings).await? {
                    continue;
                }
                version = version.saturating_add(1);
            }
            if due != Some(next) {
                store.put_due(partner, next).await?;
            }
        }
        let shown = world.shown(partner, &settings, Some(next), &mut frozen).await?;
        return Ok(([(ETAG, etag(version, &shown)?)], Body(shown)).into_response());
    }
    Err(Problem::new(ProblemCode::ChangedMeanwhile))
}

impl<T: Table, Q, C, I> World<T, Q, C, I> {
    /// The settings with what follows from them. `frozen` keeps the warnings of a request: they take a look at all that was
    /// ever written, and a save shows its settings twice.
    async fn shown(
        &self,
        partner: PartnerId,
        settings: &Settings,
        next: Option<Timestamp>,
        frozen: &mut Option<Vec<String>>,
    ) -> Result<SyncSettingsShown, Problem> {
        let warnings = match (settings.frequency, &frozen) {
            (Frequency::SophosInvoice, _) => Vec::new(),
            (Frequency::Monthly { .. } | Frequency::Nightly, Some(known)) => known.clone(),
            (Frequency::Monthly { .. } | Frequency::Nightly, None) => {
                frozen.insert(self.frozen(partner).await?.into_iter().collect()).clone()
            }
        };
        let next_run_at = next.map(|at| at.to_string());
        Ok(SyncSettingsShown { settings: SyncSettings::of(settings), next_run_at, warnings })
    }

    /// What freezes outside of the Sophos-invoice mode, in words; none where nothing does.
    async fn frozen(&self, partner: PartnerId) -> Result<Option<String>, Problem> {
        let mappings = self.store.list_product_mappings(partner).await?;
        let is_firewall = |code: &ProductCode| mappings.find(code).is_some_and(|mapping| mapping.firewall);
        let products = mappings.iter().filter(|mapping| mapping.firewall && mapping.syncs_to().is_some()).count();
        if products == 0 {
            return Ok(None);
        }
        let (mut additions, mut after) = (0_usize, None);
        loop {
            let page = self.store.list_snapshots(partner, after, AGREEMENTS_A_READ).await?;
            for (_, snapshot) in &page {
                let frozen = snapshot
                    .written
                    .values()
                    .filter(|written| written.confirmed > Decimal::ZERO && written.parts.keys().any(is_firewall));
                additions += frozen.count();
            }
            match page.last() {
                Some((last, _)) if page.len() >= AGREEMENTS_A_READ as usize => after = Some(*last),
                Some(_) | None => break,
            }
        }
        let products =
            if products == 1 { "1 firewall product".to_owned() } else { format!("{products} firewall products") };
        let kept = match additions {
            0 => String::new(),
            1 => ", and 1 of their additions keeps its last quantity in ConnectWise until somebody changes it there"
                .into(),
            _ => format!(
                ", and {additions} of their additions keep their last quantity in ConnectWise until somebody changes it there"
            ),
        };
        Ok(Some(format!(
            "Firewall products sync with the Sophos monthly invoice alone: {products} no longer sync{kept}."
        )))
    }
}

impl SyncSettings {
    fn of(settings: &Settings) -> Self {
        let always = |every| SyncFrequency { every, day: None, month: None };
        let frequency = match settings.frequency {
            Frequency::SophosInvoice => always(SyncEvery::SophosInvoice),
            Frequency::Nightly => always(SyncEvery::Nightly),
            Frequency::Monthly { day, month } => {
                let month = match month {
                    MonthRule::ByDay => SyncMonthRule::ByDay,
                    MonthRule::Current => SyncMonthRule::Current,
                    MonthRule::Previous => SyncMonthRule::Previous,
                };
                SyncFrequency { every: SyncEvery::Monthly, day: Some(day.get()), month: Some(month) }
            }
        };
        let Guards { usage_periods, cancelled_date, .. } = settings.guards;
        let guards = SyncGuards::of(&settings.guards);
        let (usage_periods, cancelled_date) = (usage_periods.into(), cancelled_date.into());
        let time_zone = settings.time_zone.name().to_owned();
        Self { time_zone, frequency, guards, usage_periods, cancelled_date }
    }

    /// The settings with these in place of theirs; everything that is wrong at once.
    fn over(&self, before: &Settings) -> Result<Settings, Problem> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: &str, detail: Text| {
            errors.push(FieldError::body(pointer, ProblemCode::Invalid, detail));
        };
        let zone = TimeZoneName::parse(&self.time_zone).map_err(|error| wrong("/timeZone", error.into()));
        let SyncFrequency { every, day, month } = self.frequency;
        let frequency = match (every, day) {
            (SyncEvery::Monthly, None) => {
                let detail = Text::new("Choose a day of the month.", "Scegliere un giorno del mese.");
                wrong("/frequency/day", detail);
                Err(())
            }
            (SyncEvery::Monthly, Some(day)) => {
                let month = match month {
                    None | Some(SyncMonthRule::ByDay) => MonthRule::ByDay,
                    Some(SyncMonthRule::Current) => MonthRule::Current,
                    Some(SyncMonthRule::Previous) => MonthRule::Previous,
                };
                let day = DayOfMonth::try_from(day).map_err(|error| wrong("/frequency/day", error.into()));
                day.map(|day| Frequency::Monthly { day, month })
            }
            (SyncEvery::SophosInvoice | SyncEvery::Nightly, _) if day.is_some() || month.is_some() => {
                let detail = Text::new(
                    "Only a monthly sync has a day and a month rule; leave them out.",
                    "Solo la sincronizzazione mensile ha un giorno e una regola del mese; vanno lasciati fuori.",
                );
                wrong("/frequency", detail);
                Err(())
            }
            (SyncEvery::SophosInvoice, _) => Ok(Frequency::SophosInvoice),
            (SyncEvery::Nightly, _) => Ok(Frequency::Nightly),
        };
        let guards = Guards {
            usage_periods: self.usage_periods.into(),
            cancelled_date: self.cancelled_date.into(),
            ..self.guards.read(&mut wrong)
        };
        match (zone, frequency) {
            (Ok(time_zone), Ok(frequency)) if errors.is_empty() => {
                Ok(Settings { time_zone, frequency, guards, writes: before.writes })
            }
            _ => Err(Problem::new(ProblemCode::InvalidRequest).errors(errors)),
        }
    }
}
