//! `cargo simulate`: see [`simulation`].

use std::process::ExitCode;

use clap::Parser;
use simulation::Args;

fn main() -> ExitCode {
    Args::parse().run()
}
