//! Questions on the terminal; what is secret is not shown while it is typed.

use std::io::{self, BufRead, IsTerminal, Read, StdinLock, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::oneshot;

use super::LiveError;

/// Whether there is somebody to ask.
pub(super) fn is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Asks, and waits for a line.
pub(super) async fn ask(question: &str) -> Result<String, LiveError> {
    let mut error = io::stderr().lock();
    write!(error, "{question}: ").and_then(|()| error.flush()).map_err(LiveError::Terminal)?;
    drop(error);
    line().await
}

/// The same without showing what is typed.
pub(super) async fn ask_secret(question: &str) -> Result<String, LiveError> {
    let silence = Silence::begin().map_err(LiveError::Terminal)?;
    let line = ask(question).await;
    drop(silence);
    eprintln!();
    line
}

/// A line of standard input, without its end.
async fn line() -> Result<String, LiveError> {
    let line = read(|input, line| input.read_line(line)).await?;
    if line.is_empty() {
        return Err(LiveError::Said("Nothing was typed: the input has ended.".to_owned()));
    }
    Ok(line.trim().to_owned())
}

/// All of standard input.
pub(super) async fn rest() -> Result<String, LiveError> {
    read(|input, text| input.read_to_string(text)).await
}

/// Reads in a detached thread, so that the process can end meanwhile.
async fn read(by: fn(&mut StdinLock<'_>, &mut String) -> io::Result<usize>) -> Result<String, LiveError> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = by(&mut io::stdin().lock(), &mut text).map(|_| text);
        // Nobody waits any more: whatever was typed is not wanted.
        drop(sender.send(read));
    });
    let ended = |_| LiveError::Said("Standard input could not be read.".to_owned());
    receiver.await.map_err(ended)?.map_err(LiveError::Terminal)
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(io::stdin(), OptionalActions::Now, &self.0) {
            tracing::warn!(%error, "the terminal stays silent; say stty echo");
        }
    }
}
