//! Who may call, and what their role lets them do.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{HeaderMap, Method, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

/// The parts of the PSA that a role has rights to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Area {
    /// Catalog items.
    ProductCatalog,
    /// Agreements and their additions.
    Agreements,
    CompanyMaintenance,
    /// Categories, subcategories, types, units of measure, manufacturers, agreement types.
    TableSetup,
    Invoicing,
}

/// What a role lets its members do in one area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rights {
    /// Read.
    pub inquire: bool,
    /// Create.
    pub add: bool,
    /// Change.
    pub edit: bool,
    pub delete: bool,
}

impl Rights {
    /// Everything.
    pub const ALL: Self = Self { inquire: true, add: true, edit: true, delete: true };
    /// Reading, creating and changing.
    pub const WRITE: Self = Self { delete: false, ..Self::ALL };
    /// Reading alone.
    pub const READ: Self = Self { inquire: true, add: false, edit: false, delete: false };

    fn allow(self, verb: &Method) -> bool {
        match verb.as_str() {
            "GET" => self.inquire,
            "POST" => self.add,
            "PUT" | "PATCH" => self.edit,
            "DELETE" => self.delete,
            _ => false,
        }
    }
}

/// A security role of the PSA.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Role {
    /// Rights by area; an area that is absent has none.
    pub rights: BTreeMap<Area, Rights>,
    /// Agreements that members of this role may neither see by id nor touch, nor their additions.
    pub denied_agreements: BTreeSet<u32>,
}

impl Role {
    /// The rights that a usage sync needs, and no more.
    pub fn integrator() -> Self {
        Self::with([
            (Area::ProductCatalog, Rights::WRITE),
            (Area::Agreements, Rights::WRITE),
            (Area::CompanyMaintenance, Rights::READ),
            (Area::TableSetup, Rights::READ),
        ])
    }

    /// Reading everything, changing nothing.
    pub fn reader() -> Self {
        Self::everywhere(Rights::READ)
    }

    /// Every right in every area.
    pub fn administrator() -> Self {
        Self::everywhere(Rights::ALL)
    }

    /// These rights, and none elsewhere.
    pub fn with(rights: impl IntoIterator<Item = (Area, Rights)>) -> Self {
        Self { rights: rights.into_iter().collect(), denied_agreements: BTreeSet::new() }
    }

    /// The same role without access to one agreement.
    pub fn denied(mut self, agreement: u32) -> Self {
        self.denied_agreements.insert(agreement);
        self
    }

    fn everywhere(rights: Rights) -> Self {
        let areas =
            [Area::ProductCatalog, Area::Agreements, Area::CompanyMaintenance, Area::TableSetup, Area::Invoicing];
        Self::with(areas.map(|area| (area, rights)))
    }

    /// Refuses what the role does not allow. `agreement` is the one that the path names, if any.
    pub(super) fn check(&self, verb: &Method, area: Area, agreement: Option<u32>) -> Result<(), Refusal> {
        let allowed = self.rights.get(&area).is_some_and(|rights| rights.allow(verb));
        let denied = agreement.is_some_and(|id| self.denied_agreements.contains(&id));
        if allowed && !denied { Ok(()) } else { Err(Refusal::security()) }
    }
}

/// An API member's keys. It has no `Debug`, so that the private key cannot be printed by accident.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// The login company, which discovery knows too.
    pub company_id: String,
    pub public_key: String,
    pub private_key: String,
    /// The member's name, as `_info` shows it.
    pub member: String,
    /// What the member may do.
    pub role: Role,
}

/// `company+publicKey` of a call's `Authorization`; what identifies a caller and is no secret.
pub(super) fn caller(headers: &HeaderMap) -> Option<String> {
    basic(headers).map(|(user, _)| user)
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Finds the credential that a call shows.
pub(super) fn authenticate<'a>(credentials: &'a [Credential], headers: &HeaderMap) -> Result<&'a Credential, Refusal> {
    let (user, private_key) = basic(headers).ok_or_else(Refusal::not_authenticated)?;
    if !headers.get("clientid").and_then(|id| id.to_str().ok()).is_some_and(is_client_id) {
        return Err(Refusal::unauthorized("A valid clientId header is required."));
    }
    let shown = |credential: &&Credential| {
        user.split_once('+').is_some_and(|(company, public_key)| {
            credential.company_id.eq_ignore_ascii_case(company)
                && credential.public_key == public_key
                && credential.private_key == private_key
        })
    };
    credentials.iter().find(shown).ok_or_else(|| Refusal::unauthorized("Invalid company or keys."))
}

fn is_client_id(text: &str) -> bool {
    uuid::Uuid::parse_str(text.trim()).is_ok()
}
