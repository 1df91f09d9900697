//! What connection tests find: the state of a connection, and the rights that its credentials lack.

use std::fmt;

use serde::Serialize;

use crate::client::address::AddressError;
use crate::domain::language::{Language, Text};

/// A right of the API member's security role. `Display` gives its name in ConnectWise.
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
    EditProducts,
    /// To offer categories, types and units.
    InquireSetupTables,
}

impl PsaRight {
    /// The rights that only a write would prove.
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

/// The result of a ConnectWise test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectWiseReport {
    /// What the test found.
    pub verdict: ConnectWiseVerdict,
    /// How many calls the test made.
    pub calls: u64,
}

/// The state of a ConnectWise connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectWiseVerdict {
    /// It works, with every right to read. The rights in [`PsaRight::UNTESTED`] are unknown.
    Works,
    /// The address may not be called.
    AddressNotAllowed(AddressError),
    /// The server at this address is not a ConnectWise.
    WrongHost {
        /// What it answered instead.
        why: String,
    },
    /// The server does not know this company id.
    UnknownCompany,
    /// ConnectWise does not accept the client id.
    WrongClientId {
        /// ConnectWise's message, or ours.
        why: String,
    },
    /// The public or the private key is wrong, or belongs to another company. The vendor's cloud does not tell these
    /// apart.
    WrongKeys,
    /// The keys are right, and the API member's role lacks these rights.
    MissingRights(Vec<PsaRight>),
    /// ConnectWise cannot be reached at the moment; the test can be repeated.
    Unavailable {
        /// The error that the call met.
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

/// The result of a Sophos Central test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SophosReport {
    /// What the test found.
    pub verdict: SophosVerdict,
    /// How many calls the test made.
    pub calls: u64,
}

/// A right that a partner's credentials need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SophosRight {
    /// To read the partner's customers.
    Customers,
    /// To read the partner's billing usage.
    BillingUsage,
}

/// The state of a Sophos connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SophosVerdict {
    /// It works, with every right that is needed.
    Works,
    /// Sophos does not accept the client id and secret.
    WrongKeys,
    /// The credentials belong to an account of another kind.
    NotAPartner {
        /// The kind, in Sophos' word: `tenant` or `organization`.
        kind: String,
    },
    /// The credentials belong to another partner.
    AnotherPartner {
        /// The id of that partner.
        id: String,
    },
    /// The credentials lack these rights.
    MissingRights(Vec<SophosRight>),
    /// Sophos answers with something unusable, and a repetition within minutes will not help.
    AnswerUnusable {
        /// What is wrong with it.
        why: String,
    },
    /// Sophos cannot be reached at the moment; the test can be repeated.
    Unavailable {
        /// The error that the call met.
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

impl From<&ConnectWiseVerdict> for Text {
    fn from(verdict: &ConnectWiseVerdict) -> Self {
        let italian = match verdict {
            ConnectWiseVerdict::Works => "ConnectWise risponde, e le chiavi possono leggere quanto serve".to_owned(),
            ConnectWiseVerdict::AddressNotAllowed(error) => {
                format!("il sito ConnectWise non è utilizzabile: {}", Self::from(error).in_language(Language::Italian))
            }
            ConnectWiseVerdict::WrongHost { .. } => "a questo sito non risponde alcun ConnectWise".to_owned(),
            ConnectWiseVerdict::UnknownCompany => "questo ConnectWise non conosce un'azienda con questo id".to_owned(),
            ConnectWiseVerdict::WrongClientId { .. } => "ConnectWise non accetta il client id".to_owned(),
            ConnectWiseVerdict::WrongKeys => "ConnectWise non accetta la chiave pubblica e quella privata".to_owned(),
            ConnectWiseVerdict::MissingRights(rights) => {
                let named: Vec<String> = rights.iter().map(PsaRight::to_string).collect();
                format!("al ruolo di sicurezza dell'API member mancano: {}", named.join("; "))
            }
            ConnectWiseVerdict::Unavailable { .. } => "al momento ConnectWise non è raggiungibile".to_owned(),
        };
        Self::new(verdict.to_string(), italian)
    }
}

impl From<&SophosVerdict> for Text {
    fn from(verdict: &SophosVerdict) -> Self {
        let italian = match verdict {
            SophosVerdict::Works => {
                "Sophos risponde, e le credenziali possono leggere i clienti e l'utilizzo fatturabile".to_owned()
            }
            SophosVerdict::WrongKeys => "Sophos non accetta il client id e il client secret".to_owned(),
            SophosVerdict::NotAPartner { kind } => {
                format!(
                    "queste credenziali sono di un account Sophos di tipo {kind}; crearle in Sophos Central Partner"
                )
            }
            SophosVerdict::AnotherPartner { id } => {
                format!("queste credenziali sono di un altro partner Sophos ({id})")
            }
            SophosVerdict::MissingRights(rights) => {
                let named = rights.iter().map(|right| match right {
                    SophosRight::Customers => "i clienti del partner",
                    SophosRight::BillingUsage => "l'utilizzo fatturabile",
                });
                let named = named.collect::<Vec<_>>().join(" e ");
                format!("queste credenziali non possono leggere {named}")
            }
            SophosVerdict::AnswerUnusable { .. } => "la risposta di Sophos non è utilizzabile".to_owned(),
            SophosVerdict::Unavailable { .. } => "al momento Sophos non è raggiungibile".to_owned(),
        };
        Self::new(verdict.to_string(), italian)
    }
}
