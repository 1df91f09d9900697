//! The harness: simulators of both services that the product talks to, the table, and what tests share. Nothing of it is shipped.

pub mod apart;
pub mod api;
pub mod connectwise;
pub mod demo;
pub mod dev;
pub mod gateway;
pub mod hostile_text;
pub mod killable;
pub mod mail_sink;
pub mod page;
pub mod rights;
pub mod scale;
pub mod simulation;
pub mod simulator;
pub mod sophos;
pub mod stack;
pub mod table;
pub mod webhook_sink;
