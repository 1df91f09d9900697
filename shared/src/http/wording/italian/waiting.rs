//! Why a change waits without a person, in Italian.

use super::{day, month, number};
use crate::domain::outcome::Waiting;

pub(super) fn waiting(waiting: &Waiting) -> String {
    match waiting {
        Waiting::NewMonth { written, from, to, awaits_invoice: true, .. } => {
            let (from, to) = (number(*from), number(*to));
            format!("{} non ancora fatturato, in attesa: {from} → {to}", month(*written))
        }
        Waiting::NewMonth { from, to, awaits_invoice: false, .. } => {
            let (from, to) = (number(*from), number(*to));
            format!("il nuovo mese è appena iniziato, in attesa: {from} → {to}")
        }
        Waiting::NextRun { would } => {
            let (from, to) = would.quantities();
            format!("scritte solo le righe decise, in attesa: {} → {}", number(from), number(to))
        }
    }
}

/// What happens next without a person.
pub(super) fn advice(waiting: &Waiting) -> String {
    match waiting {
        Waiting::NewMonth { until, awaits_invoice: true, .. } => format!(
            "Nulla: la prima sincronizzazione dopo la fattura ConnectWise scrive la quantità. Se la fattura non è emessa entro il {}, è da decidere.",
            day(*until)
        ),
        Waiting::NewMonth { until, awaits_invoice: false, .. } => {
            format!("Nulla: la prima sincronizzazione dopo il {} scrive la quantità.", day(*until))
        }
        Waiting::NextRun { .. } => "Nulla: la prossima sincronizzazione scrive la quantità.".to_owned(),
    }
}
