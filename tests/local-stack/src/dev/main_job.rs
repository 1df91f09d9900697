//! The main job: preview, apply that preview, tell, and go on serving.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use shared::clock::SystemClock;
use shared::domain::ledger::CustomerLedger;
use shared::domain::month::UsageMonth;
use shared::domain::outcome::Outcome;
use shared::domain::run::{Run, RunKind, RunState};
use shared::ports::Clock;
use usage_sync::Limits;

use super::Args;
use super::progress::Progress;
use super::report::{self, number};
use crate::demo::Demo;
use crate::stack::{LONGEST_SLICE, Stack, StackError, StackOptions};

/// How often the schedule ticks while the stack serves; deployed, it is every five minutes.
const TICK_EVERY: Duration = Duration::from_secs(10);

/// The exit code after Ctrl-C, as in shells: 130.
const STOPPED: u8 = 130;

/// A lease that an interrupted run left behind runs out soon: nobody else works on these files.
fn limits() -> Limits {
    Limits { lease_s: 60, wait_s: 2, ..Limits::default() }
}

/// What the stack is started with as `args` say; forgets the folder where they do.
pub(super) fn options(args: &Args) -> Result<StackOptions, StackError> {
    if args.fresh {
        Stack::forget(&args.data)?;
    }
    let month = args.month.map_or_else(|| present_month(&Demo::new(args.size())), Ok)?;
    let data = Some(args.data.clone());
    Ok(StackOptions { size: args.size(), month, data, limits: limits(), slice: LONGEST_SLICE })
}

/// Runs the main job as `args` say. Ctrl-C stops the stack in order at any time.
///
/// # Errors
/// The stack cannot be started, or something in it failed.
pub async fn main_job(args: Args) -> Result<ExitCode, StackError> {
    let options = options(&args)?;
    let month = options.month;
    let stack = Stack::start(options).await?;
    eprintln!(
        "Usage of {} for a partner of {} and {}.",
        month.in_words(),
        number(args.customers as u64, "customer", "customers"),
        number(args.products as u64, "Sophos product", "Sophos products")
    );
    if !stack.demo.is_awkward() {
        eprintln!("All of them are ordinary: the awkward cases need 38 customers and 24 products.");
    }
    let synced = tokio::select! {
        synced = sync(&stack, &args, month) => synced.map(Some),
        stopped = tokio::signal::ctrl_c() => stopped.map(|()| None).map_err(StackError::Signal),
    };
    let ended = match synced {
        Ok(Some(good)) if !args.once => serve(&stack).await.map(|()| Some(good)),
        Ok(_) | Err(_) => synced,
    };
    stack.stop().await?;
    Ok(match ended? {
        Some(true) => ExitCode::SUCCESS,
        Some(false) => ExitCode::FAILURE,
        None => {
            eprintln!("Stopped; say it again to go on where it stopped.");
            ExitCode::from(STOPPED)
        }
    })
}

/// Previews, applies and reports; the result is whether all went as it must.
async fn sync(stack: &Stack, args: &Args, month: UsageMonth) -> Result<bool, StackError> {
    let preview = go(stack, args, RunKind::Preview, month, None).await?;
    let run = match &preview.state {
        RunState::Failed(_) | RunState::Cancelled { .. } => preview,
        RunState::Running | RunState::Succeeded | RunState::Partial | RunState::Superseded { .. } => {
            go(stack, args, RunKind::Apply, month, Some(&preview)).await?
        }
    };
    let ledger = stack.ledger(&run.id).await?;
    let report = if args.json { report::json(&run, &ledger) } else { report::text(stack, &run, &ledger) };
    say(&report).map_err(StackError::Report)?;
    Ok(verdict(stack, &run, &ledger))
}

/// Writes to standard output; a closed pipe is no error.
fn say(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(gone) if gone.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn present_month(demo: &Demo) -> Result<UsageMonth, StackError> {
    let settings = demo.settings().map_err(crate::demo::PlantError::from)?;
    let today = SystemClock.now().to_zoned(settings.time_zone.zone().clone()).date();
    Ok(UsageMonth::containing(today))
}

async fn go(
    stack: &Stack,
    args: &Args,
    kind: RunKind,
    month: UsageMonth,
    preview: Option<&Run>,
) -> Result<Run, StackError> {
    let what = if kind == RunKind::Preview { "Preview" } else { "Apply" };
    let mut progress = Progress::start(what, args.customers as u64);
    let request = stack.request(kind, month, preview.map(|run| run.id.clone()));
    let run = stack.run(request, |run| progress.show(run)).await?;
    progress.end(&run);
    Ok(run)
}

/// Whether nothing failed that was not made to fail, and on a partner's first run every awkward case ended as it must.
fn verdict(stack: &Stack, run: &Run, ledger: &[CustomerLedger]) -> bool {
    let mut good = matches!(run.state, RunState::Succeeded | RunState::Partial);
    for entry in ledger {
        for line in &entry.lines {
            if matches!(line.outcome, Outcome::Failed(_)) && !stack.demo.is_planted(entry.customer, line.code.as_ref())
            {
                eprintln!("Not expected: {}: {}", entry.name, line.outcome.reason());
                good = false;
            }
        }
    }
    if stack.fresh {
        for missed in stack.demo.missed(ledger) {
            eprintln!("Not expected: {missed}");
            good = false;
        }
    }
    good
}

/// Serves the HTTP API and lets the schedule tick, until Ctrl-C.
async fn serve(stack: &Stack) -> Result<(), StackError> {
    let api = stack.serve_functions(0).await?;
    let steps = api.first_steps()?;
    eprintln!("\nThe HTTP API, for another shell:\n\n{steps}\n");
    eprintln!("The page: {}\n", api.page());
    eprintln!("Serving; the nightly schedule is running. Ctrl-C ends it.");
    let ended = tick(stack).await;
    api.gateway.stop().await;
    ended
}

async fn tick(stack: &Stack) -> Result<(), StackError> {
    let mut every = tokio::time::interval(TICK_EVERY);
    let mut ended = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            ended = &mut ended => return ended.map_err(StackError::Signal),
            _ = every.tick() => {
                stack.tick(SystemClock.now()).await?;
            }
        }
    }
}
