//! Not synced, by a decision: whose, and how to change it.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Bucket, LineElsewhere};
use crate::domain::departure::Departure;
use crate::domain::quantity_override::DecisionReason;

/// Why a pair is not synced although nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Skip {
    /// Nobody has mapped the product.
    ProductUnmapped,
    /// The product's mapping was removed; its sync went off with it.
    MappingRemoved,
    /// The mapping was made or changed after the run had begun.
    MappingMoved,
    /// The product's sync is off.
    ProductOff,
    /// The partner decided not to bill the product.
    Excluded {
        /// Why, in the partner's words.
        reason: String,
    },
    /// Nobody has mapped the customer.
    CustomerUnmapped,
    /// The customer's sync is off.
    CustomerOff,
    /// The customer is not an MSP Flex customer.
    NotFlex {
        /// Its billing type, in Sophos' word.
        billing: String,
    },
    /// The customer has left, and nothing that we wrote for it is billed any more.
    CustomerLeft { departure: Departure },
    /// A Sophos Firewall product outside the Sophos-invoice mode.
    Firewall,
    /// A person rejected the change: ConnectWise keeps its quantity for this usage month.
    Rejected {
        /// The quantity that is kept.
        kept: Decimal,
        /// Who rejected it.
        who: String,
        /// Why, from the list.
        reason: Option<DecisionReason>,
        /// More about it, in their words; may be empty.
        why: String,
    },
    /// Another line bills it, and a person said that this is right.
    BilledElsewhere {
        /// The lines that bill it.
        lines: Vec<LineElsewhere>,
    },
    /// The usage line has no customer.
    Unassigned,
    /// The usage line has no product code that can be read.
    NoProductCode,
}

/// The reasons for which a pair is not synced, without what each says of its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SkipKind {
    /// [`Skip::ProductUnmapped`].
    ProductUnmapped,
    /// [`Skip::MappingRemoved`].
    MappingRemoved,
    /// [`Skip::MappingMoved`].
    MappingMoved,
    /// [`Skip::ProductOff`].
    ProductOff,
    /// [`Skip::Excluded`].
    Excluded,
    /// [`Skip::CustomerUnmapped`].
    CustomerUnmapped,
    /// [`Skip::CustomerOff`].
    CustomerOff,
    /// [`Skip::NotFlex`].
    NotFlex,
    /// [`Skip::CustomerLeft`].
    CustomerLeft,
    /// [`Skip::Firewall`].
    Firewall,
    /// [`Skip::Rejected`].
    Rejected,
    /// [`Skip::BilledElsewhere`].
    BilledElsewhere,
    /// [`Skip::Unassigned`].
    Unassigned,
    /// [`Skip::NoProductCode`].
    NoProductCode,
}

impl SkipKind {
    /// Its stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ProductUnmapped => "productUnmapped",
            Self::MappingRemoved => "mappingRemoved",
            Self::MappingMoved => "mappingMoved",
            Self::ProductOff => "productOff",
            Self::Excluded => "excluded",
            Self::CustomerUnmapped => "customerUnmapped",
            Self::CustomerOff => "customerOff",
            Self::NotFlex => "notFlex",
            Self::CustomerLeft => "customerLeft",
            Self::Firewall => "firewall",
            Self::Rejected => "rejected",
            Self::BilledElsewhere => "billedElsewhere",
            Self::Unassigned => "unassigned",
            Self::NoProductCode => "noProductCode",
        }
    }

    /// Where its units are counted in the tie-out.
    #[must_use]
    pub const fn bucket(self) -> Bucket {
        match self {
            Self::ProductUnmapped | Self::MappingRemoved | Self::MappingMoved | Self::CustomerUnmapped => {
                Bucket::Unmapped
            }
            Self::ProductOff => Bucket::Off,
            Self::CustomerOff => Bucket::CustomerOff,
            // A person has said, with a reason, that it is not billed, or not here.
            Self::Excluded | Self::Rejected | Self::BilledElsewhere => Bucket::Excluded,
            Self::NotFlex | Self::CustomerLeft => Bucket::NotMonthlyBilling,
            Self::Firewall => Bucket::FirewallMode,
            Self::Unassigned | Self::NoProductCode => Bucket::Unassigned,
        }
    }

    /// Whether it follows from what somebody has decided or set. The rest is still to be mapped or assigned.
    #[must_use]
    pub const fn is_decided(self) -> bool {
        !matches!(self.bucket(), Bucket::Unmapped | Bucket::Unassigned)
    }

    /// Whether the month's usage reaches no addition by it. After a rejection an addition goes on with what it has, what
    /// was remapped during a run is billed by the next one, and what another line bills is billed.
    #[must_use]
    pub const fn leaves_unbilled(self) -> bool {
        !matches!(self, Self::Rejected | Self::MappingMoved | Self::BilledElsewhere)
    }
}

impl Skip {
    /// Its reason alone.
    #[must_use]
    pub const fn kind(&self) -> SkipKind {
        match self {
            Self::ProductUnmapped => SkipKind::ProductUnmapped,
            Self::MappingRemoved => SkipKind::MappingRemoved,
            Self::MappingMoved => SkipKind::MappingMoved,
            Self::ProductOff => SkipKind::ProductOff,
            Self::Excluded { .. } => SkipKind::Excluded,
            Self::CustomerUnmapped => SkipKind::CustomerUnmapped,
            Self::CustomerOff => SkipKind::CustomerOff,
            Self::NotFlex { .. } => SkipKind::NotFlex,
            Self::CustomerLeft { .. } => SkipKind::CustomerLeft,
            Self::Firewall => SkipKind::Firewall,
            Self::Rejected { .. } => SkipKind::Rejected,
            Self::BilledElsewhere { .. } => SkipKind::BilledElsewhere,
            Self::Unassigned => SkipKind::Unassigned,
            Self::NoProductCode => SkipKind::NoProductCode,
        }
    }

    pub(super) const fn advice(&self) -> &'static str {
        match self {
            Self::ProductUnmapped => "Map the Sophos product to a ConnectWise product, or exclude it with a reason.",
            Self::MappingRemoved => "Map the Sophos product again if it is to be billed.",
            Self::MappingMoved => "Nothing: the next run uses the new mapping.",
            Self::ProductOff => "Switch the product's sync on if it is to be billed.",
            Self::Excluded { .. } => "Nothing, unless the product is to be billed after all.",
            Self::CustomerUnmapped => "Map the Sophos customer to its ConnectWise company and agreement.",
            Self::CustomerOff => "Switch the customer's sync on if it is to be billed.",
            Self::NotFlex { .. } => "Only MSP Flex customers are billed by usage. Bill this one from its order.",
            Self::CustomerLeft { .. } => "Nothing. Remove its mapping, unless it comes back.",
            Self::Firewall => {
                "Choose the Sophos-invoice frequency to sync Sophos Firewall products, or bill them by hand."
            }
            Self::Rejected { .. } => "Nothing, unless it is to be billed after all: then choose Write.",
            Self::BilledElsewhere { .. } => {
                "Nothing: as long as that line bills it, nothing is created here. Once it ends, the next run creates it here."
            }
            Self::Unassigned => "Assign the licence or device to a customer in Sophos Central.",
            Self::NoProductCode => "Ask Sophos which product this usage line is for.",
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProductUnmapped => f.write_str("the Sophos product is not mapped; nothing of it reaches ConnectWise"),
            Self::MappingMoved => f.write_str("its mapping was changed while the run was under way"),
            Self::MappingRemoved => f.write_str("the mapping is gone and its sync is off"),
            Self::ProductOff => f.write_str("the product's sync is off; ConnectWise goes on billing the last quantity"),
            Self::Excluded { reason } => write!(f, "you decided not to bill it: {reason}"),
            Self::CustomerUnmapped => f.write_str("the Sophos customer is not mapped to a ConnectWise company"),
            Self::CustomerOff => {
                f.write_str("the customer's sync is off; ConnectWise goes on billing the last quantity")
            }
            Self::NotFlex { billing } => write!(f, "the customer is not on MSP Flex (its billing type is {billing})"),
            Self::CustomerLeft { departure } => write!(f, "{departure}; nothing of it is billed any more"),
            Self::Firewall => f.write_str("Sophos Firewall products sync only with the Sophos monthly invoice"),
            Self::Rejected { kept, who, reason, why } => {
                write!(f, "{who} rejected the change and keeps {} this month", kept.normalize())?;
                if let Some(reason) = reason {
                    write!(f, " ({})", reason.in_words())?;
                }
                if why.is_empty() { Ok(()) } else { write!(f, ": {why}") }
            }
            Self::BilledElsewhere { lines } => {
                let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
                write!(f, "you decided that it is billed on {}", lines.join(", "))
            }
            Self::Unassigned => f.write_str("the usage line names no customer"),
            Self::NoProductCode => f.write_str("the usage line names no product that can be read"),
        }
    }
}
