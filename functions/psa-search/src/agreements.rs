//! The agreements of a company, for the choice of the one that a customer is billed by.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Serialize;
use shared::domain::id::CompanyId;
use shared::domain::psa::{Agreement, AgreementStatus};
use shared::http::{Caller, NoQuery, Path, Problem, PsaProblems, Read};
use shared::ports::{Clock, Connections, Listed, PsaCatalogue};
use utoipa::ToSchema;

use crate::World;

/// An agreement's status in ConnectWise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AgreementStanding {
    /// In force: a customer can be mapped to it.
    Active,
    /// Ended by hand.
    Cancelled,
    /// Past its end date.
    Expired,
    /// Not in force for another reason.
    Inactive,
}

/// An agreement of the company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompanyAgreement {
    /// Its id in ConnectWise.
    id: u32,
    /// Its name.
    name: String,
    /// The name of its type.
    #[serde(rename = "type")]
    kind: String,
    /// Its status; only an active one can be mapped.
    status: AgreementStanding,
    /// Its first day; absent where none is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, nullable = false)]
    start_date: Option<Date>,
    /// Its last day; absent where it has no ending date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, nullable = false)]
    end_date: Option<Date>,
    /// The day of its next ConnectWise invoice; absent where ConnectWise does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, nullable = false)]
    next_invoice_date: Option<Date>,
    /// How often it bills, in ConnectWise's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_cycle: Option<String>,
    /// What a mapping to it needs because of that.
    cycle: CycleNeeds,
    /// Whether a line that begins or ends inside a billing period bills its days only.
    prorated: bool,
    /// The agreement whose invoices bill it, where it is the child of one: its invoice date and the company that is billed come
    /// from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_agreement: Option<String>,
}

/// What a mapping needs because of how often an agreement bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CycleNeeds {
    /// Nothing: it bills monthly, or ConnectWise does not say.
    Nothing,
    /// A confirmation that only the quantity on the day of its next ConnectWise invoice counts.
    Confirmation,
    /// Another cycle: it does not bill usage again and again, and cannot be mapped.
    Another,
}

impl CycleNeeds {
    fn of(agreement: &Agreement) -> Self {
        let facts = agreement.facts();
        match (facts.never_recurs(), facts.is_not_monthly()) {
            (true, _) => Self::Another,
            (false, true) => Self::Confirmation,
            (false, false) => Self::Nothing,
        }
    }
}

/// An agreement that is there and that ConnectWise shows in a way that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UnreadableAgreement {
    /// Its number.
    id: i64,
    /// What is wrong with it.
    why: String,
}

/// The agreements of a company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CompanyAgreements {
    /// Those that are active first, then by name.
    items: Vec<CompanyAgreement>,
    /// Those that cannot be read, and so cannot be mapped.
    unreadable: Vec<UnreadableAgreement>,
}

impl From<AgreementStatus> for AgreementStanding {
    fn from(status: AgreementStatus) -> Self {
        match status {
            AgreementStatus::Active => Self::Active,
            AgreementStatus::Cancelled => Self::Cancelled,
            AgreementStatus::Expired => Self::Expired,
            AgreementStatus::Inactive => Self::Inactive,
        }
    }
}

impl CompanyAgreements {
    fn from_listed(listed: Listed<Agreement>) -> Self {
        let mut rows = listed.rows;
        rows.sort_by_cached_key(|row| (row.status != AgreementStatus::Active, row.name.to_lowercase(), row.id));
        let items = rows.into_iter().map(|row| CompanyAgreement {
            cycle: CycleNeeds::of(&row),
            prorated: row.prorated,
            parent_agreement: row.parent.map(|(id, name)| if name.is_empty() { id.to_string() } else { name }),
            id: row.id.get(),
            name: row.name,
            kind: row.kind,
            status: row.status.into(),
            start_date: row.start,
            end_date: row.end,
            next_invoice_date: row.next_invoice,
            billing_cycle: row.billing_cycle,
        });
        let unreadable = listed.unreadable.into_iter().map(|row| UnreadableAgreement { id: row.id, why: row.why });
        Self { items: items.collect(), unreadable: unreadable.collect() }
    }
}

/// List a company's agreements.
///
/// All of them, whatever their status, as ConnectWise has them now; none for a company that does not exist.
#[utoipa::path(
    get,
    path = "/v1/psa/companies/{companyId}/agreements",
    operation_id = "listPsaAgreements",
    tag = "search",
    security(("token" = ["psa/read"])),
    params(("companyId" = i64, Path, description = "The ConnectWise company's id.", minimum = 1, maximum = 2147483647)),
    responses((status = 200, description = "The company's agreements.", body = CompanyAgreements), PsaProblems),
)]
pub(crate) async fn list_psa_agreements<K, C>(
    State(world): State<World<K, C>>,
    caller: Caller<Read>,
    Path(company): Path<CompanyId>,
    _: NoQuery,
) -> Result<Json<CompanyAgreements>, Problem>
where
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
{
    let psa = world.connections.psa(caller.partner()).await?;
    Ok(Json(CompanyAgreements::from_listed(psa.list_agreements_of(company).await?)))
}
