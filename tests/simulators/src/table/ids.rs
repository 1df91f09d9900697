//! Ids for tests: unique in this process, whoever asks.

use std::sync::atomic::{AtomicU64, Ordering};

use shared::ports::Ids;

static COUNT: AtomicU64 = AtomicU64::new(0);

/// Counts. All values of this type share one counter: two workers must not name their writes alike.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountedIds;

impl Ids for CountedIds {
    fn unique(&self) -> String {
        format!("id-{}", COUNT.fetch_add(1, Ordering::Relaxed))
    }
}
