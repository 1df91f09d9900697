//! What a real partner has besides the ordinary: ended, doubled or unbilled additions, a second agreement of a company,
//! usage lines that say more than one thing.

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;
use shared::domain::id::{AgreementId, PsaProductId};
use shared::domain::psa::{Addition, Agreement};

use super::SimulationError;
use super::books::{Books, line};
use super::environment::{Environment, locked};
use super::invoicing::Terms;
use super::source::Odd;
use super::world::{World, agreement_of};

/// A service that no Sophos product is mapped to.
const HELPDESK: u32 = 900;

impl World {
    /// Gives the partner what the standing data of the simulators has.
    pub(super) fn as_a_real_one(&mut self) -> Result<(), SimulationError> {
        let (environment, month) = (self.environment.clone(), self.month);
        for (number, customer) in self.sophos.customers.iter().enumerate() {
            let agreement = agreement_of(number)?;
            let units = self.sophos.units(month);
            let mut books = locked(&self.books);
            for (code, product) in self.codes.iter().zip(&self.products) {
                let pair = (customer.id, code.clone());
                let used = Decimal::from(units.get(&pair).copied().unwrap_or(7));
                books.people_typed(agreement, (*product, used), month.first_day(), &environment);
                match environment.below(25) {
                    0 => drop(locked(&self.sophos.odd).insert(pair, Odd::Twice)),
                    1 => drop(locked(&self.sophos.odd).insert(pair, Odd::Renewed)),
                    _ => {}
                }
            }
            if environment.happens(300) {
                let second = AgreementId::try_from(201 + i64::try_from(number).unwrap_or(0))?;
                books.second_agreement((agreement, second), self.products.first().copied(), &environment);
            }
        }
        let mut books = locked(&self.books);
        books.draw_terms(&environment, month.first_day());
        Ok(())
    }
}

impl Books {
    /// What people typed in for a product, where the agreement has no line of it yet.
    fn people_typed(
        &mut self,
        agreement: AgreementId,
        (product, used): (PsaProductId, Decimal),
        month: Date,
        environment: &Environment,
    ) {
        let mut there =
            self.additions.values_mut().filter(|s| s.agreement == agreement && s.addition.product == product);
        if let Some(seen) = there.next() {
            match environment.below(12) {
                0 => seen.addition.less_included = Decimal::TWO,
                1 => seen.addition.bill_customer = "DoNotBill".into(),
                2 => seen.addition.bill_customer = "NoCharge".into(),
                _ => {}
            }
            return;
        }
        let before = |days: i32| Some(month.saturating_sub(days.days()));
        let within = || {
            let day = i32::try_from(environment.between(0, 27)).unwrap_or(0);
            (month.saturating_add(day.days()), month.saturating_add((day + 1).days()))
        };
        let open = || Addition { effective: before(300), ..line(product, used) };
        let lines = match environment.below(40) {
            0..=3 => vec![Addition { cancelled: before(environment.one_of(&[1, 1, 20])), ..open() }],
            // A new price from some day on.
            4 | 5 => {
                let (last, next) = within();
                let more = if environment.happens(500) { Decimal::ONE } else { Decimal::ZERO };
                let old = Addition { cancelled: Some(last), ..open() };
                vec![old, Addition { effective: Some(next), ..line(product, used + more) }]
            }
            6 => vec![open(), open()],
            7 => vec![Addition { effective: Some(month.saturating_add(1.month())), ..open() }],
            8..=13 => vec![Addition { cancelled: Some(within().0), ..open() }],
            // A charge that is made once.
            14 => {
                let (day, _) = within();
                vec![Addition { effective: Some(day), cancelled: Some(day), ..open() }]
            }
            _ => Vec::new(),
        };
        for line in lines {
            self.add(agreement, line);
        }
    }

    /// Another active agreement of the same company, which bills a service, or what is given away.
    fn second_agreement(
        &mut self,
        (first, second): (AgreementId, AgreementId),
        product: Option<PsaProductId>,
        environment: &Environment,
    ) {
        let Some(agreement) = self.agreements.iter().find(|agreement| agreement.id == first).cloned() else { return };
        let name = format!("{} (old)", agreement.name);
        self.agreements.push(Agreement { id: second, name, ..agreement });
        let company = self.invoicing.terms.get(&first).map_or(0, |terms| terms.company);
        let month = self.invoicing.terms.get(&first).map(|terms| terms.next.first).unwrap_or_default();
        self.invoicing.terms.insert(second, Terms::monthly(company, month));
        let quantity = Decimal::from(environment.between(1, 9));
        if let Ok(helpdesk) = PsaProductId::try_from(i64::from(HELPDESK)) {
            self.add(second, line(helpdesk, quantity));
        }
        if let Some(product) = product {
            let bill_customer = if environment.happens(500) { "Billable" } else { "DoNotBill" };
            self.add(second, Addition { bill_customer: bill_customer.into(), ..line(product, quantity) });
        }
    }

    /// Terms of all agreements; some have been invoiced for the month.
    fn draw_terms(&mut self, environment: &Environment, month: Date) {
        let readings = self.invoicing.readings;
        for agreement in &mut self.agreements {
            let Some(terms) = self.invoicing.terms.get_mut(&agreement.id) else { continue };
            (terms.prorated, terms.in_arrears) = (environment.happens(500), environment.happens(200));
            agreement.prorated = terms.prorated;
            let shown = environment.happens(800);
            agreement.next_invoice = shown.then(|| terms.next_invoice_date(&readings));
        }
        let agreements: Vec<AgreementId> = self.agreements.iter().map(|agreement| agreement.id).collect();
        for agreement in agreements {
            let terms = self.invoicing.terms.get(&agreement);
            if terms.is_some_and(|terms| !terms.in_arrears && terms.next.first == month) && environment.happens(700) {
                self.invoice(agreement);
            }
        }
    }
}
