//! The routers of all functions behind API Gateway in a local world, for the local stack and for tests.
//!
//! A new function joins here and in [`super::functions`], with a line each.

use axum::Router;
use shared::client::address::AddressPolicy;
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::clock::SystemClock;
use shared::http::ApiOptions;
use shared::ids::UuidV7;
use shared::ports::AlertMessage;
use shared::queue::LocalQueue;
use shared::seal::LocalSeal;
use shared::store::Store;
use shared::table::Table;

use crate::gateway::token::PARTNER_CLAIM;
use crate::page;

/// What the functions of one API share: each takes of it what it needs.
#[derive(Clone, Debug)]
pub struct LocalApi<T> {
    /// Where everything is kept.
    pub store: Store<T>,
    /// What credentials are sealed with.
    pub seal: LocalSeal,
    /// What runs are asked for by.
    pub queue: LocalQueue,
    /// What the delivery of alerts is asked for by.
    pub alerts: LocalQueue<AlertMessage>,
    /// How ConnectWise and Sophos Central are called.
    pub connections: ConnectionOptions,
}

impl<T: Table> LocalApi<T> {
    /// Each function's router, by its folder; by folder.
    #[must_use]
    pub fn by_folder(&self) -> Vec<(&'static str, Router)> {
        let options = || ApiOptions { partner_claim: PARTNER_CLAIM.to_owned() };
        let (store, seal, clock, ids) = (self.store.clone(), self.seal.clone(), SystemClock, UuidV7);
        let connections = StoredConnections::new(store.clone(), seal.clone(), self.connections.clone().interactive());
        let policy = AddressPolicy::Loopback;
        let alerts = alerts::World {
            store: store.clone(),
            queue: self.alerts.clone(),
            seal: seal.clone(),
            clock,
            ids,
            policy,
            mails: true,
        };
        let setup =
            connections::World { store: store.clone(), seal, clock: SystemClock, options: self.connections.clone() };
        let search = psa_search::World::new(connections.clone(), SystemClock);
        let products = psa_products::World { store: store.clone(), connections: connections.clone(), clock, ids };
        let runs = sync_runs::World { store: store.clone(), queue: self.queue.clone(), clock, ids };
        let rows = mappings::World { store, connections, clock, ids };
        vec![
            ("alerts", alerts::app(alerts, options())),
            ("connections", connections::app(setup, options())),
            ("mappings", mappings::app(rows, options())),
            ("psa-products", psa_products::app(products, options())),
            ("psa-search", psa_search::app(search, options())),
            ("sync-runs", sync_runs::app(runs, options())),
        ]
    }

    /// The same by the function's name in the template, as the gateway wants them, and with them the page.
    #[must_use]
    pub fn routers(&self) -> Vec<(String, Router)> {
        let api = self.by_folder().into_iter().map(|(folder, router)| (name_of(folder), router));
        api.chain([(name_of("console"), page::router())]).collect()
    }
}

/// The name in the template of the function in a folder: `PsaSearch` of `psa-search`.
#[must_use]
pub fn name_of(folder: &str) -> String {
    let words = folder.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_after_its_folder() {
        assert_eq!(["mappings", "psa-search"].map(name_of), ["Mappings", "PsaSearch"]);
    }
}
