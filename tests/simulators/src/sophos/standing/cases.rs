//! The customers of the standing data who are not as ordinary as the first 40: each for one thing that real partners have.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::codes::CODES;
use crate::sophos::firewalls::Firewall;
use crate::sophos::tenant::{BillingType, Tenant};
use crate::sophos::usage_row::{ProductGroup, UsageRow};

/// What is special about a customer. The order is that of the customers' numbers, from 40 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingCase {
    /// It uses each product whose code public clients name.
    KnownCodes,
    /// Its status is `suspended`; Sophos goes on billing it.
    Suspended,
    /// It is on trial: it has no usage.
    Trial,
    /// It is billed by term: it has no usage.
    Term,
    /// It was converted to a term in the middle of this month: its lines end there, and those of earlier months stay.
    Converted,
    /// It was unlinked in the middle of this month: lines as above, and it is not listed any more.
    Unlinked,
    /// One of its products has quantity 0.
    Zero,
    /// Its line is for the month before the one that it is listed in.
    OtherMonth,
    /// Its product has two lines, for the days before and after a change of quantity.
    Consecutive,
    /// Its order was renewed in the middle of the month: one line of each order.
    RenewedOrder,
    /// One of its lines is sent twice.
    SentTwice,
    /// Its line ends on a day that no calendar has, as in the vendor's own sample.
    ImpossibleDate,
    /// Its two firewalls are its own by their licences, and their usage lines have no `accountId`.
    Firewalls,
}

impl StandingCase {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::KnownCodes,
        Self::Suspended,
        Self::Trial,
        Self::Term,
        Self::Converted,
        Self::Unlinked,
        Self::Zero,
        Self::OtherMonth,
        Self::Consecutive,
        Self::RenewedOrder,
        Self::SentTwice,
        Self::ImpossibleDate,
        Self::Firewalls,
    ];

    /// The customer as Sophos lists it today; `None` for one that is not listed.
    pub(super) fn listed(self, tenant: &Tenant) -> Option<Tenant> {
        let tenant = tenant.clone().detailed(self.codes());
        match self {
            Self::Unlinked => None,
            Self::Trial => Some(tenant.billed_by(BillingType::Trial)),
            Self::Term | Self::Converted => Some(tenant.billed_by(BillingType::Term)),
            Self::Suspended => Some(Tenant { status: "suspended".into(), ..tenant }),
            Self::KnownCodes
            | Self::Zero
            | Self::OtherMonth
            | Self::Consecutive
            | Self::RenewedOrder
            | Self::SentTwice
            | Self::ImpossibleDate
            | Self::Firewalls => Some(tenant),
        }
    }

    /// The customer's lines of a month. `this_month` is the month in which some were converted or unlinked.
    pub(super) fn lines(self, tenant: &Tenant, month: Date, this_month: Date) -> Vec<UsageRow> {
        let row = |code, quantity| described(UsageRow::new(tenant.id, code, quantity));
        let (first, last) = (month.first_of_month(), month.last_of_month());
        let (before, after) = (first + 13.days(), first + 14.days());
        match self {
            Self::KnownCodes => CODES.iter().zip(3..).map(|((code, ..), quantity)| row(*code, quantity)).collect(),
            Self::Suspended => vec![UsageRow { account_status: "suspended".into(), ..row("CEMA-MSP", 9) }],
            Self::Trial | Self::Term => Vec::new(),
            Self::Converted | Self::Unlinked if month == this_month => {
                vec![row("CEMA-MSP", 12).covering(first, before)]
            }
            Self::Converted | Self::Unlinked => vec![row("CEMA-MSP", 12)],
            Self::Zero => vec![row("CEMA-MSP", 0), row("CPHISH-MSP", 4)],
            Self::OtherMonth => vec![row("CEMA-MSP", 7).covering(first - 1.month(), first - 1.day())],
            Self::Consecutive => {
                vec![row("CEMA-MSP", 10).covering(first, before), row("CEMA-MSP", 14).covering(after, last)]
            }
            Self::RenewedOrder => {
                let of_order = |order: &str| UsageRow { order_number: order.to_owned(), ..row("CEMA-MSP", 8) };
                vec![
                    of_order("OrderID-300000001").covering(first, before),
                    of_order("OrderID-300000002").covering(after, last),
                ]
            }
            Self::SentTwice => vec![row("CEMA-MSP", 6), row("CEMA-MSP", 6), row("CPHISH-MSP", 6)],
            Self::ImpossibleDate => vec![row("CEMA-MSP", 5).with("billingEndDate", "\"2021-04-31\"")],
            Self::Firewalls => self
                .firewalls(tenant)
                .into_iter()
                .map(|firewall| unassigned_firewall(&firewall.serial_number))
                .chain([row("CEMA-MSP", 3)])
                .collect(),
        }
    }

    /// The customer's firewalls.
    pub(super) fn firewalls(self, tenant: &Tenant) -> Vec<Firewall> {
        let serial_numbers: &[&str] = match self {
            Self::Firewalls => &["C01001FWALL0001", "C01001FWALL0002"],
            Self::KnownCodes
            | Self::Suspended
            | Self::Trial
            | Self::Term
            | Self::Converted
            | Self::Unlinked
            | Self::Zero
            | Self::OtherMonth
            | Self::Consecutive
            | Self::RenewedOrder
            | Self::SentTwice
            | Self::ImpossibleDate => &[],
        };
        serial_numbers.iter().map(|serial| Firewall::claimed_by(tenant.id, *serial, FIREWALL_CODE)).collect()
    }

    /// What `products` says.
    fn codes(self) -> Vec<&'static str> {
        match self {
            Self::KnownCodes => CODES.iter().map(|(code, ..)| *code).collect(),
            Self::Zero | Self::SentTwice => vec!["CEMA-MSP", "CPHISH-MSP"],
            Self::Firewalls => vec!["CEMA-MSP", FIREWALL_CODE],
            Self::Trial => Vec::new(),
            Self::Suspended
            | Self::Term
            | Self::Converted
            | Self::Unlinked
            | Self::OtherMonth
            | Self::Consecutive
            | Self::RenewedOrder
            | Self::ImpossibleDate => vec!["CEMA-MSP"],
        }
    }
}

/// The generator's code of a firewall.
pub(super) const FIREWALL_CODE: &str = "XGS-FW";

/// A firewall's line without a customer.
pub(super) fn unassigned_firewall(serial_number: &str) -> UsageRow {
    UsageRow {
        product_description: "Firewall Standard Protection - UP TO 2 CORES & 4GB RAM - 1-99 DEVICES - MSP Monthly"
            .into(),
        product_group: ProductGroup::Device,
        serial_number: serial_number.to_owned(),
        ..UsageRow::unassigned(FIREWALL_CODE, 1)
    }
}

fn described(row: UsageRow) -> UsageRow {
    let known = CODES.iter().find(|(code, ..)| *code == row.product_code);
    let Some((_, description, group)) = known else { return row };
    UsageRow { product_description: format!("{description} - MSP Monthly"), product_group: *group, ..row }
}
