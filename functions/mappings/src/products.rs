//! Product mappings: every Sophos product that usage or a mapping names, and what becomes of its usage.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::id::{PartnerId, ProductCode};
use shared::domain::mapping::{Combine, ProductMapping, ProductState};
use shared::http::{Caller, FieldError, IfNoneMatch, List, Paging, Problem, ProblemCode, Query, Read, represent};
use shared::ports::{Clock, DiscoveredProduct, Ids, MappingStore};
use utoipa::{IntoParams, ToSchema};

use crate::{Link, Store, World};

/// The most rows of a page: a row has some 300 bytes.
const MAX_PAGE: u16 = 500;
/// The most characters of a text to look for.
const MAX_TEXT: usize = 100;

/// Which product mappings are listed; all of them where nothing is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ProductFilter {
    /// Only those in this state.
    #[serde(default)]
    #[param(inline)]
    state: Option<StateName>,
    /// Only those whose usage sync is on, or off.
    #[serde(default)]
    #[param(inline)]
    sync: Option<Switch>,
    /// Only those whose code or description contains this text, in either case.
    #[serde(default)]
    #[param(max_length = 100)]
    text: Option<String>,
    /// How many rows a page has, 1 to 500; 50 by default.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before, with the same filter.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// What becomes of a Sophos product's usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StateName {
    /// It has a ConnectWise product.
    Mapped,
    /// Nothing of it reaches ConnectWise.
    Unmapped,
    /// The partner decided not to bill it.
    Excluded,
    /// The mapping is gone and its sync is off.
    Removed,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Switch {
    /// Usage is carried over.
    On,
    /// It is not.
    Off,
}

/// How the parts of a combined product become one quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CombineRule {
    /// The sum of the parts.
    AddUp,
    /// The largest of the parts.
    TakeLargest,
}

/// A Sophos product and what becomes of its usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductRow {
    /// Sophos' code of the product.
    #[schema(value_type = String, example = "CIXA-MSP")]
    code: ProductCode,
    /// What Sophos calls it; absent where no usage has named it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// User, Server or Device; absent where no usage has named it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// What becomes of its usage.
    state: StateName,
    /// Why it is excluded, in the partner's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The id of the ConnectWise product that it is mapped to.
    #[serde(skip_serializing_if = "Option::is_none")]
    psa_product_id: Option<u32>,
    /// Whether its usage is carried over. Off: ConnectWise goes on billing the last quantity.
    sync: bool,
    /// The rule where several Sophos products go to its ConnectWise product.
    #[serde(skip_serializing_if = "Option::is_none")]
    combine: Option<CombineRule>,
    /// Whether it is a Sophos Firewall product, which syncs in the Sophos-invoice mode only.
    firewall: bool,
    /// Counts what a person edits; 0 before the first save.
    version: u64,
}

impl ProductRow {
    fn from_mapping(mapping: ProductMapping, known: Option<DiscoveredProduct>) -> Self {
        let sync = mapping.syncs_to().is_some();
        let (description, group) = known.map(|known| (known.description, known.group)).unzip();
        let unmapped = Self {
            code: mapping.code,
            description,
            group,
            state: StateName::Unmapped,
            reason: None,
            psa_product_id: None,
            sync,
            combine: None,
            firewall: mapping.firewall,
            version: mapping.version,
        };
        match mapping.state {
            ProductState::Unmapped => unmapped,
            ProductState::Removed => Self { state: StateName::Removed, ..unmapped },
            ProductState::Excluded { reason } => Self { state: StateName::Excluded, reason: Some(reason), ..unmapped },
            ProductState::Mapped { product, combine, .. } => Self {
                state: StateName::Mapped,
                psa_product_id: Some(product.get()),
                combine: combine.map(CombineRule::from),
                ..unmapped
            },
        }
    }

    fn fits(&self, filter: &ProductFilter, text: &str) -> bool {
        let contains = |field: &str| field.to_lowercase().contains(text);
        filter.state.is_none_or(|state| self.state == state)
            && filter.sync.is_none_or(|sync| self.sync == (sync == Switch::On))
            && (contains(self.code.as_str()) || self.description.as_deref().is_some_and(contains))
    }
}

impl From<Combine> for CombineRule {
    fn from(rule: Combine) -> Self {
        match rule {
            Combine::AddUp => Self::AddUp,
            Combine::TakeLargest => Self::TakeLargest,
        }
    }
}

/// List product mappings.
///
/// Every Sophos product that usage has named or that was ever saved, by its code. New usage maps nothing by itself: an
/// unknown product shows up as unmapped and waits.
#[utoipa::path(
    get,
    path = "/v1/product-mappings",
    operation_id = "listProductMappings",
    tag = "product mappings",
    security(("token" = ["psa/read"])),
    params(ProductFilter, IfNoneMatch),
    responses((status = 200, description = "A page of product mappings.", body = List<ProductRow>)),
)]
pub(crate) async fn list_product_mappings<S: Store, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<S, N, C, I>>,
    caller: Caller<Read>,
    Query(filter): Query<ProductFilter>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let text = filter.text.as_deref().unwrap_or_default().trim().to_lowercase();
    if text.chars().count() > MAX_TEXT {
        return Err(too_long());
    }
    let page = (filter.page_size, filter.page_from_key.as_deref());
    let paging = Paging::read(caller.partner(), "listProductMappings", &filter, page, MAX_PAGE)?;
    let rows = rows(&world.store, caller.partner()).await?;
    let fitting = rows.into_iter().filter(|row| row.fits(&filter, &text));
    let list: List<ProductRow> = paging.cut(fitting, |row| row.code.as_str());
    Ok(represent(&if_none_match, None, &list))
}

fn too_long() -> Problem {
    let detail = format!("At most {MAX_TEXT} characters.");
    Problem::new(ProblemCode::InvalidRequest).errors([FieldError::parameter("text", ProblemCode::Invalid, detail)])
}

/// All of a partner's rows, by code: what usage has named, and what was saved.
async fn rows(store: &impl MappingStore, partner: PartnerId) -> Result<Vec<ProductRow>, Problem> {
    let mappings = store.list_product_mappings(partner).await?;
    let known = store.list_discovered_products(partner).await?;
    let mut known: BTreeMap<ProductCode, DiscoveredProduct> =
        known.into_iter().map(|product| (product.code.clone(), product)).collect();
    let saved = mappings.iter().map(|mapping| (mapping.code.clone(), known.remove(&mapping.code), mapping.clone()));
    let mut rows: BTreeMap<ProductCode, ProductRow> =
        saved.map(|(code, known, mapping)| (code, ProductRow::from_mapping(mapping, known))).collect();
    for (code, product) in known {
        let mapping = ProductMapping::discovered(code.clone(), proposes_firewall(&product));
        rows.insert(code, ProductRow::from_mapping(mapping, Some(product)));
    }
    Ok(rows.into_values().collect())
}

/// Whether a product that nobody has saved looks like a Sophos Firewall product; the partner changes it where that is wrong.
fn proposes_firewall(product: &DiscoveredProduct) -> bool {
    product.description.to_lowercase().contains("firewall")
}
