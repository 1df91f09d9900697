//! Rows that a run keeps between its slices, cut into buckets of customers and pieces that fit one table entry.

use serde::Serialize;
use serde::de::DeserializeOwned;
pub(crate) use shared::domain::run::bucket_of;
use shared::store::{Chunk, ChunkKind};

use crate::errors::WorkError;

/// The bytes of rows in one chunk; below the store's limit by one large row.
const CHUNK_BYTES: usize = 250_000;
/// From this many customers on, a run is cut into 16 buckets: what is in memory is then a sixteenth of the partner.
const ONE_BUCKET: u64 = 400;

/// How many buckets a partner of that many customers is cut into: 1 or 16.
pub(crate) const fn buckets_for(customers: u64) -> u32 {
    if customers <= ONE_BUCKET { 1 } else { 16 }
}

/// What the ids of a bucket's customers start with.
pub(crate) fn prefix_of(bucket: u32, buckets: u32) -> String {
    if buckets == 1 { String::new() } else { format!("{bucket:x}") }
}

/// Cuts rows of one page into chunks by bucket.
///
/// # Errors
/// A row that cannot be written as JSON.
pub(crate) fn cut<T: Serialize>(
    kind: ChunkKind,
    page: u32,
    rows: impl IntoIterator<Item = (u32, T)>,
) -> Result<Vec<Chunk>, WorkError> {
    let mut by_bucket: std::collections::BTreeMap<u32, Vec<String>> = std::collections::BTreeMap::new();
    for (bucket, row) in rows {
        let text = serde_json::to_string(&row).map_err(|e| WorkError::Unusable(e.to_string()))?;
        let parts = by_bucket.entry(bucket).or_default();
        match parts.last_mut() {
            Some(part) if part.len() + text.len() < CHUNK_BYTES => {
                part.push(',');
                part.push_str(&text);
            }
            Some(_) | None => parts.push(text),
        }
    }
    let mut chunks = Vec::new();
    for (bucket, parts) in by_bucket {
        for (part, rows) in (0..).zip(parts) {
            chunks.push(Chunk { kind, bucket, page, part, rows: format!("[{rows}]") });
        }
    }
    Ok(chunks)
}

/// The rows of chunks, in their order.
///
/// # Errors
/// A chunk that this release cannot read.
pub(crate) fn join<T: DeserializeOwned>(chunks: &[String]) -> Result<Vec<T>, WorkError> {
    let mut rows = Vec::new();
    for chunk in chunks {
        let part: Vec<T> = serde_json::from_str(chunk).map_err(|e| WorkError::Unusable(e.to_string()))?;
        rows.extend(part);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use shared::domain::id::CustomerId;

    use super::*;

    #[test]
    fn rows_come_back_whole_and_in_order() {
        let rows: Vec<String> = (0..5000).map(|n| format!("row {n} {}", "x".repeat(100))).collect();
        let chunks = cut(ChunkKind::Usage, 3, rows.iter().map(|row| (0, row))).unwrap();
        assert!(chunks.len() > 1 && chunks.iter().all(|c| c.rows.len() <= 300_000));
        let texts: Vec<String> = chunks.into_iter().map(|c| c.rows).collect();
        assert_eq!(join::<String>(&texts).unwrap(), rows);
    }

    #[test]
    fn buckets_are_ranges_of_customer_ids() {
        let customer = CustomerId::parse("a18b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap();
        assert_eq!((bucket_of(customer, 1), prefix_of(0, 1)), (0, String::new()));
        assert_eq!((bucket_of(customer, 16), prefix_of(10, 16)), (10, "a".into()));
    }
}
