//! The main job: preview, apply that preview, tell, and go on serving.

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
use super::report;
use crate::demo::Demo;
use crate::stack::{LONGEST_SLICE, Stack, StackError, StackOptions};

/// How often the schedule ticks while the stack serves; deployed, it is every five minutes.
const TICK_EVERY: Duration = Duration::from_secs(10);

/// Runs the main job as `args` say.
///
/// # Errors
/// The stack cannot be started, or something in it failed.
pub async fn main_job(args: Args) -> Result<ExitCode, StackError> {
    if args.fresh {
        Stack::forget(&args.data)?;
    }
    let month = args.month.map_or_else(|| present_month(&Demo::new(args.size())), Ok)?;
    let options = StackOptions {
        size: args.size(),
        month,
        data: Some(args.data.clone()),
        limits: Limits::default(),
        slice: LONGEST_SLICE,
    };
    let stack = Stack::start(options).await?;
    eprintln!(
        "Usage of {} for a partner of {} customers and {} Sophos products.",
        month.in_words(),
        args.customers,
        args.products
    );
    if !stack.demo.is_awkward() {
        eprintln!("All of them are ordinary: the awkward cases need 38 customers and 24 products.");
    }
    let preview = go(&stack, &args, RunKind::Preview, month, None).await?;
    let run = match &preview.state {
        RunState::Failed(_) => preview,
        RunState::Running | RunState::Succeeded | RunState::Partial | RunState::Superseded { .. } => {
            go(&stack, &args, RunKind::Apply, month, Some(&preview)).await?
        }
    };
    let ledger = stack.ledger(&run.id).await?;
    if args.json {
        println!("{}", report::json(&run, &ledger));
    } else {
        report::print(&stack, &run, &ledger);
    }
    let good = verdict(&stack, &run, &ledger);
    if !args.once {
        serve(&stack).await?;
    }
    stack.stop().await?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

/// Lets the schedule tick until Ctrl-C.
async fn serve(stack: &Stack) -> Result<(), StackError> {
    eprintln!("\nServing; the nightly schedule is running. Ctrl-C ends it.");
    let mut every = tokio::time::interval(TICK_EVERY);
    let mut ended = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            ended = &mut ended => return Ok(ended?),
            _ = every.tick() => {
                stack.tick(SystemClock.now()).await?;
            }
        }
    }
}
