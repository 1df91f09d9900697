//! The entries of the catalogue: code, status, whether the same request may succeed `again` by itself or fails until a
//! change (`once`), then title and advice in English, and both in Italian.

mod runs;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::runs::catalogue_with_runs;
use super::{Entry, Text, catalogue, retryable};

catalogue_with_runs! {
    // --- The request itself ------------------------------------------------------------------------------------------
    /// Something in the request is wrong; `errors` says what and where.
    InvalidRequest "invalidRequest" 400 once {
        "The request cannot be read",
        "Correct what is listed under errors and send it again.",
        "La richiesta non può essere letta",
        "Correggere quanto elencato in errors e inviarla di nuovo.",
    }
    /// A field or parameter that is not known here.
    Unknown "unknown" 400 once {
        "Unknown field or parameter",
        "Remove it, or correct its spelling.",
        "Campo o parametro sconosciuto",
        "Rimuoverlo o correggerne il nome.",
    }
    /// A field or parameter that must be there.
    Missing "missing" 400 once {
        "A required value is missing",
        "Fill it in and send the request again.",
        "Manca un valore obbligatorio",
        "Compilarlo e inviare di nuovo la richiesta.",
    }
    /// A value that cannot stand where it does.
    Invalid "invalid" 400 once {
        "A value is not valid",
        "Correct the value and send the request again.",
        "Un valore non è valido",
        "Correggere il valore e inviare di nuovo la richiesta.",
    }
    /// A price or a cost below zero.
    AmountBelowZero "amountBelowZero" 400 once {
        "A price or cost is below zero",
        "Enter 0 or more. To give money back, write a credit in ConnectWise.",
        "Un prezzo o un costo è inferiore a zero",
        "Inserire 0 o un importo maggiore. Per restituire denaro, emettere una nota di credito in ConnectWise.",
    }
    /// A page key that is not of this list, this filter or this partner.
    InvalidPageKey "invalidPageKey" 400 once {
        "This page key does not belong to this list",
        "Start again at the first page; keep the filter the same from page to page.",
        "Questa chiave di pagina non appartiene a questo elenco",
        "Ricominciare dalla prima pagina e mantenere lo stesso filtro di pagina in pagina.",
    }
    /// The search text is too short.
    SearchTooShort "searchTooShort" 400 once {
        "The search text is too short",
        "Type at least two letters.",
        "Il testo da cercare è troppo breve",
        "Digitare almeno due lettere.",
    }
    /// The search text has signs that ConnectWise cannot look up for certain.
    SearchTextUnusable "searchTextUnusable" 400 once {
        "This text cannot be looked up in ConnectWise",
        "Search for a part of the name without the backslash, the control character or one of the two kinds of quotes.",
        "Questo testo non può essere cercato in ConnectWise",
        "Cercare una parte del nome senza la barra rovesciata, il carattere di controllo o uno dei due tipi di virgolette.",
    }
    /// A POST without an `Idempotency-Key`.
    IdempotencyKeyMissing "idempotencyKeyMissing" 400 once {
        "The request has no Idempotency-Key",
        "Send the header Idempotency-Key with a new unique text, and the same text whenever this request is repeated.",
        "La richiesta non ha una Idempotency-Key",
        "Inviare l'intestazione Idempotency-Key con un testo nuovo e unico, e lo stesso testo a ogni ripetizione della richiesta.",
    }
    /// The same key came with another request.
    IdempotencyKeyReused "idempotencyKeyReused" 422 once {
        "This Idempotency-Key was used for another request",
        "Use a new key for a new request; repeat a key only with exactly the same request.",
        "Questa Idempotency-Key è già stata usata per un'altra richiesta",
        "Usare una chiave nuova per una richiesta nuova; ripetere una chiave solo con la stessa identica richiesta.",
    }
    /// The same request is being worked on.
    IdempotencyInProgress "idempotencyInProgress" 409 again {
        "The same request is still being worked on",
        "Wait a few seconds and send it again with the same Idempotency-Key; it will not be done twice.",
        "La stessa richiesta è ancora in corso",
        "Attendere qualche secondo e inviarla di nuovo con la stessa Idempotency-Key; non verrà eseguita due volte.",
    }
    /// The body has a content type that is not taken here.
    UnsupportedMediaType "unsupportedMediaType" 415 once {
        "The content type is not accepted here",
        "Send the body with the content type that the documentation names, usually application/json.",
        "Il tipo di contenuto non è accettato",
        "Inviare il corpo con il tipo di contenuto indicato nella documentazione, di solito application/json.",
    }
    /// The body is too large.
    BodyTooLarge "bodyTooLarge" 413 once {
        "The request is too large",
        "Send fewer rows at a time.",
        "La richiesta è troppo grande",
        "Inviare meno righe alla volta.",
    }

    // --- The caller and its rights -----------------------------------------------------------------------------------
    /// Nobody is signed in.
    NotSignedIn "notSignedIn" 401 once {
        "You are not signed in",
        "Sign in again and repeat what you did.",
        "Accesso non effettuato",
        "Accedere di nuovo e ripetere l'operazione.",
    }
    /// The token names no partner.
    NoPartner "noPartner" 403 once {
        "Your sign-in is not linked to a partner",
        "Ask your administrator to link your user to your company's Sophos partner id.",
        "L'accesso non è collegato a un partner",
        "Chiedere all'amministratore di collegare l'utente all'id partner Sophos della propria azienda.",
    }
    /// The token lacks the scope.
    ScopeMissing "scopeMissing" 403 once {
        "You do not have the right to do this",
        "Ask your administrator for the right that is named in the detail.",
        "Non si dispone del diritto di eseguire questa operazione",
        "Chiedere all'amministratore il diritto indicato nel dettaglio.",
    }
    /// There is no such address.
    RouteUnknown "routeUnknown" 404 once {
        "This address does not exist",
        "Check the address against the documentation.",
        "Questo indirizzo non esiste",
        "Verificare l'indirizzo nella documentazione.",
    }
    /// There is no such thing, or it is another partner's.
    NotFound "notFound" 404 once {
        "This could not be found",
        "It may have been removed. Reload the list and choose again.",
        "Elemento non trovato",
        "Potrebbe essere stato rimosso. Ricaricare l'elenco e scegliere di nuovo.",
    }
    /// The address exists, but not with this method.
    MethodNotAllowed "methodNotAllowed" 405 once {
        "This address does not take this kind of request",
        "Use one of the methods in the header Allow.",
        "Questo indirizzo non accetta questo tipo di richiesta",
        "Usare uno dei metodi indicati nell'intestazione Allow.",
    }

    // --- What is stored ----------------------------------------------------------------------------------------------
    /// An edit that does not say what it is based on.
    VersionMissing "versionMissing" 428 once {
        "The change does not say which version it is based on",
        "Load the entry, and send its ETag in the header If-Match.",
        "La modifica non indica la versione di partenza",
        "Caricare l'elemento e inviare il suo ETag nell'intestazione If-Match.",
    }
    /// Somebody changed it since it was read; `present` is what it is now.
    VersionMismatch "versionMismatch" 412 once {
        "Somebody changed this meanwhile",
        "Look at what it is now, and decide again. Nothing was saved.",
        "Qualcuno ha modificato questo elemento nel frattempo",
        "Controllare lo stato attuale e decidere di nuovo. Nulla è stato salvato.",
    }
    /// Somebody changed it while it was being saved.
    ChangedMeanwhile "changedMeanwhile" 409 once {
        "Somebody changed this at the same moment",
        "Reload and decide again. Nothing was saved.",
        "Qualcuno ha modificato questo elemento nello stesso momento",
        "Ricaricare e decidere di nuovo. Nulla è stato salvato.",
    }
    /// The product is not mapped, so its sync cannot be switched on.
    NotMapped "notMapped" 422 once {
        "This Sophos product is not mapped",
        "Map it to a ConnectWise product first, under Settings and policies > PSA integration > ConnectWise details > Configure; that switches its sync on.",
        "Questo prodotto Sophos non è mappato",
        "Mapparlo prima a un prodotto ConnectWise, in Impostazioni e criteri > Integrazione PSA > Dettagli ConnectWise > Configura; la sincronizzazione si attiva da sola.",
    }
    /// The customer is not mapped, so its sync cannot be switched on.
    CustomerNotMapped "customerNotMapped" 422 once {
        "This customer is not mapped",
        "Map it to a ConnectWise company and agreement first.",
        "Questo cliente non è mappato",
        "Mapparlo prima a un'azienda e a un accordo ConnectWise.",
    }
    /// The customer's usage cannot be synced: it is not an MSP Flex customer.
    UsageSyncUnavailable "usageSyncUnavailable" 422 once {
        "Usage sync is not available for this customer",
        "Only MSP Flex customers can sync usage; leave its sync off, or change its billing in Sophos Central.",
        "La sincronizzazione dell'utilizzo non è disponibile per questo cliente",
        "Solo i clienti MSP Flex possono sincronizzare l'utilizzo: lasciarla disattivata o cambiare la fatturazione in Sophos Central.",
    }
    /// A second Sophos product goes to one ConnectWise product without a rule.
    CombineRuleMissing "combineRuleMissing" 422 once {
        "Several Sophos products share this ConnectWise product",
        "Choose whether their quantities are added up or the largest is taken.",
        "Più prodotti Sophos condividono questo prodotto ConnectWise",
        "Scegliere se sommare le quantità o prendere la più grande.",
    }
    /// Another customer has the company.
    CompanyTaken "companyTaken" 409 once {
        "This ConnectWise company already belongs to another customer",
        "Choose another company, or unmap the customer that has it.",
        "Questa azienda ConnectWise appartiene già a un altro cliente",
        "Scegliere un'altra azienda o rimuovere la mappatura del cliente che la usa.",
    }
    /// The agreement cannot be used for the customer.
    AgreementUnusable "agreementUnusable" 422 once {
        "This agreement cannot be used",
        "Choose an active agreement of the same company.",
        "Questo accordo non può essere usato",
        "Scegliere un accordo attivo della stessa azienda.",
    }
    /// The agreement does not bill monthly, and nobody has confirmed it.
    CycleNotConfirmed "cycleNotConfirmed" 422 once {
        "This agreement does not bill monthly",
        "Confirm that only the quantity on the day of its next ConnectWise invoice counts (confirmCycle), or choose another agreement.",
        "Questo contratto (Agreement) non fattura ogni mese",
        "Confermare che conta solo la quantità nel giorno della prossima fattura ConnectWise (confirmCycle), o scegliere un altro Agreement.",
    }
    /// The ConnectWise product cannot be mapped.
    ProductUnavailable "productUnavailable" 422 once {
        "This ConnectWise product is not available for mapping",
        "Choose a product that is active and not of class Bundle.",
        "Questo prodotto ConnectWise non è disponibile per la mappatura",
        "Scegliere un prodotto attivo e non di classe Bundle.",
    }

    // --- Connections -------------------------------------------------------------------------------------------------
    /// No connection is saved.
    ConnectionMissing "connectionMissing" 409 once {
        "The connection is not set up",
        "Enter the credentials under Settings and policies > PSA integration.",
        "La connessione non è configurata",
        "Inserire le credenziali in Impostazioni e criteri > Integrazione PSA.",
    }
    /// The saved connection cannot be used.
    ConnectionUnusable "connectionUnusable" 409 once {
        "The saved connection cannot be used",
        "Enter the credentials again and test the connection.",
        "La connessione salvata non può essere usata",
        "Inserire di nuovo le credenziali e verificare la connessione.",
    }
    /// The address may not be called.
    AddressNotAllowed "addressNotAllowed" 422 once {
        "This ConnectWise address is not allowed",
        "Enter the address that you sign in to ConnectWise with; ask your administrator to allow a server of your own.",
        "Questo indirizzo ConnectWise non è consentito",
        "Inserire l'indirizzo con cui si accede a ConnectWise; per un server proprio, chiedere all'amministratore di consentirlo.",
    }
    /// Another partner drives this ConnectWise database.
    PsaTaken "psaTaken" 409 once {
        "This ConnectWise database is already connected to another partner",
        "Check the company id. If it is yours, ask the other partner's administrator to remove its connection first.",
        "Questo database ConnectWise è già collegato a un altro partner",
        "Verificare l'id azienda. Se è corretto, chiedere all'amministratore dell'altro partner di rimuovere la sua connessione.",
    }

    /// What was typed does not connect; nothing was saved.
    ConnectionTestFailed "connectionTestFailed" 422 once {
        "The connection does not work",
        "Correct what is listed under errors and save again. Nothing was saved.",
        "La connessione non funziona",
        "Correggere quanto elencato in errors e salvare di nuovo. Nulla è stato salvato.",
    }

    // --- ConnectWise -------------------------------------------------------------------------------------------------
    /// ConnectWise refuses the keys.
    PsaKeysRefused "psaKeysRefused" 409 once {
        "ConnectWise does not accept the saved keys",
        "Enter the company id and the keys of the API member again, and test the connection.",
        "ConnectWise non accetta le chiavi salvate",
        "Inserire di nuovo l'id azienda e le chiavi del membro API e verificare la connessione.",
    }
    /// The API member lacks a right.
    PsaRightMissing "psaRightMissing" 409 once {
        "ConnectWise denies a right",
        "Give the API member's security role in ConnectWise the right that ConnectWise names, then try again.",
        "ConnectWise nega un diritto",
        "Assegnare in ConnectWise al ruolo del membro API il diritto indicato da ConnectWise, poi riprovare.",
    }
    /// ConnectWise has no such record.
    PsaNotFound "psaNotFound" 404 once {
        "ConnectWise has no such record",
        "It was deleted in ConnectWise. Reload and choose another.",
        "ConnectWise non ha questo elemento",
        "È stato eliminato in ConnectWise. Ricaricare e sceglierne un altro.",
    }
    /// ConnectWise refuses what it was asked; nothing was changed there.
    PsaRefused "psaRefused" 422 once {
        "ConnectWise refuses the request",
        "Correct the field that ConnectWise names. Nothing was changed in ConnectWise.",
        "ConnectWise rifiuta la richiesta",
        "Correggere il campo indicato da ConnectWise. In ConnectWise non è cambiato nulla.",
    }
    /// A product with this identifier exists.
    IdentifierTaken "identifierTaken" 409 once {
        "ConnectWise already has a product with this identifier",
        "Choose another identifier, or map the product that has it.",
        "ConnectWise ha già un prodotto con questo identificatore",
        "Scegliere un altro identificatore o mappare il prodotto esistente.",
    }
    /// Somebody else has the record in use in ConnectWise.
    PsaLocked "psaLocked" 503 again {
        "ConnectWise has this record in use",
        "Wait a little and try again. Nothing was changed in ConnectWise.",
        "L'elemento è in uso in ConnectWise",
        "Attendere un momento e riprovare. In ConnectWise non è cambiato nulla.",
    }
    /// ConnectWise asks for fewer requests.
    PsaBusy "psaBusy" 503 again {
        "ConnectWise asks for fewer requests",
        "Wait a little and try again. Nothing was changed in ConnectWise.",
        "ConnectWise chiede meno richieste",
        "Attendere un momento e riprovare. In ConnectWise non è cambiato nulla.",
    }
    /// A list of ConnectWise has no end that is reached.
    PsaListTooLong "psaListTooLong" 409 once {
        "ConnectWise sends a list without an end",
        "Trying again does not help. Check the address of the connection; if it is right, tell support the correlation id.",
        "ConnectWise invia un elenco senza fine",
        "Riprovare non serve. Verificare l'indirizzo della connessione; se è corretto, comunicare all'assistenza il correlationId.",
    }
    /// ConnectWise cannot be reached; nothing was sent.
    PsaUnreachable "psaUnreachable" 502 again {
        "ConnectWise cannot be reached",
        "Try again in a minute. If it goes on, check the address of the connection.",
        "ConnectWise non è raggiungibile",
        "Riprovare tra un minuto. Se il problema continua, verificare l'indirizzo della connessione.",
    }
    /// ConnectWise gave no usable answer; what was asked may have been done.
    PsaUnanswered "psaUnanswered" 502 again {
        "ConnectWise gave no usable answer",
        "Try again in a minute. What you asked for may have been done: it is looked up before anything is sent twice.",
        "ConnectWise non ha dato una risposta utilizzabile",
        "Riprovare tra un minuto. L'operazione potrebbe essere riuscita: viene verificato prima di ripeterla.",
    }

    // --- Sophos ------------------------------------------------------------------------------------------------------
    /// Sophos refuses the credentials.
    SophosKeysRefused "sophosKeysRefused" 409 once {
        "Sophos does not accept the saved client id and secret",
        "Create new API credentials in Sophos Central Partner, enter them and test the connection.",
        "Sophos non accetta l'id client e il segreto salvati",
        "Creare nuove credenziali API in Sophos Central Partner, inserirle e verificare la connessione.",
    }
    /// The credentials are not this partner's.
    SophosWrongAccount "sophosWrongAccount" 409 once {
        "These Sophos credentials are not this partner's",
        "Create the API credentials in Sophos Central Partner, not in a customer's Sophos Central.",
        "Queste credenziali Sophos non sono di questo partner",
        "Creare le credenziali API in Sophos Central Partner, non nel Sophos Central di un cliente.",
    }
    /// The credentials lack a right.
    SophosRightMissing "sophosRightMissing" 409 once {
        "Sophos denies a right",
        "Give the API credentials in Sophos Central Partner a role that may read billing usage.",
        "Sophos nega un diritto",
        "Assegnare alle credenziali API in Sophos Central Partner un ruolo che possa leggere l'utilizzo fatturato.",
    }
    /// Sophos asks for fewer requests.
    SophosBusy "sophosBusy" 503 again {
        "Sophos asks for fewer requests",
        "Wait a little and try again.",
        "Sophos chiede meno richieste",
        "Attendere un momento e riprovare.",
    }
    /// Sophos cannot be reached.
    SophosUnreachable "sophosUnreachable" 502 again {
        "Sophos cannot be reached",
        "Try again in a minute.",
        "Sophos non è raggiungibile",
        "Riprovare tra un minuto.",
    }
    /// What Sophos answers cannot be used.
    SophosAnswerUnusable "sophosAnswerUnusable" 502 again {
        "Sophos' answer cannot be used",
        "Try again later. If it goes on, tell support the correlation id.",
        "La risposta di Sophos non può essere usata",
        "Riprovare più tardi. Se il problema continua, comunicare all'assistenza il correlationId.",
    }

    // --- This service ------------------------------------------------------------------------------------------------
    /// The table, the key or the queue is away.
    Unavailable "unavailable" 503 again {
        "The service is busy",
        "Try again in a few seconds.",
        "Il servizio è occupato",
        "Riprovare tra qualche secondo.",
    }
    /// A defect of this service.
    Internal "internal" 500 once {
        "Something went wrong on our side",
        "Tell support the correlation id. Reload before you decide whether to repeat what you did.",
        "Si è verificato un errore da parte nostra",
        "Comunicare all'assistenza il correlationId. Ricaricare prima di decidere se ripetere l'operazione.",
    }
}
