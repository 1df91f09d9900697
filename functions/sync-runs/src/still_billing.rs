//! Additions that ConnectWise goes on billing though no usage is carried into them any more.

pub(crate) mod end;
mod row;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use futures::{StreamExt, TryStreamExt, stream, try_join};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::departure::Departure;
use shared::domain::ending::{Ending, EndingKey};
use shared::domain::id::{AgreementId, CustomerId, PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::{CustomerMapping, ProductMappings};
use shared::domain::psa::AgreementFacts;
use shared::domain::psa::CustomerNames;
use shared::domain::settings::Frequency;
use shared::domain::snapshot::Snapshot;
use shared::domain::still_billed::StillBilled;
use shared::error::StoreError;
use shared::http::{Caller, IfNoneMatch, Language, List, Paging, Problem, ProblemCode, Query, Read, represent};
use shared::table::Table;
use utoipa::IntoParams;

use self::row::{StillBilling, reason_of_customer, reason_of_product};
use crate::names::Display;
use crate::{Naming, Sender, Time, World};

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
pub(crate) async fn list_still_billing<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Query(asked): Query<StillBillingPage>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let (store, partner) = (&world.store, caller.partner());
    let paging =
        Paging::read(partner, "listStillBilling", &asked, asked.page_size, asked.page_from_key.as_deref(), MAX_PAGE)?;
    let after = paging.after().map(|text| text.parse::<i64>().ok().and_then(|id| AgreementId::try_from(id).ok()));
    let after = after.map(|after| after.ok_or(Problem::new(ProblemCode::InvalidPageKey))).transpose()?;
    let snapshots = store.list_snapshots(partner, after, u32::from(paging.size())).await?;
    let last = snapshots.last().filter(|_| snapshots.len() >= usize::from(paging.size()));
    let next = last.map(|(agreement, _)| agreement.to_string());
    let rows: Vec<StillBilling> =
        list(&world, partner, caller.language(), &snapshots).await?.into_iter().map(|found| found.row).collect();
    Ok(represent(&if_none_match, None, &paging.list(rows, next.as_deref())))
}

/// An addition that is billed and no longer synced.
#[derive(Clone)]
pub(crate) struct Found {
    key: EndingKey,
    customer: CustomerId,
    product: PsaProductId,
    parts: Vec<ProductCode>,
    /// What ConnectWise bills.
    pub(crate) quantity: Decimal,
    /// What one invoice bills for it, where that is known.
    pub(crate) amount: Option<Decimal>,
    /// How its agreement bills.
    pub(crate) facts: AgreementFacts,
    row: StillBilling,
}

/// What tells whether an addition is still synced.
pub(crate) struct Known {
    invoice_mode: bool,
    mappings: ProductMappings,
    endings: BTreeMap<EndingKey, Ending>,
    display: Display,
}

impl Known {
    pub(crate) async fn read<T: Table, Q, C: Time, I>(
        world: &World<T, Q, C, I>,
        partner: PartnerId,
        language: Language,
    ) -> Result<Self, Problem> {
        let store = &world.store;
        let (settings, mappings, endings) = try_join!(
            store.find_settings(partner),
            store.list_product_mappings(partner),
            store.list_endings(partner),
        )?;
        Ok(Self {
            invoice_mode: settings.is_none_or(|settings| settings.frequency == Frequency::SophosInvoice),
            mappings,
            endings: endings.into_iter().map(|ending| (ending.key, ending)).collect(),
            display: Display::read(world, partner, language).await?,
        })
    }
}

/// What is billed and no longer synced on some agreements.
pub(crate) fn found(
    known: &Known,
    snapshots: &[(AgreementId, Snapshot)],
    customers: &BTreeMap<AgreementId, BilledCustomer>,
) -> Result<Vec<Found>, Problem> {
    let mut rows = Vec::new();
    for (agreement, snapshot) in snapshots {
        // Where there is no mark, a run has seen that nothing of ours is billed any more.
        let Some(customer) = customers.get(agreement) else { continue };
        for billed in StillBilled::of(snapshot, known.display.today) {
            let reason = reason_of_customer(*agreement, customer)
                .or_else(|| reason_of_product(billed.product, &known.mappings, known.invoice_mode));
            let Some(reason) = reason else { continue };
            let key = EndingKey { agreement: *agreement, addition: billed.addition };
            let facts = customer.names_on(*agreement, &billed).map(|names| names.facts.clone()).unwrap_or_default();
            rows.push(Found {
                key,
                customer: customer.id,
                product: billed.product,
                parts: billed.written.parts.keys().cloned().collect(),
                quantity: billed.quantity,
                amount: billed.amount(),
                facts,
                row: StillBilling::of(*agreement, customer, &billed, reason, known.endings.get(&key), &known.display)?,
            });
        }
    }
    Ok(rows)
}

/// A customer that something was written for to an agreement.
pub(crate) struct BilledCustomer {
    pub(crate) id: CustomerId,
    pub(crate) name: Option<String>,
    pub(crate) mapping: Option<CustomerMapping>,
    pub(crate) names: Option<CustomerNames>,
    pub(crate) departure: Option<Departure>,
}

impl BilledCustomer {
    /// Whether it is mapped to the agreement.
    fn is_on(&self, agreement: AgreementId) -> bool {
        self.mapping.as_ref().is_some_and(|mapping| mapping.agreement == agreement)
    }

    /// The names of an agreement: what a run saw last of the one that it is mapped to; of one that it has left, what was seen
    /// there.
    fn names_on<'a>(&'a self, agreement: AgreementId, billed: &StillBilled<'a>) -> Option<&'a CustomerNames> {
        self.names.as_ref().filter(|_| self.is_on(agreement)).or(billed.names)
    }

    /// By agreement; of several on one, the one that is mapped to it.
    pub(crate) fn by_agreement(each: impl IntoIterator<Item = (AgreementId, Self)>) -> BTreeMap<AgreementId, Self> {
        let mut customers: BTreeMap<AgreementId, Self> = BTreeMap::new();
        for (agreement, customer) in each {
            if customer.is_on(agreement) || !customers.contains_key(&agreement) {
                customers.insert(agreement, customer);
            }
        }
        customers
    }
}

/// What is billed and no longer synced on some agreements, with their customers read one by one.
async fn list<T: Table, Q, C: Time, I>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    language: Language,
    snapshots: &[(AgreementId, Snapshot)],
) -> Result<Vec<Found>, Problem> {
    let store = &world.store;
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
    found(&Known::read(world, partner, language).await?, snapshots, &BilledCustomer::by_agreement(read))
}
