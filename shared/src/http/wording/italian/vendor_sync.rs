//! Why the vendor's own usage sync may still be on, in Italian.

use super::day;
use crate::domain::vendor_sync::VendorSync;

pub(in crate::http::wording) const ADVICE: &str = "Chiedere chi usa quel membro. Se è l'integrazione PSA di Sophos Central, \
     disattivare lì la sua sincronizzazione dell'utilizzo: due sincronizzazioni fatturano due volte lo stesso utilizzo, o \
     annullano l'una le quantità dell'altra.";

pub(in crate::http::wording) fn vendor_sync(sync: &VendorSync) -> String {
    let VendorSync { member, lines, customers, since } = sync;
    format!(
        "Il membro ConnectWise «{member}» ha modificato {lines} righe Sophos di {customers} clienti dal {}; la sincronizzazione \
         dell'utilizzo propria di Sophos potrebbe essere ancora attiva.",
        day(*since)
    )
}
