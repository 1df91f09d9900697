//! Whether runs may write to the partner's ConnectWise.

use axum::Json as Body;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shared::domain::id::PartnerId;
use shared::domain::settings::Settings;
use shared::http::{
    Admin, Caller, IfMatch, IfNoneMatch, Json, NoQuery, Problem, ProblemCode, Read, Text, etag, represent,
};
use shared::store::{Author, PsaOwner, Versioned};
use shared::table::Table;
use utoipa::ToSchema;

use crate::{Sealer, Time, World};

/// How often another save may come between before whoever asks has to come again.
const ATTEMPTS: usize = 5;

/// Whether runs may write to ConnectWise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Writes {
    /// Off: every run is a preview.
    writes: bool,
}

impl Writes {
    fn of(settings: &Versioned<Settings>) -> Self {
        Self { writes: settings.value.as_ref().is_some_and(|settings| settings.writes) }
    }
}

/// Show whether runs write.
///
/// Off for a new partner, and after the connection went to another ConnectWise database.
#[utoipa::path(
    get,
    path = "/v1/connections/writes",
    operation_id = "getWrites",
    tag = "connections",
    security(("token" = ["psa/read"])),
    params(IfNoneMatch),
    responses((status = 200, description = "Whether runs write to ConnectWise.", body = Writes)),
)]
pub(crate) async fn get_writes<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Read>,
    _: NoQuery,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let settings = world.store.find_versioned_settings(caller.partner()).await?;
    Ok(represent(&if_none_match, Some(settings.version), &Writes::of(&settings)))
}

/// Switch writes on or off.
///
/// On only with a ConnectWise connection whose last test passed and whose database no other partner has. Off at any time:
/// an open run stops before its next write.
#[utoipa::path(
    put,
    path = "/v1/connections/writes",
    operation_id = "switchWrites",
    tag = "connections",
    security(("token" = ["psa/admin"])),
    params(IfMatch),
    request_body(content = Writes, description = "What it is to be."),
    responses(
        (status = 200, description = "What it is now.", body = Writes),
        (status = 409, description = "No ConnectWise connection that works is saved, or another partner has its database.",
            body = shared::http::ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn switch_writes<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Admin>,
    _: NoQuery,
    if_match: IfMatch,
    Json(wanted): Json<Writes>,
) -> Result<Response, Problem> {
    let (partner, author) = (caller.partner(), world.author(&caller));
    for _ in 0..ATTEMPTS {
        let read = world.store.find_versioned_settings(partner).await?;
        if_match.check(read.version, &Writes::of(&read))?;
        if wanted.writes {
            world.check_may_write(partner).await?;
        }
        let mut version = read.version;
        if Writes::of(&read) != wanted {
            // Off is what a partner without settings has: here they are to be switched on.
            let settings = read.value.clone().ok_or_else(|| Problem::new(ProblemCode::ConnectionMissing))?;
            let settings = Settings { writes: wanted.writes, ..settings };
            if !world.store.save_settings(partner, &author, &read, &settings).await? {
                continue;
            }
            version = version.saturating_add(1);
        }
        return Ok(([(ETAG, etag(version, &wanted)?)], Body(wanted)).into_response());
    }
    Err(Problem::new(ProblemCode::ChangedMeanwhile))
}

impl<T: Table, K: Sealer, C: Time> World<T, K, C> {
    async fn check_may_write(&self, partner: PartnerId) -> Result<(), Problem> {
        let shown = self.shown(partner).await?.connectwise;
        let shown = shown.ok_or_else(|| Problem::new(ProblemCode::ConnectionMissing))?;
        let unusable = |why: Text| Err(Problem::new(ProblemCode::ConnectionUnusable).detail(why));
        if !shown.tested.works {
            return unusable(Text::new(
                "The last test of the ConnectWise connection failed.",
                "L'ultimo test della connessione a ConnectWise non è riuscito.",
            ));
        }
        let owner = match shown.database() {
            Some(database) => self.store.find_psa_owner(partner, &database).await?,
            None => PsaOwner::Nobody,
        };
        match owner {
            PsaOwner::Asker => Ok(()),
            PsaOwner::Another => Err(Problem::new(ProblemCode::PsaTaken)),
            PsaOwner::Nobody => unusable(Text::new(
                "The ConnectWise database is not claimed for this partner; save the connection again.",
                "Il database ConnectWise non è registrato per questo partner; salvare di nuovo la connessione.",
            )),
        }
    }

    /// Switches writes off, whatever they were.
    pub(crate) async fn switch_writes_off(&self, partner: PartnerId, author: &Author) -> Result<(), Problem> {
        for _ in 0..ATTEMPTS {
            let read = self.store.find_versioned_settings(partner).await?;
            let Some(settings) = read.value.clone().filter(|settings| settings.writes) else { return Ok(()) };
            let settings = Settings { writes: false, ..settings };
            if self.store.save_settings(partner, author, &read, &settings).await? {
                return Ok(());
            }
        }
        Err(Problem::new(ProblemCode::ChangedMeanwhile))
    }
}
