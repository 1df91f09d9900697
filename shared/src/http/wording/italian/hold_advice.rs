//! What to do about a hold, in Italian. Sentences use the infinitive, as everywhere. *Scrivi* and *Mantieni* are the
//! labels of the buttons.

use crate::domain::outcome::{Hold, PartTrouble};
use crate::domain::usage::DoubtKind;

pub(super) const fn advice(hold: &Hold) -> &'static str {
    match hold {
        Hold::Adopt { .. } => {
            "Scegliere «Scrivi» se l'utilizzo è giusto: la addition viene presa in carico e tenuta aggiornata. «Mantieni» la lascia com'è questo mese."
        }
        Hold::ToZero { last: true, .. } => {
            "Chiedere se il cliente è andato via: «Scrivi» se l'utilizzo è giusto, «Mantieni» per lasciare ciò che ConnectWise fattura questo mese."
        }
        Hold::Decrease { .. } | Hold::Increase { .. } | Hold::ToZero { .. } | Hold::Amount { .. } => {
            "Verificare con il cliente: «Scrivi» se l'utilizzo è giusto, «Mantieni» per lasciare ciò che ConnectWise fattura questo mese."
        }
        Hold::NewMonth { .. } => {
            "Emettere la fattura ConnectWise di quel mese: la prossima sincronizzazione scrive poi la quantità da sé. Oppure «Scrivi» per scriverla subito, «Mantieni» per conservare la quantità questo mese."
        }
        Hold::Unfinished { .. } => {
            "Controllare l'utilizzo in Sophos Central. Se è giusto, fare un'anteprima e applicarla; altrimenti attendere: la prossima sincronizzazione lo rilegge."
        }
        Hold::ProductUnfinished { .. } => {
            "Controllare quel prodotto in Sophos Central e decidere tutte le sue righe insieme: «Scrivi» se l'utilizzo è giusto, «Mantieni» per lasciare ciò che ConnectWise fattura questo mese. Se Sophos non lo ha ancora completato, attendere: la prossima sincronizzazione lo rilegge."
        }
        Hold::PartsChanged { .. } => {
            "Scegliere «Scrivi» se quella parte deve lasciare la addition, «Mantieni» per conservare la quantità questo mese."
        }
        Hold::Vanished { .. } => {
            "Chiedere se il cliente ha lasciato il prodotto: «Scrivi» porta la addition a 0, «Mantieni» continua a fatturarla questo mese."
        }
        Hold::Part { trouble: PartTrouble::Firewall, .. } => {
            "Scegliere la frequenza con la fattura Sophos, oppure mappare quella parte altrove; fino ad allora la addition conserva la sua quantità."
        }
        Hold::Part { trouble: PartTrouble::Vanished, .. } => {
            "Chiedere se il cliente ha lasciato quella parte: «Scrivi» porta la addition a ciò che usano le altre parti, «Mantieni» continua a fatturarla questo mese."
        }
        Hold::Unreadable { .. } | Hold::Part { trouble: PartTrouble::Unreadable, .. } => {
            "Controllare l'utilizzo in Sophos Central e segnalare la riga a Sophos; la addition conserva la sua quantità finché la riga non è leggibile."
        }
        Hold::UsageLines { for_all: true, .. } => {
            "Molte righe di utilizzo di questo mese sono così. Guardarle e rispondere una volta per tutte in Impostazioni, Letture delle righe di utilizzo, oppure per un solo prodotto Sophos nel suo mapping; la prossima sincronizzazione ne tiene conto."
        }
        Hold::UsageLines { doubt, for_all: false, .. } => match doubt.kind() {
            DoubtKind::DuplicateUsage => {
                "Guardare le righe di utilizzo e scegliere «Scrivi» con la lettura giusta: contare una volta sola, oppure sommare. La lettura viene ricordata per questo prodotto Sophos e usata anche per gli altri clienti. «Mantieni» lascia ciò che ConnectWise fattura questo mese."
            }
            DoubtKind::OtherPeriod | DoubtKind::ConsecutivePeriods => {
                "Guardare le righe di utilizzo e scegliere «Scrivi» con la lettura giusta: sommare, il massimo in un giorno, oppure l'ultimo periodo. La lettura viene ricordata per questo prodotto Sophos e usata anche per gli altri clienti. «Mantieni» lascia ciò che ConnectWise fattura questo mese."
            }
        },
        Hold::CombineRule { .. } => "Scegliere nel mapping se le parti si sommano o se conta la più alta.",
        Hold::Ambiguous { .. } => {
            "Impostare in ConnectWise la fine (Cancelled Date) delle addition da non fatturare, in modo che ne resti in vigore una sola."
        }
        Hold::Surplus { .. } => {
            "Impostare in ConnectWise la fine (Cancelled Date) della addition di troppo; la prossima sincronizzazione prosegue con l'altra."
        }
        Hold::ZeroPrice { .. } => {
            "Assegnare un prezzo al prodotto ConnectWise, oppure scegliere «Scrivi» per creare la addition senza prezzo."
        }
        Hold::HandEdit { .. } => {
            "Scegliere «Scrivi» per portare la addition all'utilizzo, «Mantieni» per conservare questo mese ciò che è stato impostato a mano."
        }
        Hold::AdditionGone { .. } => {
            "Scegliere «Scrivi» per creare di nuovo la addition, «Mantieni» se il prodotto non va fatturato questo mese."
        }
        Hold::EndedInMonth { .. } => {
            "Scegliere «Scrivi» per creare la nuova addition da quel giorno, con il prezzo e le condizioni di quella terminata; «Mantieni» se il prodotto non va fatturato questo mese."
        }
        Hold::BilledElsewhere { .. } => {
            "È lo stesso prodotto? Allora scegliere «Mantieni»: qui non viene creata finché è fatturata là. Oppure impostare là la fine (Cancelled Date) in ConnectWise e scegliere «Scrivi»: viene creata dal giorno dopo, o con il prossimo periodo di fatturazione. Per fatturarle entrambe di proposito, scegliere «Scrivi»."
        }
        Hold::StillBilled { .. } => {
            "Toglierlo da quella addition in ConnectWise: portarla a 0, o a ciò che usano le altre parti, oppure impostarne la fine. In alternativa ripristinare il mapping di prima."
        }
        Hold::NotYetInForce { .. } => {
            "Anticipare la decorrenza (Effective Date) in ConnectWise se deve fatturare l'utilizzo di questo mese; altrimenti crearne una a mano che termini dove questa comincia."
        }
        Hold::FormerAgreement { .. } => {
            "Portare quella addition a 0 in ConnectWise o impostarne la fine; poi fare una nuova anteprima, guardarla e applicarla."
        }
        Hold::FirstRun { .. } => "Guardare un'anteprima di questo cliente e applicarla.",
        Hold::LeftMonthlyBilling { .. } => {
            "Scegliere «Scrivi» se questo mese va ancora fatturato: viene scritto una volta. «Mantieni» lascia ciò che ConnectWise fattura questo mese. Poi terminare la addition in «ancora fatturati, non più sincronizzati»."
        }
        Hold::Late { .. } => {
            "Fatturare o accreditare la differenza a mano in ConnectWise. Poi scegliere «Mantieni»: la riga è così spuntata. Il mese successivo scrive la propria quantità."
        }
        Hold::OlderMonth { .. } => {
            "Di un mese più vecchio qui si può fare solo un'anteprima. Se è stato fatturato male, emettere una nota di credito in ConnectWise e lasciare la addition, che porta il mese più recente."
        }
        Hold::Moved { .. } => "Fare una nuova anteprima, guardarla e applicarla.",
    }
}
