//! Why a change waits for a person, in Italian.

use super::{day, departure, elsewhere, list, money, month, number, would};
use crate::domain::outcome::{Hold, PartTrouble};
use crate::domain::usage::{Doubt, Period};

pub(in crate::http::wording) fn hold(hold: &Hold) -> String {
    match hold {
        Hold::Adopt { addition, from, to, unit_price, less_included, bill_customer } => {
            let price = unit_price
                .map_or_else(|| "senza prezzo unitario".to_owned(), |p| format!("prezzo unitario {}", number(p)));
            format!(
                "esiste già la addition {addition}: presa in carico {} → {}? ({price}, {} comprese, {bill_customer})",
                number(*from),
                number(*to),
                number(*less_included)
            )
        }
        Hold::Decrease { from, to } => format!("la quantità scenderebbe, {} → {}", number(*from), number(*to)),
        Hold::Increase { from, to } => {
            format!("la quantità salirebbe più del solito, {} → {}", number(*from), number(*to))
        }
        Hold::NewMonth { written, from, to } => {
            let (written, from, to) = (month(*written), number(*from), number(*to));
            format!("{written} non ancora fatturato nel nuovo mese, {from} → {to}")
        }
        Hold::Unfinished { pairs, gone, before, now, would: then } => format!(
            "l'utilizzo sembra incompleto: {gone} delle {pairs} voci del mese scorso mancano o sono a 0, {before} → {now} unità; l'effetto sarebbe: {}",
            would(*then)
        ),
        Hold::ProductUnfinished { product, pairs, gone, would: then } => format!(
            "{product} manca o è a 0 per {gone} dei {pairs} clienti che lo avevano il mese scorso; l'effetto sarebbe: {}",
            would(*then)
        ),
        Hold::ToZero { from, last: false } => format!("la quantità scenderebbe a zero, {} → 0", number(*from)),
        Hold::ToZero { from, last: true } => format!(
            "la quantità scenderebbe a zero, {} → 0, e a questo cliente non resterebbe fatturato alcun altro prodotto",
            number(*from)
        ),
        Hold::Amount { from, to, by, most } => {
            let (from, to, by, most) = (number(*from), number(*to), money(*by), money(*most));
            format!("l'importo di una fattura ConnectWise cambierebbe di {by}, più di {most}: {from} → {to}")
        }
        Hold::Vanished { product, last: Some((of, units)), .. } => {
            format!("{product}: {units} a {}, Sophos non lo riporta più questo mese", month(*of))
        }
        Hold::Vanished { product, last: None, billed: Some(billed) } => {
            format!("{product}: ConnectWise fattura {}, Sophos non lo riporta più questo mese", number(*billed))
        }
        Hold::Vanished { product, last: None, billed: None } => {
            format!("{product}: Sophos non lo riporta più questo mese")
        }
        Hold::Part { product, trouble } => {
            let trouble = match trouble {
                PartTrouble::Firewall => "si sincronizza solo con la fattura mensile Sophos",
                PartTrouble::Vanished => "era in uso o fatturata e non compare nell'utilizzo di questo mese",
                PartTrouble::Unreadable => "ha una riga la cui quantità non si può leggere",
            };
            format!("la parte {product} di questo prodotto combinato {trouble}")
        }
        Hold::PartsChanged { left, from, to } => {
            let count = if left.len() == 1 { "non conta più" } else { "non contano più" };
            format!("{} {count} qui, {} → {}", list(left), number(*from), number(*to))
        }
        Hold::Unreadable { .. } => "una riga di utilizzo ha una quantità che non si può leggere".to_owned(),
        Hold::UsageLines { product, doubt: why, .. } => format!("{product}: {}", doubt(why)),
        Hold::CombineRule { parts } => {
            format!("{} vanno a un solo prodotto ConnectWise: sommare o prendere il valore più alto?", list(parts))
        }
        Hold::Ambiguous { additions } => format!("le addition {} sono in vigore nello stesso momento", list(additions)),
        Hold::Surplus { kept, addition, created, left } => {
            let (created, left) = (number(*created), number(*left));
            format!(
                "ConnectWise ha due addition per una sola che abbiamo creato con {created}: la {kept} resta, la {addition} è di troppo e ha {left}"
            )
        }
        Hold::ZeroPrice { to } => {
            format!("nessun prezzo in ConnectWise: la nuova addition di {} non costerebbe nulla", number(*to))
        }
        Hold::HandEdit { written, found, to } => format!(
            "modificata in ConnectWise dopo la nostra ultima scrittura: avevamo scritto {}, ora ha {}, l'utilizzo è {}",
            number(*written),
            number(*found),
            number(*to)
        ),
        Hold::AdditionGone { addition, to } => {
            format!("la addition {addition} che lo fatturava non è più in vigore; l'utilizzo è {}", number(*to))
        }
        Hold::EndedInMonth { line, on, to, begins } => format!(
            "{} è terminata il {}; una nuova di {} decorrerebbe dal {}",
            elsewhere(std::slice::from_ref(line)),
            day(*on),
            number(*to),
            day(*begins)
        ),
        Hold::BilledElsewhere { lines, to } => {
            format!("già fatturato su {}; l'utilizzo è {}", elsewhere(lines), number(*to))
        }
        Hold::StillBilled { product, on, addition, quantity } => format!(
            "{product} è ancora fatturato sulla addition {addition} del prodotto ConnectWise {on} ({})",
            number(*quantity)
        ),
        Hold::NotYetInForce { addition, from, to } => {
            format!("la addition {addition} decorre dal {}, dopo questo mese; l'utilizzo è {}", day(*from), number(*to))
        }
        Hold::FormerAgreement { agreement, addition, quantity } => format!(
            "la addition {addition} del precedente Agreement {agreement} lo fattura ancora ({})",
            number(*quantity)
        ),
        Hold::FirstRun { would: then } => {
            format!("la prima sincronizzazione di questo cliente è un'anteprima; l'effetto sarebbe: {}", would(*then))
        }
        Hold::LeftMonthlyBilling { departure: how, would: then, also } => {
            let also = also.as_ref().map(|also| format!("; inoltre: {}", self::hold(also))).unwrap_or_default();
            format!("{}; l'effetto sarebbe: {}{also}", departure(how), would(*then))
        }
        Hold::Late { on, invoiced, to } => {
            let (sign, units) = if to > invoiced { ("+", *to - *invoiced) } else { ("-", *invoiced - *to) };
            let (units, invoiced, to) = (number(units), number(*invoiced), number(*to));
            format!(
                "in ritardo: {sign}{units} unità, la fattura ConnectWise del {} ne ha {invoiced} e l'utilizzo ora è {to}",
                day(*on)
            )
        }
        Hold::OlderMonth { written, from, to } => {
            let (written, from, to) = (month(*written), number(*from), number(*to));
            format!("{written} è già stato scritto; questo mese più vecchio cambierebbe {from} → {to}")
        }
        Hold::Moved { shown, now } => {
            format!("l'anteprima mostrava: {}; adesso l'effetto sarebbe: {}", would(*shown), would(*now))
        }
    }
}

fn doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::DuplicateUsage { line, copies, least, most } if least == most => {
            format!("Sophos ha inviato {copies} volte una riga di utilizzo da {least} ({line})")
        }
        Doubt::DuplicateUsage { line, least, most, .. } => {
            format!("Sophos ha inviato due quantità per una riga di utilizzo, {least} e {most} ({line})")
        }
        Doubt::OtherPeriod { period: of, units } => {
            format!("un utilizzo di {units} è per il periodo {}, che non è questo mese di utilizzo", period(*of))
        }
        Doubt::ConsecutivePeriods { first, then } => {
            format!("le righe di utilizzo coprono periodi che si susseguono, {} e {}", period(*first), period(*then))
        }
    }
}

fn period(period: Period) -> String {
    format!("dal {} al {}", day(period.first), day(period.last))
}
