//! A usage fetch that goes wrong on the way: what a client must notice before it bills an incomplete month.
//!
//! These are Sophos' own; errors, lost connections and truncated bodies are faults of the shared gate.

/// What happens to one page of a usage fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The page's key is refused with 400, as one that was never given out.
    KeyUnknown,
    /// The page's key is refused with 410, as one that has expired.
    KeyExpired,
    /// The page lacks this many of its last lines; `pages` goes on counting them.
    LinesMissing(usize),
    /// The page has no `nextKey`, though `pages.total` says that there are more.
    EndsEarly,
}

/// A cut that waits for its page.
#[derive(Clone, Copy)]
pub(super) struct PlannedCut {
    /// Counted from 1.
    pub(super) page: usize,
    pub(super) cut: Cut,
    /// How many fetches of that page it still hits.
    pub(super) times_left: u32,
}

/// Takes the cut that hits this fetch of `page`, if one does.
pub(super) fn take(planned: &mut [PlannedCut], page: usize) -> Option<Cut> {
    let hit = planned.iter_mut().find(|cut| cut.page == page && cut.times_left > 0)?;
    hit.times_left -= 1;
    Some(hit.cut)
}
