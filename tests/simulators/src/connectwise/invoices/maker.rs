//! Makes the invoices of a simulated PSA, and takes them back.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use super::bill::lines;
use super::period::{Cycle, Period, day_after};
use super::terms::{self, AgreementTerms};
use super::{Invoice, InvoiceLine, wire};
use crate::connectwise::operations::stamp;
use crate::connectwise::records::Collection;
use crate::connectwise::refusal::Refusal;
use crate::connectwise::settings::{ArrearsDate, BillingReadings};
use crate::connectwise::state::State;
use crate::connectwise::{ConnectWise, dates};

/// At most this many invoices of one agreement are made at once; the rest remain due.
const AT_ONCE: usize = 120;

impl ConnectWise {
    /// Makes all invoices that are due by `until`, that day included, of all agreements: in advance, an invoice is due
    /// on its period's first day; in arrears, on the day after its last. Returns them in the order in which they were
    /// made.
    ///
    /// An agreement without a next invoice date or with a cycle of none, one that is inactive, and one that was over
    /// before the period has none. A child agreement has its own beside its parent's, by its parent's cycle and date.
    pub fn make_invoices(&self, until: Date) -> Vec<Invoice> {
        let now = self.inner.now();
        let mut state = self.inner.state();
        Maker { state: &mut state, readings: self.inner.settings.billing, now }.make_due(until, |_| true)
    }

    /// Makes the next invoice of an agreement whatever the day, with those of its child agreements.
    ///
    /// # Errors
    /// There is no such agreement, or it is not invoiced; see [`make_invoices`](Self::make_invoices).
    pub fn make_invoice(&self, agreement: u32) -> Result<Vec<Invoice>, Refusal> {
        let now = self.inner.now();
        let mut state = self.inner.state();
        Maker { state: &mut state, readings: self.inner.settings.billing, now }.make_one(agreement)
    }

    /// All invoices that were made and not deleted, by id.
    pub fn invoices(&self) -> Vec<Invoice> {
        let mut invoices: Vec<Invoice> = self.inner.state().invoices.values().cloned().collect();
        invoices.sort_by_key(|invoice| invoice.id);
        invoices
    }

    /// Deletes an invoice and those that were made with it; the agreements' next invoice dates go back, so that they are
    /// made again.
    ///
    /// # Errors
    /// There is no such invoice, or the agreement has a later one.
    pub fn delete_invoice(&self, id: u32) -> Result<(), Refusal> {
        let now = self.inner.now();
        let mut state = self.inner.state();
        Maker { state: &mut state, readings: self.inner.settings.billing, now }.delete(id)
    }
}

/// Makes the invoices of the agreements that the server invoices by itself; once a day, at the first call of the day.
pub(in crate::connectwise) fn make_automatic(state: &mut State, readings: BillingReadings, now: Timestamp) {
    let today = now.to_zoned(TimeZone::UTC).date();
    if state.invoiced_on == Some(today) {
        return;
    }
    state.invoiced_on = Some(today);
    Maker { state, readings, now }.make_due(today, |terms| terms.automatic);
}

struct Maker<'a> {
    state: &'a mut State,
    readings: BillingReadings,
    now: Timestamp,
}

/// What an agreement's next invoice is.
struct Due {
    period: Period,
    /// The invoice's date.
    date: Date,
    /// The next invoice date before and after.
    before: Date,
    after: Date,
}

impl Maker<'_> {
    fn make_due(&mut self, until: Date, wanted: impl Fn(&AgreementTerms) -> bool) -> Vec<Invoice> {
        let mut made = Vec::new();
        for (root, family) in terms::families(self.state) {
            for _ in 0..AT_ONCE {
                let Some((terms, due)) = self.next(root).filter(|(terms, due)| wanted(terms) && due.date <= until)
                else {
                    break;
                };
                made.extend(self.make(root, &family, &terms, &due));
            }
        }
        made
    }

    fn make_one(&mut self, agreement: u32) -> Result<Vec<Invoice>, Refusal> {
        let root = terms::root(self.state, agreement);
        let refused = || {
            Refusal::body(format!(
                "Agreement {agreement} is not invoiced: it needs a next invoice date and a billing cycle, and may not be over."
            ))
        };
        let (terms, due) = self.next(root).ok_or_else(refused)?;
        let family = terms::families(self.state).remove(&root).unwrap_or_default();
        Ok(self.make(root, &family, &terms, &due))
    }

    /// The next invoice of an agreement that has no parent.
    fn next(&self, root: u32) -> Option<(AgreementTerms, Due)> {
        let terms = terms::agreement(self.state, root).filter(|terms| !terms.inactive)?;
        let (cycle, before): (Cycle, Date) = (terms.cycle?, terms.next?);
        let due = match (terms.in_arrears, self.readings.arrears_date) {
            (false, _) => {
                let period = cycle.period_at(before);
                Due { period, date: before, before, after: day_after(period.last) }
            }
            (true, ArrearsDate::FirstDayOfPeriod) => {
                let period = cycle.period_at(before);
                Due { period, date: day_after(period.last), before, after: day_after(period.last) }
            }
            (true, ArrearsDate::DayAfterPeriod) => {
                let period = cycle.period_before(before);
                Due { period, date: before, before, after: day_after(cycle.period_at(before).last) }
            }
        };
        // The last date that there is has no next.
        let over = terms.proration.last.is_some_and(|last| last < due.period.first) || due.after <= before;
        (!over).then_some((terms, due))
    }

    fn make(&mut self, root: u32, family: &[u32], terms: &AgreementTerms, due: &Due) -> Vec<Invoice> {
        let pays = terms.bill_to.unwrap_or(terms.company);
        let first = self.invoice(root, terms, due, pays, None);
        let mut made = vec![first];
        for child in family.iter().filter(|id| **id != root) {
            let Some(terms) = terms::agreement(self.state, *child).filter(|terms| !terms.inactive) else { continue };
            if terms.proration.last.is_none_or(|last| last >= due.period.first) {
                let with = made.first().map(|invoice| invoice.id);
                made.push(self.invoice(*child, &terms, due, terms.bill_to.unwrap_or(pays), with));
            }
        }
        for agreement in family {
            self.set_next(*agreement, due.after);
        }
        made
    }

    fn invoice(&mut self, agreement: u32, terms: &AgreementTerms, due: &Due, pays: u32, with: Option<u32>) -> Invoice {
        let additions = terms::additions(self.state, agreement);
        let earlier = self.state.invoices.range((agreement, 0)..=(agreement, u32::MAX));
        let earlier = earlier.map(|(_, invoice)| (invoice.period, invoice.lines.as_slice()));
        let lines: Vec<InvoiceLine> = lines(&self.readings, &terms.proration, due.period, &additions, earlier);
        let id = self.state.take_id(Collection::Invoices);
        let invoice = Invoice {
            id,
            agreement,
            company: terms.company,
            bill_to: pays,
            made_with: with.unwrap_or(id),
            date: due.date,
            period: due.period,
            currency: terms.currency.clone(),
            lines,
            date_before: due.before,
        };
        let mut row = wire::row(self.state, &invoice);
        stamp(&mut row, None, &dates::to_wire(self.now), "invoicing");
        self.state.put(Collection::Invoices, 0, id, row);
        self.state.invoices.insert((agreement, id), invoice.clone());
        invoice
    }

    fn delete(&mut self, id: u32) -> Result<(), Refusal> {
        let all = || self.state.invoices.values();
        let with = all().find(|invoice| invoice.id == id).map(|invoice| invoice.made_with);
        let missing = || Refusal::not_found(format!("invoice {id} was not found."));
        let with = with.ok_or_else(missing)?;
        let group: Vec<(u32, u32, Date)> = all()
            .filter(|invoice| invoice.made_with == with)
            .map(|invoice| (invoice.agreement, invoice.id, invoice.date_before))
            .collect();
        let concerns = |invoice: &Invoice| group.iter().any(|(agreement, ..)| *agreement == invoice.agreement);
        if let Some(later) = all().find(|invoice| invoice.made_with > with && concerns(invoice)) {
            return Err(Refusal::body(format!(
                "Invoice {id} cannot be deleted: invoice {} of agreement {} was made later. Delete that one first.",
                later.id, later.agreement
            )));
        }
        for (agreement, id, before) in group {
            self.state.invoices.remove(&(agreement, id));
            self.state.remove(Collection::Invoices, 0, id);
            self.set_next(agreement, before);
        }
        Ok(())
    }

    fn set_next(&mut self, agreement: u32, next: Date) {
        let Some(before) = self.state.row(Collection::Agreements, 0, agreement).cloned() else { return };
        let mut row = before.clone();
        row.insert("nextInvoiceDate".to_owned(), json!(format!("{next}T00:00:00Z")));
        stamp(&mut row, Some(&before), &dates::to_wire(self.now), "invoicing");
        self.state.put(Collection::Agreements, 0, agreement, row);
    }
}
