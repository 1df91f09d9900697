//! On which terms the demo partner's customers are billed: most of the ordinary ones by the calendar month and in one
//! currency, a few otherwise, as at a real partner.

use serde_json::{Value, json};
use shared::domain::month::UsageMonth;

use super::cases::CASES;
use super::psa::dates;
use super::{Demo, PlantedPsa};
use simulators::connectwise::{ConnectWise, EUR, Refusal, USD, customer, merged};

/// Products that the vendor's own integration created before the partner came to us.
pub(super) const VENDOR_PRODUCTS: [(&str, &str, f64); 2] = [
    ("Sophos_Intercept_X_Advanced", "Intercept X Advanced", 4.5),
    ("Sophos_Intercept_X_Adv_Srv", "Intercept X Advanced for Server", 8.2),
];
/// What the partner bills besides Sophos.
const SERVICES: [(&str, &str, f64); 2] = [("Setup_Fee", "Setup, once", 250.0), ("Helpdesk", "Helpdesk by user", 22.0)];
/// Among this many ordinary customers there is one of each kind.
const EVERY: usize = 12;
/// A customer whose agreement is a child of its group's.
const CHILD: usize = 0;
/// The second has an older agreement besides, for other services.
const TWO_AGREEMENTS: usize = 1;
/// The third was charged for a setup in the month.
const ONE_TIME: usize = 2;

impl Demo {
    /// Which of its kinds an ordinary customer of an awkward demo is.
    fn kind_of(&self, number: usize) -> Option<usize> {
        let ordinary = number.checked_sub(CASES.len()).filter(|_| self.is_awkward())?;
        Some(ordinary % EVERY)
    }

    /// What a customer's company has besides its names. Every fourth of the ordinary customers pays in euros.
    pub(super) fn company_fields(&self, number: usize) -> Value {
        let Some(kind) = self.kind_of(number) else { return json!({}) };
        let (city, currency) = if kind % 4 == 3 { ("Cork", EUR) } else { ("Bristol", USD) };
        customer(&format!("{} Mill Lane", number + 1), city, currency)
    }

    /// The terms of a customer's agreement: every other one prorates, one is its group's child. All have their contact.
    pub(super) fn ordinary_terms(
        &self,
        psa: &ConnectWise,
        number: usize,
        (company, kind): (u32, u32),
    ) -> Result<Value, Refusal> {
        let Some(place) = self.kind_of(number) else { return Ok(json!({})) };
        let contact = psa.add_contact(company, "Robin", "Ashby")?;
        let terms = json!({"contact": {"id": contact}, "prorateFlag": place % 2 == 1});
        if place != CHILD {
            return Ok(terms);
        }
        let group = psa.add_company_with(&format!("G{number:05}"), "Holding group", json!({}))?;
        let parent = psa.add_agreement(group, kind, "Holding group", json!({}))?;
        Ok(merged(terms, json!({"parentAgreement": {"id": parent}, "billToCompany": {"id": group}})))
    }

    /// Products of an awkward demo that no Sophos product is mapped to; how many there are.
    pub(super) fn plant_other_products(
        &self,
        psa: &ConnectWise,
        (kind, unit): (u32, u32),
        planted: &mut PlantedPsa,
    ) -> Result<usize, Refusal> {
        if !self.is_awkward() {
            return Ok(0);
        }
        for (category, items) in [("Sophos MSP", VENDOR_PRODUCTS), ("Services", SERVICES)] {
            let category = psa.add_category(category)?;
            let subcategory = psa.add_subcategory(category, "All")?;
            for (identifier, description, price) in items {
                let fields = json!({
                    "subcategory": {"id": subcategory}, "type": {"id": kind}, "unitOfMeasure": {"id": unit},
                    "price": price, "cost": 1.0, "productClass": "Service",
                });
                planted.others.insert(identifier, psa.add_catalog_item(identifier, description, fields)?);
            }
        }
        Ok(planted.others.len())
    }

    /// Lines that no usage goes to: of the vendor's own integration, of another agreement, and charges that begin and end
    /// inside the month.
    pub(super) fn plant_other_lines(
        &self,
        psa: &ConnectWise,
        planted: &PlantedPsa,
        number: usize,
        (kind, month): (u32, UsageMonth),
    ) -> Result<(), Refusal> {
        let (company, agreement) = (planted.companies[number], planted.agreements[number]);
        for (identifier, quantity) in self.spec(number).into_iter().flat_map(|spec| spec.of_vendor) {
            psa.add_addition(agreement, planted.others[identifier], *quantity, dates(month, 0, 0))?;
        }
        match self.kind_of(number) {
            Some(TWO_AGREEMENTS) => {
                let older = psa.add_agreement(company, kind, "Managed services 2019", json!({}))?;
                psa.add_addition(older, planted.others["Helpdesk"], 6, dates(month, 0, 0))?;
                psa.add_addition(older, planted.others["Setup_Fee"], 1, dates(month, 5, 5))?;
            }
            Some(ONE_TIME) => {
                psa.add_addition(agreement, planted.others["Setup_Fee"], 1, dates(month, 9, 12))?;
            }
            Some(_) | None => {}
        }
        Ok(())
    }
}
