//! Which days an addition has billed, as far as ConnectWise's documentation lets one know.

use jiff::civil::Date;

use super::psa::{Addition, Agreement, CancelledDate};

impl Addition {
    /// The last day that an addition with a cancelled date may have billed on its agreement; none where it has none, or was
    /// never in force.
    ///
    /// On an agreement that is not prorated a line bills whole periods. What is not known is taken so that no day can be
    /// billed twice.
    #[must_use]
    pub fn billed_until(&self, agreement: &Agreement, reading: CancelledDate) -> Option<Date> {
        let cancelled = self.cancelled?;
        let last = match reading {
            CancelledDate::FirstUnbilledDay => cancelled.yesterday().ok()?,
            CancelledDate::Unknown | CancelledDate::LastBilledDay => cancelled,
        };
        if self.effective.is_some_and(|from| from > last) {
            return None;
        }
        Some(if agreement.prorated { last } else { agreement.end_of_period(last) })
    }
}

impl Agreement {
    /// The last day of the billing period that `day` is in: a month, or as many as its cycle has. Longer periods begin in
    /// the month of its next ConnectWise invoice, or else of its start.
    #[must_use]
    pub fn end_of_period(&self, day: Date) -> Date {
        // A cycle that is shorter, or that this release does not know, counts as a month.
        let months = self.facts().months().and_then(|months| i8::try_from(months).ok()).unwrap_or(1);
        let anchor = self.next_invoice.or(self.start).map_or(1, Date::month);
        let into = (day.month() - anchor).rem_euclid(months);
        let end =
            (0..months - 1 - into).try_fold(day.last_of_month(), |end, _| Some(end.tomorrow().ok()?.last_of_month()));
        end.unwrap_or(day)
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::domain::id::{AdditionId, AgreementId, CompanyId, PsaProductId};
    use crate::domain::psa::{AdditionDetail, AgreementStatus};

    fn agreement(cycle: &str, prorated: bool, next_invoice: Option<Date>) -> Agreement {
        Agreement {
            id: AgreementId::try_from(1).unwrap(),
            name: "2026".into(),
            company: CompanyId::try_from(1).unwrap(),
            company_name: "ACME".into(),
            kind: "Managed services".into(),
            status: AgreementStatus::Active,
            start: Some(Date::constant(2020, 2, 1)),
            end: None,
            next_invoice,
            billing_cycle: Some(cycle.into()),
            prorated,
            currency: None,
            parent: None,
        }
    }

    fn cancelled(on: Date, from: Date) -> Addition {
        Addition {
            id: AdditionId::try_from(1).unwrap(),
            product: PsaProductId::try_from(1).unwrap(),
            quantity: Decimal::ONE,
            less_included: Decimal::ZERO,
            unit_price: None,
            bill_customer: "Billable".into(),
            effective: Some(from),
            cancelled: Some(on),
            detail: AdditionDetail::default(),
        }
    }

    #[test]
    fn a_period_ends_with_its_month_or_with_the_last_month_of_a_longer_one() {
        let day = Date::constant(2026, 11, 16);
        let end = |cycle, next| agreement(cycle, false, next).end_of_period(day).to_string();
        assert_eq!(end("Monthly", None), "2026-11-30");
        assert_eq!(end("Fortnightly", None), "2026-11-30");
        assert_eq!(end("Quarterly", Some(Date::constant(2027, 1, 1))), "2026-12-31");
        assert_eq!(end("Quarterly", None), "2027-01-31", "from the agreement's start in February on");
        assert_eq!(end("Yearly", Some(Date::constant(2026, 12, 1))), "2026-11-30");
        assert_eq!(end("Annual", Some(Date::constant(2026, 11, 1))), "2027-10-31");
        assert_eq!(end("Semi-Annual", Some(Date::constant(2027, 2, 1))), "2027-01-31");
    }

    #[test]
    fn a_cancelled_date_that_is_not_known_is_taken_so_that_nothing_is_billed_twice() {
        let (first, middle, last) =
            (Date::constant(2026, 11, 1), Date::constant(2026, 11, 16), Date::constant(2026, 11, 30));
        let until = |on, prorated, reading| {
            let line = cancelled(on, Date::constant(2026, 1, 1));
            line.billed_until(&agreement("Monthly", prorated, None), reading).map(|day| day.to_string())
        };
        let day = |text: &str| Some(text.to_owned());
        assert_eq!(until(middle, true, CancelledDate::Unknown), day("2026-11-16"));
        assert_eq!(until(middle, true, CancelledDate::FirstUnbilledDay), day("2026-11-15"));
        assert_eq!(until(middle, false, CancelledDate::FirstUnbilledDay), day("2026-11-30"));
        assert_eq!(until(first, false, CancelledDate::FirstUnbilledDay), day("2026-10-31"));
        assert_eq!(until(last, true, CancelledDate::LastBilledDay), day("2026-11-30"));
        let never = cancelled(first, first);
        let of_month = agreement("Monthly", true, None);
        assert_eq!(never.billed_until(&of_month, CancelledDate::FirstUnbilledDay), None);
        assert_eq!(never.billed_until(&of_month, CancelledDate::Unknown), Some(first));
    }
}
