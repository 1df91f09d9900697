//! What happens to customers and products while a simulator serves: each change is effective from the next call on.

use uuid::Uuid;

use super::firewalls::Firewall;
use super::tenant::{BillingType, Tenant};
use super::{Sophos, UnknownTenant};

impl Sophos {
    /// From now on billing usage and firewall licences describe the product of this code so, in every month. Its code
    /// and its SKU stay; lines whose product was bent by hand keep the text that they were given.
    pub fn rename_product(&self, code: &str, description: &str) {
        self.world().renamed.insert(code.to_owned(), description.to_owned());
    }

    /// From now on the customer is billed otherwise. Its usage lines stay: a month in which it was billed by usage has them.
    ///
    /// # Errors
    /// When nobody has this customer.
    pub fn convert(&self, tenant_id: Uuid, billing_type: BillingType) -> Result<(), UnknownTenant> {
        self.change_tenant(tenant_id, |tenant| tenant.billing_type = billing_type)
    }

    /// From now on the customer's status is `suspended`. Its usage lines stay.
    ///
    /// # Errors
    /// When nobody has this customer.
    pub fn suspend(&self, tenant_id: Uuid) -> Result<(), UnknownTenant> {
        self.change_tenant(tenant_id, |tenant| tenant.status = "suspended".into())
    }

    /// From now on the customer is on nobody's list and cannot be asked for. Its usage lines stay.
    ///
    /// # Errors
    /// When nobody has this customer.
    pub fn unlink(&self, tenant_id: Uuid) -> Result<(), UnknownTenant> {
        let mut world = self.world();
        let unlinked = world.tenants.values_mut().any(|tenants| tenants.remove(tenant_id));
        if unlinked { Ok(()) } else { Err(UnknownTenant(tenant_id)) }
    }

    /// Changes a customer in its place in the list, in whatever way; the id must stay.
    ///
    /// # Errors
    /// When nobody has this customer.
    pub fn change_tenant(&self, tenant_id: Uuid, change: impl FnOnce(&mut Tenant)) -> Result<(), UnknownTenant> {
        let mut world = self.world();
        let found = world.tenants.values_mut().find_map(|tenants| tenants.find_mut(tenant_id));
        found.map(change).ok_or(UnknownTenant(tenant_id))
    }

    /// A firewall of a partner or of one of its customers.
    pub fn add_firewall(&self, partner_id: Uuid, firewall: Firewall) {
        self.world().firewalls.entry(partner_id).or_default().push(firewall);
    }

    /// From now on pages of customers count the customers in `pages.items`, or do not, as in published fixtures of real
    /// answers; `pages.total`, the number of pages, is there in any case.
    pub fn count_tenants(&self, counted: bool) {
        self.world().tenants_uncounted = !counted;
    }
}
