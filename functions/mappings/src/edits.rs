//! The audit: who changed what, when, and what it was before.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::domain::id::{CustomerId, ProductCode};
use shared::http::{Caller, FieldError, IfNoneMatch, List, Paging, Problem, ProblemCode, Query, Read, Text, represent};
use shared::ports::{Clock, Ids};
use shared::store::{Edit, EditPage, Subject};
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{Link, World};

/// The most edits of a page: one has a kilobyte or two.
const MAX_PAGE: u16 = 200;

pub(crate) fn routes<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>()
-> OpenApiRouter<World<T, N, C, I>> {
    OpenApiRouter::new().routes(routes!(list_edits))
}

/// Which edits are listed; all of them where nothing is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct EditFilter {
    /// Only those of this Sophos product's mapping.
    #[serde(default)]
    product: Option<String>,
    /// Only those of this customer's mapping.
    #[serde(default)]
    customer: Option<String>,
    /// How many edits a page has, 1 to 200; 50 by default. A page of one product or customer may be short or empty though a
    /// next one follows.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before, with the same filter.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// What an edit was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EditedKind {
    /// The mapping of a Sophos product.
    Product,
    /// The mapping of a customer.
    Customer,
    /// A product in ConnectWise.
    PsaProduct,
    /// The connection to ConnectWise.
    ConnectWiseConnection,
    /// The connection to Sophos.
    SophosConnection,
    /// The settings.
    Settings,
    /// What the partner is alerted to, and where.
    Alerts,
    /// A decision on what waits for a person: usage month, customer and ConnectWise product.
    Hold,
    /// A decision to end an addition that is no longer synced; its id is that of the agreement and the addition.
    Addition,
    /// The partner itself, which was removed with all that was stored of it until then.
    Partner,
    /// Another quantity than the usage that a person ended early: customer, ConnectWise product and first usage month.
    Override,
}

/// One edit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EditRow {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The person or program, as its token named it.
    who: String,
    /// What kind of thing was edited.
    kind: EditedKind,
    /// Its code or id; absent where there is but one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What it was; absent when it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    before: Option<Value>,
    /// What it was made; absent when it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    after: Option<Value>,
    /// The reason that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl EditRow {
    fn of(edit: Edit) -> Self {
        let (kind, id) = match edit.subject {
            Subject::Product(code) => (EditedKind::Product, Some(code.to_string())),
            Subject::Customer(customer) => (EditedKind::Customer, Some(customer.to_string())),
            Subject::PsaProduct(product) => (EditedKind::PsaProduct, Some(product.to_string())),
            Subject::ConnectWiseConnection => (EditedKind::ConnectWiseConnection, None),
            Subject::SophosConnection => (EditedKind::SophosConnection, None),
            Subject::Settings => (EditedKind::Settings, None),
            Subject::Alerts => (EditedKind::Alerts, None),
            Subject::Hold(hold) => (EditedKind::Hold, Some(hold.name())),
            Subject::Override(key) => {
                (EditedKind::Override, Some(format!("{}/{}/{}", key.customer, key.product, key.from)))
            }
            Subject::Addition(key) => (EditedKind::Addition, Some(format!("{}/{}", key.agreement, key.addition))),
            Subject::Partner => (EditedKind::Partner, None),
        };
        let Edit { at, who, before, after, note, .. } = edit;
        Self { at: at.to_string(), who, kind, id, before, after, note }
    }
}

/// List edits.
///
/// Who changed what, when, what it was before and what it was made; newest first. Edits are kept for 400 days.
#[utoipa::path(
    get,
    path = "/v1/edits",
    operation_id = "listEdits",
    tag = "edits",
    security(("token" = ["psa/read"])),
    params(EditFilter, IfNoneMatch),
    responses((status = 200, description = "A page of edits.", body = List<EditRow>)),
)]
pub(crate) async fn list_edits<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Query(filter): Query<EditFilter>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let of = subject(&filter)?;
    let paging = Paging::read(
        caller.partner(),
        "listEdits",
        &filter,
        filter.page_size,
        filter.page_from_key.as_deref(),
        MAX_PAGE,
    )?;
    let limit = u32::from(paging.size());
    let after = paging.after_as(|text| EditPage::can_start_at(text).then_some(text))?;
    let found = world.store.list_edits(caller.partner(), of.as_ref(), after, limit).await?;
    let mut edits = found.edits;
    if found.next.is_none() && of.is_none() {
        // They are older than all others: a removal leaves no other edit.
        edits.extend(world.store.list_removals(caller.partner()).await?);
    }
    let rows = edits.into_iter().map(EditRow::of).collect();
    let list: List<EditRow> = paging.list(rows, found.next.as_deref());
    Ok(represent(&if_none_match, None, &list))
}

fn subject(filter: &EditFilter) -> Result<Option<Subject>, Problem> {
    let refused = |name: &str, why: Text| {
        Problem::new(ProblemCode::InvalidRequest).errors([FieldError::parameter(name, ProblemCode::Invalid, why)])
    };
    match (&filter.product, &filter.customer) {
        (None, None) => Ok(None),
        (Some(code), None) => {
            let code = ProductCode::parse(code).map_err(|error| refused("product", error.into()))?;
            Ok(Some(Subject::Product(code)))
        }
        (None, Some(id)) => {
            let customer = CustomerId::parse(id).map_err(|error| refused("customer", error.into()))?;
            Ok(Some(Subject::Customer(customer)))
        }
        (Some(_), Some(_)) => Err(refused(
            "customer",
            Text::new(
                "Ask for a product or for a customer, not for both.",
                "Chiedere un prodotto o un cliente, non entrambi.",
            ),
        )),
    }
}
