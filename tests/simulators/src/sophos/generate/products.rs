//! A catalogue for made-up usage. The first codes are ones that the vendor's API has been seen to send; the others
//! are plausible only. The product under test discovers its catalogue from usage and must not know this one.

use rust_decimal::Decimal;

use crate::sophos::usage_row::ProductGroup;
use ProductGroup::{Device, Server, User};

/// A Sophos product as usage lines describe it.
#[derive(Clone, Debug)]
pub struct Product {
    /// `productCode`.
    pub code: String,
    /// `productDescription`.
    pub description: String,
    /// `productGroup`.
    pub group: ProductGroup,
    /// `sku`.
    pub sku: String,
    /// `unitPrice`.
    pub unit_price: Decimal,
}

/// Code, description, group, SKU, price in cents.
#[rustfmt::skip]
const KNOWN: [(&str, &str, ProductGroup, &str, i64); 30] = [
    ("CIXA-MSP", "Central Intercept X Advanced", User, "CEAZ1CSMG", 395),
    ("CEP", "Central Endpoint Protection", User, "CEPZ1CSMG", 210),
    ("CIXE", "Central Intercept X Essentials", User, "CIEZ1CSMG", 260),
    ("CIXA", "Central Intercept X Advanced for Endpoint", User, "CIAZ1CSMG", 380),
    ("CIXAXDR", "Central Intercept X Advanced with XDR", User, "CIXZ1CSMG", 520),
    ("SVRC", "Central Server Protection", Server, "SVCZ1CSMG", 540),
    ("SRVCIXE", "Central Intercept X Essentials for Server", Server, "SVEZ1CSMG", 610),
    ("SRVCIXA", "Central Intercept X Advanced for Server", Server, "SVAZ1CSMG", 790),
    ("SRVCIXAXDR", "Central Intercept X Advanced for Server with XDR", Server, "SVXZ1CSMG", 940),
    ("XGS-FW", "Firewall Standard Protection - UP TO 2 CORES & 4GB RAM", Device, "XFSZ1CSMG", 4150),
    ("XGS-FWX", "Firewall Xstream Protection - UP TO 4 CORES & 6GB RAM", Device, "XFXZ1CSMG", 7280),
    ("CMDRE", "Central Managed Detection and Response Essentials", User, "MDEZ1CSMG", 690),
    ("CMDRC", "Central Managed Detection and Response Complete", User, "MDCZ1CSMG", 880),
    ("SRVCMDRE", "Central Managed Detection and Response Essentials Server", Server, "MSEZ1CSMG", 1190),
    ("SRVCMDRC", "Central Managed Detection and Response Complete Server", Server, "MSCZ1CSMG", 1460),
    ("CEMA", "Central Email Advanced", User, "EMAZ1CSMG", 185),
    ("CEME", "Central Email Portal Encryption", User, "EMEZ1CSMG", 95),
    ("CMBS", "Central Mobile Standard", User, "MBSZ1CSMG", 120),
    ("CMBA", "Central Mobile Advanced", User, "MBAZ1CSMG", 205),
    ("CMBX", "Central Mobile Security", User, "MBXZ1CSMG", 140),
    ("CDEN", "Central Device Encryption", Device, "DENZ1CSMG", 130),
    ("CPHT", "Central Phish Threat", User, "PHTZ1CSMG", 110),
    ("CWLE", "Central Wireless Entry Standard", Device, "WLEZ1CSMG", 290),
    ("CWLP", "Central Wireless Performance Standard", Device, "WLPZ1CSMG", 430),
    ("CZTN", "Central Zero Trust Network Access", User, "ZTNZ1CSMG", 330),
    ("CSWX", "Central Switch Support - 8 PORTS", Device, "SWXZ1CSMG", 250),
    ("CNDR", "Central Network Detection and Response", User, "NDRZ1CSMG", 275),
    ("CDNS", "Central DNS Protection", User, "DNSZ1CSMG", 90),
    ("CITDR", "Central Identity Threat Detection and Response", User, "ITDZ1CSMG", 310),
    ("CCOX", "Central Cloud Optix Advanced", Server, "COXZ1CSMG", 480),
];

/// The `number`-th product, counted from 0; past the catalogue it begins again with numbered editions.
pub(super) fn product(number: usize) -> Product {
    let (code, name, group, sku, cents) = KNOWN[number % KNOWN.len()];
    let (edition, named) = match number / KNOWN.len() {
        0 => (String::new(), name.to_owned()),
        again => ((again + 1).to_string(), format!("{name} Edition {}", again + 1)),
    };
    let band = match group {
        User => "10-24 USERS",
        Server => "1-9 SERVERS",
        Device => "1-99 DEVICES",
    };
    Product {
        code: format!("{code}{edition}"),
        description: format!("{named} - {band} - MSP Monthly"),
        group,
        sku: format!("{sku}{edition}"),
        unit_price: Decimal::new(cents, 2),
    }
}
