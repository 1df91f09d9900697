//! What the steps of one customer share.

use shared::domain::id::{AgreementId, CustomerId, PartnerId};
use tokio::sync::SemaphorePermit;

use crate::bucket::Bucket;
use crate::context::{ConnectedSlice, SliceContext};
use crate::errors::WorkError;
use crate::flow::Flow;
use crate::recall::{Recalled, recall_agreement};
use crate::world::World;
use crate::write::{AgreementBasis, WriteTarget, Writer};

/// One customer in its bucket.
pub(crate) struct CustomerContext<'a, W: World> {
    pub(crate) slice: &'a ConnectedSlice<'a, W>,
    pub(crate) bucket: &'a Bucket,
    pub(crate) flow: &'a Flow,
    pub(crate) customer: CustomerId,
}

impl<'a, W: World> CustomerContext<'a, W> {
    pub(super) const fn context(&self) -> &'a SliceContext<'a, W> {
        self.slice.context
    }

    pub(super) const fn partner(&self) -> PartnerId {
        self.bucket.run.request.partner
    }

    /// What the table knows now of earlier writes to the customer's agreement; nothing where it has none.
    pub(super) async fn recall_anew(&self) -> Result<Recalled, WorkError> {
        match self.bucket.agreement_of(self.customer) {
            Some(agreement) => self.recall_on(agreement).await,
            None => Ok(Recalled::default()),
        }
    }

    /// What the table knows now of earlier writes to an agreement.
    pub(super) async fn recall_on(&self, agreement: AgreementId) -> Result<Recalled, WorkError> {
        recall_agreement(self.context().world, self.bucket, agreement).await
    }

    /// A permit to ask ConnectWise about the customer; none when that is left to the next slice.
    pub(super) async fn permit_to_ask(&self) -> Option<SemaphorePermit<'a>> {
        self.flow.permit_to_ask(self.context()).await
    }

    /// The agreements on which we write, or wrote, for the customer.
    pub(super) fn billed_on(&self) -> impl Iterator<Item = AgreementId> {
        self.bucket.billed_on.get(&self.customer).into_iter().flatten().copied()
    }

    /// The writes of this run to one of the customer's agreements.
    pub(super) fn writer_on(&self, agreement: AgreementId, basis: AgreementBasis) -> Writer<'a, W> {
        let is_marked = self.billed_on().any(|marked| marked == agreement);
        let target = WriteTarget { customer: self.customer, agreement, is_marked };
        Writer::new(self.slice, &self.bucket.run, &self.flow.commits, target, basis)
    }
}
