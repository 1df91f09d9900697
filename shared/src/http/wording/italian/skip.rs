//! Why a pair is not synced although it has no error, in Italian.

use super::{decision_reason, departure, elsewhere, number};
use crate::domain::outcome::Skip;

pub(super) fn skip(skip: &Skip) -> String {
    match skip {
        Skip::ProductUnmapped => "prodotto Sophos senza mapping: nulla arriva a ConnectWise".to_owned(),
        Skip::MappingMoved => "il mapping è stato cambiato durante la sincronizzazione".to_owned(),
        Skip::MappingRemoved => "il mapping è stato rimosso e la sincronizzazione è disattivata".to_owned(),
        Skip::ProductOff => {
            "sincronizzazione del prodotto disattivata: ConnectWise continua a fatturare l'ultima quantità".to_owned()
        }
        Skip::Excluded { reason } => format!("per decisione presa non si fattura: {reason}"),
        Skip::CustomerUnmapped => "cliente Sophos senza mapping a un'azienda ConnectWise".to_owned(),
        Skip::CustomerOff => {
            "sincronizzazione del cliente disattivata: ConnectWise continua a fatturare l'ultima quantità".to_owned()
        }
        Skip::NotFlex { billing } => format!("il cliente non è MSP Flex (tipo di fatturazione: {billing})"),
        Skip::CustomerLeft { departure: how } => format!("{}; non viene più fatturato nulla", departure(how)),
        Skip::Firewall => "i prodotti Sophos Firewall si sincronizzano solo con la fattura mensile Sophos".to_owned(),
        Skip::Rejected { kept, who, reason, why } => {
            let reason = reason.map(|reason| format!(" ({})", decision_reason(reason))).unwrap_or_default();
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            format!("{who} ha deciso di mantenere {} questo mese{reason}{why}", number(*kept))
        }
        Skip::BilledElsewhere { lines } => format!("per decisione presa è fatturato su {}", elsewhere(lines)),
        Skip::Unassigned => "riga di utilizzo senza cliente".to_owned(),
        Skip::NoProductCode => "riga di utilizzo senza un codice prodotto leggibile".to_owned(),
    }
}

pub(super) const fn advice(skip: &Skip) -> &'static str {
    match skip {
        Skip::ProductUnmapped => {
            "Mappare il prodotto Sophos a un prodotto ConnectWise, oppure escluderlo con un motivo."
        }
        Skip::MappingRemoved => "Mappare di nuovo il prodotto Sophos se va fatturato.",
        Skip::MappingMoved => "Nulla: la prossima sincronizzazione usa il nuovo mapping.",
        Skip::ProductOff => "Attivare la sincronizzazione del prodotto se va fatturato.",
        Skip::Excluded { .. } => "Nulla, a meno che il prodotto non vada comunque fatturato.",
        Skip::CustomerUnmapped => "Mappare il cliente Sophos alla sua azienda e al suo Agreement in ConnectWise.",
        Skip::CustomerOff => "Attivare la sincronizzazione del cliente se va fatturato.",
        Skip::NotFlex { .. } => {
            "Solo i clienti MSP Flex si fatturano in base all'utilizzo. Fatturare questo dal suo ordine."
        }
        Skip::CustomerLeft { .. } => "Nulla. Rimuoverne il mapping, a meno che non torni.",
        Skip::Firewall => {
            "Scegliere la frequenza con la fattura Sophos per sincronizzare i prodotti Sophos Firewall, oppure fatturarli a mano."
        }
        Skip::Rejected { .. } => "Nulla, a meno che non vada comunque fatturato: in tal caso scegliere «Scrivi».",
        Skip::BilledElsewhere { .. } => {
            "Nulla: finché quella riga lo fattura, qui non viene creato nulla. Quando termina, la prossima sincronizzazione lo crea qui."
        }
        Skip::Unassigned => "Assegnare la licenza o il dispositivo a un cliente in Sophos Central.",
        Skip::NoProductCode => "Chiedere a Sophos a quale prodotto si riferisce questa riga di utilizzo.",
    }
}
