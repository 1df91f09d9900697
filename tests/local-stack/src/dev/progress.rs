//! How a run gets on: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use shared::domain::run::{Run, Stage};

use super::report::number;

/// A run that is not opened after this time waits for another one.
const OPENED_WITHIN: Duration = Duration::from_secs(2);

/// Shows one run.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    last: String,
    asked_at: Instant,
    told: bool,
}

impl Progress {
    /// Begins to show a run of so many customers, 0 where nobody knows yet, on standard error.
    pub(super) fn start(what: &'static str, customers: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let (bar, template) = match customers {
                0 => (ProgressBar::new_spinner(), "{prefix:>10} {spinner} {pos} customers  {msg}"),
                _ => (ProgressBar::new(customers), "{prefix:>10} {bar:40} {pos}/{len} customers  {msg}"),
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(what);
            bar
        });
        Self { bar, what, last: String::new(), asked_at: Instant::now(), told: false }
    }

    /// Shows where the run stands, or, once, that it cannot begin yet.
    pub(super) fn show(&mut self, run: Option<&Run>) {
        let Some(run) = run else { return self.wait() };
        let doing = doing(&run.stage, run.writes);
        if let Some(bar) = &self.bar {
            bar.set_position(run.tally.counts.customers);
            bar.set_message(doing);
        } else if self.last != doing {
            eprintln!("{}: {doing}", self.what);
            doing.clone_into(&mut self.last);
        }
    }

    fn wait(&mut self) {
        if self.told || self.asked_at.elapsed() < OPENED_WITHIN {
            return;
        }
        self.told = true;
        let waits = || eprintln!("An interrupted run is brought to its end first; this takes a minute or two.");
        match &self.bar {
            Some(bar) => bar.suspend(waits),
            None => waits(),
        }
    }

    /// Finishes the progress bar.
    pub(super) fn end(self, run: &Run) {
        let counts = &run.tally.counts;
        let ended = format!(
            "{} of {}",
            number(counts.pairs(), "line", "lines"),
            number(counts.customers, "customer", "customers")
        );
        match self.bar {
            Some(bar) => bar.finish_with_message(ended),
            None => eprintln!("{}: {ended}", self.what),
        }
    }
}

const fn doing(stage: &Stage, writes: bool) -> &'static str {
    match stage {
        Stage::Preview => "taking over the preview",
        Stage::Customers { .. } | Stage::CustomersAgain { .. } => "reading Sophos customers",
        Stage::Usage { .. } | Stage::UsageAgain { .. } => "reading Sophos usage",
        Stage::Agreements { .. } => "reading ConnectWise agreements",
        Stage::Products => "reading ConnectWise products",
        Stage::Check => "comparing with last month",
        Stage::Sync { .. } if writes => "comparing and writing",
        Stage::Sync { .. } => "comparing",
        Stage::Settle { .. } => "waiting to try again what ConnectWise did not answer or put off",
        Stage::Ended => "done",
    }
}
