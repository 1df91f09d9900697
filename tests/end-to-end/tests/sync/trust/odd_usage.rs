//! Incomplete and odd usage, more than 200 kinds of it: nothing wrong is pushed, and the run or its ledger says why.
//!
//! Two families. *Lines*: each kind is a customer of its own, among others in one run; the customer's other product must
//! be billed as if nothing were wrong. *Answers*: each kind is a run of its own, whose calls are answered oddly.

mod answers;
mod customers;
mod line_runs;
mod lines;
mod pages;
mod products;
mod quantities;
mod sign_in;

use std::collections::BTreeSet;

use simulators::sophos::UsageRow;
use uuid::Uuid;

/// What becomes of the odd product of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// It is what it says: so many units.
    Billed(u64),
    /// It waits for a person, with this outcome.
    Held(&'static str),
    /// The line cannot be attributed to this pair and is reported under another.
    Elsewhere,
}

/// The odd lines of a customer, given its id and the code of the odd product.
type Lines = Box<dyn Fn(Uuid, &str) -> Vec<UsageRow> + Send + Sync>;

/// A kind of odd lines.
struct Kind {
    name: String,
    lines: Lines,
    ends: Ends,
}

impl Kind {
    fn new(
        name: impl Into<String>,
        ends: Ends,
        lines: impl Fn(Uuid, &str) -> Vec<UsageRow> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), lines: Box::new(lines), ends }
    }

    /// One line of 3 units, bent in one member.
    fn bent(name: impl Into<String>, ends: Ends, member: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(name, ends, move |customer, code| vec![UsageRow::new(customer, code, 3).with(member, text.clone())])
    }
}

/// Every kind of odd lines.
fn kinds() -> Vec<Kind> {
    [quantities::kinds(), customers::kinds(), products::kinds(), lines::kinds()].into_iter().flatten().collect()
}

#[test]
fn there_are_more_than_200_kinds_and_no_two_of_one_name() {
    let kinds = kinds();
    let mut names: Vec<String> = kinds.iter().map(|kind| kind.name.clone()).collect();
    names.extend(answers::names());
    let distinct: BTreeSet<&String> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    println!("{} kinds of odd lines, {} of odd answers", kinds.len(), names.len() - kinds.len());
    assert!(names.len() > 200, "{} kinds", names.len());
}
