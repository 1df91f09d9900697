//! The webhook: saved with a new signing secret each time, removed.

use axum::Json as Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use shared::client::webhook::{MAX_ADDRESS_CHARS, SavedWebhook, WebhookAddress, WebhookSecret};
use shared::domain::alert::{AlertSettings, ShownWebhook};
use shared::http::{
    Admin, Caller, FieldError, IfMatch, NoQuery, Problem, ProblemBody, ProblemCode, SecretJson, Text, etag,
};
use shared::store::SavedAlertSettings;
use shared::table::Table;
use utoipa::ToSchema;

use crate::settings::AlertSettingsShown;
use crate::{Naming, Sealer, Sender, Time, World};

/// A webhook to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WebhookInput {
    /// The https address that alerts are posted to.
    #[schema(value_type = String, write_only, max_length = 500, example = "https://hooks.example.com/usage-sync")]
    #[serde(deserialize_with = "secret")]
    url: SecretString,
}

/// What was saved.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookSaved {
    /// The secret that alerts are signed with from now on, after Standard Webhooks. It is shown only in this response.
    secret: String,
    /// The alert settings.
    alerts: AlertSettingsShown,
}

/// Save the webhook.
///
/// Alerts are posted to it as JSON, signed after Standard Webhooks, up to eight times over 22 hours until it answers 2xx; a
/// repeated one has the same webhook-id. Each save makes a new signing secret, which the answer tells once.
#[utoipa::path(
    put,
    path = "/v1/alerts/webhook",
    operation_id = "saveAlertWebhook",
    tag = "alerts",
    security(("token" = ["psa/admin"])),
    params(IfMatch),
    request_body(content = WebhookInput, description = "Where to."),
    responses(
        (status = 200, description = "It is saved; the secret is not shown again.", body = WebhookSaved),
        (status = 422, description = "The address may not be called.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn save_webhook<T: Table, Q: Sender, K: Sealer, C: Time, I: Naming>(
    State(world): State<World<T, Q, K, C, I>>,
    caller: Caller<Admin>,
    _: NoQuery,
    if_match: IfMatch,
    SecretJson(input): SecretJson<WebhookInput>,
) -> Result<Response, Problem> {
    let address = WebhookAddress::parse(input.url.expose_secret(), world.policy).map_err(|error| {
        let code = ProblemCode::WebhookNotAllowed;
        let detail = Text::from(&error);
        Problem::new(code).detail(detail.clone()).errors([FieldError::body("/url", code, detail)])
    })?;
    let secret = WebhookSecret::generate();
    let text = secret.expose_text();
    let shown = ShownWebhook { host: address.host(), saved_by: caller.name().to_owned(), saved_at: world.clock.now() };
    let sealed = world.seal.seal(caller.partner(), SavedWebhook { address, secret }.to_json().expose_secret()).await?;
    world.watch(caller.partner()).await?;
    let saved = world
        .change(&caller, &if_match, |saved| {
            let settings = AlertSettings { webhook: Some(shown.clone()), ..saved.settings };
            Ok(SavedAlertSettings { settings, webhook: Some(sealed.clone()) })
        })
        .await?;
    let alerts = world.shown(&saved, caller.language());
    let tag = etag(saved.version, &alerts)?;
    Ok(([(ETAG, tag)], Body(WebhookSaved { secret: text, alerts })).into_response())
}

/// Remove the webhook.
///
/// What is on its way to it is given up.
#[utoipa::path(
    delete,
    path = "/v1/alerts/webhook",
    operation_id = "removeAlertWebhook",
    tag = "alerts",
    security(("token" = ["psa/admin"])),
    params(IfMatch),
    responses(
        (status = 204, description = "It is removed."),
        (status = 404, description = "None is saved.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove_webhook<T: Table, Q: Sender, K: Sealer, C: Time, I: Naming>(
    State(world): State<World<T, Q, K, C, I>>,
    caller: Caller<Admin>,
    _: NoQuery,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let remove = |saved: SavedAlertSettings| match saved.settings.webhook {
        Some(_) => {
            Ok(SavedAlertSettings { settings: AlertSettings { webhook: None, ..saved.settings }, webhook: None })
        }
        None => Err(Problem::new(ProblemCode::NotFound)),
    };
    world.change(&caller, &if_match, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An address. A value that is not a text, or a text that is far too long, is not quoted.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    let text = String::deserialize(deserializer).map_err(|_| D::Error::custom("expected a text"))?;
    if text.chars().count() > MAX_ADDRESS_CHARS {
        return Err(D::Error::custom(format!("expected at most {MAX_ADDRESS_CHARS} characters")));
    }
    Ok(text.into())
}
