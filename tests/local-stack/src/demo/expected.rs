//! What the awkward cases must end in, by name, and whether they did.

use std::fmt;

use shared::domain::id::{CustomerId, ProductCode};
use shared::domain::ledger::CustomerLedger;

use super::Demo;

/// Where an awkward case shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// One customer and one product; none for the line without a product.
    Pair(CustomerId, Option<ProductCode>),
    /// Every ordinary customer with this product.
    Product(ProductCode),
    /// The usage without a customer.
    Unassigned,
}

/// An awkward case and what it must end in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What the case is called.
    pub case: &'static str,
    /// Where it shows.
    pub place: Place,
    /// The outcome's code on the partner's first run.
    pub outcome: &'static str,
}

/// An awkward case that ended otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The case.
    pub expected: Expectation,
    /// What it ended in; nothing when there was no such line.
    pub found: Vec<String>,
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Expectation { case, outcome, .. } = &self.expected;
        write!(f, "{case}: expected {outcome}, found {:?}", self.found)
    }
}

impl Demo {
    /// Every awkward case of this partner; none in a plain one.
    #[must_use]
    pub fn expectations(&self) -> Vec<Expectation> {
        if !self.is_awkward() {
            return Vec::new();
        }
        let of_customer = (0..self.size.customers).flat_map(|customer| {
            let spec = self.spec(customer);
            spec.into_iter().flat_map(move |spec| {
                spec.ends.iter().map(move |(code, outcome)| Expectation {
                    case: spec.name,
                    place: Place::Pair(self.customer(customer), ProductCode::parse(code).ok()),
                    outcome,
                })
            })
        });
        let of_product = (0..self.size.products).filter_map(|product| {
            let role = self.role(product);
            let place = Place::Product(self.code(product));
            role.outcome().map(|outcome| Expectation { case: role.case(), place, outcome })
        });
        let unassigned =
            Expectation { case: "usage without a customer", place: Place::Unassigned, outcome: "skipped.unassigned" };
        of_customer.chain(of_product).chain([unassigned]).collect()
    }

    /// The cases that a run's ledger shows otherwise than expected.
    #[must_use]
    pub fn missed(&self, ledger: &[CustomerLedger]) -> Vec<Missed> {
        let judge = |expected: Expectation| {
            let found = self.outcomes_at(&expected.place, ledger);
            // In the first half of the present month, the month before may still be invoiced.
            let still_waits = |outcome: &str| expected.outcome == "held.newMonth" && outcome == "waiting.newMonth";
            let fits = |outcome: &String| outcome == expected.outcome || still_waits(outcome);
            let met = !found.is_empty() && found.iter().all(fits);
            (!met).then_some(Missed { expected, found })
        };
        self.expectations().into_iter().filter_map(judge).collect()
    }

    /// Whether a failed pair is one that was planted to fail.
    #[must_use]
    pub fn is_planted(&self, customer: Option<CustomerId>, code: Option<&ProductCode>) -> bool {
        self.expectations().iter().any(|expected| match &expected.place {
            Place::Pair(id, product) => customer == Some(*id) && product.as_ref() == code,
            Place::Product(product) => Some(product) == code,
            Place::Unassigned => customer.is_none(),
        })
    }

    fn outcomes_at(&self, place: &Place, ledger: &[CustomerLedger]) -> Vec<String> {
        let is_awkward = |id: CustomerId| {
            (0..self.size.customers).any(|number| self.spec(number).is_some() && self.customer(number) == id)
        };
        let lines = ledger.iter().flat_map(|entry| entry.lines.iter().map(move |line| (entry.customer, line)));
        let fits = lines.filter(|(customer, line)| match place {
            Place::Pair(id, product) => *customer == Some(*id) && line.code == *product,
            Place::Product(product) => {
                customer.is_some_and(|id| !is_awkward(id)) && line.code.as_ref() == Some(product)
            }
            Place::Unassigned => customer.is_none(),
        });
        fits.map(|(_, line)| line.outcome.code()).collect()
    }
}
