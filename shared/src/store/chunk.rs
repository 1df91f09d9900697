//! Chunks: rows that one slice of a run has read and later slices need.

use jiff::Timestamp;

use crate::domain::id::{PartnerId, RunId};
use crate::error::StoreError;
use crate::store::entry::{keyed, read_text, unreadable};
use crate::store::instant::CHUNK_DAYS;
use crate::store::read::Ask;
use crate::store::{Store, instant, keys, limits};
use crate::table::{EXPIRY, Entry, SORT_KEY, Table, Value};

/// The rows of a chunk, compressed: LZ4 after the length of the text.
const PACKED: &str = "packed";

/// One page of a run's chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkPage {
    /// The JSON text of each chunk, in the order of page and part.
    pub chunks: Vec<String>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

/// The kind of the rows in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChunkKind {
    /// Sophos customers.
    Customers,
    /// Usage lines.
    Usage,
    /// Sophos customers that cannot be parsed: id and reason.
    UnreadableCustomers,
    /// ConnectWise agreements.
    Agreements,
    /// ConnectWise agreements of mapped customers that cannot be parsed: id and reason.
    UnreadableAgreements,
    /// ConnectWise products.
    Products,
    /// The customer mappings as they were when the run started.
    Mapped,
}

/// Rows that a run has read and needs until it ends: those of one page that belong to one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The kind of the rows.
    pub kind: ChunkKind,
    /// The run's bucket that the rows belong to.
    pub bucket: u32,
    /// The vendor's page that they came from; a page that is read twice replaces its chunks.
    pub page: u32,
    /// Numbers the chunks of one page and bucket, from 0.
    pub part: u32,
    /// The rows as JSON text; at most 300,000 bytes.
    pub rows: String,
}

impl ChunkPage {
    /// Whether a page may start after this text: a page's `next` has this form.
    #[must_use]
    pub fn can_start_after(text: &str) -> bool {
        let is_number = |digits: &str| digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
        text.split_once('#').is_some_and(|(page, part)| is_number(page) && is_number(part))
    }
}

impl<T: Table> Store<T> {
    /// Calls `take` with the JSON text of each chunk of one kind and bucket, in the order of page and part. Only a few
    /// chunks are in memory at a time.
    ///
    /// # Errors
    /// [`StoreError`]; `take` may have been called for some chunks by then.
    pub async fn take_chunks(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
        mut take: impl FnMut(String) + Send,
    ) -> Result<(), StoreError> {
        let read = |entry| rows_of_chunk(&entry).map(&mut take);
        self.list(&keys::run_rows(partner, run), &keys::chunks(kind, bucket), read).await.map(drop)
    }

    /// The same chunks, all in memory.
    pub async fn list_chunks(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
    ) -> Result<Vec<String>, StoreError> {
        let mut chunks = Vec::new();
        self.take_chunks(partner, run, kind, bucket, |chunk| chunks.push(chunk)).await?;
        Ok(chunks)
    }

    /// A page of the chunks of one kind and bucket, after `after` (a page's `next`). Chunks expire after three days.
    pub async fn list_chunk_page(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
        after: Option<&str>,
    ) -> Result<ChunkPage, StoreError> {
        let range = keys::chunk_range(kind, bucket, after);
        let ask = Ask { start: None, limit: limits::MAX_CHUNKS_A_PAGE, backwards: false };
        let page = self.part_of_range(&keys::run_rows(partner, run), &range, ask).await?;
        let chunks = page.entries.iter().map(rows_of_chunk);
        let chunks: Vec<String> = chunks.collect::<Result<_, _>>()?;
        let last = page.entries.last().filter(|_| page.next.is_some());
        let sort = last.map(|entry| read_text(entry, SORT_KEY)).transpose()?;
        let next = sort.and_then(|sort| keys::place_of_chunk(sort, kind, bucket)).map(str::to_owned);
        Ok(ChunkPage { chunks, next })
    }
}

/// Rows are compressed: they repeat the same JSON names, and the table charges by the kilobyte.
pub(super) fn to_entry(partner: PartnerId, run: &RunId, chunk: &Chunk, now: Timestamp) -> Entry {
    let mut entry = keyed(&keys::chunk(partner, run, chunk));
    let packed = lz4_flex::block::compress_prepend_size(chunk.rows.as_bytes());
    entry.insert(PACKED.to_owned(), Value::Bytes(packed.into()));
    entry.insert(EXPIRY.to_owned(), instant::expiry(now, CHUNK_DAYS));
    entry
}

/// The decompressed rows of a chunk.
fn rows_of_chunk(entry: &Entry) -> Result<String, StoreError> {
    let packed = entry.get(PACKED).and_then(|value| value.as_bytes());
    let packed = packed.ok_or_else(|| unreadable(entry, format!("it has no bytes {PACKED}")))?;
    let rows = lz4_flex::block::decompress_size_prepended(packed);
    let rows = rows.map_err(|error| unreadable(entry, error))?;
    String::from_utf8(rows).map_err(|error| unreadable(entry, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ChunkKind;

    #[test]
    fn rows_are_compressed_and_read_back_unchanged() {
        let row = |n: u32| format!(r#"{{"pair":{{"customer":"c{n}","product":"CIX"}},"quantity":{{"units":{n}}}}}"#);
        let rows = format!("[{}]", (0..500).map(row).collect::<Vec<_>>().join(","));
        let chunk = Chunk { kind: ChunkKind::Usage, bucket: 0, page: 0, part: 0, rows: rows.clone() };
        let partner = PartnerId::parse("bb343ad3-31b9-43b6-885f-26a39b9f7e63").unwrap();
        let run = RunId::parse("20261101T020000Z-scheduled-0123abcd").unwrap();
        let mut entry = to_entry(partner, &run, &chunk, Timestamp::UNIX_EPOCH);
        assert_eq!(rows_of_chunk(&entry), Ok(rows.clone()));
        let packed = entry[PACKED].as_bytes().unwrap().to_vec();
        assert!(packed.len() * 4 < rows.len(), "{} of {} bytes", packed.len(), rows.len());

        entry.insert(PACKED.to_owned(), Value::Bytes(packed[..packed.len() / 2].into()));
        assert!(matches!(rows_of_chunk(&entry), Err(StoreError::Unreadable { .. })));
        entry.remove(PACKED);
        assert!(matches!(rows_of_chunk(&entry), Err(StoreError::Unreadable { .. })));
    }
}
