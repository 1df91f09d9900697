//! The lines of one partner's month: written out once, so that a page is a slice of them however long the month is.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::usage_row::UsageRow;

/// One line as it stands in a page, and the customer that a filter finds it by.
#[derive(Clone)]
struct Line {
    account: Option<Uuid>,
    text: String,
}

/// The lines of a month in the order in which they were set.
#[derive(Default)]
pub(super) struct Lines {
    all: Vec<Line>,
    by_account: HashMap<Uuid, Vec<usize>>,
}

impl Lines {
    pub(super) fn new(partner_id: Uuid, month_start: Date, rows: &[UsageRow]) -> Self {
        let written = |row: &UsageRow| Line { account: row.filed_under(), text: row.to_text(partner_id, month_start) };
        rows.iter().map(written).collect()
    }

    /// How many lines there are, of one customer or of all.
    pub(super) fn count(&self, account: Option<Uuid>) -> usize {
        account.map_or(self.all.len(), |account| self.of_account(account).len())
    }

    /// At most `size` lines after the first `from`, of one customer or of all.
    pub(super) fn page(&self, account: Option<Uuid>, from: usize, size: usize) -> Vec<&str> {
        match account {
            None => self.all.iter().skip(from).take(size).map(|line| line.text.as_str()).collect(),
            Some(account) => {
                let places = self.of_account(account).iter().skip(from).take(size);
                places.map(|place| self.all[*place].text.as_str()).collect()
            }
        }
    }

    fn of_account(&self, account: Uuid) -> &[usize] {
        self.by_account.get(&account).map(Vec::as_slice).unwrap_or_default()
    }

    /// The month with `delete` lines taken out somewhere and copies of its first line put in front, so that what
    /// comes after them moves across page boundaries.
    fn disturbed(&self, insert: usize, delete: usize, draw: u64) -> Self {
        let from = usize::try_from(draw).unwrap_or_default().checked_rem(self.all.len()).unwrap_or_default();
        let inserted = self.all.iter().take(1).cycle().take(insert);
        let kept = self.all.iter().take(from).chain(self.all.iter().skip(from + delete));
        inserted.chain(kept).cloned().collect()
    }
}

impl FromIterator<Line> for Lines {
    fn from_iter<I: IntoIterator<Item = Line>>(lines: I) -> Self {
        let all: Vec<Line> = lines.into_iter().collect();
        let mut by_account: HashMap<Uuid, Vec<usize>> = HashMap::new();
        for (place, line) in all.iter().enumerate() {
            if let Some(account) = line.account {
                by_account.entry(account).or_default().push(place);
            }
        }
        Self { all, by_account }
    }
}

/// A month and its corrections, each with the instant from which it is what Sophos answers.
#[derive(Default)]
pub(super) struct UsageMonth(Vec<(Timestamp, Arc<Lines>)>);

impl UsageMonth {
    /// A month that has had these lines all along.
    pub(super) fn new(lines: Lines) -> Self {
        Self(vec![(Timestamp::MIN, Arc::new(lines))])
    }

    /// From `at` on, the month has these lines instead.
    pub(super) fn correct(&mut self, at: Timestamp, lines: Lines) {
        self.0.push((at, Arc::new(lines)));
        self.0.sort_by_key(|(from, _)| *from);
    }

    /// What the month holds now; `None` while its first lines are still to come.
    pub(super) fn lines(&self, now: Timestamp) -> Option<Arc<Lines>> {
        self.0.iter().rfind(|(from, _)| *from <= now).map(|(_, lines)| Arc::clone(lines))
    }

    /// Lines come and go from now on.
    pub(super) fn disturb(&mut self, now: Timestamp, insert: usize, delete: usize, draw: u64) {
        if let Some(lines) = self.lines(now) {
            self.correct(now, lines.disturbed(insert, delete, draw));
        }
    }
}
