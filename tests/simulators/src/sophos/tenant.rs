//! A customer as the partner's tenant list shows it: of the newer kind of answer or of the older one.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// How Sophos bills a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BillingType {
    /// MSP Flex: by monthly usage, the only type that usage sync is for.
    Usage,
    /// A fixed term.
    Term,
    Trial,
}

/// A customer as the partner's tenant list shows it.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The `accountId` of the customer's usage lines.
    pub id: Uuid,
    /// Shown as `name` and `showAs`.
    pub name: String,
    /// Calls that name a tenant of another type than `usage` are refused with 403.
    pub billing_type: BillingType,
    /// `active` on a customer in good standing, else `suspended`; served as given.
    pub status: String,
    /// The data region, such as `us03` or `eu01`.
    pub region: String,
    /// What the newer kind of answer has; `None` is a customer of the older kind.
    pub details: Option<Details>,
}

/// What today's answers tell of a customer and older ones did not. Sophos' own samples and the published clients
/// disagree about which of it is always there.
#[derive(Clone, Debug)]
pub struct Details {
    /// `organization.id`.
    pub organization_id: Uuid,
    /// `contact`.
    pub contact: Contact,
    /// The codes of `products`.
    pub products: Vec<String>,
    /// `managed`, which most answers lack.
    pub managed: Option<bool>,
}

/// Whom Sophos writes to at a customer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What `contactEmail` filters billing usage by.
    pub email: String,
    /// Postal address.
    pub address: Address,
}

/// A postal address.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Street and number.
    pub address1: String,
    /// Town.
    pub city: String,
    /// State or county.
    pub state: String,
    /// Such as `US`.
    pub country_code: String,
    /// ZIP.
    pub postal_code: String,
}

impl Tenant {
    /// An active MSP Flex customer in `us03`, of the older kind.
    #[must_use]
    pub fn new(id: Uuid, name: impl Into<String>) -> Self {
        let (status, region) = ("active".into(), "us03".into());
        Self { id, name: name.into(), billing_type: BillingType::Usage, status, region, details: None }
    }

    /// The same customer, billed otherwise.
    #[must_use]
    pub fn billed_by(self, billing_type: BillingType) -> Self {
        Self { billing_type, ..self }
    }

    /// The same customer of the newer kind: an organization and a contact made up from its id and name, the products
    /// of these codes, and nothing about `managed`.
    #[must_use]
    pub fn detailed<'code>(self, products: impl IntoIterator<Item = &'code str>) -> Self {
        let organization_id = uuid::Builder::from_random_bytes(self.id.as_u128().rotate_left(60).to_be_bytes());
        let details = Details {
            organization_id: organization_id.into_uuid(),
            contact: Contact::of(&self.name, self.geography()),
            products: products.into_iter().map(str::to_owned).collect(),
            managed: None,
        };
        Self { details: Some(details), ..self }
    }

    /// The country code that Sophos shows for the region.
    fn geography(&self) -> &'static str {
        match self.region.get(..2) {
            Some("eu") => "IE",
            Some("ca") => "CA",
            Some("ap") => "AU",
            Some("jp") => "JP",
            _ => "US",
        }
    }

    /// The record as it is served.
    pub(super) fn to_wire(&self, partner_id: Uuid, own_url: &str) -> Value {
        let mut wire = json!({
            "id": self.id,
            "showAs": self.name,
            "name": self.name,
            "dataGeography": self.geography(),
            "dataRegion": self.region,
            "billingType": self.billing_type,
            "partner": { "id": partner_id },
            "apiHost": own_url,
            "status": self.status,
        });
        if let Some(details) = &self.details {
            let products: Vec<Value> = details.products.iter().map(|code| json!({ "code": code })).collect();
            wire["organization"] = json!({ "id": details.organization_id });
            wire["contact"] = json!(details.contact);
            wire["products"] = products.into();
            if let Some(managed) = details.managed {
                wire["managed"] = managed.into();
            }
        }
        wire
    }
}

impl Contact {
    fn of(company: &str, country_code: &str) -> Self {
        let words: String =
            company.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        let address = Address {
            address1: "1 Market Square".into(),
            city: "Amberford".into(),
            state: "Amberfordshire".into(),
            country_code: country_code.into(),
            postal_code: "00100".into(),
        };
        Self { first_name: "Robin".into(), last_name: "Hale".into(), email: format!("office@{words}.example"), address }
    }
}
