//! The sentences about a run as a whole, in Italian.

use crate::domain::plan::Question;
use crate::domain::run::RunFailureCode;
use crate::domain::usage::DoubtKind;

pub(in crate::http::wording) const fn run_failure(code: RunFailureCode) -> &'static str {
    match code {
        RunFailureCode::Connection => "Una connessione manca o le sue credenziali non funzionano.",
        RunFailureCode::UsageIncomplete => "Non è stato possibile leggere per intero l'utilizzo da Sophos.",
        RunFailureCode::NoUsage => "Sophos non ha utilizzo per questo mese.",
        RunFailureCode::PsaUnreadable => "Non è stato possibile leggere ConnectWise.",
        RunFailureCode::ListTooLong => "Un elenco di Sophos o di ConnectWise è troppo lungo per essere letto.",
        RunFailureCode::TieOut => "Le unità non quadrano: è un difetto di questo programma.",
        RunFailureCode::WritesOff => "La scrittura in ConnectWise è stata disattivata durante la sincronizzazione.",
        RunFailureCode::TooOld => {
            "La sincronizzazione è rimasta interrotta troppo a lungo: ciò che aveva letto non è più attuale."
        }
        RunFailureCode::Table => "Non è stato possibile leggere o scrivere i dati della sincronizzazione.",
        RunFailureCode::NoPreview => "L'anteprima da applicare non esiste, non è finita o è troppo vecchia.",
    }
}

pub(in crate::http::wording) const fn run_advice(code: RunFailureCode) -> &'static str {
    match code {
        RunFailureCode::Connection => {
            "Salvare e verificare di nuovo la connessione in Impostazioni e criteri > Integrazione PSA."
        }
        RunFailureCode::UsageIncomplete => {
            "Nulla è stato scritto. La prossima sincronizzazione rilegge l'utilizzo dall'inizio; sincronizzare di nuovo più tardi."
        }
        RunFailureCode::NoUsage => "Nulla è stato scritto. Attendere che Sophos abbia pubblicato l'utilizzo del mese.",
        RunFailureCode::WritesOff => {
            "Non viene scritto altro. Se non era voluto, riattivare la scrittura e sincronizzare di nuovo."
        }
        RunFailureCode::TooOld => {
            "Non viene scritto altro. Sincronizzare di nuovo: ciò che è già scritto viene riconosciuto e mantenuto."
        }
        RunFailureCode::Table => {
            "Non viene scritto altro. Segnalarlo con l'ID della sincronizzazione, poi sincronizzare di nuovo."
        }
        RunFailureCode::PsaUnreadable => {
            "Non viene scritto altro. Verificare che ConnectWise sia raggiungibile e che il ruolo dell'API member possa leggere; poi sincronizzare di nuovo."
        }
        RunFailureCode::ListTooLong => {
            "Non viene scritto altro. Sincronizzare di nuovo per ora non serve: controllare l'indirizzo della connessione e segnalare l'ID della sincronizzazione."
        }
        RunFailureCode::TieOut => "Non fatturare in base a questa sincronizzazione. Segnalarla con il suo ID.",
        RunFailureCode::NoPreview => "Fare una nuova anteprima, guardarla e applicarla.",
    }
}

/// A question about many usage lines at once.
pub(in crate::http::wording) fn question(question: Question, kind: DoubtKind) -> String {
    let Question { pairs, lines, of } = question;
    let what = match kind {
        DoubtKind::DuplicateUsage => {
            "hanno una riga arrivata più volte o con due quantità. Sophos la fattura una volta, o tutte le volte che è arrivata?"
        }
        DoubtKind::OtherPeriod => "hanno una riga per giorni fuori dal mese di utilizzo. È così che Sophos ti fattura?",
        DoubtKind::ConsecutivePeriods => {
            "hanno righe per periodi che si susseguono. Sophos fattura la somma, il massimo in un giorno o l'ultimo?"
        }
    };
    format!("{pairs} coppie di cliente e prodotto Sophos ({lines} righe di utilizzo su {of}) {what}")
}
