//! The local stack: the whole product on one machine, its command line, and the API's document.

pub mod apart;
pub mod api;
pub mod demo;
pub mod dev;
pub mod gateway;
pub mod page;
pub mod stack;
