//! `cargo simulate`: see [`harness::simulation`].

use std::process::ExitCode;

use clap::Parser;
use harness::simulation::Args;

fn main() -> ExitCode {
    Args::parse().run()
}
