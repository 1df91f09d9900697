//! What every simulator of a vendor's API shares: counting calls, faults on demand, serving on a loopback port.
//!
//! A simulator is an ordinary axum [`Router`](axum::Router) that knows nothing of faults. [`gate::guard`] puts a
//! [`Gate`](gate::Gate) in front of it, which counts, delays, refuses, cuts and spoils as its plan says, and adds the
//! admin routes under `/_sim/`. [`serve::serve`] binds it. What differs from vendor to vendor (how a caller is
//! recognised, what a 429 looks like) comes from a [`Vendor`](gate::Vendor).

mod admin;
pub mod counters;
mod endless;
pub mod faults;
pub mod gate;
mod limits;
pub mod serve;
pub mod tls;
