//! A hold in the words of the page: what would be written, why it was not, and what to do.

use std::fmt;

use rust_decimal::Decimal;

use super::{Hold, PartTrouble, Would, usage_lines};

impl Hold {
    pub(in crate::domain::outcome) const fn advice(&self) -> &'static str {
        match self {
            Self::Adopt { .. } => {
                "Choose Write if the usage is right: the addition is then set to it and kept up to date. Choose Keep to leave the addition alone this month."
            }
            Self::ToZero { last: true, .. } => {
                "Ask whether the customer has left: choose Write if the usage is right, Keep to leave what ConnectWise bills this month."
            }
            Self::Decrease { .. } | Self::Increase { .. } | Self::ToZero { .. } | Self::Amount { .. } => {
                "Check with the customer: choose Write if the usage is right, Keep to leave what ConnectWise bills this month."
            }
            Self::NewMonth { .. } => {
                "Make the ConnectWise invoice of that month: the next run then writes it by itself. Or choose Write to write it at once, Keep to leave the quantity this month."
            }
            Self::Unfinished { .. } => {
                "Look the usage up in Sophos Central. If it is right, make a preview and apply it; if not, wait: the next run reads it again."
            }
            Self::ProductUnfinished { .. } => {
                "Look that product up in Sophos Central, and decide all of its lines at once: choose Write if the usage is right, Keep to leave what ConnectWise bills this month. If Sophos has not finished it yet, wait: the next run reads it again."
            }
            Self::PartsChanged { .. } => {
                "Choose Write if that part is meant to leave the addition, Keep to leave the quantity this month."
            }
            Self::Vanished { .. } => {
                "Ask whether the customer left the product: Write sets it to 0, Keep goes on billing it this month."
            }
            Self::Part { trouble: PartTrouble::Firewall, .. } => {
                "Choose the Sophos-invoice frequency, or map that part elsewhere; until then the addition keeps its quantity."
            }
            Self::Part { trouble: PartTrouble::Vanished, .. } => {
                "Ask whether the customer left that part: Write sets the addition to what the other parts use, Keep goes on billing it this month."
            }
            // The advice is not to set the quantity by hand: the next month would report that as a change by somebody else.
            Self::Unreadable { .. } | Self::Part { trouble: PartTrouble::Unreadable, .. } => {
                "Look the usage up in Sophos Central and report the line to Sophos; the addition keeps its quantity until the line can be read."
            }
            Self::UsageLines { doubt, for_all, .. } => usage_lines::advice(doubt.kind(), *for_all),
            Self::CombineRule { .. } => "Choose on the mapping whether the parts add up or the largest counts.",
            Self::Ambiguous { .. } => "Cancel the additions that are not to be billed, so that one is in force.",
            Self::Surplus { .. } => {
                "Set a cancelled date on the surplus addition in ConnectWise; the next run then goes on with the other one."
            }
            Self::ZeroPrice { .. } => {
                "Give the ConnectWise product a price, or choose Write to create the addition without one."
            }
            Self::HandEdit { .. } => {
                "Choose Write to set the addition to the usage, Keep to leave this month what was set by hand."
            }
            Self::AdditionGone { .. } => {
                "Choose Write to create the addition again, Keep if the product is not to be billed this month."
            }
            Self::EndedInMonth { .. } => {
                "Choose Write to create the new addition from that day, at the price and the terms of the one that ended. Choose Keep if the product is not to be billed this month."
            }
            Self::BilledElsewhere { .. } => {
                "Is that the same product? Then choose Keep: it is not created here as long as it is billed there. Or set a cancelled date there in ConnectWise and choose Write: it is created from the day after, or with the next billing period. To bill both on purpose, choose Write."
            }
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
            Self::LeftMonthlyBilling { .. } => {
                "Choose Write if this month is still to be billed: it is written once. Choose Keep to leave what ConnectWise bills this month. Then end the addition under still billing."
            }
            Self::Late { .. } => {
                "Bill or credit the difference by hand in ConnectWise. Then keep what ConnectWise has: that ticks the line off. The next month writes its own quantity."
            }
            Self::OlderMonth { .. } => {
                "Only a preview of an older month can be made here. If it was billed wrong, credit it in ConnectWise; leave the addition, which carries the newer month."
            }
            Self::Moved { .. } => "Make a new preview, look at it and apply it.",
        }
    }
}

impl fmt::Display for Would {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { to, begins: None } => write!(f, "create an addition of {}", short(to)),
            Self::Create { to, begins: Some(begins) } => {
                write!(f, "create an addition of {} from {begins}", short(to))
            }
            Self::Update { from, to } => write!(f, "change {} → {}", short(from), short(to)),
            Self::Adopt { at } => write!(f, "take over the addition of {}", short(at)),
            Self::Keep { at } => write!(f, "go on billing {}", short(at)),
            Self::End { at, on } => write!(f, "end the addition of {} on {on}", short(at)),
            Self::Nothing => f.write_str("change nothing"),
        }
    }
}

/// A quantity as a person writes it: ConnectWise's `8.00` is 8.
fn short(quantity: &Decimal) -> Decimal {
    quantity.normalize()
}

/// An amount of money: 30 is 30.00.
fn money(amount: &Decimal) -> String {
    format!("{amount:.2}")
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
                    "addition {addition} bills {} and the usage is {}: take it over and set it? ({price}, {} included, {bill_customer})",
                    short(from),
                    short(to),
                    short(less_included)
                )
            }
            Self::Decrease { from, to } => write!(f, "the quantity would fall, {} → {}", short(from), short(to)),
            Self::Increase { from, to } => {
                write!(f, "the quantity would rise by more than usual, {} → {}", short(from), short(to))
            }
            Self::NewMonth { written, from, to } => {
                let written = written.in_words();
                write!(f, "{written} still not invoiced in the new month, {} → {}", short(from), short(to))
            }
            Self::Unfinished { pairs, gone, before, now, would } => {
                write!(
                    f,
                    "usage looks unfinished: {gone} of last month's {pairs} lines are gone or 0, {before} → {now} units; it would {would}"
                )
            }
            Self::ProductUnfinished { product, pairs, gone, would } => {
                write!(
                    f,
                    "{product} is gone or 0 for {gone} of the {pairs} customers who had it last month; it would {would}"
                )
            }
            Self::ToZero { from, last: false } => write!(f, "the quantity would fall to zero, {} → 0", short(from)),
            Self::ToZero { from, last: true } => {
                write!(
                    f,
                    "the quantity would fall to zero, {} → 0, and no other product is billed to this customer",
                    short(from)
                )
            }
            Self::Amount { from, to, by, most } => {
                let (from, to, by, most) = (short(from), short(to), money(by), money(most));
                write!(f, "the amount of one ConnectWise invoice would change by {by}, more than {most}: {from} → {to}")
            }
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
            Self::UsageLines { product, doubt, .. } => write!(f, "{product}: {doubt}"),
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
            Self::EndedInMonth { line, on, to, begins } => {
                let to = short(to);
                write!(f, "{line} ended on {on}; a new one of {to} would begin on {begins}")
            }
            Self::BilledElsewhere { lines, to } => {
                write!(f, "already billed on {}; the usage is {}", list(lines), short(to))
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
            Self::LeftMonthlyBilling { departure, would, also } => {
                write!(f, "{departure}; it would {would}")?;
                also.as_ref().map_or(Ok(()), |also| write!(f, "; also: {also}"))
            }
            Self::Late { on, invoiced, to } => {
                let (sign, units) = if to > invoiced { ("+", *to - *invoiced) } else { ("-", *invoiced - *to) };
                write!(
                    f,
                    "late: {sign}{} units, the ConnectWise invoice of {on} has {} and the usage is {} by now",
                    short(&units),
                    short(invoiced),
                    short(to)
                )
            }
            Self::OlderMonth { written, from, to } => {
                let (written, from, to) = (written.in_words(), short(from), short(to));
                write!(f, "{written} has been written already; this older month would change {from} → {to}")
            }
            Self::Moved { shown, now } => write!(f, "the preview showed: {shown}; now it would {now}"),
        }
    }
}
