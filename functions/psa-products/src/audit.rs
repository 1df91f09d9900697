//! Who did what to a product in ConnectWise.

use jiff::Timestamp;
use serde_json::Value;
use shared::domain::id::{PartnerId, PsaProductId};
use shared::ports::{Edit, EditStore, Keep, Subject};

use crate::view::PsaProductView;

/// Adds what was done in ConnectWise to the audit, with the answer that is to be kept, if one is; whether both are stored.
///
/// It is done there and cannot be taken back with the entry: where the table refuses, the answer stays what happened, and
/// the log keeps who did it.
pub(crate) async fn note(
    store: &impl EditStore,
    partner: PartnerId,
    (who, at): (&str, Timestamp),
    product: PsaProductId,
    (before, after): (Option<&PsaProductView>, &PsaProductView),
    keep: Option<&Keep<'_, ()>>,
) -> bool {
    let shown = |view: &PsaProductView| serde_json::to_value(view).unwrap_or(Value::Null);
    let edit = Edit {
        at,
        who: who.to_owned(),
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
