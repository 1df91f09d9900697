//! Runs and what they share: the mark of the open run, the lease, chunks, snapshots, intents.

use jiff::Timestamp;

use super::instant::{self, CHUNK_DAYS, HISTORY_DAYS};
use super::{Entry, find_text, keyed, keys, number, read_number, read_text, text, unreadable, with_body};
use crate::domain::id::{AgreementId, CustomerId, PartnerId, RunId};
use crate::domain::run::Run;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::error::StoreError;
use crate::store::Chunk;
use crate::store::lease::Standing;
use crate::table::{EXPIRY, SORT_KEY, Value};

/// The run that has the mark of the open run.
pub(in crate::store) const OPEN_RUN: &str = "run";
/// Who has the lease; absent once it was given back.
pub(in crate::store) const OWNER: &str = "owner";
/// Rises each time the lease changes hands, also across a release.
pub(in crate::store) const EPOCH: &str = "epoch";
/// When the lease may be taken by another.
pub(in crate::store) const EXPIRES_AT: &str = "expiresAt";
/// The rows of a chunk, compressed (LZ4, their length in front).
const PACKED: &str = "packed";

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

/// The rows of a chunk are packed: JSON lines that are much alike, and the table charges and works by the kilobyte.
pub(in crate::store) fn chunk_to_entry(partner: PartnerId, run: &RunId, chunk: &Chunk, now: Timestamp) -> Entry {
    let mut entry = keyed(&keys::chunk(partner, run, chunk));
    let packed = lz4_flex::block::compress_prepend_size(chunk.rows.as_bytes());
    entry.insert(PACKED.to_owned(), Value::Bytes(packed.into()));
    entry.insert(EXPIRY.to_owned(), instant::expiry(now, CHUNK_DAYS));
    entry
}

/// The rows of a chunk, as they were handed in.
pub(in crate::store) fn rows_of_chunk(entry: &Entry) -> Result<String, StoreError> {
    let packed = entry.get(PACKED).and_then(|value| value.as_bytes());
    let packed = packed.ok_or_else(|| unreadable(entry, format!("it has no bytes {PACKED}")))?;
    let rows = lz4_flex::block::decompress_size_prepended(packed);
    let rows = rows.map_err(|error| unreadable(entry, error))?;
    String::from_utf8(rows).map_err(|error| unreadable(entry, error))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ChunkKind;

    #[test]
    fn rows_take_a_fraction_of_their_text_and_come_back_as_they_were() {
        let row = |n: u32| format!(r#"{{"pair":{{"customer":"c{n}","product":"CIX"}},"quantity":{{"units":{n}}}}}"#);
        let rows = format!("[{}]", (0..500).map(row).collect::<Vec<_>>().join(","));
        let chunk = Chunk { kind: ChunkKind::Usage, bucket: 0, page: 0, part: 0, rows: rows.clone() };
        let partner = PartnerId::parse("bb343ad3-31b9-43b6-885f-26a39b9f7e63").unwrap();
        let run = RunId::parse("20261101T020000Z-scheduled-0123abcd").unwrap();
        let mut entry = chunk_to_entry(partner, &run, &chunk, Timestamp::UNIX_EPOCH);
        assert_eq!(rows_of_chunk(&entry), Ok(rows.clone()));
        let packed = entry[PACKED].as_bytes().unwrap().to_vec();
        assert!(packed.len() * 4 < rows.len(), "{} of {} bytes", packed.len(), rows.len());

        entry.insert(PACKED.to_owned(), Value::Bytes(packed[..packed.len() / 2].into()));
        assert!(matches!(rows_of_chunk(&entry), Err(StoreError::Unreadable { .. })));
        entry.remove(PACKED);
        assert!(matches!(rows_of_chunk(&entry), Err(StoreError::Unreadable { .. })));
    }
}
