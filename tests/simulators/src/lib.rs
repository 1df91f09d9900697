//! Simulators of the services that the product talks to, and of DynamoDB: servers of their own on loopback ports.

pub mod connectwise;
pub mod hostile_text;
pub mod mail_sink;
pub mod simulator;
pub mod sophos;
pub mod table;
pub mod webhook_sink;
