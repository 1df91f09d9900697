//! What is wrong with a pair and how to correct it, in Italian. ConnectWise's own messages are quoted; ours are not.

use super::{day, number};
use crate::domain::outcome::Failure;
use crate::domain::psa::AgreementStatus;

pub(super) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::AgreementForbidden { agreement } => format!("ConnectWise nega l'accesso all'Agreement {agreement}"),
        Failure::AgreementGone { agreement } => format!("ConnectWise non ha l'Agreement {agreement}"),
        Failure::AgreementNotActive { agreement, status, .. } => {
            let status = match status {
                AgreementStatus::Active => "oltre la data di fine",
                AgreementStatus::Cancelled => "annullato",
                AgreementStatus::Expired => "scaduto",
                AgreementStatus::Inactive => "non attivo",
            };
            format!("l'Agreement {agreement} è {status}")
        }
        Failure::AgreementWrongCompany { agreement, company } => {
            format!("l'Agreement {agreement} appartiene a {company}, non all'azienda mappata")
        }
        Failure::AgreementNeverRecurs { agreement, cycle } => {
            format!(
                "l'Agreement {agreement} ha il ciclo di fatturazione «{cycle}», che non fattura l'utilizzo ogni mese"
            )
        }
        Failure::AgreementNotStarted { agreement, start } => {
            format!("l'Agreement {agreement} comincia il {}", day(*start))
        }
        Failure::PsaProductGone { product } => format!("il prodotto ConnectWise mappato {product} non esiste più"),
        Failure::PsaProductInactive { identifier } => format!("il prodotto ConnectWise {identifier} non è attivo"),
        Failure::PsaProductBundle { identifier } => {
            format!("il prodotto ConnectWise {identifier} è di classe Bundle, che nessuna addition può avere")
        }
        Failure::CustomerNotListed => "Sophos non elenca più questo cliente".to_owned(),
        Failure::CustomerUnreadable { .. } => "la voce di questo cliente in Sophos non si può leggere".to_owned(),
        Failure::EndMoved { seen, found } => format!(
            "la addition andava terminata con {} e ora ha {}; è stata lasciata com'è",
            number(*seen),
            number(*found)
        ),
        Failure::Unreadable { .. } => "non è stato possibile leggere ConnectWise".to_owned(),
        Failure::ListTooLong { .. } => {
            "l'elenco delle addition dell'Agreement è troppo lungo per essere letto".to_owned()
        }
        Failure::Unknown => {
            "la modifica è stata inviata a ConnectWise e non è arrivata risposta; può avere avuto effetto".to_owned()
        }
        Failure::Unsettled => "l'esito di una modifica inviata prima non è ancora noto".to_owned(),
        Failure::NotSent { .. } => "nulla è stato inviato a ConnectWise".to_owned(),
        Failure::Busy { answer } => {
            format!("ConnectWise ha rimandato la modifica per tutta la durata della sincronizzazione: «{answer}»")
        }
        Failure::Refused { answer } => format!("ConnectWise ha respinto la modifica: «{answer}»"),
        Failure::WrongAnswer { .. } => {
            "ConnectWise ha accettato la modifica e ha risposto con qualcosa di diverso".to_owned()
        }
    }
}

pub(super) fn advice(failure: &Failure) -> String {
    let text = match failure {
        Failure::AgreementForbidden { .. } => {
            "Dare al ruolo dell'API member il diritto su questo Agreement in ConnectWise (Agreements: inquire, add, edit)."
        }
        Failure::AgreementGone { .. } | Failure::AgreementWrongCompany { .. } => {
            "Mappare il cliente a un Agreement attivo della sua azienda."
        }
        Failure::AgreementNotActive { candidates, .. } => match candidates.as_slice() {
            [] => "Rinnovare l'Agreement in ConnectWise, oppure mappare il cliente a uno attivo.",
            candidates => {
                let named: Vec<String> = candidates.iter().map(|(id, name)| format!("{name} (ID {id})")).collect();
                return format!("Rinnovato come {}? Mappare il cliente a quello.", named.join(" o "));
            }
        },
        Failure::AgreementNeverRecurs { .. } => {
            "Assegnare all'Agreement un ciclo di fatturazione in ConnectWise, oppure mappare il cliente a uno che fattura ogni mese."
        }
        Failure::AgreementNotStarted { .. } => "Mappare il cliente all'Agreement che copre il mese.",
        Failure::PsaProductGone { .. } => "Mappare il prodotto Sophos a un altro prodotto ConnectWise.",
        Failure::PsaProductInactive { .. } => {
            "Rendere di nuovo attivo il prodotto ConnectWise, oppure mappare il prodotto Sophos a un altro."
        }
        Failure::PsaProductBundle { .. } => {
            "Cambiare la classe del prodotto in ConnectWise, oppure mappare il prodotto Sophos a un altro."
        }
        Failure::CustomerNotListed => {
            "Controllare il cliente in Sophos Central Partner; rimuoverne il mapping se non è più cliente."
        }
        Failure::CustomerUnreadable { .. } => {
            "Riprovare più tardi; se non cambia, mostrarlo al supporto Sophos. Il mapping può restare com'è."
        }
        Failure::EndMoved { .. } => {
            "Guardarla in «ancora fatturati, non più sincronizzati» e terminarla di nuovo se è ancora giusto."
        }
        Failure::Unreadable { .. } => "Riprovare più tardi; se non cambia, controllare l'Agreement in ConnectWise.",
        Failure::ListTooLong { .. } => {
            "Guardare l'Agreement in ConnectWise: nessun Agreement ha così tante addition. Prima di allora riprovare non serve."
        }
        Failure::Unknown | Failure::Unsettled => {
            "Nulla a mano: la prossima sincronizzazione rilegge ConnectWise prima di scrivere qui."
        }
        Failure::NotSent { .. } | Failure::Busy { .. } => {
            "Nulla a mano: la prossima sincronizzazione la scrive. Sincronizzare di nuovo per averla prima."
        }
        Failure::Refused { .. } => "Correggere in ConnectWise ciò che segnala, poi sincronizzare di nuovo.",
        Failure::WrongAnswer { .. } => {
            "Guardare la addition in ConnectWise; la prossima sincronizzazione la confronta di nuovo."
        }
    };
    text.to_owned()
}
