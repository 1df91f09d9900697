//! The connection to ConnectWise: saved after its test, with the claim of its database, and the partner's first settings.

use axum::Json as Body;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shared::client::address::PsaAddress;
use shared::client::credentials::ConnectWiseCredentials;
use shared::client::probe::report::{ConnectWiseReport, PsaRight};
use shared::domain::id::PartnerId;
use shared::domain::schedule::next_run_after;
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::error::ConnectError;
use shared::http::{
    Admin, Caller, FieldError, IfMatch, Language, NoQuery, Problem, ProblemCode, PsaProblems, SecretJson, Text, count,
    etag,
};
use shared::store::{Author, Limited, PsaDatabase, PsaHolder, PsaOwner, SavedBy, ShownConnectWise, ShownConnections};
use shared::table::Table;
use utoipa::ToSchema;

use crate::advice::switch_the_vendors_sync_off;
use crate::change::Draft;
use crate::input::ConnectWiseInput;
use crate::row::{ConnectWiseRow, end_of};
use crate::verdict::{TestReport, is_wrong_guess_of_connectwise, of_connectwise, refusal_of_connectwise};
use crate::{Sealer, Time, World};

/// A connection to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConnectWiseSave {
    /// All of it, the keys too: none is kept from before.
    connection: ConnectWiseInput,
    /// The partner's time zone by its IANA name. Required with the partner's first ConnectWise; the settings have it then.
    #[schema(example = "Europe/Rome")]
    #[serde(default)]
    time_zone: Option<String>,
}

/// A connection to test.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConnectWiseTrial {
    /// The connection; the saved one where this is absent.
    #[serde(default)]
    connection: Option<ConnectWiseInput>,
}

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectWiseSaved {
    /// The connection as it is shown.
    connection: ConnectWiseRow,
    /// What the test before the save found.
    report: TestReport,
    /// Whether runs write to ConnectWise. Another database than before is not written to until that is switched on.
    writes: bool,
}

/// Save the ConnectWise connection.
///
/// Tests it first and saves nothing that does not pass. Replaces all of what was there, the keys too; the Sophos connection
/// stays. Another database than before switches writes off. The first one also makes the partner's settings: synced with
/// the Sophos invoice, writes off. A database whose owner has not worked with it for 14 days and whose keys ConnectWise
/// refuses is taken over.
#[utoipa::path(
    put,
    path = "/v1/connections/connectwise",
    operation_id = "saveConnectWiseConnection",
    tag = "connections",
    security(("token" = ["psa/admin"])),
    params(IfMatch),
    request_body(content = ConnectWiseSave, description = "The connection, and the time zone with the first one."),
    responses((status = 200, description = "It works and is saved.", body = ConnectWiseSaved), PsaProblems),
)]
pub(crate) async fn save_connectwise<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Admin>,
    _: NoQuery,
    if_match: IfMatch,
    headers: HeaderMap,
    SecretJson(save): SecretJson<ConnectWiseSave>,
) -> Result<Response, Problem> {
    let (partner, author) = (caller.partner(), world.author(&caller));
    let settings = world.store.find_versioned_settings(partner).await?;
    let zone = time_zone(save.time_zone.as_deref(), settings.value.as_ref())?;
    let (credentials, address) = save.connection.read(&world.options.connectwise.addresses)?;
    let before = world.shown(partner).await?.connectwise;
    check(&if_match, before.as_ref())?;
    let report = world.guess_connectwise(&caller, &credentials).await?;
    if let Some(problem) = refusal_of_connectwise(&report.verdict) {
        return Err(problem);
    }
    let database = PsaDatabase::new(&address.host(), &credentials.company);
    // Before anything is changed for it; the save itself holds to it.
    let taken_from = world.lapsed_owner(partner, &database).await?;
    let tested = test_report(&report, PsaOwner::Asker, &headers);
    let shown = ShownConnectWise {
        site: credentials.site.clone(),
        company: credentials.company.clone(),
        database: database.as_str().to_owned(),
        public_key_end: end_of(&credentials.public_key),
        client_id_end: end_of(&credentials.client_id),
        saved: SavedBy { who: author.who.clone(), at: author.at, version: 0 },
        tested: tested.at(author.at),
    };
    let connection = Connection { credentials, shown, before, zone, taken_from };
    let row = world.put_connectwise(partner, &author, &connection, &if_match).await?;
    let writes = world.store.find_versioned_settings(partner).await?.value.is_some_and(|settings| settings.writes);
    let tag = etag(row.version(), &row)?;
    let body = ConnectWiseSaved { connection: row, report: tested, writes };
    Ok(([(ETAG, tag)], Body(body)).into_response())
}

/// Test a ConnectWise connection.
///
/// The given one, or the saved one where none is given. Tells a wrong host, company, key or client id, each missing right
/// and a database of another partner apart. Nothing is written in ConnectWise.
#[utoipa::path(
    post,
    path = "/v1/connections/connectwise/test",
    operation_id = "testConnectWiseConnection",
    tag = "connections",
    security(("token" = ["psa/admin"])),
    request_body(content = ConnectWiseTrial, description = "The connection; an empty object for the saved one."),
    responses((status = 200, description = "What was found.", body = TestReport), PsaProblems),
)]
pub(crate) async fn test_connectwise<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Admin>,
    _: NoQuery,
    headers: HeaderMap,
    SecretJson(trial): SecretJson<ConnectWiseTrial>,
) -> Result<Body<TestReport>, Problem> {
    let partner = caller.partner();
    let rules = &world.options.connectwise.addresses;
    let Some(given) = trial.connection else {
        let version = world.shown(partner).await?.connectwise.map(|shown| shown.saved.version);
        let saved = world.saved(partner).await?.connectwise;
        let credentials = saved.ok_or_else(|| Problem::new(ProblemCode::ConnectionMissing))?;
        count(&world.store, caller.partner(), Limited::ConnectWiseTests, world.clock.now()).await?;
        let report = world.probe().test_connectwise(&credentials).await;
        // What was saved under older rules is tested all the same; the test says that its address is not allowed.
        let address = PsaAddress::parse(&credentials.site, rules).ok();
        let shown = world.report(partner, &report, &credentials, address.as_ref(), &headers).await?;
        let author = world.author(&caller);
        let test = shown.at(author.at);
        let note = |shown: &mut ShownConnections| {
            // One that was saved anew meanwhile is another.
            let tested = shown.connectwise.as_mut().filter(|half| Some(half.saved.version) == version);
            tested.map(|half| half.tested = test.clone()).is_some()
        };
        world.note_test(partner, &author, note).await?;
        return Ok(Body(shown));
    };
    let (credentials, address) = given.read(rules)?;
    count(&world.store, caller.partner(), Limited::ConnectWiseTests, world.clock.now()).await?;
    let report = world.guess_connectwise(&caller, &credentials).await?;
    Ok(Body(world.report(partner, &report, &credentials, Some(&address), &headers).await?))
}

/// Remove the ConnectWise connection.
///
/// Switches writes off and gives the ConnectWise database up, so that another partner may connect it. Mappings and history
/// stay.
#[utoipa::path(
    delete,
    path = "/v1/connections/connectwise",
    operation_id = "removeConnectWiseConnection",
    tag = "connections",
    security(("token" = ["psa/admin"])),
    params(IfMatch),
    responses(
        (status = 204, description = "It is removed."),
        (status = 404, description = "None is saved.", body = shared::http::ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "Somebody changed it at the same moment.", body = shared::http::ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove_connectwise<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Admin>,
    _: NoQuery,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let (partner, author) = (caller.partner(), world.author(&caller));
    let before = world.shown(partner).await?.connectwise.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    check(&if_match, Some(&before))?;
    world.switch_writes_off(partner, &author).await?;
    let act = |draft: &mut Draft| {
        unmoved(draft.before.connectwise.as_ref(), Some(&before))?;
        draft.credentials.connectwise = None;
        draft.shown.connectwise = None;
        Ok(())
    };
    world.change(partner, &author, act).await?;
    world.switch_writes_off(partner, &author).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is to be saved.
struct Connection {
    credentials: ConnectWiseCredentials,
    shown: ShownConnectWise,
    /// What was there when it was tested.
    before: Option<ShownConnectWise>,
    /// The time zone of a partner without settings.
    zone: Option<TimeZoneName>,
    /// Who loses the database that it leads to.
    taken_from: Option<PsaHolder>,
}

impl Connection {
    /// Whether it leads to another database than the one before.
    fn is_elsewhere(&self) -> bool {
        self.before.as_ref().is_none_or(|before| before.database != self.shown.database)
    }
}

impl<T: Table, K: Sealer, C: Time> World<T, K, C> {
    /// Tests keys that somebody typed. A guess is counted before the call, and taken back unless ConnectWise refuses it.
    async fn guess_connectwise(
        &self,
        caller: &Caller<Admin>,
        credentials: &ConnectWiseCredentials,
    ) -> Result<ConnectWiseReport, Problem> {
        let guess = count(&self.store, caller.partner(), Limited::WrongKeys, self.clock.now()).await?;
        let report = self.probe().test_connectwise(credentials).await;
        if !is_wrong_guess_of_connectwise(&report.verdict) {
            self.store.uncount(&guess).await?;
        }
        Ok(report)
    }

    async fn report(
        &self,
        partner: PartnerId,
        report: &ConnectWiseReport,
        credentials: &ConnectWiseCredentials,
        address: Option<&PsaAddress>,
        headers: &HeaderMap,
    ) -> Result<TestReport, Problem> {
        let owner = match address {
            Some(address) => {
                let database = PsaDatabase::new(&address.host(), &credentials.company);
                self.store.find_psa_owner(partner, &database).await?
            }
            None => PsaOwner::Nobody,
        };
        Ok(test_report(report, owner, headers))
    }

    /// Settings first, the schedule last: what is in between finds a partner whose runs write nothing.
    async fn put_connectwise(
        &self,
        partner: PartnerId,
        author: &Author,
        connection: &Connection,
        if_match: &IfMatch,
    ) -> Result<ConnectWiseRow, Problem> {
        if let Some(zone) = &connection.zone {
            self.make_settings(partner, author, zone).await?;
        }
        if connection.is_elsewhere() {
            self.switch_writes_off(partner, author).await?;
        }
        let act = |draft: &mut Draft| {
            check(if_match, draft.before.connectwise.as_ref())?;
            unmoved(draft.before.connectwise.as_ref(), connection.before.as_ref())?;
            let saved = SavedBy { version: draft.version, ..connection.shown.saved.clone() };
            draft.shown.connectwise = Some(ShownConnectWise { saved, ..connection.shown.clone() });
            draft.credentials.connectwise = Some(connection.credentials.clone());
            Ok(())
        };
        let shown = self.change_taking(partner, author, connection.taken_from, act).await?.connectwise;
        if let Some(holder) = connection.taken_from {
            self.stop_owner(holder.partner, author.at).await?;
        }
        if connection.is_elsewhere() {
            // Whoever switched them on meanwhile did so for the database before.
            self.switch_writes_off(partner, author).await?;
        }
        self.make_due(partner).await?;
        let row = shown.as_ref().map(ConnectWiseRow::from);
        row.ok_or_else(|| Problem::new(ProblemCode::Internal))
    }

    /// The settings of a new partner. Somebody else's first ones are as good.
    async fn make_settings(&self, partner: PartnerId, author: &Author, zone: &TimeZoneName) -> Result<(), Problem> {
        let read = self.store.find_versioned_settings(partner).await?;
        if read.value.is_some() {
            return Ok(());
        }
        let settings = Settings {
            time_zone: zone.clone(),
            frequency: Frequency::default(),
            writes: false,
            guards: Guards::default(),
        };
        self.store.save_settings(partner, author, &read, &settings).await?;
        Ok(())
    }

    /// A partner that was never due is from now on; the schedule of one that is, is left alone.
    async fn make_due(&self, partner: PartnerId) -> Result<(), Problem> {
        let settings = self.store.find_versioned_settings(partner).await?.value;
        if let (Some(settings), None) = (settings, self.store.find_due(partner).await?) {
            let next = next_run_after(&settings, partner, self.clock.now());
            self.store.put_due(partner, next).await?;
        }
        Ok(())
    }
}

/// The time zone of a partner that has none yet.
fn time_zone(given: Option<&str>, settings: Option<&Settings>) -> Result<Option<TimeZoneName>, Problem> {
    let refused = |code, detail: Text| {
        Err(Problem::new(ProblemCode::InvalidRequest).errors([FieldError::body("/timeZone", code, detail)]))
    };
    match (given, settings) {
        (None, Some(_)) => Ok(None),
        (Some(given), Some(settings)) if given == settings.time_zone.name() => Ok(None),
        (Some(_), Some(settings)) => {
            let is = settings.time_zone.name();
            let detail = Text::new(
                format!("The time zone is {is}; it is changed in the sync settings."),
                format!("Il fuso orario è {is}; si cambia nelle impostazioni di sincronizzazione."),
            );
            refused(ProblemCode::Invalid, detail)
        }
        (None, None) => {
            let detail = Text::new(
                "The first connection needs the partner's time zone.",
                "La prima connessione richiede il fuso orario del partner.",
            );
            refused(ProblemCode::Missing, detail)
        }
        (Some(given), None) => match TimeZoneName::parse(given) {
            Ok(zone) => Ok(Some(zone)),
            Err(error) => refused(ProblemCode::Invalid, error.into()),
        },
    }
}

/// Lets a change through that is based on what is there, by its version: 0 where nothing is.
fn check(if_match: &IfMatch, present: Option<&ShownConnectWise>) -> Result<(), Problem> {
    let row = present.map(ConnectWiseRow::from);
    if_match.check(row.as_ref().map_or(0, ConnectWiseRow::version), &row)
}

/// The database that was left, or kept, must still be the one that is saved: its claim and the writes hang on it.
fn unmoved(now: Option<&ShownConnectWise>, before: Option<&ShownConnectWise>) -> Result<(), Problem> {
    let database = |shown: Option<&ShownConnectWise>| shown.map(|shown| shown.database.clone());
    if database(now) == database(before) { Ok(()) } else { Err(Problem::new(ProblemCode::ChangedMeanwhile)) }
}

fn test_report(report: &ConnectWiseReport, owner: PsaOwner, headers: &HeaderMap) -> TestReport {
    let (verdict, missing_rights) = of_connectwise(&report.verdict);
    let works = verdict == "works";
    let taken = works && owner == PsaOwner::Another;
    let detail = if taken { Text::from(&ConnectError::TakenByAnother) } else { Text::from(&report.verdict) };
    TestReport {
        works: works && !taken,
        verdict: if taken { "takenByAnother" } else { verdict },
        detail: detail.in_language(Language::from_headers(headers)).to_owned(),
        missing_rights,
        untested_rights: PsaRight::UNTESTED.iter().map(PsaRight::to_string).collect(),
        calls: report.calls,
        advice: switch_the_vendors_sync_off(headers),
    }
}
