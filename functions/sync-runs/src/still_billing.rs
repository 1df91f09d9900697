//! Additions that ConnectWise goes on billing though no usage is carried into them any more.

pub(crate) mod end;
mod row;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use futures::{StreamExt, TryStreamExt, stream};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::departure::Departure;
use shared::domain::ending::{Ending, EndingKey};
use shared::domain::id::{AgreementId, CustomerId, PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::CustomerMapping;
use shared::domain::settings::Frequency;
use shared::domain::snapshot::Snapshot;
use shared::domain::still_billed::StillBilled;
use shared::error::StoreError;
use shared::http::{Caller, IfNoneMatch, List, Paging, Problem, ProblemCode, Query, Read, represent};
use shared::ports::CustomerNames;
use utoipa::IntoParams;

use self::row::{StillBilling, reason_of_customer, reason_of_product};
use crate::{Naming, Sender, Store, Time, World};

/// How many agreements a request looks at, at most.
const MAX_PAGE: u16 = 100;
/// Customers that are looked up side by side.
const IN_FLIGHT: usize = 10;

/// Which page.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct StillBillingPage {
    /// At how many agreements a page looks, 1 to 100; 50 by default.
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// List what is billed and no longer synced.
///
/// Additions whose quantity a sync set last, and which no sync looks after any more, because a product or customer was
/// unmapped, switched off or moved, or because the customer has left: Sophos no longer lists it, or no longer bills it by
/// monthly usage. ConnectWise goes on billing them until somebody ends them. It shows what runs wrote and saw last: ConnectWise
/// and Sophos are not asked. What somebody has ended in ConnectWise since is listed until a run reads the agreement. A page may be
/// short or empty though a next one follows.
#[utoipa::path(
    get,
    path = "/v1/sync/still-billing",
    operation_id = "listStillBilling",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(StillBillingPage, IfNoneMatch),
    responses((status = 200, description = "A page of additions.", body = List<StillBilling>)),
)]
pub(crate) async fn list_still_billing<S: Store, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<S, Q, C, I>>,
    caller: Caller<Read>,
    Query(asked): Query<StillBillingPage>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let (store, partner) = (&world.store, caller.partner());
    let page = (asked.page_size, asked.page_from_key.as_deref());
    let paging = Paging::read(partner, "listStillBilling", &asked, page, MAX_PAGE)?;
    let after = paging.after().map(|text| text.parse::<i64>().ok().and_then(|id| AgreementId::try_from(id).ok()));
    let after = after.map(|after| after.ok_or(Problem::new(ProblemCode::InvalidPageKey))).transpose()?;
    let snapshots = store.list_snapshots(partner, after, u32::from(paging.size())).await?;
    let last = snapshots.last().filter(|_| snapshots.len() >= usize::from(paging.size()));
    let next = last.map(|(agreement, _)| agreement.to_string());
    let rows: Vec<StillBilling> =
        found(&world, partner, &snapshots).await?.into_iter().map(|found| found.row).collect();
    Ok(represent(&if_none_match, None, &paging.list(rows, next.as_deref())))
}

/// An addition that is billed and no longer synced.
#[derive(Clone)]
struct Found {
    key: EndingKey,
    customer: CustomerId,
    product: PsaProductId,
    parts: Vec<ProductCode>,
    quantity: Decimal,
    row: StillBilling,
}

/// What is billed and no longer synced on some agreements.
async fn found<S: Store, Q, C: Time, I>(
    world: &World<S, Q, C, I>,
    partner: PartnerId,
    snapshots: &[(AgreementId, Snapshot)],
) -> Result<Vec<Found>, Problem> {
    let store = &world.store;
    let settings = store.find_settings(partner).await?;
    let invoice_mode = settings.is_none_or(|settings| settings.frequency == Frequency::SophosInvoice);
    let mappings = store.list_product_mappings(partner).await?;
    let customers = customers_of(store, partner, snapshots).await?;
    let endings: BTreeMap<EndingKey, Ending> =
        store.list_endings(partner).await?.into_iter().map(|ending| (ending.key, ending)).collect();
    let today = world.today(partner).await?;
    let mut rows = Vec::new();
    for (agreement, snapshot) in snapshots {
        // Where there is no mark, a run has seen that nothing of ours is billed any more.
        let Some(customer) = customers.get(agreement) else { continue };
        for billed in StillBilled::of(snapshot, today) {
            let reason = reason_of_customer(*agreement, customer)
                .or_else(|| reason_of_product(billed.product, &mappings, invoice_mode));
            let Some(reason) = reason else { continue };
            let key = EndingKey { agreement: *agreement, addition: billed.written.addition };
            rows.push(Found {
                key,
                customer: customer.id,
                product: billed.product,
                parts: billed.written.parts.keys().cloned().collect(),
                quantity: billed.quantity,
                row: StillBilling::of((*agreement, customer), &billed, reason, endings.get(&key))?,
            });
        }
    }
    Ok(rows)
}

/// A customer for whom something was written to an agreement.
struct BilledCustomer {
    id: CustomerId,
    name: Option<String>,
    mapping: Option<CustomerMapping>,
    names: Option<CustomerNames>,
    departure: Option<Departure>,
}

/// The customers of some agreements; of several on one, the one that is mapped to it.
async fn customers_of(
    store: &impl Store,
    partner: PartnerId,
    snapshots: &[(AgreementId, Snapshot)],
) -> Result<BTreeMap<AgreementId, BilledCustomer>, StoreError> {
    let is_asked = |agreement: &AgreementId| snapshots.iter().any(|(asked, _)| asked == agreement);
    let marks = store.list_billed_on(partner, "").await?.into_iter();
    let pairs = marks.flat_map(|(customer, on)| on.into_iter().map(move |agreement| (agreement, customer)));
    let pairs: Vec<(AgreementId, CustomerId)> = pairs.filter(|(agreement, _)| is_asked(agreement)).collect();
    let read = pairs.into_iter().map(|(agreement, id)| async move {
        let (mapping, names) = store.find_customer_mapping(partner, id).await?.unzip();
        let known = store.find_known_customer(partner, id).await?;
        let departure = Departure::of(known.as_ref());
        let (name, names) = (known.map(|customer| customer.name), names.flatten());
        Ok::<_, StoreError>((agreement, BilledCustomer { id, name, mapping, names, departure }))
    });
    let read: Vec<(AgreementId, BilledCustomer)> = stream::iter(read).buffered(IN_FLIGHT).try_collect().await?;
    let mut customers: BTreeMap<AgreementId, BilledCustomer> = BTreeMap::new();
    for (agreement, customer) in read {
        let is_here = customer.mapping.as_ref().is_some_and(|mapping| mapping.agreement == agreement);
        if is_here || !customers.contains_key(&agreement) {
            customers.insert(agreement, customer);
        }
    }
    Ok(customers)
}
