//! What the functions need from the outside world, as traits. Each has a real and a simulated implementation.
//!
//! Methods return `Send` futures; callers are generic, never `dyn`. The promises in the docs bind every implementation.

mod connect;
mod mail;
mod psa;
mod psa_catalogue;
mod usage_source;
mod world;

pub use connect::{Connections, Seal, Sealed};
pub use mail::{Mail, Mailer};
pub use psa::{Listed, Listing, Page, Psa, Unreadable};
pub use psa_catalogue::PsaCatalogue;
pub use usage_source::{CustomerPage, UnreadableCustomer, UsagePage, UsageSource};
pub use world::{AlertMessage, AlertQueue, Clock, Ids, Queue, SyncMessage};
