//! The fields of the setup tables that catalog items and companies refer to.

use super::Collection;
use super::field::{Field, choice, elsewhere, flag, list, reference, text, whole};

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

pub(super) const COMPANY_STATUS: &[Field] = &[
    text("name", 50).required(),
    flag("defaultFlag"),
    flag("inactiveFlag"),
    flag("notifyFlag"),
    flag("disallowSavingFlag"),
    text("notificationMessage", 500),
    flag("customNoteFlag"),
    flag("cancelOpenTracksFlag"),
];

pub(super) const COMPANY_TYPE: &[Field] = &[
    text("name", 50).required(),
    flag("defaultFlag"),
    flag("vendorFlag"),
    flag("serviceAlertFlag"),
    text("serviceAlertMessage", 150),
];

pub(super) const LOCATION: &[Field] = &[
    whole("ownerLevelId"),
    elsewhere("structureLevel").required(),
    text("name", 50).required(),
    reference("reportsTo", Collection::Locations),
    text("salesRep", 50),
    text("overrideAddressLine1", 50),
    text("overrideAddressLine2", 50),
    text("overrideCity", 50),
    text("overrideState", 50),
    text("overrideZip", 12),
    text("overridePhoneNumber", 15),
    text("overrideFaxNumber", 15),
    text("payrollXref", 10),
    flag("locationFlag"),
    flag("clientFlag"),
    list("departmentIds"),
];

pub(super) const DEPARTMENT: &[Field] = &[text("identifier", 15).required(), text("name", 50).required()];
