//! What a connection test finds: which of the typed values is wrong, or which right is missing. Nothing is written.
//!
//! [`Probe`] asks with credentials that are not saved yet. It ends at the first fault that hides all others.

use std::fmt;

use serde::Serialize;

use super::address::AddressError;
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
    /// A probe that calls as these options say.
    #[must_use]
    pub const fn new(options: ConnectionOptions) -> Self {
        Self { options }
    }

    /// Tests a ConnectWise: five calls where all is well, none where the address is not allowed.
    pub async fn test_connectwise(&self, credentials: &ConnectWiseCredentials) -> ConnectWiseReport {
        connectwise::probe(credentials, &self.options.connectwise).await
    }

    /// Tests a Sophos Central for a partner: four calls where all is well. `month` is the one whose usage is asked for;
    /// that Sophos has none of it is no fault.
    pub async fn test_sophos(
        &self,
        partner: PartnerId,
        credentials: &SophosCredentials,
        month: UsageMonth,
    ) -> SophosReport {
        sophos::probe(partner, credentials, month, &self.options.sophos).await
    }

    /// The partner whose Sophos credentials these are: for one that is not known here yet. Two calls.
    ///
    /// # Errors
    /// What a test would say of credentials that are no partner's, or that Sophos does not take.
    pub async fn find_partner(&self, credentials: &SophosCredentials) -> Result<PartnerId, SophosVerdict> {
        sophos::find_partner(credentials, &self.options.sophos).await
    }
}

/// A right of the API member's security role, in ConnectWise's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PsaRight {
    /// To find the company of a customer.
    InquireCompanies,
    /// To read agreements and their additions.
    InquireAgreements,
    /// To create additions.
    AddAgreements,
    /// To set quantities.
    EditAgreements,
    /// To find and view products.
    InquireProducts,
    /// To create products.
    AddProducts,
    /// To edit products.
    EditProducts,
    /// To offer categories, types and units.
    InquireSetupTables,
}

impl PsaRight {
    /// The rights that only a write would show; a test writes nothing.
    pub const UNTESTED: [Self; 4] = [Self::AddAgreements, Self::EditAgreements, Self::AddProducts, Self::EditProducts];
}

impl fmt::Display for PsaRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InquireCompanies => "Companies > Company Maintenance: Inquire",
            Self::InquireAgreements => "Finance > Agreements: Inquire",
            Self::AddAgreements => "Finance > Agreements: Add",
            Self::EditAgreements => "Finance > Agreements: Edit",
            Self::InquireProducts => "Procurement > Product Catalog: Inquire",
            Self::AddProducts => "Procurement > Product Catalog: Add",
            Self::EditProducts => "Procurement > Product Catalog: Edit",
            Self::InquireSetupTables => "System > Table Setup: Inquire",
        })
    }
}

/// What a test of ConnectWise found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectWiseReport {
    /// How it stands.
    pub verdict: ConnectWiseVerdict,
    /// How many calls it took.
    pub calls: u64,
}

/// How a ConnectWise connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectWiseVerdict {
    /// It works: every right to read is there. Of [`PsaRight::UNTESTED`] nothing is known.
    Works,
    /// The site is not one that may be called.
    AddressNotAllowed(AddressError),
    /// Nothing that speaks as ConnectWise does answers there.
    WrongHost {
        /// What came instead.
        why: String,
    },
    /// The server knows no such company.
    UnknownCompany,
    /// The client id is not one that ConnectWise takes.
    WrongClientId {
        /// What is wrong with it: ConnectWise's words, or ours.
        why: String,
    },
    /// The public or the private key is wrong, or belongs to another company. The vendor's cloud does not say which.
    WrongKeys,
    /// The keys are right, and the API member's role lacks these rights.
    MissingRights(Vec<PsaRight>),
    /// ConnectWise could not be asked just now: try again.
    Unavailable {
        /// What came instead.
        why: String,
    },
}

impl fmt::Display for ConnectWiseVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Works => f.write_str("ConnectWise answers, and the keys may read what is needed"),
            Self::AddressNotAllowed(error) => write!(f, "the ConnectWise site cannot be used: {error}"),
            Self::WrongHost { why } => write!(f, "no ConnectWise answers at this site: {why}"),
            Self::UnknownCompany => f.write_str("this ConnectWise knows no company with this id"),
            Self::WrongClientId { why } => write!(f, "ConnectWise does not accept the client id: {why}"),
            Self::WrongKeys => f.write_str("ConnectWise does not accept the public and private key"),
            Self::MissingRights(rights) => {
                let named: Vec<String> = rights.iter().map(PsaRight::to_string).collect();
                write!(f, "the API member's security role lacks: {}", named.join("; "))
            }
            Self::Unavailable { why } => write!(f, "ConnectWise could not be asked just now: {why}"),
        }
    }
}

/// What a test of Sophos Central found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SophosReport {
    /// How it stands.
    pub verdict: SophosVerdict,
    /// How many calls it took.
    pub calls: u64,
}

/// What a partner's credentials must be able to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SophosRight {
    /// The partner's customers.
    Customers,
    /// The partner's billing usage.
    BillingUsage,
}

/// How a Sophos connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SophosVerdict {
    /// It works.
    Works,
    /// The client id or the secret is wrong.
    WrongKeys,
    /// They are not a partner's credentials.
    NotAPartner {
        /// Whose they are, in Sophos' word: `tenant` or `organization`.
        kind: String,
    },
    /// They are another partner's.
    AnotherPartner {
        /// The id of that partner.
        id: String,
    },
    /// They may not read all that is needed.
    MissingRights(Vec<SophosRight>),
    /// Sophos answers with something that cannot be used. That does not pass within minutes.
    AnswerUnusable {
        /// What is wrong with it.
        why: String,
    },
    /// Sophos could not be asked just now: try again.
    Unavailable {
        /// What came instead.
        why: String,
    },
}

impl fmt::Display for SophosVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Works => f.write_str("Sophos answers, and the credentials may read customers and billing usage"),
            Self::WrongKeys => f.write_str("Sophos does not accept the client id and secret"),
            Self::NotAPartner { kind } => {
                write!(f, "these credentials are of a Sophos {kind}; create them in Sophos Central Partner")
            }
            Self::AnotherPartner { id } => write!(f, "these credentials are of another Sophos partner ({id})"),
            Self::MissingRights(rights) => {
                let named = rights.iter().map(|right| match right {
                    SophosRight::Customers => "the partner's customers",
                    SophosRight::BillingUsage => "the billing usage",
                });
                write!(f, "these credentials may not read {}", named.collect::<Vec<_>>().join(" and "))
            }
            Self::AnswerUnusable { why } => write!(f, "Sophos answers with something that cannot be used: {why}"),
            Self::Unavailable { why } => write!(f, "Sophos could not be asked just now: {why}"),
        }
    }
}
