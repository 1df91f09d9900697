//! The HTTP API and the template: every function behind the gateway, over HTTP.

mod alerts;
mod api;
mod connections_api;
mod customers_api;
mod gateway;
mod mappings_api;
mod openapi;
mod psa_api;
mod runs_api;
mod template;
