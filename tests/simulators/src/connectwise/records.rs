//! What the simulated PSA keeps: its collections, where they live in the API, and the fields of their records.

mod addition;
mod agreement;
mod agreement_type;
mod billing;
mod catalog;
mod company;
mod contact;
pub(super) mod field;
mod invoice;
mod setup;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::auth::Area;
use field::Field;

/// A record as it is kept: references to other collections as `{"id": n}` alone, unset fields absent.
pub type Row = Map<String, Value>;

/// The collections of the PSA that the simulator has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Collection {
    /// `/company/companies`
    Companies,
    /// `/finance/agreements`
    Agreements,
    /// `/finance/agreements/types`
    AgreementTypes,
    /// `/finance/agreements/{id}/additions`; each belongs to an agreement.
    Additions,
    /// `/procurement/catalog`
    Catalog,
    /// `/procurement/categories`
    Categories,
    /// `/procurement/subcategories`, and those of one category under `/procurement/categories/{id}/subcategories`
    Subcategories,
    /// `/procurement/types`
    ProductTypes,
    /// `/procurement/unitOfMeasures`
    UnitsOfMeasure,
    /// `/procurement/manufacturers`
    Manufacturers,
    /// `/finance/invoices`
    Invoices,
    /// `/company/companies/statuses`
    CompanyStatuses,
    /// `/company/companies/types`
    CompanyTypes,
    /// `/company/companies/{id}/sites`; each belongs to a company.
    Sites,
    /// `/company/contacts`
    Contacts,
    /// `/system/locations`; a company's territory is one, too.
    Locations,
    /// `/system/departments`
    Departments,
    /// `/finance/billingCycles`
    BillingCycles,
    /// `/finance/billingTerms`
    BillingTerms,
    /// `/finance/currencies`
    Currencies,
}

/// All collections, those first that the others refer to.
pub(super) const COLLECTIONS: [Collection; 20] = [
    Collection::CompanyStatuses,
    Collection::CompanyTypes,
    Collection::Locations,
    Collection::Departments,
    Collection::BillingCycles,
    Collection::BillingTerms,
    Collection::Currencies,
    Collection::Companies,
    Collection::Sites,
    Collection::Contacts,
    Collection::AgreementTypes,
    Collection::Agreements,
    Collection::Categories,
    Collection::Subcategories,
    Collection::ProductTypes,
    Collection::UnitsOfMeasure,
    Collection::Manufacturers,
    Collection::Catalog,
    Collection::Additions,
    Collection::Invoices,
];

/// What the API says of a collection as a whole.
pub(super) struct Profile {
    /// The name of one record in error bodies.
    pub(super) resource: &'static str,
    /// The path under the API's root; `{}` is the owner's id.
    pub(super) path: &'static str,
    /// The name of the link that a reference to a record carries.
    pub(super) href: &'static str,
    /// The fields that a reference to a record shows beside its id.
    pub(super) titles: &'static [&'static str],
    /// The field that no two records may share.
    pub(super) unique: Option<&'static str>,
    /// The rights that guard it.
    pub(super) area: Area,
    /// Whether no call may change it.
    pub(super) read_only: bool,
    /// Its fields, in the vendor's order, without `id` and `_info`.
    pub(super) fields: &'static [Field],
}

impl Collection {
    /// What the API says of this collection.
    pub(super) fn profile(self) -> &'static Profile {
        match self {
            Self::Companies => &COMPANIES,
            Self::Agreements => &AGREEMENTS,
            Self::Additions => &ADDITIONS,
            Self::Catalog => &CATALOG,
            Self::AgreementTypes => &AGREEMENT_TYPES,
            Self::Categories => &CATEGORIES,
            Self::Subcategories => &SUBCATEGORIES,
            Self::ProductTypes => &PRODUCT_TYPES,
            Self::UnitsOfMeasure => &UNITS_OF_MEASURE,
            Self::Manufacturers => &MANUFACTURERS,
            Self::Invoices => &INVOICES,
            Self::CompanyStatuses => &COMPANY_STATUSES,
            Self::CompanyTypes => &COMPANY_TYPES,
            Self::Sites => &SITES,
            Self::Contacts => &CONTACTS,
            Self::Locations => &LOCATIONS,
            Self::Departments => &DEPARTMENTS,
            Self::BillingCycles => &BILLING_CYCLES,
            Self::BillingTerms => &BILLING_TERMS,
            Self::Currencies => &CURRENCIES,
        }
    }

    /// The field called `name`, capitals and all.
    pub(super) fn field(self, name: &str) -> Option<&'static Field> {
        self.profile().fields.iter().find(|field| field.name == name)
    }

    /// The field called `name`, whatever its capitals.
    pub(super) fn field_ignoring_case(self, name: &str) -> Option<&'static Field> {
        self.profile().fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

static COMPANIES: Profile = Profile {
    resource: "company",
    path: "company/companies",
    href: "company_href",
    titles: &["identifier", "name"],
    unique: Some("identifier"),
    area: Area::CompanyMaintenance,
    read_only: false,
    fields: company::COMPANY,
};

static AGREEMENTS: Profile = Profile {
    resource: "agreement",
    path: "finance/agreements",
    href: "agreement_href",
    titles: &["name"],
    unique: None,
    area: Area::Agreements,
    read_only: false,
    fields: agreement::AGREEMENT,
};

static ADDITIONS: Profile = Profile {
    resource: "addition",
    path: "finance/agreements/{}/additions",
    href: "addition_href",
    titles: &[],
    unique: None,
    area: Area::Agreements,
    read_only: false,
    fields: addition::ADDITION,
};

static CATALOG: Profile = Profile {
    resource: "catalogItem",
    path: "procurement/catalog",
    href: "catalog_href",
    titles: &["identifier"],
    unique: Some("identifier"),
    area: Area::ProductCatalog,
    read_only: false,
    fields: catalog::CATALOG_ITEM,
};

static INVOICES: Profile = Profile {
    resource: "invoice",
    path: "finance/invoices",
    href: "invoice_href",
    titles: &[],
    unique: None,
    area: Area::Invoicing,
    read_only: true,
    fields: invoice::INVOICE,
};

static SITES: Profile = Profile {
    resource: "companySite",
    path: "company/companies/{}/sites",
    href: "site_href",
    titles: &["name"],
    unique: None,
    area: Area::CompanyMaintenance,
    read_only: false,
    fields: contact::SITE,
};

static CONTACTS: Profile = Profile {
    resource: "contact",
    path: "company/contacts",
    href: "contact_href",
    titles: &["name"],
    unique: None,
    area: Area::CompanyMaintenance,
    read_only: false,
    fields: contact::CONTACT,
};

static DEPARTMENTS: Profile = Profile {
    resource: "department",
    path: "system/departments",
    href: "department_href",
    titles: &["identifier", "name"],
    unique: None,
    area: Area::TableSetup,
    read_only: false,
    fields: setup::DEPARTMENT,
};

static CURRENCIES: Profile = Profile {
    resource: "currency",
    path: "finance/currencies",
    href: "currency_href",
    titles: &["symbol", "currencyCode", "numberOfDecimals", "currencyIdentifier", "name"],
    unique: None,
    area: Area::TableSetup,
    read_only: false,
    fields: billing::CURRENCY,
};

static COMPANY_STATUSES: Profile =
    setup_table("companyStatus", "company/companies/statuses", "status_href", setup::COMPANY_STATUS);
static COMPANY_TYPES: Profile = setup_table("companyType", "company/companies/types", "type_href", setup::COMPANY_TYPE);
static LOCATIONS: Profile = setup_table("location", "system/locations", "location_href", setup::LOCATION);
static BILLING_CYCLES: Profile =
    setup_table("billingCycle", "finance/billingCycles", "billingCycle_href", billing::BILLING_CYCLE);
static BILLING_TERMS: Profile =
    setup_table("billingTerm", "finance/billingTerms", "billingTerms_href", billing::BILLING_TERM);
static AGREEMENT_TYPES: Profile =
    setup_table("agreementType", "finance/agreements/types", "type_href", agreement_type::AGREEMENT_TYPE);
static CATEGORIES: Profile = setup_table("category", "procurement/categories", "category_href", setup::CATEGORY);
static SUBCATEGORIES: Profile =
    setup_table("subCategory", "procurement/subcategories", "subcategory_href", setup::SUBCATEGORY);
static PRODUCT_TYPES: Profile = setup_table("productType", "procurement/types", "type_href", setup::PRODUCT_TYPE);
static UNITS_OF_MEASURE: Profile =
    setup_table("unitOfMeasure", "procurement/unitOfMeasures", "uom_href", setup::UNIT_OF_MEASURE);
static MANUFACTURERS: Profile =
    setup_table("manufacturer", "procurement/manufacturers", "manufacturer_href", setup::MANUFACTURER);

const fn setup_table(
    resource: &'static str,
    path: &'static str,
    href: &'static str,
    fields: &'static [Field],
) -> Profile {
    Profile { resource, path, href, titles: &["name"], unique: None, area: Area::TableSetup, read_only: false, fields }
}
