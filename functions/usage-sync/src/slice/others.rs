//! The other agreements that may bill a customer: read before an addition is created on its own.

use std::collections::BTreeSet;

use shared::domain::id::AgreementId;
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::Failure;
use shared::domain::plan::OtherAgreement;
use shared::domain::psa::{Agreement, AgreementStatus};
use shared::ports::Psa;

use super::Stages;
use super::bucket::Bucket;
use crate::trouble::{leaves_all_waiting, of_agreement};
use crate::worker::{WorkError, World};

impl<W: World> Stages<'_, W> {
    /// The company's other agreements in force in the month, and those that the customer was mapped to before, with their
    /// additions; why not, where one of them cannot be read. And how many ConnectWise was asked for.
    pub(super) async fn read_other_agreements(
        &self,
        bucket: &Bucket,
        mapping: &CustomerMapping,
    ) -> Result<(Result<Vec<OtherAgreement>, Failure>, usize), WorkError> {
        let mut others = Vec::new();
        for (reads, id) in (1..).zip(other_agreements(bucket, mapping)) {
            match self.psa.list_additions(id).await {
                Ok(additions) => {
                    let agreement = bucket.agreements.get(&id).cloned().unwrap_or_else(|| unknown(id, mapping));
                    others.push(OtherAgreement { agreement, additions });
                }
                Err(error) if !self.last_try && leaves_all_waiting(&error) => return Err(WorkError::LeaveAlone(error)),
                Err(error) => {
                    let partner = bucket.run.request.partner;
                    tracing::warn!(%partner, agreement = %id, %error, "another agreement of the company could not be read");
                    return Ok((Err(of_agreement(id, &error)), reads));
                }
            }
        }
        let reads = others.len();
        Ok((Ok(others), reads))
    }
}

fn other_agreements(bucket: &Bucket, mapping: &CustomerMapping) -> BTreeSet<AgreementId> {
    let first = bucket.run.request.month.first_day();
    let in_force = |agreement: &&Agreement| {
        agreement.company == mapping.company
            && match agreement.status {
                AgreementStatus::Active | AgreementStatus::Expired => agreement.end.is_none_or(|end| end >= first),
                AgreementStatus::Cancelled | AgreementStatus::Inactive => false,
            }
    };
    let of_company = bucket.agreements.values().filter(in_force).map(|agreement| agreement.id);
    let former = bucket.billed_on.get(&mapping.customer).into_iter().flatten().copied().chain(mapping.applied);
    of_company.chain(former).filter(|id| *id != mapping.agreement).collect()
}

/// A former agreement of another company, of which nothing but its number is known. It is taken for one that is not
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
