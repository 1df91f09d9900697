//! One customer's world, built in a few words: what it uses, what is mapped, what ConnectWise has, what we wrote.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;
use shared::domain::customer::Customer;
use shared::domain::decision::Decision;
use shared::domain::departure::Departure;
use shared::domain::id::{AdditionId, AgreementId, CompanyId, CustomerId, ProductCode, PsaProductId};
use shared::domain::mapping::{Combine, CustomerMapping, ProductMapping, ProductMappings};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Failure, Outcome};
use shared::domain::plan::{
    AgreementState, AskedForAll, Basis, CustomerPlan, Fate, LeftCustomer, OtherAgreement, Row, Step, Unfinished,
    UnfinishedProducts, agreement_trouble, customer_gate, left_customer, plan, rows_ending,
};
use shared::domain::psa::{Addition, AdditionDetail, Agreement, AgreementStatus, PsaProduct};
use shared::domain::quantity_override::QuantityOverride;
use shared::domain::settings::Guards;
use shared::domain::snapshot::{Snapshot, Written};
use shared::domain::usage::{LineQuantity, Pair, UsageLine, UsageTotals};

use crate::sentences::well_said;

/// The customer's agreement.
pub(crate) const AGREEMENT: i64 = 5;

pub(crate) fn code(text: &str) -> ProductCode {
    ProductCode::parse(text).unwrap()
}

pub(crate) fn psa(id: i64) -> PsaProductId {
    PsaProductId::try_from(id).unwrap()
}

pub(crate) fn addition_id(id: i64) -> AdditionId {
    AdditionId::try_from(id).unwrap()
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn month(text: &str) -> UsageMonth {
    UsageMonth::parse(text).unwrap()
}

pub(crate) fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The customer of every story.
pub(crate) fn acme() -> CustomerId {
    CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap()
}

/// A usage line of a pair.
pub(crate) fn usage_line(customer: Option<CustomerId>, product: Option<&str>, quantity: LineQuantity) -> UsageLine {
    let line = UsageLine::new(Pair { customer, product: product.map(code) }, quantity);
    UsageLine { group: "User".into(), order: "1".into(), order_line: "1".into(), ..line }
}

/// An addition as the stories start from: Billable at 4.50, in force since September.
pub(crate) fn line(id: i64, product: i64, quantity: &str) -> Addition {
    Addition {
        id: addition_id(id),
        product: psa(product),
        quantity: number(quantity),
        less_included: Decimal::ZERO,
        unit_price: Some(number("4.50")),
        bill_customer: "Billable".into(),
        effective: Some(day("2026-09-01")),
        cancelled: None,
        detail: AdditionDetail::default(),
    }
}

/// An agreement of ACME as the stories start from: active since 2020, without an end.
pub(crate) fn agreement(id: i64, name: &str) -> Agreement {
    Agreement {
        id: AgreementId::try_from(id).unwrap(),
        name: name.into(),
        company: CompanyId::try_from(3).unwrap(),
        company_name: "ACME".into(),
        kind: "Managed services".into(),
        status: AgreementStatus::Active,
        start: Some(day("2020-01-01")),
        end: None,
        next_invoice: None,
        billing_cycle: None,
        prorated: false,
        currency: None,
        parent: None,
    }
}

/// Everything that one customer's sync follows from. It starts with nothing used, mapped or billed, in the
/// Sophos-invoice mode, for November 2026.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) month: UsageMonth,
    pub(crate) invoice_mode: bool,
    pub(crate) first_run: bool,
    pub(crate) customer: Option<Customer>,
    pub(crate) mapping: Option<CustomerMapping>,
    pub(crate) lines: Vec<UsageLine>,
    pub(crate) products: BTreeMap<ProductCode, ProductMapping>,
    pub(crate) catalogue: BTreeMap<PsaProductId, Option<PsaProduct>>,
    pub(crate) agreement: Option<Agreement>,
    pub(crate) other_agreements: Vec<Agreement>,
    /// What reading the agreement or its additions ended with, where it is not in the agreement itself.
    pub(crate) trouble: Option<Failure>,
    pub(crate) additions: Vec<Addition>,
    pub(crate) snapshot: Snapshot,
    pub(crate) unsettled: BTreeSet<PsaProductId>,
    pub(crate) guards: Guards,
    /// The day of the run where the partner is: the last of November, when nothing says otherwise.
    pub(crate) today: Date,
    pub(crate) decisions: BTreeMap<PsaProductId, Decision>,
    pub(crate) overrides: Vec<QuantityOverride>,
    pub(crate) decided_alone: bool,
    pub(crate) unfinished: Option<Unfinished>,
    pub(crate) unfinished_products: UnfinishedProducts,
    pub(crate) asked: AskedForAll,
    /// What was read of the company's other agreements.
    pub(crate) others: Vec<OtherAgreement>,
}

impl World {
    pub(crate) fn new() -> Self {
        let own = agreement(AGREEMENT, "2026");
        Self {
            month: month("2026-11"),
            invoice_mode: true,
            first_run: false,
            customer: Some(Customer { id: acme(), name: "ACME".into(), billing: "usage".into(), suspended: false }),
            mapping: Some(CustomerMapping::new(acme(), own.company, own.id)),
            lines: Vec::new(),
            products: BTreeMap::new(),
            catalogue: BTreeMap::new(),
            agreement: Some(own),
            other_agreements: Vec::new(),
            trouble: None,
            additions: Vec::new(),
            snapshot: Snapshot::default(),
            unsettled: BTreeSet::new(),
            guards: Guards::default(),
            today: day("2026-11-30"),
            decisions: BTreeMap::new(),
            overrides: Vec::new(),
            decided_alone: false,
            unfinished: None,
            unfinished_products: UnfinishedProducts::new(),
            asked: AskedForAll::new(),
            others: Vec::new(),
        }
    }

    /// ACME's one product in the shape of most stories: Intercept X goes to ConnectWise product 70.
    pub(crate) fn with_intercept_x() -> Self {
        Self::new().maps("CIX", 70)
    }

    pub(crate) fn in_month(mut self, text: &str) -> Self {
        self.month = month(text);
        self
    }

    /// Outside the Sophos-invoice mode.
    pub(crate) fn nightly(mut self) -> Self {
        self.invoice_mode = false;
        self
    }

    pub(crate) fn first_run(mut self) -> Self {
        self.first_run = true;
        self
    }

    /// One usage line of a Sophos product.
    pub(crate) fn uses(self, product: &str, units: u64) -> Self {
        self.reports(product, &units.to_string())
    }

    /// One usage line with whatever JSON text stood in its quantity.
    pub(crate) fn reports(mut self, product: &str, quantity: &str) -> Self {
        let quantity = LineQuantity::from_json_text(Some(quantity));
        // Each line has a serial number of its own, as Sophos' lines have.
        let serial = format!("S-{}", self.lines.len());
        self.lines.push(UsageLine { serial, ..usage_line(Some(acme()), Some(product), quantity) });
        self
    }

    /// Maps a Sophos product and switches its sync on; the ConnectWise product is in the catalogue at 4.50.
    pub(crate) fn maps(self, product: &str, to: i64) -> Self {
        self.maps_by(product, to, None)
    }

    pub(crate) fn maps_by(mut self, product: &str, to: i64, combine: Option<Combine>) -> Self {
        let mapping = ProductMapping::discovered(code(product), false).map_to(psa(to), combine);
        self.products.insert(code(product), mapping);
        self.catalogue.entry(psa(to)).or_insert_with(|| Some(psa_product(to)));
        self
    }

    /// Changes a product's mapping.
    pub(crate) fn with_mapping(mut self, product: &str, change: impl FnOnce(ProductMapping) -> ProductMapping) -> Self {
        let mapping = self.products.remove(&code(product));
        let mapping = mapping.unwrap_or_else(|| ProductMapping::discovered(code(product), false));
        self.products.insert(code(product), change(mapping));
        self
    }

    pub(crate) fn switched_off(self, product: &str) -> Self {
        self.with_mapping(product, |mapping| mapping.switch(false).unwrap())
    }

    pub(crate) fn firewall(self, product: &str) -> Self {
        self.with_mapping(product, |mapping| ProductMapping { firewall: true, ..mapping })
    }

    /// Changes a ConnectWise product that is in the catalogue.
    pub(crate) fn with_psa_product(mut self, id: i64, change: impl FnOnce(&mut PsaProduct)) -> Self {
        change(self.catalogue.get_mut(&psa(id)).unwrap().as_mut().unwrap());
        self
    }

    /// The ConnectWise product was deleted.
    pub(crate) fn without_psa_product(mut self, id: i64) -> Self {
        self.catalogue.insert(psa(id), None);
        self
    }

    /// ConnectWise has this addition, and somebody else made it.
    pub(crate) fn bills(mut self, addition: Addition) -> Self {
        self.additions.push(addition);
        self
    }

    /// We wrote parts to an addition in a month; the addition itself may have changed or gone since.
    pub(crate) fn wrote(mut self, product: i64, addition: i64, when: &str, parts: &[(&str, u64)]) -> Self {
        let confirmed = parts.iter().map(|(_, units)| Decimal::from(*units)).sum();
        let parts = parts.iter().map(|(part, units)| (code(part), *units)).collect();
        let written = Written::new(addition_id(addition), confirmed, month(when), parts);
        self.snapshot.written.insert(psa(product), written);
        self
    }

    /// In October we wrote parts to addition 1 of a product, and ConnectWise has it unchanged.
    pub(crate) fn synced_in_october(self, product: i64, parts: &[(&str, u64)]) -> Self {
        let quantity: u64 = parts.iter().map(|(_, units)| units).sum();
        self.bills(line(1, product, &quantity.to_string())).wrote(product, 1, "2026-10", parts)
    }

    /// Another active agreement of the company bills these.
    pub(crate) fn also_billed_on(mut self, id: i64, name: &str, additions: Vec<Addition>) -> Self {
        self.others.push(OtherAgreement { agreement: agreement(id, name), additions });
        self
    }

    pub(crate) fn with_agreement(mut self, change: impl FnOnce(&mut Agreement)) -> Self {
        change(self.agreement.as_mut().unwrap());
        self
    }

    pub(crate) fn usage(&self) -> UsageTotals {
        self.lines.iter().collect()
    }

    fn agreement_state(&self, mapping: &CustomerMapping) -> AgreementState {
        let agreement = self.agreement.as_ref();
        let mut of_company = self.other_agreements.clone();
        of_company.extend(agreement.cloned());
        let trouble = self.trouble.clone();
        match trouble.or_else(|| agreement_trouble(mapping, agreement, &of_company, self.month)) {
            Some(failure) => AgreementState::Trouble(failure),
            None => {
                AgreementState::Ready { agreement: self.agreement.clone().unwrap(), additions: self.additions.clone() }
            }
        }
    }

    /// The plan, from the gate on.
    pub(crate) fn plan(&self) -> CustomerPlan {
        self.plan_knowing(Some(&self.others))
    }

    /// The plan before the other agreements of the company are read: it shows whether they have to be.
    pub(crate) fn plan_before_others(&self) -> CustomerPlan {
        self.plan_knowing(None)
    }

    fn plan_knowing(&self, others: Option<&[OtherAgreement]>) -> CustomerPlan {
        let usage = self.usage().of(Some(acme()));
        let (mapping, customer) = (self.mapping.as_ref(), self.customer.as_ref());
        let mut gate = customer_gate(mapping, customer);
        let mut departure = None;
        if let Some(left) = Departure::of_synced(mapping, customer) {
            let trouble = match self.agreement_state(mapping.unwrap()) {
                AgreementState::Trouble(failure) => Some(failure),
                AgreementState::Ready { .. } => None,
            };
            let before = Some(&self.snapshot).filter(|before| !before.written.is_empty());
            match left_customer(left, &usage, before, trouble.as_ref()) {
                LeftCustomer::NeverBilled => {}
                LeftCustomer::Planned(left) => (gate, departure) = (None, Some(left)),
                LeftCustomer::DoneWith(outcome) => gate = Some(outcome),
            }
        }
        if let Some(outcome) = gate {
            // What we wrote is kept by agreement: the agreement is unknown without a mapping.
            let before = self.mapping.as_ref().map_or_else(Snapshot::default, |_| self.snapshot.clone());
            return CustomerPlan { rows: rows_ending(&usage, &before, &outcome), ..CustomerPlan::default() };
        }
        let mappings: ProductMappings = self.products.values().cloned().collect();
        plan(&Basis {
            month: self.month,
            invoice_mode: self.invoice_mode,
            first_run: self.first_run,
            adopts: false,
            usage: &usage,
            mappings: &mappings,
            products: &self.catalogue,
            agreement: &self.agreement_state(self.mapping.as_ref().unwrap()),
            snapshot: &self.snapshot,
            unsettled: &self.unsettled,
            guards: &self.guards,
            today: self.today,
            decisions: &self.decisions,
            decided_alone: self.decided_alone,
            overrides: &self.overrides,
            unfinished: self.unfinished,
            unfinished_products: &self.unfinished_products,
            asked: &self.asked,
            departure: departure.as_ref(),
            others,
        })
    }

    pub(crate) fn step(&self, product: i64) -> Step {
        self.plan().additions.get(&psa(product)).map(|addition| addition.step.clone()).expect("a planned addition")
    }

    /// The outcome of a Sophos product's row once its step is carried out; none without a row.
    pub(crate) fn find_outcome(&self, product: &str) -> Option<Outcome> {
        let plan = self.plan();
        let row = plan.rows.iter().find(|row| row.code.as_ref() == Some(&code(product)))?;
        Some(outcome_of(&plan, row))
    }

    /// Asserts a product's outcome by its code and its sentence, and that both sentence and advice are fit for a page.
    #[track_caller]
    pub(crate) fn ends(&self, product: &str, outcome: &str, reason: &str) {
        let found = self.find_outcome(product).expect("a row");
        assert_eq!((found.code().as_str(), found.reason().as_str()), (outcome, reason), "{product}");
        well_said(&found);
    }
}

/// How a row ends when its step is carried out.
pub(crate) fn outcome_of(plan: &CustomerPlan, row: &Row) -> Outcome {
    let product = match &row.fate {
        Fate::Ends(outcome) => return outcome.clone(),
        Fate::With(product) => product,
    };
    match &plan.additions[product].step {
        Step::Nothing | Step::Keep { .. } => Outcome::Unchanged,
        Step::Adopt { .. } => Outcome::Adopted,
        Step::Create { .. } => Outcome::Created,
        Step::Update { .. } => Outcome::Updated,
        Step::Wait(waiting) => Outcome::Waiting(waiting.clone()),
        Step::Hold(hold) | Step::Clear { hold, .. } => Outcome::Held(hold.clone()),
        Step::Skip(skip) => Outcome::Skipped(skip.clone()),
        Step::Fail(failure) => Outcome::Failed(failure.clone()),
    }
}

pub(crate) fn psa_product(id: i64) -> PsaProduct {
    PsaProduct {
        id: psa(id),
        identifier: format!("SOPHOS-{id}"),
        description: "Managed protection".into(),
        class: "NonInventory".into(),
        bundle: false,
        inactive: false,
        price: Some(number("4.50")),
    }
}
