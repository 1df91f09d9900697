//! Needs your decision: what would be written, and why it was not.

use std::fmt;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::id::{AdditionId, AgreementId, ProductCode, PsaProductId};
use crate::domain::month::UsageMonth;

/// What a held line would do if it were released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Would {
    /// Create an addition.
    Create {
        /// Its quantity.
        to: Decimal,
    },
    /// Set an addition's quantity.
    Update {
        /// The quantity now.
        from: Decimal,
        /// The quantity then.
        to: Decimal,
    },
    /// Look after an addition that has the right quantity.
    Adopt {
        /// Its quantity.
        at: Decimal,
    },
    /// Leave it as it is.
    Nothing,
}

impl fmt::Display for Would {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { to } => write!(f, "create an addition of {}", short(to)),
            Self::Update { from, to } => write!(f, "change {} → {}", short(from), short(to)),
            Self::Adopt { at } => write!(f, "adopt the addition of {}", short(at)),
            Self::Nothing => f.write_str("change nothing"),
        }
    }
}

/// What is wrong with one part of a combined product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PartTrouble {
    /// It may not sync outside the Sophos-invoice mode.
    Firewall,
    /// It was used before and is not in this month's usage.
    Vanished,
    /// A line of it has no quantity that can be read.
    Unreadable,
}

/// Why a change waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Hold {
    /// An addition exists that we never wrote, at another quantity.
    Adopt {
        /// The addition.
        addition: AdditionId,
        /// Its quantity.
        from: Decimal,
        /// The usage.
        to: Decimal,
        /// Its unit price.
        unit_price: Option<Decimal>,
        /// How many the agreement includes.
        less_included: Decimal,
        /// Its `billCustomer`.
        bill_customer: String,
    },
    /// The quantity would fall.
    Decrease {
        /// The quantity now.
        from: Decimal,
        /// The usage.
        to: Decimal,
    },
    /// The quantity would fall to zero.
    ToZero {
        /// The quantity now.
        from: Decimal,
    },
    /// Used or billed before, and absent from this month's complete usage.
    Vanished {
        /// The Sophos product.
        product: ProductCode,
        /// Its last month and units, where we wrote them.
        last: Option<(UsageMonth, u64)>,
        /// What ConnectWise bills now.
        billed: Option<Decimal>,
    },
    /// A part of a combined product is in trouble; the whole addition waits.
    Part {
        /// The part.
        product: ProductCode,
        /// What is wrong with it.
        trouble: PartTrouble,
    },
    /// Parts that made up the last quantity no longer go to this ConnectWise product.
    PartsChanged {
        /// The parts that left.
        left: Vec<ProductCode>,
        /// The quantity now.
        from: Decimal,
        /// The sum of the parts that stay.
        to: Decimal,
    },
    /// A line's quantity could not be read.
    Unreadable {
        /// What stood there.
        found: String,
    },
    /// Several Sophos products go to one ConnectWise product and nobody has said how to combine them.
    CombineRule {
        /// The parts.
        parts: Vec<ProductCode>,
    },
    /// More than one addition is in force on the last day of the usage month.
    Ambiguous {
        /// They.
        additions: Vec<AdditionId>,
    },
    /// ConnectWise took one of our creations twice, or much too late: an addition of ours stands beside the one that is
    /// kept. We set it to 0; a person ends it.
    Surplus {
        /// The addition that is kept.
        kept: AdditionId,
        /// The one that is not.
        addition: AdditionId,
        /// The quantity with which it was created.
        created: Decimal,
        /// Its quantity after this run; more than 0 where a person has changed it.
        left: Decimal,
    },
    /// The new addition would have no price.
    ZeroPrice {
        /// The usage.
        to: Decimal,
    },
    /// The quantity in ConnectWise is not the one we wrote.
    HandEdit {
        /// What we wrote.
        written: Decimal,
        /// What is there now.
        found: Decimal,
        /// The usage.
        to: Decimal,
    },
    /// The addition that we wrote is no longer in force.
    AdditionGone {
        /// The addition.
        addition: AdditionId,
        /// The usage.
        to: Decimal,
    },
    /// A part was mapped here from another ConnectWise product, whose addition still bills it.
    StillBilled {
        /// The part.
        product: ProductCode,
        /// The other ConnectWise product.
        on: PsaProductId,
        /// Its addition.
        addition: AdditionId,
        /// The quantity of that addition.
        quantity: Decimal,
    },
    /// There is an addition, and it takes effect after the usage month only.
    NotYetInForce {
        /// The addition.
        addition: AdditionId,
        /// Its first day.
        from: Date,
        /// The usage.
        to: Decimal,
    },
    /// The customer's former agreement still bills it.
    FormerAgreement {
        /// The former agreement.
        agreement: AgreementId,
        /// Its addition.
        addition: AdditionId,
        /// What it bills.
        quantity: Decimal,
    },
    /// The customer's first run, or the first after its agreement changed.
    FirstRun {
        /// What would be done.
        would: Would,
    },
    /// A later month has been written already.
    OlderMonth {
        /// The newest month written.
        written: UsageMonth,
        /// The quantity on the older month's last day; 0 where no addition was in force.
        from: Decimal,
        /// The older month's usage.
        to: Decimal,
    },
    /// What would be done now is not what the preview showed.
    Moved {
        /// What the preview showed.
        shown: Would,
        /// What would be done now.
        now: Would,
    },
}

impl Hold {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Adopt { .. } => "adopt",
            Self::Decrease { .. } => "decrease",
            Self::ToZero { .. } => "toZero",
            Self::Vanished { .. } => "vanished",
            Self::Part { .. } => "part",
            Self::PartsChanged { .. } => "partsChanged",
            Self::Unreadable { .. } => "unreadable",
            Self::CombineRule { .. } => "combineRule",
            Self::Ambiguous { .. } => "ambiguous",
            Self::Surplus { .. } => "surplus",
            Self::ZeroPrice { .. } => "zeroPrice",
            Self::HandEdit { .. } => "handEdit",
            Self::AdditionGone { .. } => "additionGone",
            Self::StillBilled { .. } => "stillBilled",
            Self::NotYetInForce { .. } => "notYetInForce",
            Self::FormerAgreement { .. } => "formerAgreement",
            Self::FirstRun { .. } => "firstRun",
            Self::OlderMonth { .. } => "olderMonth",
            Self::Moved { .. } => "moved",
        }
    }

    pub(super) const fn advice(&self) -> &'static str {
        match self {
            Self::Adopt { .. } => {
                "Set the addition to the usage in ConnectWise if the usage is right; the next run then adopts it."
            }
            Self::Decrease { .. } | Self::ToZero { .. } => {
                "Check with the customer; set the lower quantity in ConnectWise if it is right."
            }
            Self::PartsChanged { .. } => {
                "Set the addition to the usage in ConnectWise if that part is meant to leave it."
            }
            Self::Vanished { .. } => {
                "Ask whether the customer left the product: then set the addition to 0 in ConnectWise. Otherwise it goes on being billed."
            }
            Self::Part { trouble: PartTrouble::Firewall, .. } => {
                "Choose the Sophos-invoice frequency, or map that part elsewhere; until then the addition keeps its quantity."
            }
            Self::Part { trouble: PartTrouble::Vanished, .. } => {
                "Ask whether the customer left that part: then set the addition in ConnectWise to what the other parts use. Otherwise it goes on being billed."
            }
            // Nobody is told to set the quantity by hand: the next month would report that as a change by somebody else.
            Self::Unreadable { .. } | Self::Part { trouble: PartTrouble::Unreadable, .. } => {
                "Look the usage up in Sophos Central and report the line to Sophos; the addition keeps its quantity until the line can be read."
            }
            Self::CombineRule { .. } => "Choose on the mapping whether the parts add up or the largest counts.",
            Self::Ambiguous { .. } => "Cancel the additions that are not to be billed, so that one is in force.",
            Self::Surplus { .. } => {
                "Set a cancelled date on the surplus addition in ConnectWise; the next run then goes on with the other one."
            }
            Self::ZeroPrice { .. } => "Give the ConnectWise product a price, or create the addition by hand.",
            Self::HandEdit { .. } => "Set the addition to the usage in ConnectWise if the usage is right.",
            Self::AdditionGone { .. } => "Create the addition in ConnectWise again if the product is to be billed.",
            Self::StillBilled { .. } => {
                "Take it off that addition in ConnectWise: set it to 0, or to what its other parts use, or cancel it. Or map the product back."
            }
            Self::NotYetInForce { .. } => {
                "Set its effective date back in ConnectWise if it is to carry this month's usage; otherwise create one by hand that ends where it begins."
            }
            Self::FormerAgreement { .. } => {
                "Set that addition to 0 or cancel it in ConnectWise; then make a new preview, look at it and apply it."
            }
            Self::FirstRun { .. } => "Look at a preview of this customer and apply it.",
            Self::OlderMonth { .. } => {
                "Only a preview of an older month can be made here. If it was billed wrong, credit it in ConnectWise; leave the addition, which carries the newer month."
            }
            Self::Moved { .. } => "Make a new preview, look at it and apply it.",
        }
    }
}

/// A quantity as a person writes it: ConnectWise's `8.00` is 8.
fn short(quantity: &Decimal) -> Decimal {
    quantity.normalize()
}

fn list<T: fmt::Display>(things: &[T]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adopt { addition, from, to, unit_price, less_included, bill_customer } => {
                let price = unit_price.map_or_else(|| "no unit price".into(), |p| format!("unit price {p}"));
                write!(
                    f,
                    "addition {addition} exists: adopt {} → {}? ({price}, {} included, {bill_customer})",
                    short(from),
                    short(to),
                    short(less_included)
                )
            }
            Self::Decrease { from, to } => write!(f, "the quantity would fall, {} → {}", short(from), short(to)),
            Self::ToZero { from } => write!(f, "the quantity would fall to zero, {} → 0", short(from)),
            Self::Vanished { product, last: Some((month, units)), .. } => {
                write!(f, "{product}: {units} in {}, no line in this month's usage", month.in_words())
            }
            Self::Vanished { product, last: None, billed: Some(billed) } => {
                write!(f, "{product}: ConnectWise bills {}, no line in this month's usage", short(billed))
            }
            Self::Vanished { product, last: None, billed: None } => {
                write!(f, "{product}: no line in this month's usage")
            }
            Self::Part { product, trouble } => {
                let trouble = match trouble {
                    PartTrouble::Firewall => "may sync with the Sophos monthly invoice only",
                    PartTrouble::Vanished => "was used or billed before and has no line in this month's usage",
                    PartTrouble::Unreadable => "has a line whose quantity cannot be read",
                };
                write!(f, "part {product} of this combined product {trouble}")
            }
            Self::PartsChanged { left, from, to } => {
                let count = if left.len() == 1 { "counts" } else { "count" };
                write!(f, "{} no longer {count} here, {} → {}", list(left), short(from), short(to))
            }
            Self::Unreadable { found } => write!(f, "a usage line has {found}"),
            Self::CombineRule { parts } => {
                write!(f, "{} go to one ConnectWise product: add up, or take the largest?", list(parts))
            }
            Self::Ambiguous { additions } => write!(f, "additions {} are in force at once", list(additions)),
            Self::Surplus { kept, addition, created, left } => {
                let (created, left) = (short(created), short(left));
                write!(
                    f,
                    "ConnectWise has two additions for one that we created with {created}: {kept} is kept, {addition} is surplus and has {left}"
                )
            }
            Self::ZeroPrice { to } => write!(f, "a new addition of {} would have no price", short(to)),
            Self::HandEdit { written, found, to } => {
                write!(
                    f,
                    "changed in ConnectWise since our last write: we wrote {}, it has {}, the usage is {}",
                    short(written),
                    short(found),
                    short(to)
                )
            }
            Self::AdditionGone { addition, to } => {
                write!(f, "addition {addition} that carried it is no longer in force; the usage is {}", short(to))
            }
            Self::StillBilled { product, on, addition, quantity } => {
                let quantity = short(quantity);
                write!(f, "{product} is still billed on addition {addition} of ConnectWise product {on} ({quantity})")
            }
            Self::NotYetInForce { addition, from, to } => {
                write!(f, "addition {addition} takes effect on {from}, after this month; the usage is {}", short(to))
            }
            Self::FormerAgreement { agreement, addition, quantity } => {
                write!(
                    f,
                    "addition {addition} of the former agreement {agreement} still bills it ({})",
                    quantity.normalize()
                )
            }
            Self::FirstRun { would } => write!(f, "the first run of this customer is a preview; it would {would}"),
            Self::OlderMonth { written, from, to } => {
                let (written, from, to) = (written.in_words(), short(from), short(to));
                write!(f, "{written} has been written already; this older month would change {from} → {to}")
            }
            Self::Moved { shown, now } => write!(f, "the preview showed: {shown}; now it would {now}"),
        }
    }
}
