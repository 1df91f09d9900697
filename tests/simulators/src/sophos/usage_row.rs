//! A billing usage line to be served: typed where it is well-formed, raw text where a test needs it malformed.

mod line_text;

use jiff::civil::Date;
use line_text::LineText;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::usage_month::Described;

/// What a product is licensed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductGroup {
    /// Licensed per person.
    User,
    /// Licensed per server.
    Server,
    /// Licensed per device; firewall lines are of this group.
    Device,
}

impl ProductGroup {
    fn wire_name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Server => "Server",
            Self::Device => "Device",
        }
    }
}

/// One usage line. What it says about the partner and the month is filled in when it is set.
///
/// `with` and `without` bend single members; [`UsageRow::from_text`] replaces the line as a whole.
#[derive(Clone, Debug)]
pub struct UsageRow {
    /// The customer; `None` is an unassigned device, whose line has no `accountId`.
    pub account_id: Option<Uuid>,
    /// Such as `CIXA-MSP`.
    pub product_code: String,
    /// What the invoice says.
    pub product_description: String,
    /// What the product is licensed by.
    pub product_group: ProductGroup,
    /// Such as `CEAZ1CSMG`.
    pub sku: String,
    /// What Sophos bills.
    pub billable_quantity: i64,
    /// What was in use.
    pub actual_quantity: i64,
    /// The whole order line's quantity, shared by its customers.
    pub ordered_quantity: Option<i64>,
    /// The price of one unit of the order line.
    pub unit_price: Option<Decimal>,
    /// The price of the whole order line, shared by its customers.
    pub net_price: Option<Decimal>,
    /// The order that the line belongs to.
    pub order_number: String,
    pub order_line_item_number: String,
    /// A licence's account number or a device's serial number.
    pub serial_number: String,
    /// The customer's id in the vendor's billing system.
    pub external_id: Option<Uuid>,
    /// The first day that the line is for; the first of the month that it is set in, unless given.
    pub billing_start: Option<Date>,
    /// The last day that the line is for; the last of the month that it is set in, unless given.
    pub billing_end: Option<Date>,
    /// `active` or `suspended`; served as given.
    pub account_status: String,
    /// How the line differs from a well-formed one; not at all by default.
    pub bent: Bent,
}

/// What `with`, `without` and `from_text` leave in a line.
#[derive(Clone, Debug, Default)]
pub struct Bent {
    text: Option<String>,
    members: Vec<(String, Option<String>)>,
}

impl UsageRow {
    /// A well-formed line of a customer.
    #[must_use]
    pub fn new(account_id: Uuid, product_code: impl Into<String>, billable_quantity: i64) -> Self {
        Self { account_id: Some(account_id), ..Self::unassigned(product_code, billable_quantity) }
    }

    /// A well-formed line that belongs to no customer.
    #[must_use]
    pub fn unassigned(product_code: impl Into<String>, billable_quantity: i64) -> Self {
        let product_code = product_code.into();
        Self {
            account_id: None,
            product_description: format!("{product_code} - MSP Monthly"),
            sku: product_code.replace('-', ""),
            product_code,
            product_group: ProductGroup::User,
            billable_quantity,
            actual_quantity: billable_quantity,
            ordered_quantity: None,
            unit_price: None,
            net_price: None,
            order_number: "OrderID-100000001".into(),
            order_line_item_number: "OrderLine-10000001".into(),
            serial_number: "C01000AAA1AAAA1".into(),
            external_id: None,
            billing_start: None,
            billing_end: None,
            account_status: "active".into(),
            bent: Bent::default(),
        }
    }

    /// The same line for these days, the first and the last of them included.
    #[must_use]
    pub fn covering(self, first: Date, last: Date) -> Self {
        Self { billing_start: Some(first), billing_end: Some(last), ..self }
    }

    /// A line served byte for byte as given, JSON or not.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        let mut row = Self::unassigned("", 0);
        row.bent.text = Some(text.into());
        row
    }

    /// Sets a member, known or unknown, to this text, byte for byte: `"\"abc\""`, `-3`, `2.5`, `NaN`, `1e400`, `null`.
    #[must_use]
    pub fn with(mut self, member: impl Into<String>, json_text: impl Into<String>) -> Self {
        self.bent.members.push((member.into(), Some(json_text.into())));
        self
    }

    /// Leaves a member out.
    #[must_use]
    pub fn without(mut self, member: impl Into<String>) -> Self {
        self.bent.members.push((member.into(), None));
        self
    }

    /// The customer that an `accountId` filter finds this line by, if the line tells one.
    pub(super) fn filed_under(&self) -> Option<Uuid> {
        if let Some(text) = &self.bent.text {
            let line: serde_json::Value = serde_json::from_str(text).ok()?;
            return line.get("accountId")?.as_str()?.parse().ok();
        }
        match self.bent.members.iter().rfind(|(name, _)| name == "accountId") {
            Some((_, text)) => serde_json::from_str::<Uuid>(text.as_deref()?).ok(),
            None => self.account_id,
        }
    }

    /// The product that the line names, where a later name of it can take the place of this one: nowhere in a line that
    /// is bent in its product.
    pub(super) fn described(&self) -> Option<Described> {
        let about_product = |name: &String| name == "productCode" || name == "productDescription";
        let bent = self.bent.text.is_some() || self.bent.members.iter().any(|(name, _)| about_product(name));
        let described = || Described { code: self.product_code.clone(), description: self.product_description.clone() };
        (!bent).then(described)
    }

    /// The line as it stands in a page.
    pub(super) fn to_text(&self, partner_id: Uuid, month_start: Date) -> String {
        if let Some(text) = &self.bent.text {
            return text.clone();
        }
        let mut line = LineText::new(&self.bent.members);
        line.string("partnerAccountId", &partner_id.to_string());
        line.string("partnerEdiAccountNumber", &format!("{:07}", partner_id.as_u128() % 10_000_000));
        line.string("partnerAccountName", &format!("Partner {}", &partner_id.to_string()[..8]));
        line.string("billingStartDate", &self.billing_start.unwrap_or(month_start).to_string());
        line.string("billingEndDate", &self.billing_end.unwrap_or_else(|| month_start.last_of_month()).to_string());
        line.string("orderNumber", &self.order_number);
        line.string("orderLineItemNumber", &self.order_line_item_number);
        line.string("accountNumberOrSerialNumber", &self.serial_number);
        line.string("productDescription", &self.product_description);
        line.string("productGroup", self.product_group.wire_name());
        line.string("sku", &self.sku);
        line.number("billableQuantity", Some(self.billable_quantity));
        line.number("orderedQuantity", self.ordered_quantity);
        line.number("unitPrice", self.unit_price);
        line.number("netPrice", self.net_price);
        line.id("externalId", self.external_id);
        line.id("accountId", self.account_id);
        line.string("accountStatus", &self.account_status);
        line.number("actualQuantity", Some(self.actual_quantity));
        line.string("productCode", &self.product_code);
        line.finish()
    }
}
