//! The lines of one partner's month: written out once, so that a page is a slice of them however long the month is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::usage_row::UsageRow;

/// The descriptions that products have from now on, by code.
pub(super) type Renamed = HashMap<String, String>;

/// One line as it stands in a page, and the customer that a filter finds it by.
#[derive(Clone)]
struct Line {
    account: Option<Uuid>,
    text: String,
    product: Option<Described>,
}

/// The product of a line, as the line names it.
#[derive(Clone)]
pub(super) struct Described {
    pub(super) code: String,
    pub(super) description: String,
}

impl Line {
    fn named_anew(&self, renamed: &Renamed) -> Cow<'_, str> {
        let new_name = self.product.as_ref().and_then(|product| Some((product, renamed.get(&product.code)?)));
        let Some((product, new_name)) = new_name else { return Cow::Borrowed(&self.text) };
        let member = |name: &str| format!("\"productDescription\":{}", serde_json::Value::from(name));
        Cow::Owned(self.text.replacen(&member(&product.description), &member(new_name), 1))
    }
}

/// The lines of a month in the order in which they were set.
#[derive(Default)]
pub(super) struct Lines {
    all: Vec<Line>,
    by_account: HashMap<Uuid, Vec<usize>>,
}

impl Lines {
    pub(super) fn new(partner_id: Uuid, month_start: Date, rows: &[UsageRow]) -> Self {
        let written = |row: &UsageRow| Line {
            account: row.filed_under(),
            text: row.to_text(partner_id, month_start),
            product: row.described(),
        };
        rows.iter().map(written).collect()
    }

    /// How many lines there are, of these customers or of all.
    pub(super) fn count(&self, accounts: Option<&[Uuid]>) -> usize {
        accounts.map_or(self.all.len(), |accounts| accounts.iter().map(|id| self.of_account(*id).len()).sum())
    }

    /// At most `size` lines after the first `from`, of these customers or of all, their products named as of now.
    pub(super) fn page(
        &self,
        accounts: Option<&[Uuid]>,
        from: usize,
        size: usize,
        renamed: &Renamed,
    ) -> Vec<Cow<'_, str>> {
        match accounts {
            None => self.all.iter().skip(from).take(size).map(|line| line.named_anew(renamed)).collect(),
            Some(accounts) => {
                let mut places: Vec<usize> = accounts.iter().flat_map(|id| self.of_account(*id)).copied().collect();
                places.sort_unstable();
                places.into_iter().skip(from).take(size).map(|place| self.all[place].named_anew(renamed)).collect()
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
