//! The demo partner's ConnectWise: companies, agreements, a catalogue under its own brand, and additions typed in by hand.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::domain::id::ProductCode;
use shared::domain::month::UsageMonth;
use shared::domain::schedule::stable_hash;
use shared::domain::usage::{CustomerUsage, LineQuantity, Pair, UsageLine, UsageTotals};

use super::catalogue::Role;
use super::spec::AgreementSpec;
use super::{Demo, TypedIn, day_of};
use simulators::connectwise::auth::{Credential, Role as Rights};
use simulators::connectwise::{ANNUAL, Collection, ConnectWise, QUARTERLY, Refusal, merged};

/// The company id and keys of the demo partner's ConnectWise. They open nothing but a simulator.
pub const DEMO_COMPANY: (&str, &str, &str) = ("demo", "demo-public", "demo-private");

/// The ids that ConnectWise gave.
#[derive(Clone, Debug, Default)]
pub struct PlantedPsa {
    /// The ConnectWise product of each Sophos product that has one.
    pub products: BTreeMap<String, u32>,
    /// Each customer's company.
    pub companies: Vec<u32>,
    /// Each customer's agreement.
    pub agreements: Vec<u32>,
    /// The agreement of before, of a customer whose agreement was changed.
    pub former: BTreeMap<usize, u32>,
    /// ConnectWise products that no Sophos product is mapped to, by identifier.
    pub others: BTreeMap<&'static str, u32>,
    /// The additions of an awkward customer's product, in the order of the case.
    pub additions: BTreeMap<(usize, String), Vec<u32>>,
}

impl Demo {
    /// Fills an empty ConnectWise as it stands before the partner's first run for `month`.
    ///
    /// # Errors
    /// ConnectWise refuses a record: a defect of the demo.
    pub fn fill_psa(&self, psa: &ConnectWise, month: UsageMonth) -> Result<PlantedPsa, Refusal> {
        let mut planted = PlantedPsa::default();
        self.plant_catalogue(psa, &mut planted)?;
        let kind = psa.add_agreement_type("Managed security")?;
        let usage = self.usage_totals(month);
        let mut denied = Vec::new();
        for (number, tenant) in self.population.tenants().iter().enumerate() {
            let fields = self.company_fields(number);
            let company = psa.add_company_with(&format!("C{number:05}"), &shortened(&tenant.name, 50), fields)?;
            let spec = self.spec(number).map_or(AgreementSpec::Fine, |spec| spec.agreement);
            let name = agreement_name(&tenant.name);
            if spec == AgreementSpec::Changed {
                let former = psa.add_agreement(company, kind, &format!("{name} (before)"), json!({}))?;
                planted.former.insert(number, former);
            }
            let terms = self.ordinary_terms(psa, number, (company, kind))?;
            let agreement = psa.add_agreement(company, kind, &name, merged(terms, agreement_fields(spec, month)))?;
            planted.companies.push(company);
            planted.agreements.push(agreement);
            self.plant_other_lines(psa, &planted, number, (kind, month))?;
            self.plant_additions(psa, &mut planted, number, month, &usage.of(Some(self.customer(number))))?;
            match spec {
                AgreementSpec::Cancelled => {
                    let change = json!({"cancelledFlag": true, "dateCancelled": "2026-01-31T00:00:00Z", "reasonCancelled": "Renewed"});
                    psa.edit(Collection::Agreements, 0, agreement, &change)?;
                    psa.add_agreement(company, kind, &format!("{name} (renewed)"), json!({}))?;
                }
                AgreementSpec::Denied => denied.push(agreement),
                AgreementSpec::Deleted => {
                    let erased = psa.erase(Collection::Agreements, 0, agreement);
                    debug_assert!(erased, "the agreement was there");
                }
                AgreementSpec::OfOtherCompany => {
                    let other = json!({"company": {"id": planted.companies[0]}});
                    psa.edit(Collection::Agreements, 0, agreement, &other)?;
                }
                AgreementSpec::Fine
                | AgreementSpec::NotStarted
                | AgreementSpec::AwaitsInvoice
                | AgreementSpec::InvoicedAhead
                | AgreementSpec::Changed
                | AgreementSpec::Quarterly
                | AgreementSpec::Yearly => {}
            }
        }
        self.spoil_catalogue(psa, &planted)?;
        psa.add_credential(Credential {
            company_id: DEMO_COMPANY.0.to_owned(),
            public_key: DEMO_COMPANY.1.to_owned(),
            private_key: DEMO_COMPANY.2.to_owned(),
            member: "UsageSync".to_owned(),
            role: denied.into_iter().fold(Rights::integrator(), Rights::denied),
        });
        Ok(planted)
    }

    fn plant_catalogue(&self, psa: &ConnectWise, planted: &mut PlantedPsa) -> Result<(), Refusal> {
        let category = psa.add_category("Security")?;
        let subcategory = psa.add_subcategory(category, "Subscriptions")?;
        let kind = psa.add_product_type("Service")?;
        let unit = psa.add_unit_of_measure("Each")?;
        let basis = |price: f64| {
            json!({
                "subcategory": {"id": subcategory}, "type": {"id": kind}, "unitOfMeasure": {"id": unit},
                "price": price, "cost": 1.0, "recurringFlag": true, "productClass": "Service",
            })
        };
        for (number, product) in self.population.products().iter().enumerate() {
            let price = if self.role(number) == Role::ZeroPrice { 0.0 } else { 4.5 };
            let id =
                psa.add_catalog_item(&format!("SEC-{}", product.code), &branded(&product.description), basis(price))?;
            planted.products.insert(product.code.clone(), id);
        }
        let others = self.plant_other_products(psa, (kind, unit), planted)?;
        for number in self.size.products..(self.size.products * 5 / 2).saturating_sub(others) {
            psa.add_catalog_item(&format!("MSP-{number:04}"), &format!("Managed service {number}"), basis(9.0))?;
        }
        Ok(())
    }

    /// What became of some ConnectWise products after they had been mapped.
    fn spoil_catalogue(&self, psa: &ConnectWise, planted: &PlantedPsa) -> Result<(), Refusal> {
        for (number, product) in self.population.products().iter().enumerate() {
            let id = planted.products[&product.code];
            match self.role(number) {
                Role::InactiveInPsa => psa.edit(Collection::Catalog, 0, id, &json!({"inactiveFlag": true}))?,
                Role::BundleInPsa => psa.edit(Collection::Catalog, 0, id, &json!({"productClass": "Bundle"}))?,
                Role::DeletedInPsa => {
                    let erased = psa.erase(Collection::Catalog, 0, id);
                    debug_assert!(erased, "the product was there");
                }
                Role::Ordinary
                | Role::Unmapped
                | Role::Off
                | Role::Excluded
                | Role::Removed
                | Role::Firewall
                | Role::ZeroPrice
                | Role::AddUp(_)
                | Role::TakeLargest(_) => {}
            }
        }
        Ok(())
    }

    /// The additions that somebody typed in: those of the awkward cases, and an ordinary customer's as [`TypedIn`] says.
    fn plant_additions(
        &self,
        psa: &ConnectWise,
        planted: &mut PlantedPsa,
        customer: usize,
        month: UsageMonth,
        usage: &CustomerUsage,
    ) -> Result<(), Refusal> {
        let agreement = planted.former.get(&customer).copied().unwrap_or(planted.agreements[customer]);
        for spec in self.spec(customer).into_iter().flat_map(|spec| spec.additions) {
            let product = planted.products[spec.code];
            let id =
                psa.add_addition(agreement, product, spec.quantity, dates(month, spec.effective, spec.cancelled))?;
            planted.additions.entry((customer, spec.code.to_owned())).or_default().push(id);
        }
        for (code, usage) in self.spec(customer).is_none().then_some(&usage.0).into_iter().flatten() {
            let Some(code) = code.as_ref().map(ProductCode::as_str) else { continue };
            let ordinary = self.number_of(code).is_some_and(|number| self.role(number) == Role::Ordinary);
            if ordinary && self.is_typed_in(customer, code) {
                let quantity = u32::try_from(usage.units).unwrap_or(u32::MAX);
                psa.add_addition(agreement, planted.products[code], quantity, dates(month, 0, 0))?;
            }
        }
        Ok(())
    }

    fn is_typed_in(&self, customer: usize, code: &str) -> bool {
        match self.typed_in {
            TypedIn::Nothing => false,
            TypedIn::Half => stable_hash(&format!("typed/{}/{customer}/{code}", self.size.seed)).is_multiple_of(2),
            TypedIn::Everything => true,
        }
    }

    fn usage_totals(&self, month: UsageMonth) -> UsageTotals {
        let line = |row: &simulators::sophos::UsageRow| {
            let pair = Pair {
                customer: row.account_id.map(shared::domain::id::CustomerId::from_uuid),
                product: ProductCode::parse(&row.product_code).ok(),
            };
            UsageLine::new(pair, LineQuantity::Units(u64::try_from(row.billable_quantity).unwrap_or(0)))
        };
        let mut totals = UsageTotals::default();
        self.usage_rows(month).iter().for_each(|row| totals.add(&line(row)));
        totals
    }
}

pub(super) fn dates(month: UsageMonth, effective: i8, cancelled: i8) -> Value {
    let on = |day| day_of(month, day);
    let mut dates = json!({"effectiveDate": "2026-01-01T00:00:00Z"});
    if effective != 0 {
        dates["effectiveDate"] = json!(format!("{}T00:00:00Z", on(effective)));
    }
    if cancelled != 0 {
        dates["cancelledDate"] = json!(format!("{}T00:00:00Z", on(cancelled)));
    }
    dates
}

/// What is special about an awkward customer's agreement from the beginning.
fn agreement_fields(spec: AgreementSpec, month: UsageMonth) -> Value {
    let after = format!("{}T00:00:00Z", month.next().first_day());
    match spec {
        AgreementSpec::NotStarted => json!({"startDate": after}),
        AgreementSpec::AwaitsInvoice => {
            json!({"nextInvoiceDate": format!("{}T00:00:00Z", month.first_day())})
        }
        AgreementSpec::InvoicedAhead => json!({"nextInvoiceDate": after}),
        AgreementSpec::Quarterly => json!({"billingCycle": {"id": QUARTERLY}, "nextInvoiceDate": next_quarter(month)}),
        AgreementSpec::Yearly => {
            let next = format!("{}-03-01T00:00:00Z", month.first_day().year() + 1);
            json!({"billingCycle": {"id": ANNUAL}, "invoicingCycle": "ContractYear", "nextInvoiceDate": next})
        }
        AgreementSpec::Fine
        | AgreementSpec::Cancelled
        | AgreementSpec::Denied
        | AgreementSpec::Deleted
        | AgreementSpec::OfOtherCompany
        | AgreementSpec::Changed => json!({}),
    }
}

/// The first day of the quarter after a month's.
fn next_quarter(month: UsageMonth) -> String {
    let mut next = month.next();
    while next.first_day().month() % 3 != 1 {
        next = next.next();
    }
    format!("{}T00:00:00Z", next.first_day())
}

fn agreement_name(customer: &str) -> String {
    shortened(&format!("{customer} security"), 80)
}

/// The partner sells under its own brand, which is why mappings hold ids and not names.
fn branded(description: &str) -> String {
    let plain = description.split(" - ").next().unwrap_or(description);
    shortened(&plain.replace("Central", "Managed"), 60)
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
