//! Creating a product: looked up first, sent once, and found again by a repetition of the same request.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use shared::domain::catalogue::{ProductDetails, ProductValues};
use shared::domain::id::PartnerId;
use shared::error::StoreError;
use shared::http::{
    Caller, Done, IdempotencyKey, NoQuery, Once, Problem, PsaProblems, Write, answer, etag, version_of_content,
};
use shared::ports::{Clock, Connections, Ids, PsaCatalogue};
use shared::store::{Answer, Attempt, Author, Begun, Keep, Store};
use shared::table::Table;

use crate::audit::Change;
use crate::form::NewPsaProduct;
use crate::view::PsaProductView;
use crate::{World, audit, refusal};

/// Create a ConnectWise product.
///
/// The identifier is looked up first: one that is taken is `identifierTaken` (409), which names the product and has it in
/// `present`. The product is created in ConnectWise; no Sophos product is mapped to it until a mapping is saved. Where
/// ConnectWise gave no answer (`psaUnanswered`), repeat the request with the same `Idempotency-Key`: a product that it
/// created after all is found and answered, and none is created twice.
#[utoipa::path(
    post,
    path = "/v1/psa/products",
    operation_id = "createPsaProduct",
    tag = "ConnectWise products",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = NewPsaProduct, description = "The new product."),
    responses((status = 201, description = "The product as ConnectWise has it.", body = PsaProductView), PsaProblems),
)]
pub(crate) async fn create_psa_product<T, K, C, I>(
    State(world): State<World<T, K, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<NewPsaProduct>,
) -> Result<Response, Problem>
where
    T: Table,
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
    I: Ids + Clone + 'static,
{
    let partner = caller.partner();
    let create = async |form: NewPsaProduct, attempt: Attempt| {
        let values = form.into_values()?;
        let psa = world.connections.psa(partner).await?;
        let created = create(&world.store, &psa, partner, &attempt, &values).await?;
        let id = created.id;
        audit::keep_names(&world.store, partner, &created).await;
        let view = PsaProductView::from(created);
        let response = Answer {
            location: Some(format!("/v1/psa/products/{id}")),
            etag: Some(etag(version_of_content(&view)?, &view)?),
            ..answer(StatusCode::CREATED, &view)?
        };
        let same = |(): &()| Ok(response.clone());
        let keep = Keep { attempt: &attempt, answer: &same };
        let author = Author { who: caller.name().to_owned(), at: attempt.at, note: None };
        let change = Change { before: None, after: &view };
        let kept = audit::note(&world.store, partner, &author, id, change, Some(&keep)).await;
        Ok(if kept { Done::Kept(response) } else { Done::Unkept(response) })
    };
    once.run(&world.store, &world.clock, &world.ids, partner, create).await
}

async fn create(
    store: &Store<impl Table>,
    psa: &impl PsaCatalogue,
    partner: PartnerId,
    attempt: &Attempt,
    values: &ProductValues,
) -> Result<ProductDetails, Problem> {
    let holder = match values.identifier() {
        Some(identifier) => psa.find_product_by_identifier(identifier).await?,
        None => None,
    };
    let free = Free::of(attempt);
    if let Some(holder) = holder {
        let shows_all = values.as_slice().iter().all(|value| holder.shows(value));
        // It has all that was sent, and was not there when this request came first: that one created it, unseen.
        let ours = shows_all && free.was_noted(store, partner).await?;
        return if ours { Ok(holder) } else { Err(refusal::taken(holder)) };
    }
    free.note(store, partner).await?;
    match psa.create_product(values).await {
        Ok(created) => Ok(created),
        Err(error) => Err(refusal::refused(psa, values, error).await),
    }
}

/// The note that a request found its identifier free, kept as long as its key: by it a repetition knows its own product.
struct Free(Attempt);

impl Free {
    fn of(attempt: &Attempt) -> Self {
        // It never stands in the way of another attempt: nothing happens under it.
        Self(Attempt { key: format!("{}-{}", attempt.key, attempt.request), until: attempt.at, ..attempt.clone() })
    }

    async fn was_noted(&self, store: &Store<impl Table>, partner: PartnerId) -> Result<bool, StoreError> {
        Ok(matches!(store.begin_attempt(partner, &self.0).await?, Begun::Done(_)))
    }

    async fn note(&self, store: &Store<impl Table>, partner: PartnerId) -> Result<(), StoreError> {
        if self.was_noted(store, partner).await? {
            return Ok(());
        }
        let noted = Answer { status: 204, location: None, etag: None, body: String::new() };
        store.finish_attempt(partner, &self.0, &noted).await
    }
}
