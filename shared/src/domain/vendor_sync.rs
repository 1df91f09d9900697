//! Whether the vendor's own usage sync still writes to ConnectWise as well as ours.
//!
//! ConnectWise says of each addition which member changed it last, and nothing of what was changed. So a change counts
//! only where it can have been one of the quantity, on a line that bills something of Sophos and goes on billing it;
//! and one member has to have made such changes for several customers. In doubt it does not warn, because a false
//! warning is ignored the next time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::known_products::is_of_vendor;
use super::psa::Addition;
use super::snapshot::{SeenChange, Snapshot};

/// A change counts for 35 days.
const COUNTS_FOR: SignedDuration = SignedDuration::from_hours(24 * 35);
/// From this many customers on, whose lines one member changed: fewer are what a person does by hand.
const CUSTOMERS: u64 = 3;
/// Additions of one agreement whose changes are remembered.
const MOST_LINES: usize = 200;
/// Members of a partner's ConnectWise whose changes are counted.
const MOST_MEMBERS: usize = 50;

impl Snapshot {
    /// Remembers who changed the lines of the agreement that bill something of Sophos, as they were just read.
    pub fn see_changes(&mut self, additions: &[Addition]) {
        let of_line = |addition: &Addition| Some((addition.id, self.seen_change(addition)?));
        self.changes = additions.iter().filter_map(of_line).take(MOST_LINES).collect();
    }

    fn seen_change(&self, addition: &Addition) -> Option<SeenChange> {
        let changed = addition.detail.changed.clone()?;
        let (quantity, before) = (addition.quantity, self.changes.get(&addition.id));
        // Whoever ends a line, or sets it to 0, stops what is billed.
        let goes_on = addition.cancelled.is_none() && !quantity.is_zero();
        if let Some(ours) = self.written.values().find(|written| written.addition == addition.id) {
            // Of a line of ours, a quantity that we did not write. Nothing else of it is remembered.
            let is_others = self.member.as_ref().is_some_and(|own| !is_same(own, &changed.by));
            let counts = goes_on && is_others && !ours.accounts_for(quantity);
            return counts.then_some(SeenChange { changed, quantity, counts });
        }
        if !is_of_vendor(&addition.detail.identifier) {
            return None;
        }
        let counts = match before {
            // Nothing is known of what it was before: it may have been another quantity.
            None => true,
            Some(before) if before.changed == changed => before.counts,
            // Changes of price or date do not count.
            Some(before) => before.quantity != quantity,
        };
        Some(SeenChange { changed, quantity, counts: counts && goes_on })
    }
}

/// Which members changed lines of one customer, and as which one we write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersSeen {
    own: Option<String>,
    /// By member, the day of each line's change.
    changes: BTreeMap<String, Vec<Date>>,
}

impl MembersSeen {
    /// What a snapshot knows of the last 35 days; `day` tells the partner's day of a moment.
    #[must_use]
    pub fn of(snapshot: &Snapshot, now: Timestamp, day: impl Fn(Timestamp) -> Date) -> Self {
        let mut changes: BTreeMap<String, Vec<Date>> = BTreeMap::new();
        for SeenChange { changed, .. } in snapshot.changes.values().filter(|seen| seen.counts) {
            if now.duration_since(changed.at) <= COUNTS_FOR {
                changes.entry(changed.by.clone()).or_default().push(day(changed.at));
            }
        }
        Self { own: snapshot.member.clone(), changes }
    }
}

/// What one member changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberChanges {
    pub lines: u64,
    /// Customers whose lines they are.
    pub customers: u64,
    /// The day of the earliest of these changes.
    pub since: Date,
}

/// Which members of a partner's ConnectWise changed lines that bill something of Sophos.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Members {
    /// Our own members, as ConnectWise's answers to our writes named them.
    pub own: BTreeSet<String>,
    pub changes: BTreeMap<String, MemberChanges>,
}

impl Members {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Counts a customer.
    pub fn add(&mut self, seen: &MembersSeen) {
        if self.own.len() < MOST_MEMBERS {
            self.own.extend(seen.own.clone());
        }
        for (by, days) in &seen.changes {
            let is_known = self.changes.contains_key(by);
            let Some(first) = days.iter().min().filter(|_| is_known || self.changes.len() < MOST_MEMBERS) else {
                continue;
            };
            let none = MemberChanges { lines: 0, customers: 0, since: *first };
            let member = self.changes.entry(by.clone()).or_insert(none);
            member.lines += u64::try_from(days.len()).unwrap_or_default();
            member.customers += 1;
            member.since = member.since.min(*first);
        }
    }

    /// The member that looks most like the vendor's own usage sync, if one does.
    #[must_use]
    pub fn vendor_sync(&self) -> Option<VendorSync> {
        let is_other = |member: &str| !self.own.iter().any(|own| is_same(own, member));
        let suspects = self.changes.iter().filter(|(name, of)| of.customers >= CUSTOMERS && is_other(name));
        let (member, of) = suspects.max_by_key(|(_, of)| (of.customers, of.lines))?;
        let MemberChanges { lines, customers, since } = *of;
        Some(VendorSync { member: member.clone(), lines, customers, since })
    }
}

fn is_same(own: &str, member: &str) -> bool {
    own.eq_ignore_ascii_case(member)
}

/// Why the vendor's own usage sync may still be on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VendorSync {
    /// The ConnectWise member that changed lines, as ConnectWise names it.
    pub member: String,
    pub lines: u64,
    pub customers: u64,
    pub since: Date,
}

impl VendorSync {
    /// The same in a sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Self { member, lines, customers, since } = self;
        format!(
            "The ConnectWise member '{member}' has changed {lines} Sophos lines of {customers} customers since {}; the \
             vendor's own usage sync may still be on.",
            since.strftime("%-d %B %Y")
        )
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        "Ask who uses that member. If it is the PSA integration of Sophos Central, switch its usage sync off there: two syncs \
         bill the same usage twice, or undo each other's quantities."
    }
}

#[cfg(test)]
mod tests;
