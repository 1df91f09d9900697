//! The alerts, and what became of each.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::alert::{Alert, AlertAbout, Channel, Delivery, DeliveryState};
use shared::http::{Caller, IfNoneMatch, List, Paging, Problem, Query, Read, represent};
use shared::store::AlertPage;
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use crate::{Naming, Sealer, Sender, Time, World};

/// The most alerts of a page: a stored one has its whole text with it.
const MAX_PAGE: u16 = 100;

/// Which alerts.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AlertFilter {
    /// Only those of which a delivery was given up, or only those of which none was.
    #[serde(default)]
    undelivered: Option<bool>,
    /// How many alerts a page has, 1 to 100; 50 by default. A filtered page may be short or empty though a next one follows.
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before, with the same filter.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AlertKind {
    /// A run left something to do.
    Run,
    /// No run has written for too long.
    Quiet,
    /// Lines were not decided before their invoice.
    Missed,
    /// Somebody tried whether alerts arrive.
    Test,
}

/// How far an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AlertState {
    /// It is on its way.
    Waiting,
    /// It arrived wherever it was sent.
    Delivered,
    /// One of its deliveries was given up.
    Undelivered,
    /// It was not wanted, or there was nowhere to send it.
    NotSent,
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertRow {
    /// Its id: the webhook-id of its delivery.
    id: String,
    /// When there was something to tell.
    #[schema(format = DateTime)]
    raised_at: String,
    /// What it is about.
    kind: AlertKind,
    /// How far it is.
    state: AlertState,
    /// The run; absent where it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    /// Its message in one line; absent until its delivery begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Where it goes; empty until its delivery begins, and where nobody wanted it.
    deliveries: Vec<DeliveryRow>,
}

/// Where an alert goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DeliveryBy {
    /// The partner's webhook.
    Webhook,
    /// A mail.
    Mail,
}

/// One way of an alert to the partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryRow {
    /// By what.
    by: DeliveryBy,
    /// The mail address; absent for the webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// How far it is.
    state: AlertState,
    /// How often it was tried.
    attempts: u32,
    /// When it arrived or was given up; while it waits, when it is tried next.
    #[schema(format = DateTime)]
    at: String,
    /// Why the last attempt failed; absent where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
}

/// List alerts.
///
/// Newest first, whether they were sent or not, with what became of each delivery. They are kept for 90 days.
#[utoipa::path(
    get,
    path = "/v1/alerts",
    operation_id = "listAlerts",
    tag = "alerts",
    security(("token" = ["psa/read"])),
    params(AlertFilter, IfNoneMatch),
    responses((status = 200, description = "A page of alerts.", body = List<AlertRow>)),
)]
pub(crate) async fn list_alerts<T: Table, Q: Sender, K: Sealer, C: Time, I: Naming>(
    State(world): State<World<T, Q, K, C, I>>,
    caller: Caller<Read>,
    Query(filter): Query<AlertFilter>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let paging = Paging::read(
        caller.partner(),
        "listAlerts",
        &filter,
        filter.page_size,
        filter.page_from_key.as_deref(),
        MAX_PAGE,
    )?;
    let after = paging.after_as(|text| AlertPage::can_start_after(text).then_some(text))?;
    let page = world.store.list_alerts(caller.partner(), after, u32::from(paging.size())).await?;
    let fits = |alert: &&Alert| filter.undelivered.is_none_or(|wanted| alert.is_undelivered() == wanted);
    let rows: Vec<AlertRow> = page.alerts.iter().filter(fits).map(AlertRow::of).collect();
    Ok(represent(&if_none_match, None, &paging.list(rows, page.next.as_deref())))
}

impl AlertRow {
    pub(crate) fn of(alert: &Alert) -> Self {
        let (kind, run_id) = match &alert.about {
            AlertAbout::Run(digest) => (AlertKind::Run, Some(digest.run.to_string())),
            AlertAbout::Quiet { .. } => (AlertKind::Quiet, None),
            AlertAbout::Missed { .. } => (AlertKind::Missed, None),
            AlertAbout::Test { .. } => (AlertKind::Test, None),
        };
        let state = match alert.next_at() {
            Some(_) => AlertState::Waiting,
            None if alert.is_undelivered() => AlertState::Undelivered,
            None if alert.deliveries.is_empty() => AlertState::NotSent,
            None => AlertState::Delivered,
        };
        Self {
            id: alert.id.to_string(),
            raised_at: alert.raised_at.to_string(),
            kind,
            state,
            run_id,
            subject: alert.message.as_ref().map(|message| message.subject.clone()),
            deliveries: alert.deliveries.iter().map(DeliveryRow::of).collect(),
        }
    }
}

impl DeliveryRow {
    fn of(delivery: &Delivery) -> Self {
        let (by, address) = match &delivery.channel {
            Channel::Webhook => (DeliveryBy::Webhook, None),
            Channel::Mail { address } => (DeliveryBy::Mail, Some(address.clone())),
        };
        let (state, at): (AlertState, Timestamp) = match delivery.state {
            DeliveryState::Waiting { next_at } => (AlertState::Waiting, next_at),
            DeliveryState::Delivered { at } => (AlertState::Delivered, at),
            DeliveryState::Undelivered { at } => (AlertState::Undelivered, at),
        };
        let (attempts, last_failure) = (delivery.attempts, delivery.last_failure.clone());
        Self { by, address, state, attempts, at: at.to_string(), last_failure }
    }
}
