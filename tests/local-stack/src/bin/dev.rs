//! `cargo dev`: see [`local_stack::dev`].

use std::process::ExitCode;

use clap::Parser;
use local_stack::dev::{Args, Command, LiveArgs, api, live, main_job, simulator};
use shared::telemetry::{self, LogFilter, Output};

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(words) = LiveArgs::asked_for(std::env::args_os()) {
        let args = LiveArgs::parse_from(words);
        return match logged(&args.log) {
            Ok(()) => live(args).await,
            Err(error) => refused(&error),
        };
    }
    let args = Args::parse();
    let ended = match (logged(&args.log), args.command.clone()) {
        (Err(error), _) => Err(error),
        (Ok(()), Some(Command::Api { port })) => {
            api(args, port).await.map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
        }
        (Ok(()), Some(Command::Simulator(alone))) => {
            simulator(alone).await.map(|()| ExitCode::SUCCESS).map_err(|e| e.to_string())
        }
        (Ok(()), None) => main_job(args).await.map_err(|e| e.to_string()),
    };
    ended.unwrap_or_else(|error| refused(&error))
}

fn logged(filter: &str) -> Result<(), String> {
    let filter = LogFilter::parse(filter).map_err(|error| error.to_string())?;
    telemetry::start(Output::Text, &filter).map_err(|error| error.to_string())
}

fn refused(error: &str) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(2)
}
