//! Unique ids: random in production, counted where a run has to be reproducible.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::ports::Ids;

/// Random ids that sort by their creation time, so that a log is in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidV7;

impl Ids for UuidV7 {
    #[expect(clippy::disallowed_methods, reason = "this is the one adapter that makes random ids")]
    fn unique(&self) -> String {
        Uuid::now_v7().to_string()
    }
}

/// Ids that count from 1 after a name, so that the same calls get the same ids. Clones share the count. They are unique
/// if no two counters have the same name.
#[derive(Clone, Debug)]
pub struct CountedIds {
    name: Arc<str>,
    next: Arc<AtomicU64>,
}

impl Default for CountedIds {
    fn default() -> Self {
        Self::new("id")
    }
}

impl CountedIds {
    /// A counter whose ids are `name-1`, `name-2` and so on.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), next: Arc::new(AtomicU64::new(1)) }
    }
}

impl Ids for CountedIds {
    fn unique(&self) -> String {
        format!("{}-{}", self.name, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn distinct(ids: &impl Ids) -> usize {
        (0..1000).map(|_| ids.unique()).collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn no_id_repeats() {
        assert_eq!(distinct(&UuidV7), 1000);
        assert_eq!(distinct(&CountedIds::new("worker")), 1000);
    }

    #[test]
    fn counted_ids_are_reproducible() {
        let first = CountedIds::new("worker");
        let again = CountedIds::new("worker");
        assert_eq!([first.unique(), first.unique()], [again.unique(), again.unique()]);
    }
}
