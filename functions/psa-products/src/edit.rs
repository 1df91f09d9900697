//! Editing a product: only what was sent, and on the basis of what the caller saw.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;
use serde::Serialize;
use shared::domain::catalogue::{ProductField, ProductValue, known_additions_of};
use shared::domain::id::{PartnerId, PsaProductId};
use shared::error::StoreError;
use shared::http::{Caller, IfMatch, Json, NoQuery, Path, Problem, PsaProblems, Write, etag, version_of_content};
use shared::ports::{Clock, Connections, Ids, PsaCatalogue};
use shared::store::{Author, Store};
use shared::table::Table;
use utoipa::ToSchema;

use crate::audit::Change;
use crate::form::PsaProductEdit;
use crate::view::PsaProductView;
use crate::{World, audit, refusal};

/// How many agreements are read at once. Some have tens of kilobytes.
const AGREEMENTS_A_PAGE: u32 = 100;
/// How many agreements are looked through at most: a person waits.
const MAX_AGREEMENTS: usize = 10_000;

/// The additions that go on at the price that they have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdditionsKeepingPrice {
    /// At least this number of additions: those that usage sync wrote or adopted. ConnectWise does not list others.
    at_least: usize,
    /// Their quantities together, as a decimal text.
    #[schema(example = "340")]
    units: String,
}

/// Something to know about a change that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PsaProductNote {
    /// What it is about.
    code: PsaProductNoteCode,
    /// The same for a person, in English.
    text: String,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum PsaProductNoteCode {
    /// The customer description was changed, which the vendor of the usage warns against.
    CustomerDescriptionChanged,
    /// The price was changed; additions that exist keep theirs.
    AdditionsKeepPrice,
    /// The product can no longer be mapped; what is mapped to it pauses.
    NoLongerAvailable,
}

/// A product that was edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EditedPsaProduct {
    /// The product as ConnectWise has it now.
    product: PsaProductView,
    /// After a change of the price: what keeps its price all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    additions_keeping_price: Option<AdditionsKeepingPrice>,
    /// What to know about the change.
    notes: Vec<PsaProductNote>,
}

/// Edit a ConnectWise product.
///
/// Only the fields that are sent are written. ConnectWise keeps no version of a product: `If-Match` is compared with all
/// that it shows right before the change is sent, so that of two edits within the same second the later one may still
/// stay, field by field. The vendor of the usage warns against changing the customer description. A change of the price
/// says how many existing additions keep theirs.
#[utoipa::path(
    patch,
    path = "/v1/psa/products/{id}",
    operation_id = "editPsaProduct",
    tag = "ConnectWise products",
    security(("token" = ["psa/write"])),
    params(
        ("id" = i64, Path, description = "The ConnectWise product's id.", minimum = 1, maximum = 2147483647),
        IfMatch
    ),
    request_body(content = PsaProductEdit, description = "The fields to be changed."),
    responses(
        (status = 200, description = "The product as it is now. Its ETag is the one that a view has.", body = EditedPsaProduct),
        PsaProblems
    ),
)]
pub(crate) async fn edit_psa_product<T, K, C, I>(
    State(world): State<World<T, K, C, I>>,
    caller: Caller<Write>,
    Path(id): Path<PsaProductId>,
    _: NoQuery,
    if_match: IfMatch,
    Json(edit): Json<PsaProductEdit>,
) -> Result<Response, Problem>
where
    T: Table,
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
    I: Ids + Clone + 'static,
{
    let values = edit.into_values()?;
    let partner = caller.partner();
    let psa = world.connections.psa(partner).await?;
    let before = psa.get_product(id).await?;
    let seen = PsaProductView::from(before.clone());
    if_match.check(version_of_content(&seen)?, &seen)?;
    let changed = |field: ProductField| {
        let sent = |value: &&ProductValue| value.field() == field;
        values.as_slice().iter().find(sent).is_some_and(|value| !before.shows(value))
    };
    // Counted first: where that fails, nothing was changed.
    let keeping = match changed(ProductField::Price) {
        true => Some(additions_keeping_price(&world.store, partner, id).await?),
        false => None,
    };
    let after = match psa.edit_product(id, &values).await {
        Ok(after) => after,
        Err(error) => return Err(refusal::refused(&psa, &values, error).await),
    };
    audit::keep_names(&world.store, partner, &after).await;
    let now = PsaProductView::from(after.clone());
    let author = Author { who: caller.name().to_owned(), at: world.clock.now(), note: None };
    audit::note(&world.store, partner, &author, id, Change { before: Some(&seen), after: &now }, None).await;
    let mut notes = Vec::new();
    let mut note = |code, text: String| notes.push(PsaProductNote { code, text });
    if changed(ProductField::CustomerDescription) {
        let text = "Sophos warns against changing the customer description of a product that usage is synced to.";
        note(PsaProductNoteCode::CustomerDescriptionChanged, text.to_owned());
    }
    if let Some(AdditionsKeepingPrice { at_least, units }) = &keeping {
        let text = format!("At least {at_least} existing additions ({units} units) keep the price that they have.");
        note(PsaProductNoteCode::AdditionsKeepPrice, text);
    }
    if before.is_available() && !after.is_available() {
        let text = "It is no longer available for mapping: the sync of what is mapped to it pauses.";
        note(PsaProductNoteCode::NoLongerAvailable, text.to_owned());
    }
    let tag = etag(version_of_content(&now)?, &now)?;
    let edited = EditedPsaProduct { product: now, additions_keeping_price: keeping, notes };
    let mut response = axum::Json(edited).into_response();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// What usage sync wrote or adopted of a product.
async fn additions_keeping_price(
    store: &Store<impl Table>,
    partner: PartnerId,
    product: PsaProductId,
) -> Result<AdditionsKeepingPrice, StoreError> {
    let (mut additions, mut units, mut looked_through, mut after) = (0, Decimal::ZERO, 0, None);
    while looked_through < MAX_AGREEMENTS {
        let page = store.list_snapshots(partner, after, AGREEMENTS_A_PAGE).await?;
        let known = known_additions_of(product, page.iter().map(|(agreement, snapshot)| (*agreement, snapshot)));
        additions += known.len();
        units += known.iter().map(|addition| addition.quantity).sum::<Decimal>();
        looked_through += page.len();
        after = page.last().map(|(agreement, _)| *agreement);
        if after.is_none() {
            break;
        }
    }
    Ok(AdditionsKeepingPrice { at_least: additions, units: units.normalize().to_string() })
}
