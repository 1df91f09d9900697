//! The local gateway, asked over HTTP: what API Gateway refuses, what a function is handed, what a client gets back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod echo;
mod events;
mod page;
mod refusals;
mod routes;
mod stack;
mod tokens;
