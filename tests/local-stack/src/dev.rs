//! The command line of `cargo dev`: the main job on one command, the simulators alone, and real services by `--live`.

mod api;
mod args;
mod faults;
mod live;
mod main_job;
mod progress;
mod readings;
mod report;
mod serve;

pub use api::api;
pub use args::{Args, Command, Simulator};
pub use live::{LiveArgs, live};
pub use main_job::main_job;
pub use serve::simulator;
