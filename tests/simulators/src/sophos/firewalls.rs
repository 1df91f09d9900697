//! `GET /licenses/v1/licenses/firewalls`: the firewalls that customers claimed or the partner manages, and whose they are.
//!
//! Members as in Sophos' own request collection (January 2026); `partner`, `tenant`, `billingTenant` and the inner
//! members of a licence as published clients of real partners read them.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use jiff::civil::{Date, date};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Sophos;
use super::problem::Problem;
use super::query::{Query, count, page_size, wants_totals};
use super::tenant::BillingType;
use super::usage_month::Renamed;

const DEFAULT_SIZE: usize = 50;
/// Assumed: as many as tenants.
const MAX_SIZE: usize = 100;

/// A firewall with its licences.
#[derive(Clone, Debug)]
pub struct Firewall {
    /// As on its usage lines.
    pub serial_number: String,
    /// Whom it belongs to.
    pub owner: FirewallOwner,
    /// The customer that it protects; none for one that nobody was assigned.
    pub tenant: Option<Uuid>,
    /// Such as `XGS 116`.
    pub model: String,
    /// Whether it is a device or runs on one.
    pub model_type: ModelType,
    /// Its licences.
    pub licenses: Vec<FirewallLicense>,
}

/// Whom a firewall belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirewallOwner {
    /// The id of a customer, a partner or an organization.
    pub id: Uuid,
    pub kind: OwnerKind,
}

/// What kind of account owns a firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnerKind {
    /// A customer claimed it.
    Tenant,
    /// The partner manages it.
    Partner,
    /// An enterprise with several customers claimed it.
    Organization,
}

/// What a firewall is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelType {
    /// An appliance.
    Hardware,
    /// Software on somebody's own machine.
    Virtual,
}

/// One licence of a firewall.
#[derive(Clone, Debug)]
pub struct FirewallLicense {
    /// Such as `XGS-FW`.
    pub product_code: String,
    /// What the licence is called.
    pub product_name: String,
    pub billed: BillingType,
    /// The first day that it is good for.
    pub start: Date,
    pub quantity: u32,
}

impl Firewall {
    /// A device that a customer claimed, with one licence by monthly usage.
    #[must_use]
    pub fn claimed_by(tenant: Uuid, serial_number: impl Into<String>, product_code: impl Into<String>) -> Self {
        let owner = FirewallOwner { id: tenant, kind: OwnerKind::Tenant };
        Self::of(owner, Some(tenant), serial_number.into(), product_code.into())
    }

    /// A device that the partner manages and that no customer was assigned, with one licence by monthly usage.
    #[must_use]
    pub fn managed_by(partner: Uuid, serial_number: impl Into<String>, product_code: impl Into<String>) -> Self {
        let owner = FirewallOwner { id: partner, kind: OwnerKind::Partner };
        Self::of(owner, None, serial_number.into(), product_code.into())
    }

    fn of(owner: FirewallOwner, tenant: Option<Uuid>, serial_number: String, product_code: String) -> Self {
        let license = FirewallLicense {
            product_name: format!("{product_code} - MSP Monthly"),
            product_code,
            billed: BillingType::Usage,
            start: date(2026, 1, 15),
            quantity: 1,
        };
        let (model, model_type) = ("XGS 116".into(), ModelType::Hardware);
        Self { serial_number, owner, tenant, model, model_type, licenses: vec![license] }
    }

    fn to_wire(&self, partner_id: Uuid, renamed: &Renamed) -> Value {
        let tenant = self.tenant.map_or(json!({}), |id| json!({ "id": id }));
        let licenses: Vec<Value> =
            self.licenses.iter().enumerate().map(|(number, license)| license.to_wire(self, number, renamed)).collect();
        json!({
            "serialNumber": self.serial_number,
            "owner": { "id": self.owner.id, "type": self.owner.kind },
            "partner": { "id": partner_id },
            "billingTenant": tenant.clone(),
            "tenant": tenant,
            "model": self.model,
            "modelType": self.model_type,
            "licenses": licenses,
        })
    }
}

impl FirewallLicense {
    fn to_wire(&self, firewall: &Firewall, number: usize, renamed: &Renamed) -> Value {
        json!({
            "id": made_up_id(&format!("{}/{number}", firewall.serial_number)),
            "licenseIdentifier": format!("L{:07}-{number}", firewall.owner.id.as_u128() % 10_000_000),
            "product": {
                "code": self.product_code,
                "name": renamed.get(&self.product_code).unwrap_or(&self.product_name),
                "genericCode": self.product_code,
                "features": [],
            },
            "startDate": self.start.to_string(),
            "perpetual": false,
            "type": self.billed,
            "quantity": self.quantity,
            "usage": { "current": { "count": self.quantity } },
        })
    }
}

/// Always the same for the same text, and another one for another (FNV-1a).
pub(super) fn made_up_id(text: &str) -> Uuid {
    let start = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    let hash = text.bytes().fold(start, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul((1 << 88) + 0x13b));
    uuid::Builder::from_random_bytes(hash.to_be_bytes()).into_uuid()
}

/// The firewalls of the partner in `X-Partner-ID`, or of its one customer in `X-Tenant-ID`; one of the two is required.
pub(super) async fn list(
    State(sophos): State<Sophos>,
    headers: HeaderMap,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let now = sophos.clock.now();
    let world = sophos.world();
    let (partner_id, tenant) = world.partner_or_tenant(&headers, now)?;
    let refuse = |reason| Problem::bad_request(now, reason);
    let page = count(&query, "page", 1).map_err(refuse)?;
    let size = page_size(&query, DEFAULT_SIZE, MAX_SIZE).map_err(refuse)?;

    let all = world.firewalls.get(&partner_id).map(Vec::as_slice).unwrap_or_default();
    let asked: Vec<&Firewall> = all.iter().filter(|firewall| tenant.is_none() || firewall.tenant == tenant).collect();
    let mut pages = json!({ "current": page, "size": size, "maxSize": MAX_SIZE });
    if wants_totals(&query) {
        pages["total"] = asked.len().div_ceil(size).into();
        pages["items"] = asked.len().into();
    }
    let served = asked.chunks(size).nth(page - 1).unwrap_or_default();
    let items: Vec<Value> = served.iter().map(|firewall| firewall.to_wire(partner_id, &world.renamed)).collect();
    Ok(Json(json!({ "items": items, "pages": pages })))
}
