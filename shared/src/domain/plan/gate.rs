//! What is decided before a customer's additions are read: whether the customer syncs at all, and whether its agreement
//! can take usage.

use super::{Agreement, CustomerMapping, CustomerUsage, Departure, Failure, Outcome, Skip, Snapshot, UsageMonth};
use crate::domain::customer::Customer;
use crate::domain::psa::AgreementStatus;

/// The outcome of all pairs of a customer that is not planned; none for one that is.
#[must_use]
pub fn customer_gate(mapping: Option<&CustomerMapping>, customer: Option<&Customer>) -> Option<Outcome> {
    match (customer, mapping) {
        // First, so that nobody is asked to map a customer that cannot sync.
        (Some(customer), _) if customer.billing != "usage" => {
            Some(Outcome::Skipped(Skip::NotFlex { billing: customer.billing.clone() }))
        }
        (_, None) => Some(Outcome::Skipped(Skip::CustomerUnmapped)),
        (_, Some(mapping)) if !mapping.sync => Some(Outcome::Skipped(Skip::CustomerOff)),
        (None, Some(_)) => Some(Outcome::Failed(Failure::CustomerNotListed)),
        (Some(_), Some(_)) => None,
    }
}

/// What follows for a customer that has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftCustomer {
    /// Nothing was ever written for it: what keeps it from syncing decides.
    NeverBilled,
    /// Sophos billed it in the month, or ConnectWise may bill what we wrote for it: it is planned all the same.
    Planned(Departure),
    /// Nothing of it is billed any more: the outcome of its pairs.
    DoneWith(Outcome),
}

/// What follows for a customer that has left with this month's usage. `before` is what stands on its agreement of what was
/// written, none where nothing ever was; `trouble` is what is wrong with that agreement.
#[must_use]
pub fn left_customer(
    departure: Departure,
    usage: &CustomerUsage,
    before: Option<&Snapshot>,
    trouble: Option<&Failure>,
) -> LeftCustomer {
    let Some(before) = before else { return LeftCustomer::NeverBilled };
    // An agreement that is over bills nothing.
    let is_over = matches!(trouble, Some(Failure::AgreementGone { .. } | Failure::AgreementNotActive { .. }));
    let at_rest = before.written.values().all(|written| written.confirmed.is_zero() && !written.is_under_way());
    if usage.0.is_empty() && (is_over || at_rest) {
        LeftCustomer::DoneWith(Outcome::Skipped(Skip::CustomerLeft { departure }))
    } else {
        LeftCustomer::Planned(departure)
    }
}

/// Why the mapped agreement cannot take a month's usage, or none if it can.
///
/// `agreement` is what ConnectWise has under the mapped id, `others` any agreements, among them
/// the other ones of the mapped company.
#[must_use]
pub fn agreement_trouble<'a>(
    mapping: &CustomerMapping,
    agreement: Option<&Agreement>,
    others: impl IntoIterator<Item = &'a Agreement>,
    month: UsageMonth,
) -> Option<Failure> {
    let id = mapping.agreement;
    let Some(agreement) = agreement else {
        return Some(Failure::AgreementGone { agreement: id });
    };
    if agreement.company != mapping.company {
        return Some(Failure::AgreementWrongCompany { agreement: id, company: agreement.company_name.clone() });
    }
    if !takes(agreement, month) {
        let fits = |other: &&Agreement| {
            other.id != id
                && other.company == mapping.company
                && other.kind == agreement.kind
                && other.status == AgreementStatus::Active
        };
        let candidates = others.into_iter().filter(fits).map(|other| (other.id, other.name.clone())).collect();
        return Some(Failure::AgreementNotActive { agreement: id, status: agreement.status, candidates });
    }
    if let Some(cycle) = agreement.billing_cycle.clone().filter(|_| agreement.facts().never_recurs()) {
        return Some(Failure::AgreementNeverRecurs { agreement: id, cycle });
    }
    match agreement.start {
        Some(start) if start > month.last_day() => Some(Failure::AgreementNotStarted { agreement: id, start }),
        Some(_) | None => None,
    }
}

/// Whether an agreement takes a month's usage by its status and its end.
fn takes(agreement: &Agreement, month: UsageMonth) -> bool {
    match agreement.status {
        AgreementStatus::Active => agreement.end.is_none_or(|end| end >= month.first_day()),
        // A month is billed after it is over, when an agreement that was in force for all of it may have run out.
        AgreementStatus::Expired => agreement.end.is_some_and(|end| end >= month.last_day()),
        AgreementStatus::Cancelled | AgreementStatus::Inactive => false,
    }
}
