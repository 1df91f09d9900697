//! `cargo dev`: see [`harness::dev`].

use std::process::ExitCode;

use clap::Parser;
use harness::dev::{Args, Command, api, main_job, simulator};
use shared::telemetry::{self, LogFilter, Output};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let logged = LogFilter::parse(&args.log)
        .map_err(|e| e.to_string())
        .and_then(|filter| telemetry::start(Output::Text, &filter).map_err(|e| e.to_string()));
    let ended = match (logged, args.command.clone()) {
        (Err(error), _) => Err(error),
        (Ok(()), Some(Command::Api { port })) => {
            api(args, port).await.map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
        }
        (Ok(()), Some(Command::Simulator(alone))) => {
            simulator(alone).await.map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
        }
        (Ok(()), None) => main_job(args).await.map_err(|e| e.to_string()),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}
