//! The fields of the setup tables that a catalog item refers to.

use super::Collection;
use super::field::{Field, choice, flag, list, reference, text};

pub(super) const CATEGORY: &[Field] = &[
    text("name", 50).required(),
    flag("inactiveFlag"),
    text("priceLevelXref", 10),
    text("integrationXref", 50),
    list("locationIds"),
    flag("defaultFlag"),
    flag("addAllLocations"),
    flag("removeAllLocations"),
];

pub(super) const SUBCATEGORY: &[Field] = &[
    text("name", 50).required(),
    flag("inactiveFlag"),
    text("integrationXref", 50),
    flag("defaultFlag"),
    reference("category", Collection::Categories).required(),
];

pub(super) const PRODUCT_TYPE: &[Field] = &[
    text("name", 50).required(),
    flag("inactiveFlag"),
    choice("typeXref", &["InventoryPart", "NonInventoryPart", "OtherCharge", "Service"]),
    flag("defaultFlag"),
];

pub(super) const UNIT_OF_MEASURE: &[Field] =
    &[text("name", 50).required(), flag("inactiveFlag"), flag("defaultFlag"), text("uomScheduleXref", 31)];

pub(super) const MANUFACTURER: &[Field] = &[text("name", 50).required(), flag("inactiveFlag")];
