//! The demo partner's usage of a month: each ordinary customer uses some of the products, each awkward one its own.

use shared::domain::id::CustomerId;
use shared::domain::month::UsageMonth;
use shared::domain::schedule::stable_hash;

use super::Demo;
use super::day_of;
use super::spec::UsageSpec;
use simulators::sophos::UsageRow;

/// Among this many ordinary customers, each product has somebody who uses it.
pub(super) const EVERY: usize = 12;

impl Demo {
    /// Every usage line of a month, as Sophos serves it.
    #[must_use]
    pub fn usage_rows(&self, month: UsageMonth) -> Vec<UsageRow> {
        let uses = |row: &UsageRow| {
            let customer = row.account_id.and_then(|id| self.customers.get(&CustomerId::from_uuid(id)));
            let product = self.number_of(&row.product_code);
            customer.zip(product).is_some_and(|(customer, product)| self.uses(*customer, product))
        };
        let mut rows: Vec<UsageRow> = self.population.usage(month.first_day());
        if self.is_awkward() {
            rows.retain(uses);
            rows.extend((0..self.size.customers).flat_map(|customer| self.awkward_rows(customer, month)));
            rows.push(UsageRow::unassigned("XGS-FW", 1));
            rows.push(UsageRow::unassigned("CIXA", 4));
        }
        rows
    }

    /// Whether an ordinary customer uses a product: about every third, and every product has somebody.
    pub(super) fn uses(&self, customer: usize, product: usize) -> bool {
        if self.spec(customer).is_some() {
            return false;
        }
        let chosen = customer % EVERY == product % EVERY;
        !self.is_awkward()
            || chosen
            || stable_hash(&format!("{}/{customer}/{product}", self.size.seed)).is_multiple_of(3)
    }

    fn awkward_rows(&self, customer: usize, month: UsageMonth) -> Vec<UsageRow> {
        let id = self.population.tenants()[customer].id;
        let row = |code: &str, quantity: i64| {
            let mut row = UsageRow::new(id, code, quantity);
            if let Some(number) = self.number_of(code) {
                let product = &self.population.products()[number];
                row.product_description.clone_from(&product.description);
                row.product_group = product.group;
            }
            row
        };
        let mut rows: Vec<UsageRow> = Vec::new();
        for (number, usage) in self.spec(customer).into_iter().flat_map(|spec| spec.usage).enumerate() {
            let line = match *usage {
                UsageSpec::Units(code, quantity) => row(code, quantity),
                // The vendor's own sample has a date that no calendar knows.
                UsageSpec::Text(code, text) => {
                    row(code, 0).with("billableQuantity", text).with("billingEndDate", "\"2021-04-31\"")
                }
                UsageSpec::NoCode(quantity) => row("", quantity).without("productCode"),
                UsageSpec::Days(code, quantity, first, last) => {
                    row(code, quantity).covering(day_of(month, first), day_of(month, last))
                }
                UsageSpec::Again => {
                    rows.extend(rows.last().cloned());
                    continue;
                }
            };
            // Lines of one order have serial numbers of their own: else they would be one line that came twice.
            rows.push(UsageRow { serial_number: format!("C0{number:05}"), ..line });
        }
        rows
    }
}
