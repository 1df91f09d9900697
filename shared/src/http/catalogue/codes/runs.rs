//! The catalogue's entries about runs, decisions, alerts and limits. They follow the entries that the macro receives.

macro_rules! catalogue_with_runs {
    ($($before:tt)*) => { catalogue! { $($before)*

    /// The partner has an open run.
    RunOpen "runOpen" 409 once {
        "A sync is already running",
        "Wait until it has ended, or cancel it.",
        "Una sincronizzazione è già in corso",
        "Attendere che termini o annullarla.",
    }
    /// A run would write, and writes are off.
    WritesOff "writesOff" 409 once {
        "Writes to ConnectWise are switched off",
        "Make a preview to see what would be done, or have an administrator switch writes on under the connections.",
        "Le scritture su ConnectWise sono disattivate",
        "Creare un'anteprima per vedere che cosa verrebbe fatto, o chiedere a un amministratore di attivare le scritture nelle connessioni.",
    }
    /// The preview cannot be applied.
    PreviewUnusable "previewUnusable" 409 once {
        "This preview cannot be applied",
        "Make a new preview, look at it and apply that one.",
        "Questa anteprima non può essere applicata",
        "Creare una nuova anteprima, controllarla e applicare quella.",
    }
    /// Nothing of the run can be tried again.
    NothingToRetry "nothingToRetry" 409 once {
        "There is nothing to try again",
        "Only what failed in a run that is over can be tried again. Sync now to sync everything.",
        "Non c'è nulla da ripetere",
        "Si può ripetere solo ciò che non è riuscito in un'esecuzione terminata. Sincronizzare ora per sincronizzare tutto.",
    }
    /// Nothing is decided that a run would write.
    NothingDecided "nothingDecided" 409 once {
        "Nothing is decided that would be written",
        "Decide lines first, or sync now to sync everything.",
        "Non c'è nulla di deciso da scrivere",
        "Decidere prima delle righe, oppure sincronizzare ora per sincronizzare tutto.",
    }
    /// The run is over already.
    RunOver "runOver" 409 once {
        "This run is already over",
        "What it wrote stays. Look at its lines to see what became of each customer.",
        "Questa esecuzione è già terminata",
        "Ciò che ha scritto resta. Controllare le sue righe per vedere l'esito di ogni cliente.",
    }
    /// The usage lines of the run have expired.
    UsageLinesGone "usageLinesGone" 410 once {
        "The usage lines of this run are no longer kept",
        "They are kept for three days. Make a preview of the month to read them again from Sophos.",
        "Le righe di utilizzo di questa esecuzione non sono più conservate",
        "Vengono conservate per tre giorni. Creare un'anteprima del mese per rileggerle da Sophos.",
    }
    /// The hold cannot be released.
    NotReleasable "notReleasable" 422 once {
        "This cannot be released",
        "Put right what the hold names; the next run then sees it. It can be rejected for this month.",
        "Questa riga non può essere sbloccata",
        "Correggere quanto indicato nel blocco: l'esecuzione successiva ne terrà conto. Si può rifiutarla per questo mese.",
    }
    /// The webhook's address may not be called.
    WebhookNotAllowed "webhookNotAllowed" 422 once {
        "This webhook address is not allowed",
        "Enter the https address of a server on the Internet, by its name.",
        "Questo indirizzo del webhook non è consentito",
        "Inserire l'indirizzo https di un server su Internet, con il suo nome.",
    }
    /// There is nowhere to send an alert.
    NoAlertChannel "noAlertChannel" 409 once {
        "Alerts have nowhere to go",
        "Save a webhook or a mail address first.",
        "Non c'è dove inviare gli avvisi",
        "Salvare prima un webhook o un indirizzo e-mail.",
    }
    /// As many of these as an hour may have were asked for.
    LimitReached "limitReached" 429 again {
        "Too many of these requests within an hour",
        "Wait for the time that Retry-After names, then send the request again.",
        "Troppe richieste di questo tipo in un'ora",
        "Attendere il tempo indicato in Retry-After, poi inviare di nuovo la richiesta.",
    }
    /// The request did not end in time.
    TookTooLong "tookTooLong" 503 again {
        "This took too long",
        "Look whether it was done, then send it again; with the same Idempotency-Key nothing is done twice.",
        "L'operazione ha richiesto troppo tempo",
        "Verificare se è stata eseguita, poi inviarla di nuovo; con la stessa Idempotency-Key nulla viene eseguito due volte.",
    }
    } };
}
pub(super) use catalogue_with_runs;
