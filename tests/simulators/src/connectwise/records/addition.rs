//! The fields of an addition, a line of an agreement.

use super::Collection;
use super::field::{Field, choice, date, elsewhere, flag, list, long_text, number, reference, text, whole};

pub(super) const ADDITION: &[Field] = &[
    reference("product", Collection::Catalog).required(),
    number("quantity"),
    number("lessIncluded"),
    number("unitPrice"),
    number("unitCost"),
    choice("billCustomer", &["Billable", "DoNotBill", "NoCharge"]).required(),
    date("effectiveDate"),
    date("cancelledDate"),
    flag("taxableFlag"),
    text("serialNumber", 50),
    text("invoiceDescription", 6000),
    flag("purchaseItemFlag"),
    flag("specialOrderFlag"),
    whole("agreementId").computed(),
    long_text("description"),
    number("billedQuantity").computed(),
    long_text("uom").computed(),
    number("extPrice").computed(),
    number("extCost").computed(),
    number("sequenceNumber"),
    number("margin").computed(),
    number("prorateCost").computed(),
    number("proratePrice").computed(),
    number("extendedProrateCost").computed(),
    number("extendedProratePrice").computed(),
    flag("prorateCurrentPeriodFlag"),
    elsewhere("opportunity"),
    choice("agreementStatus", &["Active", "Cancelled", "Expired", "Inactive"]).computed(),
    elsewhere("invoiceGrouping"),
    list("customFields"),
];
