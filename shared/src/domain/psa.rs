//! What the sync knows of ConnectWise's records: only the fields that a decision or a sentence needs.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::id::{AdditionId, AgreementId, CompanyId, PsaProductId};
use super::search::Named;

/// A ConnectWise product (catalog item).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PsaProduct {
    pub id: PsaProductId,
    /// Its identifier, as the partner's staff know it.
    pub identifier: String,
    pub description: String,
    /// ConnectWise's class of it, in ConnectWise's word; empty where it does not say.
    #[serde(default)]
    pub class: String,
    /// Whether it is of class Bundle; such a product cannot become an addition.
    pub bundle: bool,
    /// Whether it is inactive; such a product cannot become an addition.
    pub inactive: bool,
    /// The catalogue price, if it has one.
    pub price: Option<Decimal>,
}

impl PsaProduct {
    /// Whether it is available for mapping: active, and not of class Bundle.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        !self.inactive && !self.bundle
    }
}

impl Named for PsaProduct {
    fn names(&self) -> [&str; 2] {
        [&self.identifier, &self.description]
    }

    fn number(&self) -> u32 {
        self.id.get()
    }
}

/// An agreement's status, as ConnectWise computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgreementStatus {
    /// In force.
    Active,
    /// Ended by hand.
    Cancelled,
    /// Past its end date.
    Expired,
    /// Not in force for another reason.
    Inactive,
}

/// An agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    pub id: AgreementId,
    pub name: String,
    /// The company that it belongs to.
    pub company: CompanyId,
    pub company_name: String,
    /// The name of its type.
    pub kind: String,
    /// Its status; a set `cancelledFlag` counts as cancelled.
    pub status: AgreementStatus,
    /// Its first day, if one is set.
    pub start: Option<Date>,
    /// Its last day; none when it has no ending date.
    pub end: Option<Date>,
    /// The day of its next ConnectWise invoice, if ConnectWise says.
    pub next_invoice: Option<Date>,
    /// The name of its billing cycle, `Monthly` for example, if ConnectWise says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_cycle: Option<String>,
    /// Whether a line that begins or ends inside a billing period bills its days only. What ConnectWise does not say
    /// counts as no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prorated: bool,
    /// The code of the currency that it bills in, if ConnectWise says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The agreement whose invoices bill it, where it is the child of one: id and name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<(AgreementId, String)>,
}

impl Agreement {
    /// What a person has to know of it to read its amounts.
    #[must_use]
    pub fn facts(&self) -> AgreementFacts {
        AgreementFacts {
            kind: self.kind.clone(),
            cycle: self.billing_cycle.clone(),
            currency: self.currency.clone(),
            parent: self.parent.clone(),
        }
    }

    /// Its names, for display.
    #[must_use]
    pub fn names(&self) -> CustomerNames {
        CustomerNames { company: self.company_name.clone(), agreement: self.name.clone(), facts: self.facts() }
    }
}

/// What a person has to know of an agreement to read its amounts; for display only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AgreementFacts {
    /// The name of its type.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The name of its billing cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle: Option<String>,
    /// The code of its currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The agreement whose invoices bill it, where it is the child of one: id and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<(AgreementId, String)>,
}

impl AgreementFacts {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The letters of its cycle's name: ConnectWise's staff write `Semi-Annual` as they like.
    fn cycle_letters(&self) -> Option<String> {
        let cycle = self.cycle.as_deref()?;
        Some(cycle.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase())
    }

    /// Whether it bills no usage month after month: its cycle is none, or one single time. One that ConnectWise does not name
    /// is not known, and no reason to refuse.
    #[must_use]
    pub fn never_recurs(&self) -> bool {
        let letters = self.cycle_letters();
        letters.is_some_and(|cycle| matches!(cycle.as_str(), "none" | "once" | "onetime" | "notrecurring"))
    }

    /// Whether one invoice of it bills something else than one month, as far as its cycle says: then only the quantity on the
    /// day of its next invoice counts.
    #[must_use]
    pub fn is_not_monthly(&self) -> bool {
        self.cycle_letters().is_some_and(|cycle| !cycle.is_empty()) && self.months() != Some(1)
    }

    /// How many months one invoice of it bills; none where the cycle is not one of months, or not known.
    #[must_use]
    pub fn months(&self) -> Option<u32> {
        match self.cycle_letters()?.as_str() {
            "monthly" | "month" => Some(1),
            "bimonthly" => Some(2),
            "quarterly" | "quarter" => Some(3),
            "semiannual" | "semiannually" | "halfyearly" => Some(6),
            "yearly" | "annual" | "annually" | "year" => Some(12),
            _ => None,
        }
    }
}

/// The names of a company and one of its agreements as a run or a save saw them last; for display only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerNames {
    pub company: String,
    pub agreement: String,
    /// How the agreement bills.
    #[serde(default, flatten)]
    pub facts: AgreementFacts,
}

/// A company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Company {
    pub id: CompanyId,
    /// Its identifier, as the partner's staff know it.
    #[serde(default)]
    pub identifier: String,
    pub name: String,
}

impl Named for Company {
    fn names(&self) -> [&str; 2] {
        [&self.name, &self.identifier]
    }

    fn number(&self) -> u32 {
        self.id.get()
    }
}

/// An addition: a line of an agreement, and of each of its ConnectWise invoices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addition {
    pub id: AdditionId,
    /// What it bills.
    pub product: PsaProductId,
    /// The gross quantity; ConnectWise bills what exceeds `less_included`.
    pub quantity: Decimal,
    /// How many of them the agreement includes.
    pub less_included: Decimal,
    pub unit_price: Option<Decimal>,
    /// `Billable`, `DoNotBill` or `NoCharge`; the partner's choice.
    pub bill_customer: String,
    /// The first day on which it is in force; from the beginning when none is set.
    pub effective: Option<Date>,
    /// Its cancelled date, if it has one. Whether that day is still billed is not documented: see [`CancelledDate`].
    pub cancelled: Option<Date>,
    /// What only a comparison with other products, or a line that replaces it, needs.
    #[serde(default, skip_serializing_if = "AdditionDetail::is_empty")]
    pub detail: AdditionDetail,
}

/// What an addition is called, and the terms of it that a line which replaces it takes over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AdditionDetail {
    /// The identifier of its ConnectWise product.
    pub identifier: String,
    pub description: String,
    /// The cost of one, if ConnectWise says.
    pub unit_cost: Option<Decimal>,
    /// Whether it is taxed, if ConnectWise says.
    pub taxable: Option<bool>,
    /// What the ConnectWise invoice calls it.
    pub invoice_description: String,
    /// Its last change, if ConnectWise says.
    pub changed: Option<ChangedBy>,
}

/// The last change of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedBy {
    /// The ConnectWise member who made it.
    pub by: String,
    pub at: Timestamp,
}

impl AdditionDetail {
    /// Whether nothing of it is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What an addition's cancelled date says. The vendor documents neither reading; a partner who knows sets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CancelledDate {
    /// Not known: the line may have billed that day, so nothing new bills it.
    #[default]
    Unknown,
    LastBilledDay,
    /// The first day that is not billed.
    FirstUnbilledDay,
}

impl Addition {
    /// Whether it is open-ended on a day: effective by then, and without a cancelled date or with one after that day.
    #[must_use]
    pub fn in_force_on(&self, day: Date) -> bool {
        self.effective.is_none_or(|from| from <= day) && self.cancelled.is_none_or(|until| until > day)
    }

    /// Whether the customer pays for units of it.
    #[must_use]
    pub fn is_charged(&self) -> bool {
        self.bill_customer == "Billable" && self.quantity > self.less_included
    }
}

/// An addition to be created. What is not here, ConnectWise fills in from the catalogue; without `terms` it is Billable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAddition {
    /// What it bills.
    pub product: PsaProductId,
    /// The gross quantity.
    pub quantity: Decimal,
    /// The first day on which it is in force.
    pub effective: Date,
    /// The terms of the line that it replaces, where it replaces one.
    pub terms: Option<CopiedTerms>,
}

/// The terms that a new addition takes over from the one that it replaces: they belong to the partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedTerms {
    pub unit_price: Option<Decimal>,
    pub unit_cost: Option<Decimal>,
    /// How many the agreement includes.
    pub less_included: Decimal,
    /// `Billable`, `DoNotBill` or `NoCharge`.
    pub bill_customer: String,
    /// Whether it is taxed.
    pub taxable: Option<bool>,
    /// What the ConnectWise invoice calls it; empty for what ConnectWise calls it by itself.
    pub invoice_description: String,
}

impl CopiedTerms {
    /// Those of an addition.
    #[must_use]
    pub fn of(addition: &Addition) -> Self {
        let AdditionDetail { unit_cost, taxable, invoice_description, .. } = addition.detail.clone();
        Self {
            unit_price: addition.unit_price,
            unit_cost,
            less_included: addition.less_included,
            bill_customer: addition.bill_customer.clone(),
            taxable,
            invoice_description,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addition(effective: Option<Date>, cancelled: Option<Date>) -> Addition {
        Addition {
            id: AdditionId::try_from(1).unwrap(),
            product: PsaProductId::try_from(1).unwrap(),
            quantity: Decimal::ONE,
            less_included: Decimal::ZERO,
            unit_price: None,
            bill_customer: "Billable".into(),
            effective,
            cancelled,
            detail: AdditionDetail::default(),
        }
    }

    #[test]
    fn the_months_of_a_cycle_are_read_from_its_name_and_not_guessed() {
        let months = |cycle: &str| AgreementFacts { cycle: Some(cycle.into()), ..AgreementFacts::default() }.months();
        let cycles =
            ["Monthly", "Quarterly", "Semi-Annual", "Yearly", "Bi-Monthly", "Weekly", "One Time", "Pay as you go"];
        assert_eq!(cycles.map(months), [Some(1), Some(3), Some(6), Some(12), Some(2), None, None, None]);
        assert_eq!(AgreementFacts::default().months(), None);
    }

    #[test]
    fn a_cycle_that_bills_once_never_recurs_and_one_that_is_not_known_may() {
        let facts = |cycle: &str| AgreementFacts { cycle: Some(cycle.into()), ..AgreementFacts::default() };
        let never = ["None", "One time", "One-Time"].map(|cycle| facts(cycle).never_recurs());
        assert_eq!(never, [true; 3]);
        let may = ["Monthly", "Annual", "Weekly", ""].map(|cycle| facts(cycle).never_recurs());
        assert_eq!(may, [false; 4]);
        let not_monthly = ["Monthly", "Annual", "Weekly", ""].map(|cycle| facts(cycle).is_not_monthly());
        assert_eq!(not_monthly, [false, true, true, false]);
        assert!(!AgreementFacts::default().never_recurs() && !AgreementFacts::default().is_not_monthly());
    }

    #[test]
    fn an_addition_is_in_force_from_its_effective_day_until_before_its_cancelled_day() {
        let day = |d| Date::new(2026, 11, d).unwrap();
        let line = addition(Some(day(10)), Some(day(20)));
        assert_eq!([9, 10, 19, 20].map(|d| line.in_force_on(day(d))), [false, true, true, false]);
        assert!(addition(None, None).in_force_on(day(1)));
    }
}
