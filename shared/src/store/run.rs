//! Runs, and the mark that a partner has an open one.

use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::Run;
use crate::error::StoreError;
use crate::store::entry::{keyed, read_body, read_text, text, unreadable, with_body};
use crate::store::instant::HISTORY_DAYS;
use crate::store::read::Ask;
use crate::store::{Store, instant, keys, limits};
use crate::table::{EXPIRY, Entry, Query, Range, Table, Write, Written};

/// How often other runs may be opened or closed between our read and our write before we give up.
const ATTEMPTS: usize = 5;
/// The id of the run in the mark of the open run.
const OPEN_RUN: &str = "run";

/// The result of opening a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The run is open now.
    Fresh,
    /// The run exists already, in this state.
    Existing(Box<Run>),
    /// The partner has another open run.
    Busy(RunId),
}

impl<T: Table> Store<T> {
    /// The partner's latest runs, newest first, at most `limit` (1 to 100).
    pub async fn list_runs(&self, partner: PartnerId, limit: u32) -> Result<Vec<Run>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_RUNS) as usize;
        let entries = self.newest_runs(partner, limit).await?;
        entries.iter().take(limit).map(read_body).collect()
    }

    /// The partner's runs before `before` (all of them without one), newest first, at most `limit` (1 to 100).
    pub async fn list_runs_before(
        &self,
        partner: PartnerId,
        before: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_RUNS) as usize;
        let range = keys::runs_until(before);
        let is_before = |run: &Run| before.is_none_or(|before| run.id < *before);
        let (mut runs, mut start) = (Vec::new(), None);
        loop {
            // One extra, because the range includes `before` itself.
            let ask = Ask { start, limit: limit + 1 - runs.len(), backwards: true };
            let page = self.part_of_range(&keys::runs(partner), &range, ask).await?;
            for entry in &page.entries {
                runs.extend(Some(read_body::<Run>(entry)?).filter(is_before));
            }
            start = page.next;
            if start.is_none() || runs.len() >= limit {
                runs.truncate(limit);
                return Ok(runs);
            }
        }
    }
}

impl<T: Table> Store<T> {
    /// At least `limit` of the newest runs, if there are that many.
    async fn newest_runs(&self, partner: PartnerId, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut runs = Vec::new();
        let mut start = None;
        loop {
            let query =
                Query { backwards: true, limit: Some(limit), start, ..Query::of(keys::runs(partner), Range::All) };
            let page = self.table.query(query).await?;
            runs.extend(page.entries);
            start = page.next;
            if start.is_none() || runs.len() >= limit {
                return Ok(runs);
            }
        }
    }
}

impl<T: Table> Store<T> {
    /// Opens a run unless it exists or the partner has another open one. Atomic: of two callers one gets `Fresh`.
    pub async fn open_run(&self, run: &Run) -> Result<Opened, StoreError> {
        let partner = run.request.partner;
        for _ in 0..ATTEMPTS {
            if let Some(existing) = self.find_run(partner, &run.id).await? {
                return Ok(Opened::Existing(Box::new(existing)));
            }
            let marked = self.marked_run(partner).await?;
            if let Some(other) = &marked
                && self.is_under_way(partner, other).await?
            {
                return Ok(Opened::Busy(other.clone()));
            }
            let writes = vec![Write::put(to_entry(run)?).if_absent(), mark(run, marked.as_ref())];
            match self.table.transact(writes).await? {
                Written::All => return Ok(Opened::Fresh),
                Written::Unmet(_) => {}
            }
        }
        Err(StoreError::Unavailable {
            why: "other runs of the partner were opened several times while this one was asked for".into(),
        })
    }

    /// A run, if it exists.
    pub async fn find_run(&self, partner: PartnerId, id: &RunId) -> Result<Option<Run>, StoreError> {
        let entry = self.table.get(&keys::run(partner, id)).await?;
        entry.as_ref().map(read_body).transpose()
    }

    /// The id of the partner's run that is not over, if there is one.
    pub(super) async fn open_run_of(&self, partner: PartnerId) -> Result<Option<RunId>, StoreError> {
        let Some(marked) = self.marked_run(partner).await? else { return Ok(None) };
        Ok(self.is_under_way(partner, &marked).await?.then_some(marked))
    }

    async fn marked_run(&self, partner: PartnerId) -> Result<Option<RunId>, StoreError> {
        let entry = self.table.get(&keys::open_run(partner)).await?;
        entry.as_ref().map(open_from_entry).transpose()
    }

    /// The mark alone does not show it: it stays when its run is over or has expired.
    async fn is_under_way(&self, partner: PartnerId, id: &RunId) -> Result<bool, StoreError> {
        let run = self.find_run(partner, id).await?;
        Ok(run.is_some_and(|run| !run.state.is_over()))
    }
}

/// Marks the run as the partner's open one, if the mark is still the one that was `seen`.
fn mark(run: &Run, seen: Option<&RunId>) -> Write {
    let write = Write::put(open_to_entry(run));
    match seen {
        None => write.if_absent(),
        Some(seen) => write.if_equals(OPEN_RUN, text(seen.as_str())),
    }
}

pub(super) fn to_entry(run: &Run) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::run(run.request.partner, &run.id), run)?;
    entry.insert(EXPIRY.to_owned(), instant::expiry(run.opened_at, HISTORY_DAYS));
    Ok(entry)
}

fn open_to_entry(run: &Run) -> Entry {
    let mut entry = keyed(&keys::open_run(run.request.partner));
    entry.insert(OPEN_RUN.to_owned(), text(run.id.as_str()));
    entry
}

fn open_from_entry(entry: &Entry) -> Result<RunId, StoreError> {
    RunId::parse(read_text(entry, OPEN_RUN)?).map_err(|error| unreadable(entry, error))
}
