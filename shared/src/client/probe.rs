//! Connection tests: which of the entered values is wrong, and which rights are missing. A test writes nothing.
//!
//! [`Probe`] calls with credentials that are not saved yet, and stops at the first fault that hides all others.

pub mod report;

use self::report::{ConnectWiseReport, SophosReport, SophosVerdict};
use super::connections::ConnectionOptions;
use super::credentials::{ConnectWiseCredentials, SophosCredentials};
use super::{connectwise, sophos};
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;

/// Tests connections.
#[derive(Clone, Debug)]
pub struct Probe {
    options: ConnectionOptions,
}

impl Probe {
    /// A probe that calls with these options.
    #[must_use]
    pub const fn new(options: ConnectionOptions) -> Self {
        Self { options }
    }

    /// Tests a ConnectWise: five calls if all is well, none if the address is not allowed.
    pub async fn test_connectwise(&self, credentials: &ConnectWiseCredentials) -> ConnectWiseReport {
        connectwise::probe(credentials, &self.options.connectwise).await
    }

    /// Tests the Sophos Central of a partner: four calls if all is well. Reads the usage of `month`; a month without
    /// usage is not a fault.
    pub async fn test_sophos(
        &self,
        partner: PartnerId,
        credentials: &SophosCredentials,
        month: UsageMonth,
    ) -> SophosReport {
        sophos::probe(partner, credentials, month, &self.options.sophos).await
    }

    /// The partner that owns these Sophos credentials, for one that is not known here yet. Makes two calls.
    ///
    /// # Errors
    /// The verdict of a test, for credentials that belong to no partner or that Sophos does not accept.
    pub async fn find_partner(&self, credentials: &SophosCredentials) -> Result<PartnerId, SophosVerdict> {
        sophos::find_partner(credentials, &self.options.sophos).await
    }
}
