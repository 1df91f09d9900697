//! Clients of the two services, made from a partner's saved credentials.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::{Psa, UsageSource};
use crate::domain::id::PartnerId;
use crate::error::{ConnectError, SealError};

/// A ciphertext as it is stored. Its `Debug` output may be logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

/// Encrypts secrets for one partner: the partner's id is part of the encryption, so no other partner can open them.
pub trait Seal: Send + Sync {
    /// Seals a secret for a partner.
    ///
    /// # Errors
    /// The key service is unreachable or refuses.
    fn seal(&self, partner: PartnerId, secret: &str) -> impl Future<Output = Result<Sealed, SealError>> + Send;

    /// Decrypts what was sealed for the same partner.
    ///
    /// # Errors
    /// As [`Seal::seal`]; also if it was sealed for another partner or with another key.
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
    /// No usable credentials are saved, or the host does not respond like ConnectWise.
    fn psa(&self, partner: PartnerId) -> impl Future<Output = Result<Self::Psa, ConnectError>> + Send;

    /// Connects to the partner's Sophos Central.
    ///
    /// # Errors
    /// No usable credentials are saved, or Sophos does not accept them as those of a partner.
    fn usage_source(&self, partner: PartnerId) -> impl Future<Output = Result<Self::UsageSource, ConnectError>> + Send;
}
