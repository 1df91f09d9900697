//! A product as the page *View ConnectWise product* shows it.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::catalogue::{Choice, ProductClass, ProductDetails};
use shared::domain::id::PsaProductId;
use shared::http::{Caller, IfNoneMatch, NoQuery, Path, Problem, PsaProblems, Read, represent, version_of_content};
use shared::ports::{Clock, Connections, Ids, PsaCatalogue};
use shared::table::Table;
use utoipa::ToSchema;

use crate::World;

/// A product's class, in ConnectWise's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum PsaProductClass {
    /// An agreement.
    Agreement,
    /// A bundle of products; none can become an addition, so it cannot be mapped.
    Bundle,
    /// Kept in stock.
    Inventory,
    /// Not kept in stock; what ConnectWise takes where no class is named.
    NonInventory,
    /// A service.
    Service,
}

impl From<ProductClass> for PsaProductClass {
    fn from(class: ProductClass) -> Self {
        match class {
            ProductClass::Agreement => Self::Agreement,
            ProductClass::Bundle => Self::Bundle,
            ProductClass::Inventory => Self::Inventory,
            ProductClass::NonInventory => Self::NonInventory,
            ProductClass::Service => Self::Service,
        }
    }
}

impl From<PsaProductClass> for ProductClass {
    fn from(class: PsaProductClass) -> Self {
        match class {
            PsaProductClass::Agreement => Self::Agreement,
            PsaProductClass::Bundle => Self::Bundle,
            PsaProductClass::Inventory => Self::Inventory,
            PsaProductClass::NonInventory => Self::NonInventory,
            PsaProductClass::Service => Self::Service,
        }
    }
}

/// What a field is set to, or can be set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PsaChoice {
    /// Its id in ConnectWise.
    id: i64,
    /// Its name.
    name: String,
}

impl<Id: Into<i64>> From<Choice<Id>> for PsaChoice {
    fn from(choice: Choice<Id>) -> Self {
        Self { id: choice.id.into(), name: choice.name }
    }
}

/// A ConnectWise product. Amounts are decimal texts in the currency of the partner's ConnectWise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PsaProductView {
    /// Its id in ConnectWise.
    id: u32,
    /// How the staff know it.
    identifier: String,
    /// What it is, in short.
    description: String,
    /// What invoices print. The vendor of the usage warns against changing it by hand.
    customer_description: String,
    /// Its category.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<PsaChoice>,
    /// Its subcategory.
    #[serde(skip_serializing_if = "Option::is_none")]
    subcategory: Option<PsaChoice>,
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<PsaChoice>,
    /// Its class; absent where it is one that is not known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<PsaProductClass>,
    /// Its unit of measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<PsaChoice>,
    /// The catalogue price of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4.50")]
    price: Option<String>,
    /// What one costs the partner.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2.25")]
    cost: Option<String>,
    /// Whether it is taxable.
    taxable: bool,
    /// Whether it recurs.
    recurring: bool,
    /// Whether it is inactive.
    inactive: bool,
    /// Whether it can be mapped: active, and not of class Bundle.
    available: bool,
    /// The vendor's number of it.
    vendor_sku: String,
    /// The manufacturer's number of it.
    manufacturer_part_number: String,
    /// Its key in another system.
    integration_xref: String,
    /// Notes of the staff.
    notes: String,
    /// When it was last changed in ConnectWise, if ConnectWise says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    last_updated: Option<Timestamp>,
    /// Who changed it last in ConnectWise, if ConnectWise says.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
}

impl From<ProductDetails> for PsaProductView {
    fn from(product: ProductDetails) -> Self {
        Self {
            available: product.is_available(),
            id: product.id.get(),
            identifier: product.identifier,
            description: product.description,
            customer_description: product.customer_description,
            category: product.category.map(PsaChoice::from),
            subcategory: product.subcategory.map(PsaChoice::from),
            kind: product.kind.map(PsaChoice::from),
            class: product.class.map(PsaProductClass::from),
            unit: product.unit.map(PsaChoice::from),
            price: product.price.map(|price| price.to_string()),
            cost: product.cost.map(|cost| cost.to_string()),
            taxable: product.taxable,
            recurring: product.recurring,
            inactive: product.inactive,
            vendor_sku: product.vendor_sku,
            manufacturer_part_number: product.manufacturer_part_number,
            integration_xref: product.integration_xref,
            notes: product.notes,
            last_updated: product.last_updated,
            updated_by: product.updated_by,
        }
    }
}

/// View a ConnectWise product.
///
/// ConnectWise keeps no version of a product: the ETag is made of all that is shown here.
#[utoipa::path(
    get,
    path = "/v1/psa/products/{id}",
    operation_id = "getPsaProduct",
    tag = "ConnectWise products",
    security(("token" = ["psa/read"])),
    params(
        ("id" = i64, Path, description = "The ConnectWise product's id.", minimum = 1, maximum = 2147483647),
        IfNoneMatch
    ),
    responses((status = 200, description = "The product as it is now.", body = PsaProductView), PsaProblems),
)]
pub(crate) async fn get_psa_product<T, K, C, I>(
    State(world): State<World<T, K, C, I>>,
    caller: Caller<Read>,
    Path(id): Path<PsaProductId>,
    _: NoQuery,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem>
where
    T: Table,
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
    I: Ids + Clone + 'static,
{
    let psa = world.connections.psa(caller.partner()).await?;
    let view = PsaProductView::from(psa.get_product(id).await?);
    Ok(represent(&if_none_match, Some(version_of_content(&view)?), &view))
}
