//! Lines that bill, or have billed, what a new addition would bill again.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Hold;
use crate::domain::id::{AdditionId, AgreementId, PsaProductId};

/// An addition that bills a product somewhere else, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineElsewhere {
    pub addition: AdditionId,
    pub place: Place,
    /// Its ConnectWise product.
    pub product: PsaProductId,
    /// That product's identifier; empty where ConnectWise does not say.
    #[serde(default)]
    pub identifier: String,
    pub quantity: Decimal,
}

/// The agreement of an addition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Place {
    /// The agreement that the customer is mapped to.
    MappedAgreement,
    OtherAgreement {
        agreement: AgreementId,
        name: String,
    },
}

impl fmt::Display for LineElsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addition, place, product, identifier, quantity } = self;
        write!(f, "addition {addition} ({} of ", quantity.normalize())?;
        if identifier.is_empty() { write!(f, "ConnectWise product {product})") } else { write!(f, "{identifier})") }?;
        match place {
            Place::MappedAgreement => Ok(()),
            Place::OtherAgreement { agreement, name } => write!(f, " on agreement '{name}' ({agreement})"),
        }
    }
}

impl Hold {
    /// The lines that a decision on it is about: they are part of what the person saw.
    #[must_use]
    pub fn lines_elsewhere(&self) -> &[LineElsewhere] {
        if let Self::BilledElsewhere { lines, .. } = self {
            lines
        } else if let Self::EndedInMonth { line, .. } = self {
            std::slice::from_ref(line)
        } else if let Self::LeftMonthlyBilling { also: Some(also), .. } = self {
            also.lines_elsewhere()
        } else {
            &[]
        }
    }
}
