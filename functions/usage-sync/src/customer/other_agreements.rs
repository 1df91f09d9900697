//! The other agreements that may bill a customer: read before an addition is created on the customer's agreement.

use std::collections::BTreeSet;

use shared::domain::id::AgreementId;
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::Failure;
use shared::domain::plan::OtherAgreement;
use shared::domain::psa::{Agreement, AgreementStatus};
use shared::ports::Psa;

use super::context::CustomerContext;
use crate::errors::{WorkError, of_agreement};
use crate::world::World;

/// The other agreements that may bill a customer.
pub(super) struct OtherAgreements {
    /// They, with their additions; why not, where one of them cannot be read.
    pub(super) read: Result<Vec<OtherAgreement>, Failure>,
    /// How many ConnectWise was asked for.
    pub(super) reads: usize,
}

/// Reads the company's other agreements in force in the month, and those that the customer was mapped to before.
pub(super) async fn read_other_agreements<W: World>(
    customer: &CustomerContext<'_, W>,
    mapping: &CustomerMapping,
) -> Result<OtherAgreements, WorkError> {
    let mut others = Vec::new();
    for (reads, id) in (1..).zip(other_agreements(customer, mapping)) {
        match customer.slice.psa.list_additions(id).await {
            Ok(additions) => {
                let agreement = customer.bucket.agreements.get(&id).cloned().unwrap_or_else(|| unknown(id, mapping));
                others.push(OtherAgreement { agreement, additions });
            }
            Err(error) if customer.context().gives_back(&error) => return Err(WorkError::LeaveAlone(error)),
            Err(error) => {
                let partner = customer.partner();
                tracing::warn!(%partner, agreement = %id, %error, "another agreement of the company could not be read");
                return Ok(OtherAgreements { read: Err(of_agreement(id, &error)), reads });
            }
        }
    }
    let reads = others.len();
    Ok(OtherAgreements { read: Ok(others), reads })
}

fn other_agreements<W: World>(customer: &CustomerContext<'_, W>, mapping: &CustomerMapping) -> BTreeSet<AgreementId> {
    let bucket = customer.bucket;
    let first = bucket.run.request.month.first_day();
    let in_force = |agreement: &&Agreement| {
        agreement.company == mapping.company
            && match agreement.status {
                AgreementStatus::Active | AgreementStatus::Expired => agreement.end.is_none_or(|end| end >= first),
                AgreementStatus::Cancelled | AgreementStatus::Inactive => false,
            }
    };
    let of_company = bucket.agreements.values().filter(in_force).map(|agreement| agreement.id);
    let previous = customer.billed_on().chain(mapping.applied);
    of_company.chain(previous).filter(|id| *id != mapping.agreement).collect()
}

/// A previous agreement of another company, of which nothing but its number is known. It is taken for one that is not
/// prorated, so that no day can be billed twice.
fn unknown(id: AgreementId, mapping: &CustomerMapping) -> Agreement {
    Agreement {
        id,
        name: id.to_string(),
        company: mapping.company,
        company_name: String::new(),
        kind: String::new(),
        status: AgreementStatus::Active,
        start: None,
        end: None,
        next_invoice: None,
        billing_cycle: None,
        prorated: false,
        currency: None,
        parent: None,
    }
}
