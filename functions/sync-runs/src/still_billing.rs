//! Additions that ConnectWise goes on billing though no usage is carried into them any more.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use futures::{StreamExt, TryStreamExt, stream};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::id::{AgreementId, CustomerId, PartnerId, PsaProductId};
use shared::domain::mapping::{CustomerMapping, ProductMappings};
use shared::domain::settings::Frequency;
use shared::domain::snapshot::{Snapshot, Written};
use shared::error::StoreError;
use shared::http::{Caller, IfNoneMatch, List, Paging, Problem, ProblemCode, Query, Read, represent};
use utoipa::{IntoParams, ToSchema};

use crate::view::decimal;
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

/// An addition that is billed and no longer synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StillBilling {
    /// The agreement.
    agreement_id: u32,
    /// The addition.
    addition_id: u32,
    /// The ConnectWise product.
    psa_product_id: u32,
    /// The Sophos products that it was made up of.
    products: Vec<String>,
    /// Sophos' id of the customer for whom it was written.
    customer_id: String,
    /// Its name, where Sophos still lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// The quantity that a sync set last.
    quantity: String,
    /// For which usage month.
    month: String,
    /// Why it is no longer synced.
    reason: StillBillingReason,
    /// The same in words.
    what: String,
    /// What to do next.
    advice: &'static str,
}

/// Why an addition is no longer synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StillBillingReason {
    /// The customer is not mapped any more.
    CustomerUnmapped,
    /// The customer is billed on another agreement now.
    CustomerMoved,
    /// The customer's sync is off.
    CustomerOff,
    /// No Sophos product is mapped to the ConnectWise product any more.
    ProductUnmapped,
    /// The sync of the Sophos products mapped to it is off.
    ProductOff,
    /// It is a firewall product, which syncs with the Sophos monthly invoice alone.
    FirewallFrozen,
}

/// List what is billed and no longer synced.
///
/// Additions whose quantity a sync set last, and which no sync looks after any more, because a product or customer was
/// unmapped, switched off or moved. ConnectWise goes on billing them until somebody ends them there. Told from what runs wrote;
/// ConnectWise is not asked: what somebody has ended there since is listed until a run looks at it. A page may be short or empty though a next one follows.
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
    let settings = store.find_settings(partner).await?;
    let invoice_mode = settings.is_none_or(|settings| settings.frequency == Frequency::SophosInvoice);
    let snapshots = store.list_snapshots(partner, after, u32::from(paging.size())).await?;
    let last = snapshots.last().filter(|_| snapshots.len() >= usize::from(paging.size()));
    let next = last.map(|(agreement, _)| agreement.to_string());
    let mappings = store.list_product_mappings(partner).await?;
    let customers = customers_of(store, partner, &snapshots).await?;
    let mut rows = Vec::new();
    for (agreement, snapshot) in &snapshots {
        // Where there is no mark, a run has seen that nothing of ours is billed any more.
        let Some(customer) = customers.get(agreement) else { continue };
        for (product, written) in snapshot.written.iter().filter(|(_, written)| written.confirmed > Decimal::ZERO) {
            let reason = reason_of_customer(*agreement, customer)
                .or_else(|| reason_of_product(*product, &mappings, invoice_mode));
            rows.extend(reason.map(|reason| row((*agreement, customer), (*product, written), reason)));
        }
    }
    Ok(represent(&if_none_match, None, &paging.list(rows, next.as_deref())))
}

/// A customer for whom something was written to an agreement.
struct BilledCustomer {
    id: CustomerId,
    name: Option<String>,
    mapping: Option<CustomerMapping>,
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
        let mapping = store.find_customer_mapping(partner, id).await?.map(|(mapping, _)| mapping);
        let name = store.find_known_customer(partner, id).await?.map(|customer| customer.name);
        Ok::<_, StoreError>((agreement, BilledCustomer { id, name, mapping }))
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

fn reason_of_customer(agreement: AgreementId, customer: &BilledCustomer) -> Option<StillBillingReason> {
    match customer.mapping.as_ref() {
        None => Some(StillBillingReason::CustomerUnmapped),
        Some(mapping) if mapping.agreement != agreement => Some(StillBillingReason::CustomerMoved),
        Some(mapping) if !mapping.sync => Some(StillBillingReason::CustomerOff),
        Some(_) => None,
    }
}

fn reason_of_product(
    product: PsaProductId,
    mappings: &ProductMappings,
    invoice_mode: bool,
) -> Option<StillBillingReason> {
    let mut parts = mappings.parts_of(product).peekable();
    if parts.peek().is_none() {
        let off = mappings.mapped_to(product).next().is_some();
        return Some(if off { StillBillingReason::ProductOff } else { StillBillingReason::ProductUnmapped });
    }
    let frozen = !invoice_mode && parts.all(|part| part.firewall);
    frozen.then_some(StillBillingReason::FirewallFrozen)
}

fn row(
    (agreement, customer): (AgreementId, &BilledCustomer),
    (product, written): (PsaProductId, &Written),
    reason: StillBillingReason,
) -> StillBilling {
    let name = customer.name.clone().unwrap_or_else(|| customer.id.to_string());
    let (why, advice) = reason.words();
    StillBilling {
        agreement_id: agreement.get(),
        addition_id: written.addition.get(),
        psa_product_id: product.get(),
        products: written.parts.keys().map(ToString::to_string).collect(),
        customer_id: customer.id.to_string(),
        customer: customer.name.clone(),
        quantity: decimal(written.confirmed),
        month: written.month.to_string(),
        reason,
        what: format!("ConnectWise goes on billing {} for {name}: {why}.", decimal(written.confirmed)),
        advice,
    }
}

impl StillBillingReason {
    const fn words(self) -> (&'static str, &'static str) {
        const END: &str = "End the addition in ConnectWise, or map and switch on again what is to go on.";
        match self {
            Self::CustomerUnmapped => ("the customer is not mapped any more", END),
            Self::CustomerMoved => ("the customer is billed on another agreement now", END),
            Self::CustomerOff => {
                ("the customer's sync is off", "End the addition in ConnectWise, or switch the sync on.")
            }
            Self::ProductUnmapped => ("no Sophos product is mapped to it any more", END),
            Self::ProductOff => {
                ("the product's sync is off", "End the addition in ConnectWise, or switch the product's sync on.")
            }
            Self::FirewallFrozen => (
                "firewall products sync with the Sophos monthly invoice alone",
                "Choose the Sophos monthly invoice as the frequency, or keep the addition up to date by hand.",
            ),
        }
    }
}
