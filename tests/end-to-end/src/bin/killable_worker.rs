//! A worker that a test may kill: see [`end_to_end::killable`].

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match end_to_end::killable::work().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
