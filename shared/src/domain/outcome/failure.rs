//! Something is wrong: what, and how to put it right.

use std::fmt;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::id::{AgreementId, PsaProductId};
use crate::domain::psa::AgreementStatus;

/// Why a pair could not be synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Failure {
    /// ConnectWise does not let our API member read or change this agreement.
    AgreementForbidden { agreement: AgreementId },
    /// The agreement does not exist.
    AgreementGone { agreement: AgreementId },
    AgreementNotActive {
        agreement: AgreementId,
        status: AgreementStatus,
        /// Active agreements of the same company and type: id and name.
        candidates: Vec<(AgreementId, String)>,
    },
    /// The agreement belongs to another company than the mapped one.
    AgreementWrongCompany { agreement: AgreementId, company: String },
    /// The agreement's billing cycle is none or one-time: it bills nothing month after month.
    AgreementNeverRecurs {
        agreement: AgreementId,
        /// Its cycle, in ConnectWise's word.
        cycle: String,
    },
    /// The agreement starts after the usage month.
    AgreementNotStarted {
        agreement: AgreementId,
        /// Its first day.
        start: Date,
    },
    /// The mapped ConnectWise product was deleted.
    PsaProductGone { product: PsaProductId },
    /// The mapped ConnectWise product was made inactive.
    PsaProductInactive {
        /// The product's identifier.
        identifier: String,
    },
    /// The mapped ConnectWise product was made a Bundle.
    PsaProductBundle {
        /// The product's identifier.
        identifier: String,
    },
    /// The customer is mapped, and Sophos no longer lists it.
    CustomerNotListed,
    /// Sophos lists the customer, and its entry cannot be read.
    CustomerUnreadable {
        /// What is wrong with the entry.
        why: String,
    },
    /// Somebody has changed an addition since a person decided to end it.
    EndMoved {
        /// The quantity that the person saw.
        seen: Decimal,
        /// Its quantity now.
        found: Decimal,
    },
    /// ConnectWise could not be read for this customer.
    Unreadable { answer: String },
    /// The agreement's additions have no end that is reached.
    ListTooLong {
        /// What was exceeded.
        what: String,
    },
    /// A write was sent and its answer never came: it may or may not have taken effect.
    Unknown,
    /// A write of an earlier run has no known end yet.
    Unsettled,
    /// The write was not sent: something kept it from leaving in time.
    NotSent {
        /// What was in the way.
        why: String,
    },
    /// ConnectWise put the write off, again and again: too many requests, or a record in use. It took no effect.
    Busy {
        /// Its words.
        answer: String,
    },
    /// ConnectWise refused the write.
    Refused {
        /// Its words.
        answer: String,
    },
    /// ConnectWise accepted the write and answered with something else than was asked.
    WrongAnswer {
        /// What differs.
        answer: String,
    },
}

impl Failure {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::AgreementForbidden { .. } => "agreementForbidden",
            Self::AgreementGone { .. } => "agreementGone",
            Self::AgreementNotActive { .. } => "agreementNotActive",
            Self::AgreementWrongCompany { .. } => "agreementWrongCompany",
            Self::AgreementNeverRecurs { .. } => "agreementNeverRecurs",
            Self::AgreementNotStarted { .. } => "agreementNotStarted",
            Self::PsaProductGone { .. } => "psaProductGone",
            Self::PsaProductInactive { .. } => "psaProductInactive",
            Self::PsaProductBundle { .. } => "psaProductBundle",
            Self::CustomerNotListed => "customerNotListed",
            Self::CustomerUnreadable { .. } => "customerUnreadable",
            Self::EndMoved { .. } => "endMoved",
            Self::Unreadable { .. } => "unreadable",
            Self::ListTooLong { .. } => "listTooLong",
            Self::Unknown => "unknown",
            Self::Unsettled => "unsettled",
            Self::NotSent { .. } => "notSent",
            Self::Busy { .. } => "busy",
            Self::Refused { .. } => "refused",
            Self::WrongAnswer { .. } => "wrongAnswer",
        }
    }

    /// Whether a look at ConnectWise after the settle time tells what became of it.
    #[must_use]
    pub const fn is_to_be_read_back(&self) -> bool {
        matches!(self, Self::Unknown | Self::Unsettled | Self::WrongAnswer { .. })
    }

    /// Whether the same write may go through a little later: nothing has to be put right.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::NotSent { .. } | Self::Busy { .. })
    }

    pub(super) fn advice(&self) -> String {
        match self {
            Self::AgreementForbidden { .. } => {
                "Give the API member's role the right to this agreement in ConnectWise (Agreements: inquire, add, edit).".into()
            }
            Self::AgreementGone { .. } | Self::AgreementWrongCompany { .. } => {
                "Map the customer to an active agreement of its company.".into()
            }
            Self::AgreementNotActive { candidates, .. } => match candidates.as_slice() {
                [] => "Renew the agreement in ConnectWise, or map the customer to an active one.".into(),
                candidates => {
                    let named: Vec<String> = candidates.iter().map(|(id, name)| format!("{name} (id {id})")).collect();
                    format!("Renewed as {}? Map the customer to it.", named.join(" or "))
                }
            },
            Self::AgreementNeverRecurs { .. } => {
                "Give the agreement a billing cycle in ConnectWise, or map the customer to one that bills month after month.".into()
            }
            Self::AgreementNotStarted { .. } => "Map the customer to the agreement that covers the month.".into(),
            Self::PsaProductGone { .. } => "Map the Sophos product to another ConnectWise product.".into(),
            Self::PsaProductInactive { .. } => {
                "Make the ConnectWise product active again, or map the Sophos product to another one.".into()
            }
            Self::PsaProductBundle { .. } => {
                "Change the product's class in ConnectWise, or map the Sophos product to another one.".into()
            }
            Self::CustomerNotListed => {
                "Check the customer in Sophos Central Partner; remove its mapping if it has left.".into()
            }
            Self::CustomerUnreadable { .. } => {
                "Try again later; if it stays, show this to Sophos support. Its mapping can stay as it is.".into()
            }
            Self::EndMoved { .. } => "Look at it under still billing, and end it again if that is still right.".into(),
            Self::Unreadable { .. } => "Try again later; if it stays, check the agreement in ConnectWise.".into(),
            Self::ListTooLong { .. } => {
                "Look at the agreement in ConnectWise: no agreement has so many additions. Trying again does not help before."
                    .into()
            }
            Self::Unknown | Self::Unsettled => {
                "Nothing by hand: the next run reads ConnectWise back before it writes anything here.".into()
            }
            Self::NotSent { .. } | Self::Busy { .. } => {
                "Nothing by hand: the next run writes it. Run the sync again to have it sooner.".into()
            }
            Self::Refused { .. } => "Put right in ConnectWise what it complains of, then run the sync again.".into(),
            Self::WrongAnswer { .. } => "Look at the addition in ConnectWise; the next run compares it again.".into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AgreementForbidden { agreement } => {
                write!(f, "ConnectWise refuses access to agreement {agreement}")
            }
            Self::AgreementGone { agreement } => write!(f, "ConnectWise has no agreement {agreement}"),
            Self::AgreementNotActive { agreement, status, .. } => {
                let status = match status {
                    AgreementStatus::Active => "past its end date",
                    AgreementStatus::Cancelled => "cancelled",
                    AgreementStatus::Expired => "expired",
                    AgreementStatus::Inactive => "inactive",
                };
                write!(f, "agreement {agreement} is {status}")
            }
            Self::AgreementWrongCompany { agreement, company } => {
                write!(f, "agreement {agreement} belongs to {company}, not to the mapped company")
            }
            Self::AgreementNeverRecurs { agreement, cycle } => {
                write!(
                    f,
                    "agreement {agreement} has the billing cycle {cycle:?}, by which no usage is billed again and again"
                )
            }
            Self::AgreementNotStarted { agreement, start } => write!(f, "agreement {agreement} starts on {start}"),
            Self::PsaProductGone { product } => write!(f, "the mapped ConnectWise product {product} no longer exists"),
            Self::PsaProductInactive { identifier } => write!(f, "the ConnectWise product {identifier} is inactive"),
            Self::PsaProductBundle { identifier } => {
                write!(f, "the ConnectWise product {identifier} is of class Bundle, which no addition can have")
            }
            Self::CustomerNotListed => f.write_str("Sophos no longer lists this customer"),
            Self::CustomerUnreadable { why } => write!(f, "Sophos' entry of this customer cannot be read: {why}"),
            Self::EndMoved { seen, found } => {
                let (seen, found) = (seen.normalize(), found.normalize());
                write!(f, "the addition was to be ended at {seen} and has {found} by now; it was left alone")
            }
            Self::Unreadable { answer } => write!(f, "ConnectWise could not be read: {answer}"),
            Self::ListTooLong { what } => f.write_str(what),
            Self::Unknown => {
                f.write_str("the change was sent to ConnectWise and no answer came; it may have taken effect")
            }
            Self::Unsettled => f.write_str("a change sent earlier has no known end yet"),
            Self::NotSent { why } => write!(f, "nothing was sent to ConnectWise: {why}"),
            Self::Busy { answer } => {
                write!(f, "ConnectWise put the change off for as long as the run lasted: {answer}")
            }
            Self::Refused { answer } => write!(f, "ConnectWise refused the change: {answer}"),
            Self::WrongAnswer { answer } => write!(f, "ConnectWise answered the change with something else: {answer}"),
        }
    }
}
