//! What the form of a product can choose from.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use shared::domain::catalogue::{ProductChoices, ProductClass, SubcategoryChoice};
use shared::http::{Caller, IfNoneMatch, NoQuery, Problem, PsaProblems, Read, represent};
use shared::ports::{Clock, Connections, Ids, PsaCatalogue};
use shared::table::Table;
use utoipa::ToSchema;

use crate::World;
use crate::view::{PsaChoice, PsaProductClass};

/// A subcategory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PsaSubcategory {
    /// Its id in ConnectWise.
    id: i64,
    /// Its name.
    name: String,
    /// Its category; absent where ConnectWise does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    category_id: Option<i64>,
}

/// What the fields of a product can be set to: all that is active in ConnectWise, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PsaProductChoices {
    /// For `categoryId`.
    categories: Vec<PsaChoice>,
    /// For `subcategoryId`.
    subcategories: Vec<PsaSubcategory>,
    /// For `typeId`.
    types: Vec<PsaChoice>,
    /// For `unitId`.
    units: Vec<PsaChoice>,
    /// For `class`.
    classes: Vec<PsaProductClass>,
}

impl From<SubcategoryChoice> for PsaSubcategory {
    fn from(choice: SubcategoryChoice) -> Self {
        Self { id: choice.id.into(), name: choice.name, category_id: choice.category.map(i64::from) }
    }
}

impl From<ProductChoices> for PsaProductChoices {
    fn from(choices: ProductChoices) -> Self {
        Self {
            categories: choices.categories.into_iter().map(PsaChoice::from).collect(),
            subcategories: choices.subcategories.into_iter().map(PsaSubcategory::from).collect(),
            types: choices.types.into_iter().map(PsaChoice::from).collect(),
            units: choices.units.into_iter().map(PsaChoice::from).collect(),
            classes: ProductClass::ALL.map(PsaProductClass::from).into(),
        }
    }
}

/// List the choices of a product's form.
///
/// Needs the right to ConnectWise's setup tables.
#[utoipa::path(
    get,
    path = "/v1/psa/products/choices",
    operation_id = "listPsaProductChoices",
    tag = "ConnectWise products",
    security(("token" = ["psa/read"])),
    params(IfNoneMatch),
    responses((status = 200, description = "What the form can choose from.", body = PsaProductChoices), PsaProblems),
)]
pub(crate) async fn list_psa_product_choices<T, K, C, I>(
    State(world): State<World<T, K, C, I>>,
    caller: Caller<Read>,
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
    let choices = PsaProductChoices::from(psa.list_product_choices().await?);
    Ok(represent(&if_none_match, None, &choices))
}
