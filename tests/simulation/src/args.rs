//! The command line of `cargo simulate`.

use clap::Parser;

/// Lives seeded schedules of the sync in a simulated world until all are lived or one goes wrong.
#[derive(Debug, Parser)]
#[command(name = "simulate")]
pub struct Args {
    #[arg(default_value_t = 10_000)]
    pub schedules: u64,
    /// The seed of the first; the others follow it.
    #[arg(long, default_value_t = 0)]
    pub first: u64,
    /// Lives this one seed alone and prints what happened in it.
    #[arg(long)]
    pub seed: Option<u64>,
    /// How many threads; as many as there are cores where nothing is said.
    #[arg(long)]
    pub threads: Option<usize>,
    /// Goes on where a schedule goes wrong, and counts.
    #[arg(long)]
    pub go_on: bool,
}
