//! Product codes that public clients of real partners name, beside those that the generator knows. The codes are facts;
//! descriptions and groups are made up after the vendor's names for such products.

use crate::sophos::usage_row::ProductGroup;
use ProductGroup::{Device, Server, User};

/// Code, description, group.
#[rustfmt::skip]
pub(super) const CODES: [(&str, &str, ProductGroup); 16] = [
    ("SVRCLOUDADV-MSP", "Central Intercept X Advanced for Server", Server),
    ("XDR-MSP", "Central Intercept X Advanced with XDR", User),
    ("SVRCIXAXDR", "Central Intercept X Advanced for Server with XDR", Server),
    ("CIXAMTR-STD-MSP", "Central Managed Threat Response Standard", User),
    ("CIXAMTR-ADV-MSP", "Central Managed Threat Response Advanced", User),
    ("SVRCIXAMTR-STD-MSP", "Central Managed Threat Response Standard Server", Server),
    ("SVRCIXAMTR-ADV-MSP", "Central Managed Threat Response Advanced Server", Server),
    ("CDE-MSP", "Central Device Encryption", Device),
    ("CPHISH-MSP", "Central Phish Threat", User),
    ("CMS-MSP", "Central Mobile Standard", User),
    ("CMA-MSP", "Central Mobile Advanced", User),
    ("CEMA-MSP", "Central Email Advanced", User),
    ("CEMA-PE-ADDON-MSP", "Central Email Portal Encryption", User),
    ("CW7-SUP-MSP", "Central Extended Support for Windows 7", User),
    ("NDR-MSP", "Central Network Detection and Response", User),
    ("xg_email_std", "Firewall Email Protection", Device),
];
