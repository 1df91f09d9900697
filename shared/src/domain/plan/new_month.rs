//! What a new month may not change yet: the last complete month's quantity stays until ConnectWise has invoiced it.

use jiff::civil::Date;

use super::{Addition, AgreementState, Basis, UsageMonth, Written};

/// The days of a new month on which an addition waits by itself for the ConnectWise invoice of the month before. After them
/// a person is asked.
const INVOICE_DAYS: i8 = 15;

/// How a new month affects an addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewMonth {
    /// It waits by itself, at most until the end of that day.
    Waits { until: Date, awaits_invoice: bool },
    /// It has waited long enough, and the month before is still not invoiced.
    NotInvoiced,
    /// Nothing.
    Free,
}

/// What holds for an addition that was written for `written`, on an agreement with that next ConnectWise invoice.
pub(super) fn judge(basis: &Basis<'_>, written: UsageMonth, next_invoice: Option<Date>) -> NewMonth {
    if written >= basis.month {
        return NewMonth::Free;
    }
    let first = basis.month.first_day();
    let not_invoiced = next_invoice.is_some_and(|next| next <= first);
    // Also an invoice inside the new month that is known to bill the month before. A later invoice would not come
    // within the wait.
    let is_inside = next_invoice.is_some_and(|next| next <= basis.month.last_day());
    let awaits_invoice = not_invoiced || (is_inside && basis.snapshot.awaits_invoice(written, next_invoice));
    let in_any_case = basis.guards.new_month_days;
    let most = if awaits_invoice { in_any_case.max(INVOICE_DAYS) } else { in_any_case };
    let is_in_month = UsageMonth::containing(basis.today) == basis.month;
    if is_in_month && basis.today.day() <= most {
        let until = first.with().day(most).build().unwrap_or(basis.today);
        NewMonth::Waits { until, awaits_invoice }
    } else if not_invoiced {
        NewMonth::NotInvoiced
    } else {
        NewMonth::Free
    }
}

/// Whether the one addition in force has the quantity that we wrote for an earlier month, and that quantity still stays.
pub(super) fn is_kept(basis: &Basis<'_>, in_force: &[&Addition], before: Option<&Written>) -> bool {
    let AgreementState::Ready { agreement, .. } = basis.agreement else { return false };
    let ([addition], Some(written)) = (in_force, before) else { return false };
    let as_written = addition.id == written.addition && written.accounts_for(addition.quantity);
    as_written && matches!(judge(basis, written.month, agreement.next_invoice), NewMonth::Waits { .. })
}
