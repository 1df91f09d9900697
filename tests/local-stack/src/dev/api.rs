//! The HTTP API alone, for people and programs to try.

use super::Args;
use super::main_job::options;
use crate::stack::{Stack, StackError};

/// Serves the HTTP API on a port of 127.0.0.1 until Ctrl-C, and prints what a shell needs to try it.
///
/// # Errors
/// The stack cannot be started, or the port is taken.
pub async fn api(args: Args, port: u16) -> Result<(), StackError> {
    let stack = Stack::start(options(&args)?).await?;
    let api = stack.serve_functions(port).await?;
    println!("{}\n\nThe page: {}\nCtrl-C ends it.", api.first_steps()?, api.page());
    let ended = tokio::signal::ctrl_c().await.map_err(StackError::Signal);
    api.gateway.stop().await;
    stack.stop().await?;
    ended
}
