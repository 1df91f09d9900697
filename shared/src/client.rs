//! The clients of the two services, made from a partner's saved credentials, and the webhooks that receive alerts.
//!
//! A client ([`connectwise`], [`sophos`]) builds a request and reads the response; [`retry`] decides when to send it
//! again; the rate limiter delays calls while the service is throttling; one exchange sends the request through
//! [`http`], whose resolver never returns a private address.
//!
//! - [`address`]: the addresses that a partner may enter for its PSA.
//! - [`credentials`]: what is sealed in the store.
//! - [`connections`]: from saved credentials to a client.
//! - [`probe`]: connection tests, before anything is saved.
//! - [`webhook`]: signed alerts to an address of the partner's choice.

pub mod address;
pub mod connections;
pub mod connectwise;
pub mod credentials;
mod exchange;
pub mod http;
pub mod probe;
mod rate_limiter;
mod resolver;
pub mod retry;
mod retry_after;
mod secrets;
pub mod sophos;
pub mod webhook;
