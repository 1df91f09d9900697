//! The HTTP API as a whole: what is true of every route there is, asked as the document says.
//!
//! Nothing here names a route: a function joins `local_stack::api`, and is asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod bodies;
mod page_keys;
mod readme;
mod served;
mod tenants;

use local_stack::api::operation::Operation;
use local_stack::demo::Size;
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use shared::domain::month::UsageMonth;
use usage_sync::Limits;

/// The operations of the document.
fn operations() -> Vec<Operation> {
    local_stack::api::operation::operations(&local_stack::api::document())
}

/// A small partner that has never been synced.
async fn stack() -> Stack {
    let options = StackOptions {
        size: Size { seed: 1, customers: 3, products: 5 },
        month: UsageMonth::parse("2026-11").unwrap(),
        data: None,
        limits: Limits::default(),
        slice: LONGEST_SLICE,
    };
    Stack::start(options).await.unwrap()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(60)).build().unwrap()
}
