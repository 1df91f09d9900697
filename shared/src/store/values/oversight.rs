//! What people look at while runs go on and after, page by page, and how they step in.

/// One page of the rows that a run keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkPage {
    /// The JSON texts of its chunks, by page and part.
    pub chunks: Vec<String>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}
