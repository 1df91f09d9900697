//! Who did what to a product in ConnectWise.

use serde_json::Value;
use shared::domain::catalogue::{ProductClass, ProductDetails};
use shared::domain::id::{PartnerId, PsaProductId};
use shared::domain::psa::PsaProduct;
use shared::store::{Author, Edit, Keep, KnownPsaProduct, Store, Subject};
use shared::table::Table;

use crate::view::PsaProductView;

/// Keeps a product's names for lists. They are for display: the next run sees them too.
pub(crate) async fn keep_names(store: &Store<impl Table>, partner: PartnerId, product: &ProductDetails) {
    let class = product.class.map(ProductClass::as_str).unwrap_or_default().to_owned();
    let product = PsaProduct {
        id: product.id,
        identifier: product.identifier.clone(),
        description: product.description.clone(),
        bundle: product.class == Some(ProductClass::Bundle),
        class,
        inactive: product.inactive,
        price: product.price,
    };
    if let Err(error) = store.put_psa_products(partner, &[KnownPsaProduct { product, gone: false }]).await {
        tracing::warn!(%partner, %error, "a product's names could not be kept");
    }
}

/// A product before and after a change; nothing before it was created.
#[derive(Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) before: Option<&'a PsaProductView>,
    pub(crate) after: &'a PsaProductView,
}

/// Adds what was done in ConnectWise to the audit, with the answer that is to be kept, if one is; whether both are stored.
///
/// It is done there and cannot be taken back with the entry: where the table refuses, the answer stays what happened, and
/// the log keeps who did it.
pub(crate) async fn note(
    store: &Store<impl Table>,
    partner: PartnerId,
    author: &Author,
    product: PsaProductId,
    Change { before, after }: Change<'_>,
    keep: Option<&Keep<'_, ()>>,
) -> bool {
    let Author { who, at, .. } = author;
    let shown = |view: &PsaProductView| serde_json::to_value(view).unwrap_or(Value::Null);
    let edit = Edit {
        at: *at,
        who: who.clone(),
        subject: Subject::PsaProduct(product),
        before: before.map(shown),
        after: Some(shown(after)),
        note: None,
    };
    match store.add_edits(partner, &[edit], keep).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%partner, who, %product, %error, "a change in ConnectWise is missing in the audit");
            false
        }
    }
}
