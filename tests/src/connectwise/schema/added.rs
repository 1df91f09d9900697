//! The fields that the vendor added between its documents of 2022.1 and 2025.1, as far as the simulator answers them.
//!
//! The simulator is a server of 2025.1; the check's own document is one of 2022.1. Each field is still held to its type.

use serde_json::{Value, json};

/// The version whose document lacks them.
const BEFORE: &str = "2022.1";

/// Adds them to the schemas of a document of 2022.1; any other document stays as it is.
pub(super) fn add_to(document: &Value, schemas: &mut Value) {
    if document["info"]["version"] != BEFORE {
        return;
    }
    let flag = json!({"type": "boolean", "nullable": true});
    let number = json!({"type": "number", "nullable": true});
    let reference = |to: &str| json!({"$ref": format!("#/components/schemas/{to}")});
    let billable = ["Billable", "DoNotBill", "NoCharge", "NoDefault"];
    for (schema, field, kind) in [
        ("Agreement", "invoiceProratedAdditionsFlag", flag.clone()),
        ("Agreement", "shipToCompany", reference("CompanyReference")),
        ("Agreement", "shipToContact", reference("ContactReference")),
        ("Agreement", "shipToSite", reference("SiteReference")),
        ("AgreementType", "invoiceProratedAdditionsFlag", flag.clone()),
        ("CatalogItem", "agreementType", reference("AgreementTypeReference")),
        ("CatalogItem", "autoUpdateUnitCostFlag", flag.clone()),
        ("CatalogItem", "autoUpdateUnitPriceFlag", flag.clone()),
        ("CatalogItem", "billableOption", json!({"type": "string", "nullable": true, "enum": billable})),
        ("CatalogItem", "connectWiseID", json!({"type": "string"})),
        ("CatalogItem", "markupFlag", flag.clone()),
        ("CatalogItem", "markupPercentage", number),
    ] {
        schemas[schema]["properties"][field] = kind;
    }
    // Raised from 25: the simulator takes what a server of 2025.1 takes.
    schemas["Company"]["properties"]["identifier"]["x-maxLength"] = json!(30);
}
