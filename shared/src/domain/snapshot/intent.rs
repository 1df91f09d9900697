//! The intent to create an addition, which is stored before the request is sent.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Parts, Sought, UnreportedWrites, Written};
use crate::domain::id::{AdditionId, AgreementId, PsaProductId, RunId};
use crate::domain::month::UsageMonth;

/// The intent to create an addition: committed before the request is sent, because a second request would create a
/// second addition. As long as it stands, nobody creates this product on this agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    pub agreement: AgreementId,
    /// The product of the new addition.
    pub product: PsaProductId,
    pub quantity: Decimal,
    pub effective: Date,
    /// What makes up the quantity.
    pub parts: Parts,
    pub month: UsageMonth,
    /// The agreement's additions of this product that were seen before.
    pub seen: Vec<AdditionId>,
    /// The run that meant to create it.
    pub run: RunId,
    /// When it was committed; the settle time counts from here.
    pub at: Timestamp,
    /// Earlier creations of the same addition that had not taken effect when their settle time was over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Sought>,
}

impl Intent {
    /// What the addition of this intent looks like.
    #[must_use]
    pub fn sought(&self) -> Sought {
        Sought { quantity: self.quantity, effective: self.effective, seen: self.seen.clone() }
    }

    /// Its first day, if that is after the usage month.
    #[must_use]
    pub fn begins_later(&self) -> Option<Date> {
        Some(self.effective).filter(|day| *day > self.month.last_day())
    }

    /// What the snapshot remembers once the addition is known to be there.
    #[must_use]
    pub fn as_written(&self, addition: AdditionId) -> Written {
        let mut unreported = UnreportedWrites::default();
        unreported.create(self.effective);
        let settled = self.earlier.clone();
        let begins = self.begins_later();
        Written { unreported, settled, begins, ..Written::new(addition, self.quantity, self.month, self.parts.clone()) }
    }
}
