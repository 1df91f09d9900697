//! The ConnectWise invoice that bills a quantity, in Italian.

use super::{day, month};
use crate::domain::landing::Landing;
use crate::domain::month::UsageMonth;
use crate::domain::psa::AgreementFacts;

pub(in crate::http::wording) fn landing(usage: UsageMonth, landing: Landing, facts: &AgreementFacts) -> String {
    let usage = month(usage);
    let invoice = match landing.month(facts) {
        Some(billed) => format!("sulla fattura ConnectWise di {}", month(billed)),
        None => format!("sulla fattura ConnectWise del periodo dal {}", day(landing.starts)),
    };
    if landing.made {
        format!("l'utilizzo di {usage} era {invoice}")
    } else {
        format!("utilizzo di {usage} → {invoice}")
    }
}
