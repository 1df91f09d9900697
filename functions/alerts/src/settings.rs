//! Which alerts a partner wants, and where they go.

use axum::Json as Body;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use shared::domain::alert::{AlertSettings, MAX_MAIL_ADDRESSES, MAX_QUIET_DAYS, Wanted};
use shared::domain::follow_up::FollowUp;
use shared::domain::id::PartnerId;
use shared::domain::mail_address::MailAddress;
use shared::http::{
    Admin, Caller, FieldError, IfMatch, IfNoneMatch, Json, Language, NoQuery, Problem, ProblemCode, Read, Text, etag,
    represent,
};
use shared::store::{SavedAlertSettings, Versioned};
use shared::table::Table;
use utoipa::ToSchema;

use crate::{Naming, Sealer, Sender, Time, World};

/// How often another save may come between before whoever asks has to come again.
pub(crate) const ATTEMPTS: usize = 5;
/// When it is first checked whether runs are missing; each check schedules the next one.
const FIRST_FOLLOW_UP: SignedDuration = SignedDuration::from_hours(1);

/// Which alerts a partner wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AlertChoices {
    /// Runs and lines that failed.
    failed: bool,
    /// Lines that need a decision.
    held: bool,
    /// Lines that were not decided before their ConnectWise invoice was made.
    missed: bool,
    /// After how many days in which no run wrote to ConnectWise; never where it is null.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 62)]
    quiet_days: Option<u16>,
    /// The language of alerts.
    #[serde(default)]
    #[schema(value_type = AlertLanguage)]
    language: Language,
    /// Where mails go; none where it is empty.
    #[schema(max_items = 5, example = json!(["billing@example.com"]))]
    mail: Vec<String>,
}

/// The language of alerts: English (`en`) or Italian (`it`).
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it is the document's name for the domain's languages")]
pub(crate) enum AlertLanguage {
    /// English.
    En,
    /// Italian.
    It,
}

/// Which alerts a partner wants, and where they go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertSettingsShown {
    /// Which alerts.
    settings: AlertChoices,
    /// The webhook; absent where none is saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<WebhookShown>,
    /// What a person should know: that alerts go nowhere, for example.
    warnings: Vec<String>,
}

/// A webhook as it is shown. Its address can hold a secret: it is not shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookShown {
    /// The host that is called.
    host: String,
    /// Who saved it.
    saved_by: String,
    /// When.
    #[schema(format = DateTime)]
    saved_at: String,
}

/// Show what alerts are sent.
#[utoipa::path(
    get,
    path = "/v1/alerts/settings",
    operation_id = "getAlertSettings",
    tag = "alerts",
    security(("token" = ["psa/read"])),
    params(IfNoneMatch),
    responses((status = 200, description = "Which alerts are wanted, and where they go.", body = AlertSettingsShown)),
)]
pub(crate) async fn get_alert_settings<T: Table, Q: Sender, K: Sealer, C: Time, I: Naming>(
    State(world): State<World<T, Q, K, C, I>>,
    caller: Caller<Read>,
    _: NoQuery,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let read = world.store.find_alert_settings(caller.partner()).await?;
    Ok(represent(&if_none_match, Some(read.version), &world.shown(&read, caller.language())))
}

/// Save what alerts are sent.
///
/// One alert a run at most. The webhook is saved by itself.
#[utoipa::path(
    put,
    path = "/v1/alerts/settings",
    operation_id = "saveAlertSettings",
    tag = "alerts",
    security(("token" = ["psa/admin"])),
    params(IfMatch),
    request_body(content = AlertChoices, description = "All of them."),
    responses((status = 200, description = "The settings as they are now.", body = AlertSettingsShown)),
)]
pub(crate) async fn save_alert_settings<T: Table, Q: Sender, K: Sealer, C: Time, I: Naming>(
    State(world): State<World<T, Q, K, C, I>>,
    caller: Caller<Admin>,
    _: NoQuery,
    if_match: IfMatch,
    Json(choices): Json<AlertChoices>,
) -> Result<Response, Problem> {
    let (wanted, mail) = choices.read()?;
    let language = choices.language;
    world.watch(caller.partner()).await?;
    let saved = world
        .change(&caller, &if_match, |saved| {
            let settings = AlertSettings { wanted, language, mail: mail.clone(), webhook: saved.settings.webhook };
            Ok(SavedAlertSettings { settings, webhook: saved.webhook })
        })
        .await?;
    let shown = world.shown(&saved, caller.language());
    Ok(([(ETAG, etag(saved.version, &shown)?)], Body(shown)).into_response())
}

impl AlertChoices {
    fn of(settings: &AlertSettings) -> Self {
        let Wanted { failed, held, missed, quiet_days } = settings.wanted;
        Self { failed, held, missed, quiet_days, language: settings.language, mail: settings.mail.clone() }
    }

    /// What is wanted and the mail addresses; everything that is wrong at once.
    fn read(&self) -> Result<(Wanted, Vec<String>), Problem> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: String, detail: Text| {
            errors.push(FieldError::body(pointer, ProblemCode::Invalid, detail));
        };
        if self.quiet_days.is_some_and(|days| !(1..=MAX_QUIET_DAYS).contains(&days)) {
            let detail = Text::new(
                format!("Expected 1 to {MAX_QUIET_DAYS} days, or null for never."),
                format!("Indicare da 1 a {MAX_QUIET_DAYS} giorni, o null per mai."),
            );
            wrong("/quietDays".to_owned(), detail);
        }
        if self.mail.len() > MAX_MAIL_ADDRESSES {
            let detail = Text::new(
                format!("Expected at most {MAX_MAIL_ADDRESSES} addresses."),
                format!("Indicare al massimo {MAX_MAIL_ADDRESSES} indirizzi."),
            );
            wrong("/mail".to_owned(), detail);
        }
        let mut mail: Vec<String> = Vec::new();
        for (place, typed) in self.mail.iter().enumerate() {
            match MailAddress::parse(typed) {
                Ok(address) if mail.iter().any(|known| known == address.as_str()) => {
                    let detail = Text::new("The address is there twice.", "L'indirizzo compare due volte.");
                    wrong(format!("/mail/{place}"), detail);
                }
                Ok(address) => mail.push(address.as_str().to_owned()),
                Err(error) => wrong(format!("/mail/{place}"), error.into()),
            }
        }
        if !errors.is_empty() {
            return Err(Problem::new(ProblemCode::InvalidRequest).errors(errors));
        }
        let Self { failed, held, missed, quiet_days, .. } = *self;
        Ok((Wanted { failed, held, missed, quiet_days }, mail))
    }
}

impl<T: Table, Q: Sender, K: Sealer, C: Time, I: Naming> World<T, Q, K, C, I> {
    pub(crate) fn shown(&self, read: &Versioned<SavedAlertSettings>, language: Language) -> AlertSettingsShown {
        let none = AlertSettings::default();
        let settings = read.value.as_ref().map_or(&none, |saved| &saved.settings);
        let mut warnings = Vec::new();
        if settings.channels().is_empty() {
            warnings.push(language.pick(
                "Alerts go nowhere: save a webhook or a mail address.",
                "Gli avvisi non arrivano a nessuno: salvare un webhook o un indirizzo e-mail.",
            ));
        }
        if !settings.mail.is_empty() && !self.mails {
            warnings.push(language.pick(
                "This service sends no mail: ask its operator, or save a webhook.",
                "Questo servizio non invia e-mail: chiedere a chi lo gestisce, o salvare un webhook.",
            ));
        }
        let webhook = settings.webhook.as_ref().map(|webhook| WebhookShown {
            host: webhook.host.clone(),
            saved_by: webhook.saved_by.clone(),
            saved_at: webhook.saved_at.to_string(),
        });
        let warnings = warnings.into_iter().map(str::to_owned).collect();
        AlertSettingsShown { settings: AlertChoices::of(settings), webhook, warnings }
    }

    /// Schedules the check for missing runs. It comes before a save, so that saved settings always have one; a check that
    /// nobody wants ends by itself.
    pub(crate) async fn watch(&self, partner: PartnerId) -> Result<(), Problem> {
        let first = self.clock.now().checked_add(FIRST_FOLLOW_UP).ok();
        Ok(self.store.schedule_follow_up(partner, FollowUp::CheckSilence, first).await?)
    }

    /// Saves what `act` makes of the settings that are there, over exactly those.
    pub(crate) async fn change(
        &self,
        caller: &Caller<Admin>,
        if_match: &IfMatch,
        act: impl Fn(SavedAlertSettings) -> Result<SavedAlertSettings, Problem> + Send + Sync,
    ) -> Result<Versioned<SavedAlertSettings>, Problem> {
        let (partner, author) = (caller.partner(), self.author(caller));
        for _ in 0..ATTEMPTS {
            let read = self.store.find_alert_settings(partner).await?;
            if_match.check(read.version, &self.shown(&read, caller.language()))?;
            let after = act(read.value.clone().unwrap_or_default())?;
            if read.value.as_ref() == Some(&after) {
                return Ok(read);
            }
            if self.store.save_alert_settings(partner, &author, &read, &after).await? {
                return Ok(Versioned { value: Some(after), version: read.version.saturating_add(1) });
            }
        }
        Err(Problem::new(ProblemCode::ChangedMeanwhile))
    }
}
