//! `cargo scale`: see [`benchmarks`].

use std::process::ExitCode;

use benchmarks::{Args, run};
use clap::Parser;
use shared::telemetry::{self, LogFilter, Output};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let logged = LogFilter::parse(&args.log)
        .map_err(|e| e.to_string())
        .and_then(|filter| telemetry::start(Output::Text, &filter).map_err(|e| e.to_string()));
    let ended = match logged {
        Err(error) => Err(error),
        Ok(()) => run(args).await.map_err(|e| e.to_string()),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}
