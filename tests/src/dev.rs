//! The command line of `cargo dev`: the main job on one command, and the simulators alone.

mod api;
mod args;
mod main_job;
mod progress;
mod report;
mod serve;

pub use api::api;
pub use args::{Args, Command, Simulator};
pub use main_job::main_job;
pub use serve::simulator;
