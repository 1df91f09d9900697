//! Rows that a run keeps between its slices.

/// What kind of rows a chunk has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChunkKind {
    /// Sophos customers.
    Customers,
    /// Usage lines.
    Usage,
    /// Sophos customers whose entry cannot be read: id and why.
    UnreadableCustomers,
    /// ConnectWise agreements.
    Agreements,
    /// ConnectWise agreements of mapped customers that cannot be read: id and why.
    UnreadableAgreements,
    /// ConnectWise products.
    Products,
    /// The customer mappings that the run set out with.
    Mapped,
}

/// Rows that a run has read and keeps until it ends: one page's rows of one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What kind of rows.
    pub kind: ChunkKind,
    /// The bucket.
    pub bucket: u32,
    /// The page that they came from; a page read twice replaces its chunks.
    pub page: u32,
    /// Tells apart the chunks of one page and bucket, from 0.
    pub part: u32,
    /// The rows as JSON text; at most 300,000 bytes.
    pub rows: String,
}
