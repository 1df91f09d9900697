//! The other processes, from the side of the one that starts them.

use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::ScaleError;
use super::args::Plain;
use super::worker::{Job, Told};
use local_stack::apart::Addresses;
use simulators::simulator::counters::Tally;
use simulators::simulator::faults::FaultPlan;

/// A running world. Dropped, it is killed.
pub(super) struct World {
    pub(super) addresses: Addresses,
    process: Child,
    /// Open for as long as the world shall stand.
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    http: reqwest::Client,
}

impl World {
    /// Makes a world of one of the two kinds; returns when everything in it answers.
    pub(super) async fn start(kind: &str, plain: Plain) -> Result<Self, ScaleError> {
        let mut process = this_program(plain.arguments(kind))?;
        let (stdin, stdout) = process.stdin.take().zip(process.stdout.take()).ok_or(ScaleError::EndedEarly("world"))?;
        let mut stdout = BufReader::new(stdout);
        let addresses = answer(&mut stdout).await?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { addresses, process, stdin, stdout, http })
    }

    /// Asks a world that answers questions: one line there, one line back.
    pub(super) async fn ask<T: DeserializeOwned>(&mut self, question: &impl Serialize) -> Result<T, ScaleError> {
        let line = serde_json::to_string(question)? + "\n";
        self.stdin.write_all(line.as_bytes()).await?;
        self.stdin.flush().await?;
        answer(&mut self.stdout).await
    }

    /// Starts counting the calls to ConnectWise anew, and lets `plan` go wrong from now on.
    pub(super) async fn begin(&self, plan: &FaultPlan) -> Result<(), ScaleError> {
        self.http.put(self.admin("faults")).json(plan).send().await?.error_for_status()?;
        self.http.delete(self.admin("counters")).send().await?.error_for_status()?;
        Ok(())
    }

    /// The calls to ConnectWise since then, as its simulator counted them.
    pub(super) async fn tally(&self) -> Result<Tally, ScaleError> {
        Ok(self.http.get(self.admin("counters")).send().await?.error_for_status()?.json().await?)
    }

    /// Ends the world.
    pub(super) async fn stop(mut self) -> Result<(), ScaleError> {
        drop(self.stdin);
        self.process.wait().await?;
        Ok(())
    }

    fn admin(&self, what: &str) -> String {
        format!("{}/_sim/{what}", self.addresses.connectwise)
    }
}

/// The next line that a world says.
async fn answer<T: DeserializeOwned>(stdout: &mut BufReader<ChildStdout>) -> Result<T, ScaleError> {
    let mut line = String::new();
    stdout.read_line(&mut line).await?;
    if line.is_empty() {
        return Err(ScaleError::EndedEarly("world"));
    }
    Ok(serde_json::from_str(&line)?)
}

/// Lets a worker of its own do a job.
pub(super) async fn work(job: &Job) -> Result<Told, ScaleError> {
    let mut process = this_program(["worker"])?;
    let mut stdin = process.stdin.take().ok_or(ScaleError::EndedEarly("worker"))?;
    stdin.write_all(serde_json::to_string(job)?.as_bytes()).await?;
    drop(stdin);
    let told = process.wait_with_output().await?;
    if !told.status.success() {
        return Err(ScaleError::EndedEarly("worker"));
    }
    Ok(serde_json::from_slice(&told.stdout)?)
}

/// This program as another process, which dies with its handle.
fn this_program(arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>) -> Result<Child, ScaleError> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    Ok(command.spawn()?)
}
