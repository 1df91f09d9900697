//! Agreements that are over, or soon will be, with those that may go on in their place. Nothing follows by itself.

use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::id::CustomerId;
use shared::domain::psa::{Agreement, AgreementStatus};
use shared::http::{Caller, Language, List, Paging, Problem, PsaProblems, Query, Read, Text, represent};
use shared::ports::{Clock, Ids, Listed};
use shared::store::MappedCustomer;
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use super::judge::{agreements_of, in_words};
use super::list::position;
use super::read;
use super::row::CustomerTarget;
use super::{ends_soon, today};
use crate::{Link, World};

/// The most mapped customers that a request looks at: ConnectWise is asked once for each.
const MAX_PAGE: u16 = 25;

/// Which customers are looked at.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct RenewalPage {
    /// How many mapped customers are looked at, 1 to 25; 25 by default.
    #[serde(default)]
    #[param(minimum = 1, maximum = 25)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// A customer whose agreement is over, or soon will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RenewalRow {
    /// The customer.
    #[schema(value_type = String, format = "uuid")]
    customer_id: CustomerId,
    /// Its name, or its id where Sophos does not list it.
    name: String,
    /// The version to save a remapping with.
    version: u64,
    /// Where its usage is billed.
    mapping: CustomerTarget,
    /// Why it is here.
    reason: RenewalReason,
    /// What happened.
    what: String,
    /// The agreement's last day, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    ends_on: Option<String>,
    /// Active agreements of the same company and type that do not end soon, the newest first. Of an agreement that is gone
    /// the type is not known: then all that are active.
    candidates: Vec<RenewalCandidate>,
}

/// Why an agreement needs a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RenewalReason {
    /// It is no longer active.
    NotActive,
    /// It ends within 30 days.
    EndsSoon,
    /// Its company has no such agreement any more.
    Gone,
}

/// An agreement that may go on in place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RenewalCandidate {
    /// Its id.
    agreement_id: u32,
    /// Its name.
    name: String,
    /// What to ask a person.
    #[schema(example = "Renewed as 2026 (id 812)? Remap")]
    question: String,
}

/// List agreements to be renewed.
///
/// Mapped customers whose agreement is no longer active, is gone, or ends within 30 days, with candidates. ConnectWise is
/// asked once for each customer that is looked at: a page may be short or empty though a next one follows.
#[utoipa::path(
    get,
    path = "/v1/customer-mappings/renewals",
    operation_id = "listAgreementRenewals",
    tag = "customer mappings",
    security(("token" = ["psa/read"])),
    params(RenewalPage),
    responses((status = 200, description = "A page of renewals.", body = List<RenewalRow>), PsaProblems),
)]
pub(crate) async fn list_agreement_renewals<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Query(asked): Query<RenewalPage>,
) -> Result<Response, Problem> {
    let (store, partner) = (&world.store, caller.partner());
    let (size, key) = (asked.page_size.unwrap_or(MAX_PAGE), asked.page_from_key.as_deref());
    let paging = Paging::read(partner, "listAgreementRenewals", &asked, Some(size), key, MAX_PAGE)?;
    let limit = u32::from(paging.size());
    let mapped = store.list_customer_mappings_after(partner, position(&paging)?, limit).await?;
    let last = mapped.last().map(|(mapping, _)| mapping.customer.to_string());
    let next = last.filter(|_| mapped.len() >= usize::from(paging.size()));
    let mut rows = Vec::new();
    if !mapped.is_empty() {
        let psa = world.connections.psa(partner).await?;
        let agreements = agreements_of(&psa, mapped.iter().map(|(mapping, _)| mapping.company).collect()).await?;
        let today = today(store, &world.clock, partner).await?;
        let found = mapped.into_iter().filter_map(|mapped| {
            let looked = agreements.get(&mapped.0.company).and_then(|listed| look(&mapped, listed, today))?;
            Some((mapped, looked))
        });
        let found: Vec<(MappedCustomer, Looked)> = found.collect();
        let read = read::each(store, partner, found.iter().map(|((mapping, _), _)| mapping.customer)).await?;
        rows.extend(found.into_iter().map(|(mapped, looked)| {
            let id = mapped.0.customer;
            let name = read.get(&id).map_or_else(|| id.to_string(), |read| read.name(id));
            row(&mapped, looked, name, caller.language())
        }));
    }
    let list: List<RenewalRow> = paging.list(rows, next.as_deref());
    Ok(represent(&Default::default(), None, &list))
}

/// Why an agreement needs a look, and what may go on in its place.
struct Looked {
    reason: RenewalReason,
    what: Text,
    ends_on: Option<Date>,
    candidates: Vec<Agreement>,
}

/// Whether a mapped agreement needs a look.
fn look((mapping, names): &MappedCustomer, listed: &Listed<Agreement>, today: Date) -> Option<Looked> {
    let id = mapping.agreement;
    let present = listed.rows.iter().find(|agreement| agreement.id == id);
    // What is there and cannot be read is neither over nor gone, as far as anybody knows; its runs say what is wrong.
    if present.is_none() && listed.unreadable.iter().any(|row| row.id == i64::from(id.get())) {
        return None;
    }
    let (reason, what) = match present {
        None => {
            let name = |open: char, close: char| {
                names.as_ref().map_or_else(String::new, |names| format!("{open}{}{close} ", names.agreement))
            };
            let what = Text::new(
                format!("Agreement {}(id {id}) is not in ConnectWise any more.", name('"', '"')),
                format!("L'Agreement {}(ID {id}) non c'è più in ConnectWise.", name('«', '»')),
            );
            (RenewalReason::Gone, what)
        }
        Some(now) if now.status != AgreementStatus::Active => {
            let (name, status) = (&now.name, |language| in_words(now.status, language));
            let what = Text::new(
                format!("Agreement {name:?} (id {id}) is {}.", status(Language::English)),
                format!("L'Agreement «{name}» (ID {id}) è {}.", status(Language::Italian)),
            );
            (RenewalReason::NotActive, what)
        }
        Some(now) if ends_soon(now.end, today) => {
            let name = &now.name;
            let end = |format: &str| now.end.map(|end| end.strftime(format).to_string()).unwrap_or_default();
            let what = Text::new(
                format!("Agreement {name:?} (id {id}) ends on {}.", end("%Y-%m-%d")),
                format!("L'Agreement «{name}» (ID {id}) termina il {}.", end("%d/%m/%Y")),
            );
            (RenewalReason::EndsSoon, what)
        }
        Some(_) => return None,
    };
    let goes_on = |other: &&Agreement| {
        let is_alike = present.is_none_or(|now| other.kind == now.kind);
        other.id != id && is_alike && other.status == AgreementStatus::Active && !ends_soon(other.end, today)
    };
    let mut candidates: Vec<Agreement> = listed.rows.iter().filter(goes_on).cloned().collect();
    candidates.sort_by_key(|agreement| std::cmp::Reverse((agreement.start, agreement.id)));
    Some(Looked { reason, what, ends_on: present.and_then(|now| now.end), candidates })
}

fn row(mapped: &MappedCustomer, looked: Looked, name: String, language: Language) -> RenewalRow {
    let candidate = |agreement: Agreement| RenewalCandidate {
        agreement_id: agreement.id.get(),
        question: match language {
            Language::English => format!("Renewed as {} (id {})? Remap", agreement.name, agreement.id),
            Language::Italian => format!("Rinnovato come {} (ID {})? Rimappare", agreement.name, agreement.id),
        },
        name: agreement.name,
    };
    RenewalRow {
        customer_id: mapped.0.customer,
        name,
        version: mapped.0.version,
        mapping: CustomerTarget::of(mapped),
        reason: looked.reason,
        what: looked.what.in_language(language).to_owned(),
        ends_on: looked.ends_on.map(|end| end.to_string()),
        candidates: looked.candidates.into_iter().map(candidate).collect(),
    }
}
