//! The part of the standing data that makes it like a real partner's.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::connectwise::seed::merged;
use crate::connectwise::{ConnectWise, Refusal};

/// The currency US dollar, by its id in the setup table.
pub const USD: u32 = 1;
/// The currency euro, by its id in the setup table.
pub const EUR: u32 = 2;
// Rows of the other setup tables, by their ids there.
const PROSPECT: u32 = 1;
const CUSTOMER: u32 = 7;
/// The billing cycle of a quarter, by its id in the setup table.
pub const QUARTERLY: u32 = 3;
/// The billing cycle of a year, by its id in the setup table.
pub const ANNUAL: u32 = 7;
const ONE_TIME: u32 = 8;
const HEADQUARTERS: u32 = 1;
const MANAGED_SERVICES: u32 = 2;
const NET_30: u32 = 3;

/// The fields of a customer's company besides its names.
#[must_use]
pub fn customer(address: &str, city: &str, currency: u32) -> Value {
    json!({
        "types": [{"id": CUSTOMER}],
        "territory": {"id": HEADQUARTERS},
        "addressLine1": address,
        "city": city,
        "zip": "BS1 4QA",
        "country": {"id": 1, "name": "United Kingdom"},
        "phoneNumber": "0117 496 0123",
        "billingTerms": {"id": NET_30},
        "currency": {"id": currency},
    })
}

impl ConnectWise {
    fn today(&self) -> Date {
        self.inner.now().to_zoned(TimeZone::UTC).date()
    }

    /// The terms of an agreement that bills by the calendar month in advance, with a site of the company at `address`.
    pub(super) fn terms_of(&self, company: u32, address: &str) -> Result<Value, Refusal> {
        let site = self.add_site(company, "Main", json!({"addressLine1": address, "primaryAddressFlag": true}))?;
        let next = self.today().first_of_month().saturating_add(1.month());
        Ok(json!({
            "site": {"id": site},
            "location": {"id": HEADQUARTERS},
            "department": {"id": MANAGED_SERVICES},
            "sla": {"id": 1, "name": "Standard"},
            "billingTerms": {"id": NET_30},
            "invoicingCycle": "CalendarYear",
            "nextInvoiceDate": next.to_string(),
        }))
    }

    /// Products of other categories and of the vendor's own integration.
    pub(super) fn more_products(&self, kind: u32, unit: u32) -> Result<Vec<u32>, Refusal> {
        let mut products = Vec::new();
        for (category, subcategory, items) in [
            (
                "Sophos MSP",
                "Sophos Central",
                [
                    ("Sophos_Intercept_X_Adv_Srv", "Intercept X Advanced for Server", 8.2),
                    ("Sophos_Central_Phish_Threat", "Phish Threat", 1.4),
                ],
            ),
            (
                "Services",
                "Managed services",
                [("Setup_Fee", "Setup, once", 250.0), ("Helpdesk", "Helpdesk by user", 22.0)],
            ),
        ] {
            let category = self.add_category(category)?;
            let subcategory = self.add_subcategory(category, subcategory)?;
            for (identifier, description, price) in items {
                let fields = json!({
                    "subcategory": {"id": subcategory},
                    "type": {"id": kind},
                    "unitOfMeasure": {"id": unit},
                    "price": price,
                    "cost": 1.0,
                    "productClass": if identifier == "Setup_Fee" { "Service" } else { "NonInventory" },
                });
                products.push(self.add_catalog_item(identifier, description, fields)?);
            }
        }
        Ok(products)
    }

    /// The other companies with their agreements and additions; `products` are those of the whole catalog.
    pub(super) fn standing_others(&self, kind: u32, products: &[u32]) -> Result<(), Refusal> {
        let [endpoint, mtr, encryption, _, _, server, phish, setup, helpdesk] = products else {
            return Err(Refusal::body("The standing data needs nine products."));
        };
        let month = self.today().first_of_month();
        let (started, ended, goes_on) =
            (month.saturating_sub(2.years()), month.saturating_add(15.days()), month.saturating_add(16.days()));

        // Two active agreements, both with the same product; one line ended inside the month and another goes on.
        let (dental, terms) = self.standing_company("C400", "Millrace Dental", "Cork", EUR)?;
        let prorated = merged(terms.clone(), json!({"prorateFlag": true, "autoInvoiceFlag": true}));
        let security = self.add_agreement(dental, kind, "Millrace Dental security", prorated)?;
        let msa = self.add_agreement(dental, kind, "Millrace Dental MSA 2019", terms)?;
        let until = json!({"effectiveDate": started.to_string(), "cancelledDate": ended.to_string()});
        self.add_addition(security, *endpoint, 14, until)?;
        self.add_addition(security, *endpoint, 17, from(goes_on))?;
        self.add_addition(security, *encryption, 5, merged(from(started), json!({"billCustomer": "NoCharge"})))?;
        self.add_addition(msa, *endpoint, 6, from(started))?;
        self.add_addition(msa, *helpdesk, 6, from(started))?;

        // By the quarter in arrears, with one-time charges; a child of another company, which its parent pays for.
        let (logistics, terms) = self.standing_company("C500", "Fernhill Logistics", "Bath", USD)?;
        let quarterly = json!({"billingCycle": {"id": QUARTERLY}, "periodType": "Current"});
        let parent = self.add_agreement(logistics, kind, "Fernhill group", merged(terms, quarterly))?;
        let (garage, terms) = self.standing_company("C600", "Fernhill Garage", "Bath", USD)?;
        let child = json!({"parentAgreement": {"id": parent}, "billToCompany": {"id": logistics}});
        let child = self.add_agreement(garage, kind, "Fernhill Garage security", merged(terms, child))?;
        self.add_addition(parent, *server, 4, from(started))?;
        let once = json!({"effectiveDate": month.to_string(), "cancelledDate": month.to_string()});
        self.add_addition(parent, *setup, 1, once)?;
        self.add_addition(child, *endpoint, 3, from(started))?;

        // By the year; one that bills once, one that is over; lines that the vendor's own integration wrote.
        let (surgery, terms) = self.standing_company("C700", "Oakhaven Surgery", "Lyon", EUR)?;
        let yearly =
            json!({"billingCycle": {"id": ANNUAL}, "invoicingCycle": "ContractYear", "nextInvoiceDate": "2027-03-01"});
        let yearly = self.add_agreement(surgery, kind, "Oakhaven yearly", merged(terms.clone(), yearly))?;
        let project = json!({"billingCycle": {"id": ONE_TIME}, "nextInvoiceDate": null});
        self.add_agreement(surgery, kind, "Oakhaven migration", merged(terms.clone(), project))?;
        let over = json!({"cancelledFlag": true, "dateCancelled": started.to_string(), "reasonCancelled": "Renewed", "nextInvoiceDate": null});
        self.add_agreement(surgery, kind, "Oakhaven 2022", merged(terms, over))?;
        for (product, quantity) in [(server, 2), (phish, 31), (mtr, 31)] {
            self.add_addition(yearly, *product, quantity, merged(from(started), json!({"lessIncluded": 1})))?;
        }
        self.add_company_with("C800", "Saltmarsh Hotel", json!({"status": {"id": 2}, "types": [{"id": PROSPECT}]}))?;
        Ok(())
    }

    fn standing_company(
        &self,
        identifier: &str,
        name: &str,
        city: &str,
        currency: u32,
    ) -> Result<(u32, Value), Refusal> {
        let address = format!("{} Weir Street", &identifier[1..]);
        let company = self.add_company_with(identifier, name, customer(&address, city, currency))?;
        self.add_contact(company, "Robin", "Ashby")?;
        Ok((company, self.terms_of(company, &address)?))
    }
}

fn from(day: Date) -> Value {
    json!({"effectiveDate": day.to_string()})
}
