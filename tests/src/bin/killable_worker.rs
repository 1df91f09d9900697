//! A worker that a test may kill: see [`harness::killable`].

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match harness::killable::work().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
