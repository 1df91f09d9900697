//! What sends alerts, webhooks and mail, against receivers of every kind, over the wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod mails;
mod webhooks;
