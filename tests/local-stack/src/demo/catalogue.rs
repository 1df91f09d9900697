//! What the demo partner decided about each Sophos product, and what ConnectWise made of its own.

/// The part that a Sophos product plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Mapped and switched on.
    Ordinary,
    /// Nobody has mapped it.
    Unmapped,
    /// Mapped, and its sync is off.
    Off,
    /// Not billed, for a reason.
    Excluded,
    /// It was mapped once.
    Removed,
    /// A Sophos Firewall product; the demo partner is not in the Sophos-invoice mode.
    Firewall,
    /// Its ConnectWise product has no price.
    ZeroPrice,
    /// Its ConnectWise product was made inactive after it was mapped.
    InactiveInPsa,
    /// Its ConnectWise product was made a Bundle after it was mapped.
    BundleInPsa,
    /// Its ConnectWise product was deleted after it was mapped.
    DeletedInPsa,
    /// A part of a combined product whose parts add up; the code of the first part names it.
    AddUp(&'static str),
    /// A part of a combined product of which the largest part counts.
    TakeLargest(&'static str),
}

/// Why the demo partner excludes what it excludes.
pub(super) const EXCLUDED_BECAUSE: &str = "part of the managed network package";

/// The role of a Sophos product in an awkward demo.
pub(super) fn role_of(code: &str) -> Role {
    match code {
        "XGS-FW" | "XGS-FWX" => Role::Firewall,
        "CMDRE" => Role::InactiveInPsa,
        "SRVCMDRE" => Role::BundleInPsa,
        "SRVCMDRC" => Role::DeletedInPsa,
        "CEMA" | "CEME" => Role::AddUp("CEMA"),
        "CMBS" | "CMBX" => Role::TakeLargest("CMBS"),
        "CMBA" => Role::ZeroPrice,
        "CDEN" => Role::Removed,
        "CPHT" => Role::Off,
        "CWLE" => Role::Excluded,
        "CWLP" => Role::Unmapped,
        _ => Role::Ordinary,
    }
}

impl Role {
    /// What every pair of an ordinary customer with such a product ends in; none where the quantities decide.
    pub(super) const fn outcome(self) -> Option<&'static str> {
        match self {
            Self::Ordinary | Self::AddUp(_) | Self::TakeLargest(_) => None,
            Self::Unmapped => Some("skipped.productUnmapped"),
            Self::Off => Some("skipped.productOff"),
            Self::Excluded => Some("skipped.excluded"),
            Self::Removed => Some("skipped.mappingRemoved"),
            Self::Firewall => Some("skipped.firewall"),
            Self::ZeroPrice => Some("held.zeroPrice"),
            Self::InactiveInPsa => Some("failed.psaProductInactive"),
            Self::BundleInPsa => Some("failed.psaProductBundle"),
            Self::DeletedInPsa => Some("failed.psaProductGone"),
        }
    }

    /// What the case is called.
    pub(super) const fn case(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary product",
            Self::Unmapped => "unmapped product",
            Self::Off => "product off",
            Self::Excluded => "excluded product",
            Self::Removed => "removed mapping",
            Self::Firewall => "firewall outside the invoice mode",
            Self::ZeroPrice => "catalogue price of 0",
            Self::InactiveInPsa => "inactive ConnectWise product",
            Self::BundleInPsa => "Bundle-class ConnectWise product",
            Self::DeletedInPsa => "deleted ConnectWise product",
            Self::AddUp(_) => "combined product, added up",
            Self::TakeLargest(_) => "combined product, largest part",
        }
    }
}
