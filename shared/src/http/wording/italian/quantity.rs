//! Other quantities than the usage, in Italian.

use super::number;
use crate::domain::quantity_override::{DecisionReason, Overridden, QuantityOverride, QuantityRule};

pub(in super::super) const fn decision_reason(reason: DecisionReason) -> &'static str {
    match reason {
        DecisionReason::CustomerAgreed => "concordato con il cliente",
        DecisionReason::SophosIsWrong => "Sophos sbaglia",
        DecisionReason::OneOff => "caso unico",
        DecisionReason::Other => "altro",
    }
}

pub(in super::super) fn overridden(quantity: &Overridden) -> String {
    let rule = match quantity.by.rule {
        QuantityRule::Fixed(_) => "fisso".to_owned(),
        QuantityRule::Minimum(_) => "minimo".to_owned(),
        QuantityRule::Plus(more) => format!("più {}", number(more)),
        QuantityRule::Minus(less) => format!("meno {}", number(less)),
    };
    let billed = number(quantity.billed);
    match quantity.used {
        Some(used) => format!("{} utilizzati, {billed} fatturati ({rule})", number(used)),
        None => format!("utilizzo non leggibile, {billed} fatturati ({rule})"),
    }
}

pub(in super::super) fn override_ended(ended: &QuantityOverride) -> String {
    let value = number(ended.rule.value());
    let what = match ended.rule {
        QuantityRule::Fixed(_) => format!("la quantità fissa di {value} è terminata"),
        QuantityRule::Minimum(_) => format!("il minimo di {value} è terminato"),
        QuantityRule::Plus(_) => format!("l'aggiunta di {value} all'utilizzo è terminata"),
        QuantityRule::Minus(_) => format!("la riduzione di {value} dell'utilizzo è terminata"),
    };
    format!("{what} con {}; si fattura di nuovo l'utilizzo", super::month(ended.until))
}
