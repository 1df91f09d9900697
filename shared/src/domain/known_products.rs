//! Which identifiers the vendor's own integration gives to ConnectWise products, by Sophos product.
//!
//! The codes are from public clients of real partners, the identifiers from the vendor's help. Which belongs to which is a
//! guess: it finds lines that may bill the same thing, and decides nothing.

use super::id::ProductCode;

/// By identifier, the codes of the Sophos products that it probably bills.
const IDENTIFIERS: &[(&str, &[&str])] = &[
    ("Sophos_Endpoint_Protection", &["CEP"]),
    ("Sophos_Intercept_X", &["CIXE"]),
    ("Sophos_Intercept_X_Advanced", &["CIXA", "CIXA-MSP"]),
    ("Sophos_Intercept_X_Adv_Srv", &["SVRCLOUDADV-MSP", "SRVCIXA"]),
    ("Sophos_Intercept_X_Advanced_XDR", &["CIXAXDR", "XDR-MSP"]),
    ("Sophos_Intercept_X_Adv_Srv_XDR", &["SVRCIXAXDR", "SRVCIXAXDR"]),
    ("Sophos_MTR_Standard", &["CIXAMTR-STD-MSP"]),
    ("Sophos_MTR_Advanced", &["CIXAMTR-ADV-MSP"]),
    ("Sophos_MTR_Standard_Srv", &["SVRCIXAMTR-STD-MSP"]),
    ("Sophos_MTR_Advanced_Srv", &["SVRCIXAMTR-ADV-MSP"]),
    ("Sophos_Device_Encryption", &["CDE-MSP"]),
    ("Sophos_Central_Phish_Threat", &["CPHISH-MSP"]),
    ("Sophos_Mobile_Standard", &["CMS-MSP"]),
    ("Sophos_Mobile_Advanced", &["CMA-MSP"]),
    ("Sophos_Email_Portal_Encryption", &["CEMA-PE-ADDON-MSP"]),
    ("Sophos_Srv_Protection", &["SVRC"]),
];

/// Whether a ConnectWise product of this identifier probably bills the Sophos product. Case does not matter.
#[must_use]
pub fn is_identifier_of(identifier: &str, code: &ProductCode) -> bool {
    let found = IDENTIFIERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(identifier.trim()));
    found.is_some_and(|(_, codes)| codes.iter().any(|known| known.eq_ignore_ascii_case(code.as_str())))
}

/// How the identifiers begin that the vendor's own integration gives.
const PREFIX: &str = "Sophos_";

/// Whether a ConnectWise product of this identifier is one of the vendor's own integration. Case does not matter.
#[must_use]
pub fn is_of_vendor(identifier: &str) -> bool {
    identifier.trim().get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_line_is_found_by_identifier_and_code() {
        let code = |text| ProductCode::parse(text).unwrap();
        assert!(is_identifier_of("Sophos_Intercept_X_Advanced", &code("CIXA-MSP")));
        assert!(is_identifier_of(" sophos_intercept_x_advanced", &code("CIXA")));
        assert!(!is_identifier_of("Sophos_Intercept_X_Advanced", &code("CDE-MSP")));
        assert!(!is_identifier_of("SEC-CIXA", &code("CIXA")));
    }
}
