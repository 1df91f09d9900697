//! One slice: the stages of a run, taken up where the last slice left them.

mod bucket;
mod check;
mod customer;
mod customers;
mod ended;
mod ending;
mod former;
mod held;
mod left;
mod others;
mod preview;
mod reference;
mod shown;
mod sophos;
mod unplanned;
mod whom;
mod write;

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use futures::future::join;
use jiff::{SignedDuration, Timestamp};
use shared::domain::alert::{Alert, AlertAbout, AlertId, Digest};
use shared::domain::follow_up::FollowUp;
use shared::domain::run::{GOOD_FOR_H, Run, RunFailure, RunFailureCode, RunKind, RunState, Stage};
use shared::domain::schedule::next_night_after;
use shared::domain::settings::{Frequency, Settings};
use shared::error::StoreError;
use shared::ports::{Clock, Connections, Psa};
use shared::store::{Change, Lease};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use self::bucket::Kept;
use self::check::Checked;
use self::reference::Ahead;
use self::whom::Whom;
use crate::committer::Committer;
use crate::policy::{Guard, Policy};
use crate::trouble::{StageError, leaves_all_waiting, never, of_connection};
use crate::worker::{Limits, PsaOf, WorkError, World, is_near};

/// How long a run may take. What it has read is kept longer than this run and the preview that it may stand on.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(GOOD_FOR_H);
/// How long after it began a run may still read lists: the longest one takes four slices of a quarter of an hour.
const READ_FOR: SignedDuration = SignedDuration::from_hours(6);

/// Writes whose turn comes within this time are stored together.
const RIGHT_AFTER: Duration = Duration::from_millis(250);

/// A slice about to be worked on.
pub(crate) struct Slice<'a, W> {
    pub(crate) world: &'a W,
    pub(crate) limits: &'a Limits,
    pub(crate) policy: Policy,
    pub(crate) settings: Settings,
    pub(crate) deadline: Timestamp,
    /// Whether a service that wants to be left alone ends the run: it was asked often enough.
    pub(crate) last_try: bool,
}

/// How a slice ended.
pub(crate) enum SliceEnd {
    /// The run is over.
    Over(Box<Run>),
    /// The deadline is near and there is more to do.
    Deadline,
    /// A service has to be left alone for a while; whether anything was done before.
    Waits { at_least_s: u32, got_on: bool },
    /// There is nothing to do before.
    Until(Timestamp),
}

/// The stages of a slice, once ConnectWise is connected to.
pub(crate) struct Stages<'a, W: World> {
    frame: &'a Frame<'a, W>,
    psa: &'a PsaOf<W>,
}

impl<'a, W: World> Deref for Stages<'a, W> {
    type Target = Frame<'a, W>;

    fn deref(&self) -> &Self::Target {
        self.frame
    }
}

/// What the stages of a slice share: all that those need which ask Sophos and the table alone.
pub(crate) struct Frame<'a, W: World> {
    world: &'a W,
    limits: &'a Limits,
    policy: Policy,
    settings: &'a Settings,
    deadline: Timestamp,
    committer: &'a Committer<'a, W>,
    /// Whether this slice has got anything done. One that has not goes on whatever the deadline: slices that only look
    /// at the clock would follow one another for ever.
    worked: AtomicBool,
    /// As the slice's: what cannot be read now fails.
    last_try: bool,
    /// Whether it has sent a write or closed a customer: more than taken one on.
    progressed: AtomicBool,
    /// A write that is stored and not answered yet has one of these.
    places: Semaphore,
    /// Whose usage the run is about, once it was asked for.
    whom: OnceCell<Whom>,
    /// The first bucket's usage as the check summed it, until that bucket is loaded.
    kept: Kept,
}

impl<W: World> Slice<'_, W> {
    /// Works until the run ends, the deadline is near, or a service has to be left alone.
    pub(crate) async fn work(&self, lease: Lease, run: Run) -> Result<(Lease, SliceEnd), WorkError> {
        let psa = OnceLock::new();
        let committer = Committer {
            world: self.world,
            psa: &psa,
            calls_before: run.psa.calls,
            lease_s: self.limits.lease_s,
            state: Mutex::new((lease, run)),
        };
        let begun_at = progress(&committer.run());
        let frame = Frame {
            world: self.world,
            limits: self.limits,
            policy: self.policy,
            settings: &self.settings,
            deadline: self.deadline,
            committer: &committer,
            worked: AtomicBool::new(false),
            last_try: self.last_try,
            progressed: AtomicBool::new(false),
            places: Semaphore::new(self.limits.at_once()),
            whom: OnceCell::new(),
            kept: Kept::default(),
        };
        // In a box: a worker and its stages in one future are nested deeper than the compiler looks.
        let worked = Box::pin(frame.work(&psa)).await.map_err(StageError::or_later);
        let end = match worked {
            Ok(end) => end,
            Err(StageError::Later { at_least_s, .. }) if !self.last_try => {
                SliceEnd::Waits { at_least_s, got_on: progress(&committer.run()) != begun_at }
            }
            Err(StageError::Later { failure, .. } | StageError::Never(failure)) => {
                self.fail(&committer, failure).await?
            }
            // Delivered again, it would fail the same way, and the open run would keep out all others of the partner.
            Err(StageError::Work(error)) if is_for_good(&error) => {
                self.fail(&committer, RunFailure { code: RunFailureCode::Table, what: format!("{error}.") }).await?
            }
            Err(StageError::Work(error)) => return Err(error),
        };
        Ok((committer.snapshot().0, end))
    }

    async fn fail(&self, committer: &Committer<'_, W>, failure: RunFailure) -> Result<SliceEnd, WorkError> {
        tracing::warn!(run = %committer.run().id, code = ?failure.code, what = %failure.what, "the run came to nothing");
        end(self.world, &self.settings, committer, RunState::Failed(failure)).await?;
        Ok(SliceEnd::Over(Box::new(committer.run())))
    }
}

/// Whether working on the same slice again would end in the same error.
const fn is_for_good(error: &WorkError) -> bool {
    match error {
        WorkError::Chunk(_) | WorkError::Store(StoreError::Unreadable { .. } | StoreError::Refused { .. }) => true,
        WorkError::Store(StoreError::Conflict { .. } | StoreError::LeaseLost | StoreError::Unavailable { .. })
        | WorkError::Queue(_)
        | WorkError::Request(_)
        | WorkError::LeaveAlone(_)
        | WorkError::NoPermit(_) => false,
    }
}

/// How far a run has come.
fn progress(run: &Run) -> (Stage, u64) {
    (run.stage.clone(), run.tally.counts.pairs())
}

/// Ends a run, after having seen to it that what it left undone is taken up again. What the partner is to be told of it is
/// stored with its end, and sent by others.
async fn end<W: World>(
    world: &W,
    settings: &Settings,
    committer: &Committer<'_, W>,
    state: RunState,
) -> Result<(), WorkError> {
    let now = world.clock().now();
    let run = committer.run();
    let partner = run.request.partner;
    if run.request.kind == RunKind::Scheduled {
        // Before the run's end: a worker that died in between would leave it without its retry.
        match retries(&run, settings, &state) {
            true => world.store().put_retry(partner, &run.id, next_night_after(settings, partner, now)).await?,
            false => world.store().schedule_follow_up(partner, FollowUp::RetryFailedRun, None).await?,
        }
    }
    let about = Digest::of(&run, &state).map(AlertAbout::Run);
    let told = about.map(|about| Change::RaiseAlert(Box::new(Alert::new(AlertId::of_run(&run.id), now, about))));
    let change = |run: &mut Run| {
        run.stage = Stage::Ended;
        run.state = state;
        run.ended_at = Some(now);
    };
    Ok(committer.put_run(told.into_iter().collect(), change).await?)
}

/// Whether a scheduled run is retried the next night: the partner's next occasion is weeks away, and there is something that may go
/// better by then. It goes on until it does, or the agreements concerned are invoiced.
fn retries(run: &Run, settings: &Settings, state: &RunState) -> bool {
    let rare = settings.frequency != Frequency::Nightly;
    let undone = match state {
        RunState::Partial => run.to_retry > 0,
        RunState::Failed(failure) => failure.code.may_pass(),
        RunState::Running | RunState::Succeeded | RunState::Cancelled { .. } | RunState::Superseded { .. } => false,
    };
    rare && settings.writes && undone
}

impl<W: World> Frame<'_, W> {
    /// Connects to ConnectWise and works through the stages. While ConnectWise is connected to, and asked what neither
    /// Sophos nor the table knows, Sophos is read.
    async fn work(&self, connected: &OnceLock<PsaOf<W>>) -> Result<SliceEnd, StageError> {
        self.committer.put_run(Vec::new(), |run| run.psa.slices += 1).await?;
        self.still_fit()?;
        let run = self.committer.run();
        let reference = async {
            let psa = self.world.connections().psa(run.request.partner).await.map_err(of_connection)?;
            let stages = Stages { frame: self, psa: connected.get_or_init(|| psa) };
            let ahead = stages.read_ahead(&run).await;
            Ok::<_, StageError>((stages, ahead))
        };
        let sophos = async {
            if !run.stage.reads_sophos() {
                return Ok(None);
            }
            self.read_sophos().await?;
            Ok::<_, StageError>(self.check_ahead().await)
        };
        let (read, reference) = join(sophos, reference).await;
        let run = self.committer.run();
        if run.state.is_over() {
            // It made way for another month's, whether ConnectWise can be reached or not.
            return Ok(SliceEnd::Over(Box::new(run)));
        }
        let (stages, ahead) = reference?;
        stages.work(ahead, read?).await
    }
}

impl<W: World> Stages<'_, W> {
    async fn work(&self, mut ahead: Ahead, mut checked: Option<Checked>) -> Result<SliceEnd, StageError> {
        loop {
            let run = self.committer.run();
            if run.state.is_over() {
                return Ok(SliceEnd::Over(Box::new(run)));
            }
            if self.is_late() {
                return Ok(SliceEnd::Deadline);
            }
            match run.stage {
                Stage::Preview => self.take_preview(&run).await?,
                Stage::Customers { .. }
                | Stage::CustomersAgain { .. }
                | Stage::Usage { .. }
                | Stage::UsageAgain { .. } => self.read_sophos().await?,
                Stage::Agreements { .. } => self.read_agreements(&mut ahead).await?,
                Stage::Products => self.read_products(&run, &mut ahead).await?,
                Stage::Check => self.check_usage(&run, checked.take()).await?,
                Stage::Settle { from, .. } if self.world.clock().now() < from => return Ok(SliceEnd::Until(from)),
                Stage::Sync { bucket } | Stage::Settle { bucket, .. } if bucket < run.buckets => {
                    self.sync_customers(&run, bucket).await?;
                }
                Stage::Sync { .. } if !run.set_aside.is_empty() => self.begin_to_settle(1).await?,
                Stage::Settle { round, .. } if !run.set_aside_again.is_empty() => {
                    self.begin_to_settle(round + 1).await?;
                }
                Stage::Sync { .. } | Stage::Settle { .. } => self.sync_unassigned(&run).await?,
                Stage::Ended => {
                    return Err(never(RunFailureCode::PsaUnreadable, "the run stands at its end, unfinished"));
                }
            }
        }
    }

    /// All customers were worked on, and some were set aside: a write of theirs has a known end by the time that is put
    /// here. Each round waits for as long again as the one before and the settle time.
    async fn begin_to_settle(&self, round: u32) -> Result<(), StageError> {
        let now = self.world.clock().now();
        let wait = SignedDuration::from_secs(self.settle_s()).saturating_mul(i32::try_from(round).unwrap_or(i32::MAX));
        let from = now.saturating_add(wait).unwrap_or(now);
        let change = |run: &mut Run| {
            if round > 1 {
                run.set_aside = std::mem::take(&mut run.set_aside_again);
            }
            run.stage = Stage::Settle { bucket: 0, from, round };
        };
        Ok(self.committer.put_run(Vec::new(), change).await?)
    }

    /// How long after a write was sent its effect can still appear, in seconds.
    fn settle_s(&self) -> i64 {
        if self.policy.has(Guard::Settle) { self.limits.settle_s } else { 0 }
    }

    /// As many places for writes as are free, one at least and `most` at the most. Each is kept until its write has an
    /// answer: what is stored has to leave soon.
    async fn places_to_write(&self, most: usize) -> Vec<SemaphorePermit<'_>> {
        // No place only if the semaphore were closed, which it never is.
        let mut places = Vec::from_iter(self.places.acquire().await.ok());
        while places.len() < most
            && let Ok(place) = self.places.try_acquire()
        {
            places.push(place);
        }
        places
    }

    /// Waits until writes may leave, before anything is stored about them, for that counts from when it is stored. How
    /// many of `most` may: one, and those whose turn comes right after.
    async fn turns_to_write(&self, most: usize) -> Result<usize, WorkError> {
        match self.psa.reserve_permit().await {
            Err(error) if !self.last_try && leaves_all_waiting(&error) => return Err(WorkError::LeaveAlone(error)),
            // Sent all the same, it fails by itself.
            Ok(()) | Err(_) => {}
        }
        let soon = Instant::now() + RIGHT_AFTER;
        let mut turns = 1;
        while turns < most && matches!(timeout_at(soon, self.psa.reserve_permit()).await, Ok(Ok(()))) {
            turns += 1;
        }
        Ok(turns)
    }

    /// Ends a run whose pairs all have an outcome, once its usage ties out.
    async fn conclude(&self) -> Result<(), StageError> {
        let run = self.committer.run();
        if let Err(breaks) = run.tally.tie_out() {
            let what = breaks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            return Err(never(RunFailureCode::TieOut, format!("usage was lost on the way: {what}")));
        }
        let state = if run.tally.counts.failed == 0 { RunState::Succeeded } else { RunState::Partial };
        Ok(end(self.world, self.settings, self.committer, state).await?)
    }
}

impl<W: World> Frame<'_, W> {
    /// Settings and time move on while a run is interrupted: it is not carried on against either.
    fn still_fit(&self) -> Result<(), StageError> {
        let run = self.committer.run();
        if run.writes && !self.settings.writes {
            let what = "Writes to ConnectWise were switched off while the run was open";
            return Err(never(RunFailureCode::WritesOff, what));
        }
        let age = self.world.clock().now().duration_since(run.opened_at);
        if age > GOOD_FOR {
            return Err(never(RunFailureCode::TooOld, "The run was interrupted more than a day ago"));
        }
        Ok(())
    }

    /// Whether the lists of both services may still be read: each of them comes to an end long before.
    fn reads_in_time(&self, run: &Run) -> Result<(), StageError> {
        let reading = self.world.clock().now().duration_since(run.opened_at);
        if reading > READ_FOR {
            let hours = READ_FOR.as_hours();
            let what = format!("The lists of Sophos and ConnectWise had not ended {hours} hours after the run began");
            return Err(never(RunFailureCode::ListTooLong, what));
        }
        Ok(())
    }

    fn is_late(&self) -> bool {
        self.worked.load(Ordering::Relaxed) && self.is_near_the_end()
    }

    fn has_worked(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }

    /// Whether no further write may be begun: the deadline is near, and the slice has something to show.
    fn must_stop(&self) -> bool {
        self.has_something_to_show() && self.is_near_the_end()
    }

    fn has_something_to_show(&self) -> bool {
        self.progressed.load(Ordering::Relaxed)
    }

    fn is_near_the_end(&self) -> bool {
        is_near(self.world.clock().now(), self.deadline, self.limits)
    }

    fn has_progressed(&self) {
        self.progressed.store(true, Ordering::Relaxed);
    }
}
