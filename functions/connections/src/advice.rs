//! What a partner does beside typing its keys.

use axum::http::HeaderMap;
use shared::http::Language;

/// Two syncs of one ConnectWise overwrite one another's quantities.
pub(crate) fn switch_the_vendors_sync_off(headers: &HeaderMap) -> &'static str {
    match Language::from_headers(headers) {
        Language::English => {
            "Before you switch writes on, switch off usage sync of the PSA integration in Sophos Central Partner: two \
             syncs of one ConnectWise overwrite one another's quantities."
        }
        Language::Italian => {
            "Prima di attivare le scritture, disattivare la sincronizzazione dell'utilizzo dell'integrazione PSA in \
             Sophos Central Partner: due sincronizzazioni dello stesso ConnectWise si sovrascrivono le quantità."
        }
    }
}
