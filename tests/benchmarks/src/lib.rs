//! The scale benchmark: whole runs of large partners, measured from outside of the worker.
//!
//! Three processes of this one binary: `world` serves both simulators and the table, `worker` is the worker alone, and
//! the one that a person starts starts the other two, one worker for each measurement, so that a worker's peak memory is
//! that of one run. What is measured and what is asked of it stands in `tests/benchmarks/README.md`.

mod args;
mod children;
mod measurement;
mod report;
mod rivals;
mod worker;
mod world;

use std::io;
use std::process::ExitCode;

pub use args::Args;
use args::{Command, Part};
use children::World;
use measurement::{LARGE, Measured, SMALL, Setting};

/// How long every answer of the simulated ConnectWise takes, in milliseconds.
const LATENCY_MS: u64 = 150;
/// How many calls may be in flight to it.
const IN_FLIGHT: u64 = 8;
/// What the limited measurement's ConnectWise takes in a minute.
const CALLS_PER_MINUTE: usize = 900;

/// The benchmark could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ScaleError {
    /// A process could not be started or spoken to.
    #[error("a process of the benchmark could not be started or spoken to: {0}")]
    Process(#[from] io::Error),
    /// One process does not understand the other.
    #[error("what one process of the benchmark told the other cannot be read: {0}")]
    Message(#[from] serde_json::Error),
    /// One of the other processes ended without having said what it should.
    #[error("the benchmark's {0} ended early; what it said stands above")]
    EndedEarly(&'static str),
    /// The simulated ConnectWise's counters or faults are out of reach.
    #[error("the simulated ConnectWise's counters or faults are out of reach: {0}")]
    Counters(#[from] reqwest::Error),
    /// The world could not be made.
    #[error(transparent)]
    Stack(#[from] local_stack::stack::StackError),
    /// The worker failed.
    #[error("the worker failed: {0}")]
    Work(String),
    /// A script of the rivals failed, or what it needs is not there.
    #[error(
        "{0}. What the scripts need is set up by `infra/check rules`; --python and --node-modules say where else it is"
    )]
    Script(String),
}

/// Runs the benchmark, or the part of it that this process is for. The exit code is 1 where a target was missed.
///
/// # Errors
/// [`ScaleError`].
pub async fn run(args: Args) -> Result<ExitCode, ScaleError> {
    match args.command.clone() {
        Some(Command::Rivals(options)) => rivals::bench(&options).await,
        Some(Command::RivalsWorld(plain)) => rivals::serve(plain).await.map(|()| ExitCode::SUCCESS),
        Some(Command::World(plain)) => world::serve(plain).await.map(|()| ExitCode::SUCCESS),
        Some(Command::Worker) => worker::work().await.map(|()| ExitCode::SUCCESS),
        None => bench(&args.parts()).await,
    }
}

async fn bench(parts: &[Part]) -> Result<ExitCode, ScaleError> {
    let mut measured = Vec::new();
    for setting in [&SMALL, &LARGE] {
        if setting.parts.iter().any(|part| parts.contains(part)) {
            measure(setting, parts, &mut measured).await?;
        }
    }
    let missed = report::missed(&measured);
    println!("{}", report::table(&measured));
    missed.iter().for_each(|missed| println!("Missed: {missed}"));
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes a setting's world and measures those of its parts that were asked for, in their order.
async fn measure(setting: &Setting, parts: &[Part], measured: &mut Vec<Measured>) -> Result<(), ScaleError> {
    eprintln!("Making a world of {} customers × {} products", setting.plain.customers, setting.plain.products);
    let world = World::start("world", setting.plain).await?;
    let mut preview = None;
    for part in setting.parts.iter().filter(|part| parts.contains(part)) {
        eprintln!("Measuring: {}", part.words());
        let one = measurement::take(setting, *part, &world, preview.as_ref()).await?;
        if *part == Part::Preview {
            preview = Some(one.run.id.clone());
        }
        measured.push(one);
    }
    world.stop().await
}
