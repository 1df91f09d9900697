//! Filling the PSA from a test or the local stack: typed, checked like a POST, and not in the log of writes.

use serde_json::{Map, Value, json};

use super::auth::Credential;
use super::operations::Session;
use super::path::Scope;
use super::setup_tables::MONTHLY;
use super::state::reference_id;
use super::{Collection, ConnectWise, Refusal};

impl ConnectWise {
    /// Lets a member call; its company becomes known to discovery. Keys that are there already get the new role.
    pub fn add_credential(&self, credential: Credential) {
        let mut state = self.inner.state();
        let same = |other: &Credential| {
            other.company_id.eq_ignore_ascii_case(&credential.company_id) && other.public_key == credential.public_key
        };
        state.credentials.retain(|other| !same(other));
        state.credentials.push(credential);
    }

    /// Adds a company and returns its id.
    pub fn add_company(&self, identifier: &str, name: &str) -> Result<u32, Refusal> {
        self.add_company_with(identifier, name, json!({}))
    }

    /// Adds a company and returns its id; `fields` adds and overrides.
    pub fn add_company_with(&self, identifier: &str, name: &str, fields: Value) -> Result<u32, Refusal> {
        let basis = json!({"identifier": identifier, "name": name});
        self.add(Scope::of(Collection::Companies), merged(basis, fields))
    }

    /// Adds an agreement type and returns its id.
    pub fn add_agreement_type(&self, name: &str) -> Result<u32, Refusal> {
        let fields = json!({
            "name": name,
            "employeeCompRate": "Actual",
            "employeeCompNotExceed": "Billing",
            "invoicingCycle": "CalendarYear",
            "billTime": "NoDefault",
            "billExpenses": "NoDefault",
            "billProducts": "NoDefault",
        });
        self.add(Scope::of(Collection::AgreementTypes), fields)
    }

    /// Adds an agreement of a company, with no end and billed monthly by default, and returns its id; `fields` adds and overrides.
    pub fn add_agreement(&self, company: u32, kind: u32, name: &str, fields: Value) -> Result<u32, Refusal> {
        let basis = json!({
            "name": name,
            "type": {"id": kind},
            "company": {"id": company},
            "contact": {"id": self.contact_of(company)?},
            "billingCycle": {"id": MONTHLY},
            "startDate": "2024-01-01",
            "noEndingDateFlag": true,
        });
        self.add(Scope::of(Collection::Agreements), merged(basis, fields))
    }

    /// The company's first contact; a new one, if it has none yet.
    fn contact_of(&self, company: u32) -> Result<u32, Refusal> {
        let found = self
            .inner
            .state()
            .row(Collection::Companies, 0, company)
            .and_then(|row| reference_id(row, "defaultContact"));
        if let Some(contact) = found {
            return Ok(contact);
        }
        let contact = self.add_contact(company, "Accounts", "Office")?;
        let mut state = self.inner.state();
        if let Some(mut row) = state.row(Collection::Companies, 0, company).cloned() {
            row.insert("defaultContact".to_owned(), json!({"id": contact}));
            state.put(Collection::Companies, 0, company, row);
        }
        Ok(contact)
    }

    /// Adds a contact of a company and returns its id.
    pub fn add_contact(&self, company: u32, first: &str, last: &str) -> Result<u32, Refusal> {
        let fields = json!({"firstName": first, "lastName": last, "company": {"id": company}});
        self.add(Scope::of(Collection::Contacts), fields)
    }

    /// Adds a site of a company and returns its id.
    pub fn add_site(&self, company: u32, name: &str, fields: Value) -> Result<u32, Refusal> {
        self.add(Scope { owner: company, ..Scope::of(Collection::Sites) }, merged(json!({ "name": name }), fields))
    }

    /// Adds a category and returns its id.
    pub fn add_category(&self, name: &str) -> Result<u32, Refusal> {
        self.add(Scope::of(Collection::Categories), json!({ "name": name }))
    }

    /// Adds a subcategory of a category and returns its id.
    pub fn add_subcategory(&self, category: u32, name: &str) -> Result<u32, Refusal> {
        self.add(Scope::of(Collection::Subcategories), json!({"name": name, "category": {"id": category}}))
    }

    /// Adds a product type and returns its id.
    pub fn add_product_type(&self, name: &str) -> Result<u32, Refusal> {
        self.add(Scope::of(Collection::ProductTypes), json!({ "name": name }))
    }

    /// Adds a unit of measure and returns its id.
    pub fn add_unit_of_measure(&self, name: &str) -> Result<u32, Refusal> {
        self.add(Scope::of(Collection::UnitsOfMeasure), json!({ "name": name }))
    }

    /// Adds a catalog item and returns its id; `fields` must name `subcategory` and `type`, and adds and overrides.
    pub fn add_catalog_item(&self, identifier: &str, description: &str, fields: Value) -> Result<u32, Refusal> {
        let basis = json!({
            "identifier": identifier,
            "description": description,
            "customerDescription": description,
        });
        self.add(Scope::of(Collection::Catalog), merged(basis, fields))
    }

    /// Adds an addition to an agreement, billable unless `fields` says otherwise, and returns its id.
    pub fn add_addition(&self, agreement: u32, product: u32, quantity: u32, fields: Value) -> Result<u32, Refusal> {
        let basis = json!({"product": {"id": product}, "quantity": quantity, "billCustomer": "Billable"});
        self.add(Scope { owner: agreement, ..Scope::of(Collection::Additions) }, merged(basis, fields))
    }

    fn add(&self, scope: Scope, fields: Value) -> Result<u32, Refusal> {
        let mut state = self.inner.state();
        Session { state: &mut state, now: self.inner.now(), who: "setup", root: "", wire: self.inner.in_house() }
            .plant(scope, &object(fields))
    }
}

/// `basis` with `fields` added, which win.
#[must_use]
pub fn merged(basis: Value, fields: Value) -> Value {
    let mut basis = object(basis);
    basis.extend(object(fields));
    Value::Object(basis)
}

/// Anything but an object adds nothing.
fn object(fields: Value) -> Map<String, Value> {
    if let Value::Object(fields) = fields { fields } else { Map::new() }
}
