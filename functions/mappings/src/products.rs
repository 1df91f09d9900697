//! Product mappings: every Sophos product that usage or a mapping names, and what becomes of its usage.

mod effects;
mod export;
mod import;
mod judge;
mod known;
mod list;
mod named;
mod rank;
mod row;
mod save;
mod sheet;
mod suggest;
mod words;

use shared::ports::{Clock, Ids};
use shared::table::Table;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{Link, World};

pub(crate) fn routes<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>()
-> OpenApiRouter<World<T, N, C, I>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_product_mappings))
        .routes(routes!(list::get_product_mapping))
        .routes(routes!(suggest::suggest_products))
        .routes(routes!(save::save_product_mappings))
        .routes(routes!(export::export_product_mappings))
        .routes(routes!(import::import_product_mappings))
}
