//! Runs and what they share: the mark of the open run, the lease, chunks, snapshots, intents.

use jiff::Timestamp;

use super::instant::{self, CHUNK_DAYS, HISTORY_DAYS};
use super::{BODY, Entry, find_text, keyed, keys, number, read_number, read_text, text, unreadable, with_body};
use crate::domain::id::{AgreementId, CustomerId, PartnerId, RunId};
use crate::domain::run::Run;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::error::StoreError;
use crate::ports::Chunk;
use crate::store::lease::Standing;
use crate::store::table::{EXPIRY, SORT_KEY};

/// The run that has the mark of the open run.
const OPEN_RUN: &str = "run";
/// Who has the lease; absent once it was given back.
const OWNER: &str = "owner";
/// Rises each time the lease changes hands, also across a release.
const EPOCH: &str = "epoch";
/// When the lease may be taken by another.
const EXPIRES_AT: &str = "expiresAt";

pub(in crate::store) fn to_entry(run: &Run) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::run(run.request.partner, &run.id), run)?;
    entry.insert(EXPIRY.to_owned(), instant::expiry(run.opened_at, HISTORY_DAYS));
    Ok(entry)
}

pub(in crate::store) fn open_to_entry(run: &Run) -> Entry {
    let mut entry = keyed(&keys::open_run(run.request.partner));
    entry.insert(OPEN_RUN.to_owned(), text(run.id.as_str()));
    entry
}

pub(in crate::store) fn open_from_entry(entry: &Entry) -> Result<RunId, StoreError> {
    RunId::parse(read_text(entry, OPEN_RUN)?).map_err(|error| unreadable(entry, error))
}

pub(in crate::store) fn lease_to_entry(partner: PartnerId, standing: &Standing) -> Entry {
    let mut entry = keyed(&keys::lease(partner));
    if let Some(owner) = &standing.owner {
        entry.insert(OWNER.to_owned(), text(owner));
    }
    entry.insert(EPOCH.to_owned(), number(standing.epoch));
    entry.insert(EXPIRES_AT.to_owned(), instant::to_text(standing.expires_at));
    entry
}

pub(in crate::store) fn lease_from_entry(entry: &Entry) -> Result<Standing, StoreError> {
    Ok(Standing {
        owner: find_text(entry, OWNER).map(str::to_owned),
        epoch: read_number(entry, EPOCH)?,
        expires_at: instant::read(entry, EXPIRES_AT)?,
    })
}

/// The rows of a chunk are the body as they are: they are JSON already.
pub(in crate::store) fn chunk_to_entry(partner: PartnerId, run: &RunId, chunk: &Chunk, now: Timestamp) -> Entry {
    let mut entry = keyed(&keys::chunk(partner, run, chunk));
    entry.insert(BODY.to_owned(), text(&chunk.rows));
    entry.insert(EXPIRY.to_owned(), instant::expiry(now, CHUNK_DAYS));
    entry
}

pub(in crate::store) fn snapshot_to_entry(
    partner: PartnerId,
    agreement: AgreementId,
    snapshot: &Snapshot,
) -> Result<Entry, StoreError> {
    with_body(&keys::snapshot(partner, agreement), snapshot)
}

/// The agreement that a snapshot's key names.
pub(in crate::store) fn agreement_of_snapshot(entry: &Entry) -> Result<AgreementId, StoreError> {
    keys::agreement_of(read_text(entry, SORT_KEY)?).ok_or_else(|| unreadable(entry, "it names no agreement"))
}

/// The customer and the agreement of a mark that we write to one for the other.
pub(in crate::store) fn read_billed_on(entry: &Entry) -> Result<(CustomerId, AgreementId), StoreError> {
    keys::read_billed_on(read_text(entry, SORT_KEY)?)
        .ok_or_else(|| unreadable(entry, "it names no customer and agreement"))
}

pub(in crate::store) fn intent_to_entry(partner: PartnerId, intent: &Intent) -> Result<Entry, StoreError> {
    with_body(&keys::intent(partner, intent.agreement, intent.product), intent)
}
