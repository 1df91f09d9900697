//! How the server bills where the vendor documents nothing: each reading has public programs or guides that assume it.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// One reading of each fact of billing that no public source settles.
///
/// The default is what most client guides assume. A simulated world draws its readings: a client is right only if it
/// bills no day twice under any of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BillingReadings {
    /// What an addition's cancelled date says.
    pub cancelled_date: CancelledDate,
    /// What an addition that ends inside a period bills where proration is off.
    pub ended_inside: EndedInside,
    /// What an addition that begins inside a period bills where proration is off.
    pub begun_inside: BegunInside,
    /// What an agreement's next invoice date says where it bills in arrears.
    pub arrears_date: ArrearsDate,
    /// What dates bill that were changed after their period was invoiced, where proration is on.
    pub late_dates: LateDates,
}

/// Unknown: whether the day of an addition's `cancelledDate` is billed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelledDate {
    /// The last day that is billed. Guides for a cut-over set it to the last day of a month.
    #[default]
    LastBilledDay,
    /// The first day that is not billed.
    FirstUnbilledDay,
}

/// Unknown: what an addition bills that began before a period and ends inside it, where the agreement does not prorate.
/// (One that begins and ends inside the period is a one-time charge and bills once, whole.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndedInside {
    #[default]
    WholePeriod,
    /// Nothing of the period.
    Nothing,
    /// The days until its end.
    UntilItsEnd,
}

/// Unknown: what an addition bills that begins inside a period and goes on, where the agreement does not prorate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BegunInside {
    #[default]
    WholePeriod,
    /// Nothing before the period that follows.
    FromTheNextPeriod,
    /// The days from its beginning on.
    FromItsBeginning,
}

/// Unknown: what `nextInvoiceDate` says on an agreement that bills in arrears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArrearsDate {
    /// The first day of the period to be invoiced next; the invoice is made when that period is over.
    #[default]
    FirstDayOfPeriod,
    /// The day on which the invoice is made, of the period that ended the day before.
    DayAfterPeriod,
}

/// Unknown: what becomes of dates of an addition that reach into a period that was already invoiced, where the agreement
/// prorates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LateDates {
    /// The next invoice bills the days that are missing and credits those that were billed too many.
    #[default]
    OnTheNextInvoice,
    /// Nothing: what was invoiced stays as it is.
    Never,
}

impl BillingReadings {
    /// Every reading drawn from `seed`; equal seeds draw equal readings.
    pub fn drawn(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |readings: usize| rng.random_range(0..readings);
        Self {
            cancelled_date: [CancelledDate::LastBilledDay, CancelledDate::FirstUnbilledDay][draw(2)],
            ended_inside: [EndedInside::WholePeriod, EndedInside::Nothing, EndedInside::UntilItsEnd][draw(3)],
            begun_inside: [BegunInside::WholePeriod, BegunInside::FromTheNextPeriod, BegunInside::FromItsBeginning]
                [draw(3)],
            arrears_date: [ArrearsDate::FirstDayOfPeriod, ArrearsDate::DayAfterPeriod][draw(2)],
            late_dates: [LateDates::OnTheNextInvoice, LateDates::Never][draw(2)],
        }
    }
}
