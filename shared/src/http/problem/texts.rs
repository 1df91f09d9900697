//! The errors of the ports as people read them, in both languages. What a service itself said stays in its own words.

use crate::domain::language::Text;
use crate::error::{ConnectError, PsaError, SourceError};

impl From<&PsaError> for Text {
    fn from(error: &PsaError) -> Self {
        let italian = match error {
            PsaError::Unauthorized => "ConnectWise non accetta l'ID azienda e le chiavi.".to_owned(),
            PsaError::Forbidden { message } => format!("ConnectWise nega l'accesso: {message}"),
            PsaError::NotFound => "In ConnectWise questo elemento non c'è.".to_owned(),
            PsaError::Refused { code, message, fields } => match fields.first() {
                None => format!("ConnectWise non accetta la richiesta ({code}): {message}"),
                Some(first) => {
                    format!("ConnectWise non accetta la richiesta ({code}, campo {}): {message}", first.field)
                }
            },
            PsaError::Locked { message } => format!("In ConnectWise l'elemento è in uso: {message}"),
            PsaError::Throttled { .. } => "ConnectWise chiede meno richieste.".to_owned(),
            PsaError::ListTooLong { list, .. } => format!("In ConnectWise l'elenco {list} è troppo lungo."),
            PsaError::Away { retry_after } => format!(
                "ConnectWise non ha risposto a molte richieste di seguito; la prossima richiesta parte fra {} s.",
                retry_after.as_secs().max(1)
            ),
            PsaError::NotSent { .. } => "ConnectWise non è raggiungibile.".to_owned(),
            PsaError::Unanswered { .. } => "ConnectWise non ha dato una risposta utilizzabile.".to_owned(),
        };
        Self::new(error.to_string(), italian)
    }
}

impl From<&SourceError> for Text {
    fn from(error: &SourceError) -> Self {
        let italian = match error {
            SourceError::Unauthorized => "Sophos non accetta l'ID client e il segreto.".to_owned(),
            SourceError::NotAPartner { found } => {
                format!("Queste credenziali di Sophos sono di un account «{found}», non di questo partner.")
            }
            SourceError::Forbidden { message } => format!("Sophos nega l'accesso: {message}"),
            SourceError::Throttled { .. } => "Sophos chiede meno richieste.".to_owned(),
            SourceError::Unavailable { .. } => "Sophos non è raggiungibile.".to_owned(),
            SourceError::TooLong { .. } => "La risposta di Sophos è troppo lunga.".to_owned(),
            SourceError::Malformed { .. } => "La risposta di Sophos non è utilizzabile.".to_owned(),
        };
        Self::new(error.to_string(), italian)
    }
}

/// Errors of the seal, the store and the services have texts of their own: [`super::Problem`] is made of those.
impl From<&ConnectError> for Text {
    fn from(error: &ConnectError) -> Self {
        let italian = match error {
            ConnectError::Missing { service } => format!("Non è salvata nessuna connessione a {service}."),
            ConnectError::Unusable { service, .. } => format!("La connessione salvata a {service} non è utilizzabile."),
            ConnectError::Unclaimed => {
                "Questa azienda ConnectWise non è registrata per questo account: salvare di nuovo la connessione a \
                 ConnectWise."
                    .to_owned()
            }
            ConnectError::TakenByAnother => {
                "Questa azienda ConnectWise è collegata da un altro account di questo servizio: solo uno può scriverci."
                    .to_owned()
            }
            ConnectError::Psa(error) => return error.into(),
            ConnectError::Source(error) => return error.into(),
            ConnectError::Seal(_) | ConnectError::Store(_) => "Il servizio non è al momento disponibile.".to_owned(),
        };
        Self::new(error.to_string(), italian)
    }
}
