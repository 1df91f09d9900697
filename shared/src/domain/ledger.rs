//! The ledger: what became of each planned pair of a run, one entry a customer.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::id::{AdditionId, AgreementId, CompanyId, CustomerId, ProductCode, PsaProductId};
use super::landing::AgreementLanding;
use super::outcome::{Bucket, Outcome, Would};
use super::psa::AgreementFacts;
use super::quantity_override::{Overridden, QuantityOverride};
use super::terms::Terms;

/// One planned pair and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The Sophos product; none when the usage line names none.
    pub code: Option<ProductCode>,
    /// Its units in the month; 0 when it is absent from the usage.
    pub units: u64,
    /// How many usage lines add up to them.
    pub usage_lines: u32,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Where it was billed, if it got that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed: Option<Billed>,
}

/// The addition that a pair ended on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Billed {
    /// The ConnectWise product.
    pub product: PsaProductId,
    /// The addition; none where there is none yet.
    pub addition: Option<AdditionId>,
    /// The quantity that the usage of all its parts asks for, or that a person has put in its place.
    pub target: Decimal,
    /// What was done, or in a preview what would be.
    pub would: Would,
    /// Of what failed or was left: what was done before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did: Option<Would>,
    /// If held: what a release does. If waiting: what is done after the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Would>,
    /// What its quantity comes to in money, where the run has seen that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// Where the largest of several Sophos products is billed: which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest: Option<ProductCode>,
    /// Where a person has put another quantity in place of the usage: what is used, and by which decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Box<Overridden>>,
    /// The override that has ended, in the one ledger that reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<QuantityOverride>>,
    /// How many writes to ConnectWise the run accounts for on it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub writes: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a field over by reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Line {
    /// Where its units are counted.
    #[must_use]
    pub fn bucket(&self) -> Bucket {
        let bucket = self.outcome.bucket();
        let largest = self.billed.as_ref().and_then(|billed| billed.largest.as_ref());
        let is_covered = bucket == Bucket::Synced && largest.is_some() && largest != self.code.as_ref();
        if is_covered { Bucket::CoveredByLargest } else { bucket }
    }
}

/// What became of a decision to end an addition. Its line has no units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndedLine {
    /// The agreement that has the addition.
    pub agreement: AgreementId,
    /// The Sophos products that it was made up of.
    pub parts: Vec<ProductCode>,
    /// Who decided.
    pub who: String,
    /// Why, in their words.
    pub why: String,
    /// What was done, or in a preview what would be; without units or usage lines.
    pub line: Line,
}

impl CustomerLedger {
    /// The lines of pairs, and of the additions that are ended.
    pub fn all_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().chain(self.ended.iter().map(|ended| &ended.line))
    }
}

/// What became of one customer in a run; the usage without a customer has an entry of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerLedger {
    /// The customer; none for the usage that names none.
    pub customer: Option<CustomerId>,
    /// Its name as Sophos had it.
    pub name: String,
    /// Whether its account at Sophos is suspended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// The ConnectWise company that it was billed to, by its present name.
    pub company: Option<(CompanyId, String)>,
    /// The agreement, by its present name.
    pub agreement: Option<(AgreementId, String)>,
    /// How the agreement bills, as the run found it.
    #[serde(default, skip_serializing_if = "AgreementFacts::is_empty")]
    pub facts: AgreementFacts,
    /// The agreement's next ConnectWise invoice, as the run found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_invoice: Option<Date>,
    /// On which ConnectWise invoices of the agreement the usage month goes; none where ConnectWise does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing: Option<AgreementLanding>,
    /// One line a pair.
    pub lines: Vec<Line>,
    /// The additions that a person decided to end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<EndedLine>,
    /// How many additions were created.
    pub created: u32,
    /// How many quantities were set.
    pub updated: u32,
}
