//! From a partner's saved credentials to a client of the service.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::{Psa, UsageSource};
use crate::domain::id::PartnerId;
use crate::error::{ConnectError, SealError};

/// A ciphertext, as it is stored. Its `Debug` form may be logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

/// Seals secrets so that only the same partner's can be opened: the partner's id is part of the encryption.
pub trait Seal: Send + Sync {
    /// Seals a secret for a partner.
    ///
    /// # Errors
    /// The key service is away or refuses.
    fn seal(&self, partner: PartnerId, secret: &str) -> impl Future<Output = Result<Sealed, SealError>> + Send;

    /// Opens what was sealed for the same partner.
    ///
    /// # Errors
    /// As [`Seal::seal`]; sealed for another partner; not sealed by this key.
    fn open(
        &self,
        partner: PartnerId,
        sealed: &Sealed,
    ) -> impl Future<Output = Result<secrecy::SecretString, SealError>> + Send;
}

/// Makes clients of the two services from a partner's saved credentials.
pub trait Connections: Send + Sync {
    /// The client of a partner's PSA.
    type Psa: Psa;
    /// The client of a partner's usage.
    type UsageSource: UsageSource;

    /// Connects to the partner's ConnectWise.
    ///
    /// # Errors
    /// Nothing saved, nothing usable, or ConnectWise does not answer as itself.
    fn psa(&self, partner: PartnerId) -> impl Future<Output = Result<Self::Psa, ConnectError>> + Send;

    /// Connects to the partner's Sophos Central.
    ///
    /// # Errors
    /// Nothing saved, nothing usable, or Sophos does not accept it as a partner's.
    fn usage_source(&self, partner: PartnerId) -> impl Future<Output = Result<Self::UsageSource, ConnectError>> + Send;
}
