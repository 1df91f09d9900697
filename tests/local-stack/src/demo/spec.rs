//! What an awkward customer of the demo is described by.

use simulators::sophos::BillingType;

/// One usage line of an awkward customer.
#[derive(Clone, Copy, Debug)]
pub(super) enum UsageSpec {
    /// Product and quantity.
    Units(&'static str, i64),
    /// Product, and the text that stands where the quantity should.
    Text(&'static str, &'static str),
    /// No product code.
    NoCode(i64),
    /// The line before it once more, as Sophos sent it.
    Again,
    /// Product, quantity, and the first and last day that it is for, counted like [`AdditionSpec::effective`].
    Days(&'static str, i64, i8, i8),
}

/// One addition of an awkward customer's agreement.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdditionSpec {
    pub(super) code: &'static str,
    pub(super) quantity: u32,
    /// Day on which it was cancelled, counted like [`AdditionSpec::effective`]; 0 for one that was not.
    pub(super) cancelled: i8,
    /// Day from which it is effective, counted from 1 for the first of the usage month: a negative one lies before the
    /// month, one past the month's end after it. 0 for long ago.
    pub(super) effective: i8,
}

/// How an awkward customer is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mapped {
    On,
    Off,
    Not,
}

/// What is special about an awkward customer's agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AgreementSpec {
    Fine,
    /// Cancelled, and renewed as another one.
    Cancelled,
    /// ConnectWise answers 403.
    Denied,
    /// Deleted after it had been mapped.
    Deleted,
    /// Given to another company after it had been mapped.
    OfOtherCompany,
    /// It begins after the usage month.
    NotStarted,
    /// Its ConnectWise invoice of the month before is still to be made.
    AwaitsInvoice,
    /// The month is invoiced already: its next ConnectWise invoice is that of the month after.
    InvoicedAhead,
    /// The customer was mapped to another agreement before, which has the additions and the history.
    Changed,
    /// It bills by the quarter.
    Quarterly,
    /// It bills by the year.
    Yearly,
}

/// When the units of an awkward customer's history were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HistoryMonth {
    /// In the month before the usage month.
    Before,
    /// In the month after it: the run is about an older month than the last one written.
    After,
}

/// An awkward customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) usage: &'static [UsageSpec],
    pub(super) additions: &'static [AdditionSpec],
    /// Lines of the vendor's own integration: a product of [`super::terms::VENDOR_PRODUCTS`] and a quantity.
    pub(super) of_vendor: &'static [(&'static str, u32)],
    /// What an earlier run wrote: product and units.
    pub(super) history: &'static [(&'static str, u32)],
    pub(super) history_month: HistoryMonth,
    /// Whether the last of the additions is one that ConnectWise made of a creation that it had carried out already.
    pub(super) doubled: bool,
    /// Whether Sophos lists the customer.
    pub(super) listed: bool,
    pub(super) mapped: Mapped,
    pub(super) agreement: AgreementSpec,
    pub(super) billing: BillingType,
    /// Product (empty: the line without one) and outcome.
    pub(super) ends: &'static [(&'static str, &'static str)],
}

pub(super) const PLAIN: Spec = Spec {
    name: "",
    usage: &[],
    additions: &[],
    of_vendor: &[],
    history: &[],
    history_month: HistoryMonth::Before,
    doubled: false,
    listed: true,
    mapped: Mapped::On,
    agreement: AgreementSpec::Fine,
    billing: BillingType::Usage,
    ends: &[],
};

pub(super) const fn line(code: &'static str, quantity: u32) -> AdditionSpec {
    AdditionSpec { code, quantity, cancelled: 0, effective: 0 }
}
