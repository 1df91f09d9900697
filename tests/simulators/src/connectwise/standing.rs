//! The small fixed data set of a simulator that is started alone, so that any client has something to talk to.

mod others;

use serde_json::json;

use super::auth::{Credential, Role};
use super::seed::merged;
use super::{ConnectWise, Refusal, Settings};
pub use others::{ANNUAL, EUR, QUARTERLY, USD, customer};

/// The keys of the standing data set. They open nothing but a simulator.
pub const STANDING_COMPANY: &str = "training";
/// The public key of the standing data set.
pub const STANDING_PUBLIC_KEY: &str = "public";
/// The private key of the standing data set.
pub const STANDING_PRIVATE_KEY: &str = "private";

impl ConnectWise {
    /// A PSA with one set of keys and what a real partner's has: companies with status, types, territory and address;
    /// agreements in two currencies, by month, quarter and year, prorated or not, one under a parent, two of one company;
    /// catalog items in three categories (one inactive, one of class Bundle); additions that end inside a month, one-time
    /// charges and the lines of the vendor's own integration.
    ///
    /// Ids and names of the first three companies and agreements and of the first five products never change: scripts
    /// and infra/DEPLOY.md use them. Dates follow the clock: the next invoice of most agreements is that of next month.
    pub fn standing_data() -> Result<Self, Refusal> {
        Self::standing_data_with(Settings::default())
    }

    /// The same on a server with other settings.
    pub fn standing_data_with(settings: Settings) -> Result<Self, Refusal> {
        let psa = Self::new(settings);
        psa.add_credential(Credential {
            company_id: STANDING_COMPANY.to_owned(),
            public_key: STANDING_PUBLIC_KEY.to_owned(),
            private_key: STANDING_PRIVATE_KEY.to_owned(),
            member: "API".to_owned(),
            role: Role::administrator(),
        });
        let kind = psa.add_agreement_type("Managed services")?;
        let products = psa.standing_catalog()?;
        // Three of the customers of the Sophos simulator's own data set.
        for (number, name) in
            [("100", "Amberquill Bakery"), ("200", "Gristmill Veterinary"), ("300", "Quarrystone Glazing")]
        {
            let address = format!("{number} Mill Lane");
            let company = psa.add_company_with(&format!("C{number}"), name, customer(&address, "Bristol", USD))?;
            psa.add_contact(company, "Dana", "Whitlock")?;
            let terms = psa.terms_of(company, &address)?;
            let agreement = psa.add_agreement(company, kind, &format!("{name} security"), terms)?;
            psa.add_addition(agreement, products[0], 12, json!({}))?;
            psa.add_addition(agreement, products[1], 3, json!({"lessIncluded": 1}))?;
        }
        psa.standing_others(kind, &products)?;
        Ok(psa)
    }

    fn standing_catalog(&self) -> Result<Vec<u32>, Refusal> {
        let category = self.add_category("Security")?;
        let subcategory = self.add_subcategory(category, "Subscriptions")?;
        let kind = self.add_product_type("Software")?;
        let unit = self.add_unit_of_measure("Each")?;
        let mut products = Vec::new();
        for (identifier, description, price, fields) in [
            ("Sophos_Intercept_X_Advanced", "Intercept X Advanced", 4.5, json!({})),
            ("Sophos_MTR_Standard", "MTR Standard", 9.25, json!({})),
            ("Sophos_Device_Encryption", "Device Encryption", 1.1, json!({})),
            ("Security_Suite", "Security suite", 15.0, json!({"productClass": "Bundle"})),
            ("Old_Antivirus", "Antivirus (discontinued)", 2.0, json!({"inactiveFlag": true})),
        ] {
            let basis = json!({
                "subcategory": {"id": subcategory},
                "type": {"id": kind},
                "unitOfMeasure": {"id": unit},
                "price": price,
                "cost": 1.0,
                "recurringFlag": true,
            });
            products.push(self.add_catalog_item(identifier, description, merged(basis, fields))?);
        }
        products.extend(self.more_products(kind, unit)?);
        Ok(products)
    }
}
