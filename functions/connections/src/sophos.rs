//! The connection to Sophos: saved after its test.

use axum::Json as Body;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use shared::client::credentials::SophosCredentials;
use shared::client::probe::report::SophosReport;
use shared::domain::id::PartnerId;
use shared::domain::month::UsageMonth;
use shared::http::{
    Admin, Caller, IfMatch, Language, NoQuery, Problem, ProblemCode, PsaProblems, SecretJson, Text, count, etag,
};
use shared::store::{Limited, SavedBy, ShownConnections, ShownSophos};
use shared::table::Table;
use utoipa::ToSchema;

use crate::advice::switch_the_vendors_sync_off;
use crate::change::Draft;
use crate::input::SophosInput;
use crate::row::{SophosRow, end_of};
use crate::verdict::{TestReport, is_wrong_guess_of_sophos, of_sophos, refusal_of_sophos};
use crate::{Sealer, Time, World};

/// A connection to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SophosSave {
    /// All of it: nothing is kept from before.
    connection: SophosInput,
}

/// A connection to test.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SophosTrial {
    /// The connection; the saved one where this is absent.
    #[serde(default)]
    connection: Option<SophosInput>,
}

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SophosSaved {
    /// The connection as it is shown.
    connection: SophosRow,
    /// What the test before the save found.
    report: TestReport,
}

/// Save the Sophos connection.
///
/// Tests it first and saves nothing that does not pass. The ConnectWise connection stays.
#[utoipa::path(
    put,
    path = "/v1/connections/sophos",
    operation_id = "saveSophosConnection",
    tag = "connections",
    security(("token" = ["psa/admin"])),
    params(IfMatch),
    request_body(content = SophosSave, description = "The connection."),
    responses((status = 200, description = "It works and is saved.", body = SophosSaved), PsaProblems),
)]
pub(crate) async fn save_sophos<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Admin>,
    _: NoQuery,
    if_match: IfMatch,
    headers: HeaderMap,
    SecretJson(save): SecretJson<SophosSave>,
) -> Result<Response, Problem> {
    let (partner, author) = (caller.partner(), world.author(&caller));
    let credentials = save.connection.read()?;
    check(&if_match, world.shown(partner).await?.sophos.as_ref())?;
    let (report, refusal) = world.guess_sophos(&caller, &credentials, &headers).await?;
    if let Some(problem) = refusal {
        return Err(problem);
    }
    let act = |draft: &mut Draft| {
        check(&if_match, draft.before.sophos.as_ref())?;
        draft.shown.sophos = Some(ShownSophos {
            client_id_end: end_of(&credentials.client_id),
            saved: SavedBy { who: author.who.clone(), at: author.at, version: draft.version },
            tested: report.at(author.at),
        });
        draft.credentials.sophos = Some(credentials.clone());
        Ok(())
    };
    let shown = world.change(partner, &author, act).await?.sophos;
    let row = shown.as_ref().map(SophosRow::from).ok_or_else(|| Problem::new(ProblemCode::Internal))?;
    let tag = etag(row.version(), &row)?;
    Ok(([(ETAG, tag)], Body(SophosSaved { connection: row, report })).into_response())
}

/// Test a Sophos connection.
///
/// The given one, or the saved one where none is given. Tells wrong keys, credentials of a customer, an organization or
/// another partner, and each missing right apart.
#[utoipa::path(
    post,
    path = "/v1/connections/sophos/test",
    operation_id = "testSophosConnection",
    tag = "connections",
    security(("token" = ["psa/admin"])),
    request_body(content = SophosTrial, description = "The connection; an empty object for the saved one."),
    responses((status = 200, description = "What was found.", body = TestReport), PsaProblems),
)]
pub(crate) async fn test_sophos<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Admin>,
    _: NoQuery,
    headers: HeaderMap,
    SecretJson(trial): SecretJson<SophosTrial>,
) -> Result<Body<TestReport>, Problem> {
    let partner = caller.partner();
    let Some(given) = trial.connection else {
        let version = world.shown(partner).await?.sophos.map(|shown| shown.saved.version);
        let saved = world.saved(partner).await?.sophos;
        let credentials = saved.ok_or_else(|| Problem::new(ProblemCode::ConnectionMissing))?;
        count(&world.store, caller.partner(), Limited::SophosTests, world.clock.now()).await?;
        let (shown, _) = shown_report(&world.sophos_report(partner, &credentials).await, &headers);
        let author = world.author(&caller);
        let test = shown.at(author.at);
        let note = |shown: &mut ShownConnections| {
            // One that was saved anew meanwhile is another.
            let tested = shown.sophos.as_mut().filter(|half| Some(half.saved.version) == version);
            tested.map(|half| half.tested = test.clone()).is_some()
        };
        world.note_test(partner, &author, note).await?;
        return Ok(Body(shown));
    };
    let credentials = given.read()?;
    count(&world.store, caller.partner(), Limited::SophosTests, world.clock.now()).await?;
    let (shown, _) = world.guess_sophos(&caller, &credentials, &headers).await?;
    Ok(Body(shown))
}

/// Remove the Sophos connection.
///
/// No run finds usage until another one is saved. Mappings and history stay.
#[utoipa::path(
    delete,
    path = "/v1/connections/sophos",
    operation_id = "removeSophosConnection",
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
pub(crate) async fn remove_sophos<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Admin>,
    _: NoQuery,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let (partner, author) = (caller.partner(), world.author(&caller));
    let before = world.shown(partner).await?.sophos.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    check(&if_match, Some(&before))?;
    let act = |draft: &mut Draft| {
        check(&if_match, draft.before.sophos.as_ref())?;
        draft.credentials.sophos = None;
        draft.shown.sophos = None;
        Ok(())
    };
    world.change(partner, &author, act).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl<T: Table, K: Sealer, C: Time> World<T, K, C> {
    /// Tests keys that somebody typed: what was found, and why they are not saved. A guess is counted before the call, and
    /// taken back unless Sophos refuses it.
    async fn guess_sophos(
        &self,
        caller: &Caller<Admin>,
        credentials: &SophosCredentials,
        headers: &HeaderMap,
    ) -> Result<(TestReport, Option<Problem>), Problem> {
        let guess = count(&self.store, caller.partner(), Limited::WrongKeys, self.clock.now()).await?;
        let report = self.sophos_report(caller.partner(), credentials).await;
        if !is_wrong_guess_of_sophos(&report.verdict) {
            self.store.uncount(&guess).await?;
        }
        Ok(shown_report(&report, headers))
    }

    async fn sophos_report(&self, partner: PartnerId, credentials: &SophosCredentials) -> SophosReport {
        let month = UsageMonth::containing(self.clock.now().to_zoned(TimeZone::UTC).date());
        self.probe().test_sophos(partner, credentials, month).await
    }
}

/// What a test found, and why such credentials are not saved.
fn shown_report(report: &SophosReport, headers: &HeaderMap) -> (TestReport, Option<Problem>) {
    let (verdict, missing_rights) = of_sophos(&report.verdict);
    let shown = TestReport {
        works: verdict == "works",
        verdict,
        detail: Text::from(&report.verdict).in_language(Language::from_headers(headers)).to_owned(),
        missing_rights,
        untested_rights: Vec::new(),
        calls: report.calls,
        advice: switch_the_vendors_sync_off(headers),
    };
    (shown, refusal_of_sophos(&report.verdict))
}

/// Lets a change through that is based on what is there, by its version: 0 where nothing is.
fn check(if_match: &IfMatch, present: Option<&ShownSophos>) -> Result<(), Problem> {
    let row = present.map(SophosRow::from);
    if_match.check(row.as_ref().map_or(0, SophosRow::version), &row)
}
