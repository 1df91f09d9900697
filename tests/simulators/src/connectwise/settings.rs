//! What differs from one server of the vendor's to the next.

mod billing;
pub mod wire;

use jiff::Timestamp;

use wire::WireReadings;

pub use billing::{ArrearsDate, BegunInside, BillingReadings, CancelledDate, EndedInside, LateDates};

/// How the simulated server behaves where the vendor's servers differ.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The present codebase, with its slash; `v4_6_release/` is served beside it.
    pub codebase: String,
    /// What discovery answers for a company that it does not know.
    pub unknown_company: UnknownCompany,
    /// What a call with a wrong company or key meets.
    pub wrong_keys: WrongKeys,
    /// The server's clock; the machine's, if absent.
    pub now: Option<Timestamp>,
    /// How it reads what the vendor leaves open.
    pub wire: WireReadings,
    /// How it bills where the vendor documents nothing.
    pub billing: BillingReadings,
}

/// What discovery answers for a company that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownCompany {
    /// 200 with the body `null`.
    Null,
    /// 404.
    NotFound,
}

/// What a call with a wrong company or key meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrongKeys {
    /// 401.
    Unauthorized,
    /// 404, as on the vendor's cloud.
    NotFound,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            codebase: "v2025_1/".to_owned(),
            unknown_company: UnknownCompany::Null,
            wrong_keys: WrongKeys::Unauthorized,
            now: None,
            wire: WireReadings::default(),
            billing: BillingReadings::default(),
        }
    }
}
