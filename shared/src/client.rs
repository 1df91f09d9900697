//! The two services over HTTP: what a partner's saved credentials become; and the webhooks that alerts go to.
//!
//! A call takes one way: a client ([`connectwise`], [`sophos`]) says what to ask and reads the answer; [`retry`] says
//! when to ask again; the pace holds calls back while the service wants to be left alone; one exchange sends the
//! request through [`http`], whose resolver never leads into a private network.
//!
//! - [`address`]: which addresses a partner may name as its PSA.
//! - [`credentials`]: what is sealed in the store.
//! - [`connections`]: from the store to a client.
//! - [`probe`]: what a connection test finds, before anything is saved.
//! - [`webhook`]: alerts to an address of the partner's choice, signed.

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
pub mod sophos;
pub mod webhook;
