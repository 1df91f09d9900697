//! `cargo openapi` writes `infra/openapi.json` from the routes; `cargo openapi --check` says whether it is up to date.

use std::process::ExitCode;

use local_stack::api;

fn main() -> std::io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => api::commit().map(|()| ExitCode::SUCCESS),
        ["--check"] if api::is_committed()? => Ok(ExitCode::SUCCESS),
        ["--check"] => {
            eprintln!("infra/openapi.json is not what the routes say; write it anew: cargo openapi");
            Ok(ExitCode::FAILURE)
        }
        _ => {
            eprintln!("usage: cargo openapi [--check]");
            Ok(ExitCode::from(2))
        }
    }
}
