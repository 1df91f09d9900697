//! What was written to all agreements of a partner, page by page: what the effects of an edit are told from.


use crate::domain::id::{AgreementId, PartnerId};
use crate::domain::snapshot::Snapshot;
use crate::error::StoreError;
