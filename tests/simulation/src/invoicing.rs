//! ConnectWise's invoices in a simulated world: made of what the agreements have, by the readings that the seed draws.

use std::collections::BTreeMap;

use jiff::civil::Date;
use shared::domain::id::AgreementId;

use super::books::Books;
use simulators::connectwise::invoices::period::{Cycle, day_after};
use simulators::connectwise::invoices::{AdditionTerms, Invoice, Period, Proration, bill};
use simulators::connectwise::{ArrearsDate, BillingReadings};

/// How an agreement is invoiced: by the calendar month.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) company: u32,
    pub(super) prorated: bool,
    pub(super) in_arrears: bool,
    /// The period that its next invoice bills.
    pub(super) next: Period,
}

/// All invoices, and the terms on which they are made.
#[derive(Default)]
pub(super) struct Invoicing {
    pub(super) readings: BillingReadings,
    pub(super) terms: BTreeMap<AgreementId, Terms>,
    pub(super) made: Vec<Invoice>,
}

impl Terms {
    /// Terms whose next invoice bills the month of `day`.
    pub(super) fn monthly(company: u32, day: Date) -> Self {
        Self { company, prorated: false, in_arrears: false, next: Cycle::MONTHLY.period_at(day) }
    }

    /// What ConnectWise says of the next invoice.
    pub(super) fn next_invoice_date(&self, readings: &BillingReadings) -> Date {
        match (self.in_arrears, readings.arrears_date) {
            (true, ArrearsDate::DayAfterPeriod) => day_after(self.next.last),
            (false, _) | (true, ArrearsDate::FirstDayOfPeriod) => self.next.first,
        }
    }
}

impl Books {
    /// Makes an agreement's next invoice. Where its next date was shown, it is then the one after.
    pub(super) fn invoice(&mut self, agreement: AgreementId) {
        let additions: Vec<AdditionTerms> = self.of(agreement).map(|seen| (&seen.addition).into()).collect();
        let Invoicing { readings, terms, made } = &mut self.invoicing;
        let Some(terms) = terms.get_mut(&agreement) else { return };
        let number = agreement.get();
        let earlier = made.iter().filter(|invoice| invoice.agreement == number);
        let earlier = earlier.map(|invoice| (invoice.period, invoice.lines.as_slice()));
        let proration = Proration { prorated: terms.prorated, ..Proration::default() };
        let lines = bill::lines(readings, &proration, terms.next, &additions, earlier);
        let (id, date) = (u32::try_from(made.len()).unwrap_or(u32::MAX), terms.next_invoice_date(readings));
        made.push(Invoice {
            id,
            agreement: number,
            company: terms.company,
            bill_to: terms.company,
            made_with: id,
            date,
            period: terms.next,
            currency: None,
            lines,
            date_before: date,
        });
        terms.next = Cycle::MONTHLY.period_at(day_after(terms.next.last));
        let next = terms.next_invoice_date(readings);
        let shown = self.agreements.iter_mut().filter(|shown| shown.id == agreement && shown.next_invoice.is_some());
        shown.for_each(|shown| shown.next_invoice = Some(next));
    }

    /// Makes every agreement's invoices of all periods that begin by `day`, at least one, so that late changes are
    /// invoiced too.
    pub(super) fn invoice_until(&mut self, day: Date) {
        let agreements: Vec<AgreementId> = self.invoicing.terms.keys().copied().collect();
        for agreement in agreements {
            self.invoice(agreement);
            while self.invoicing.terms.get(&agreement).is_some_and(|terms| terms.next.first <= day) {
                self.invoice(agreement);
            }
        }
    }
}
