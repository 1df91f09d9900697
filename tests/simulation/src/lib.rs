//! The simulation: the real worker in small seeded worlds in which everything goes wrong that can.
//!
//! A world is one partner with a few customers and products. Its time is the runtime's paused clock, its table the
//! store in memory behind lost answers and conflicts, its ConnectWise one that loses answers, takes effect late and is
//! edited by people, its queue one that doubles and reorders; its workers die at any await, or stand frozen and then go
//! on. One seed is one schedule, always the same. After the faults the world runs without any until nothing changes any
//! more; then [`Outcome::wrongs`] says what the judge, which sees all state, finds wrong: days that ConnectWise's
//! invoices bill twice or not at all, missing pairs, wrong quantities, ledgers that say something else than what
//! ConnectWise took.
//!
//! Three worlds of four have what a real partner has besides the ordinary (`standing`), and people who decide what waits.

mod applied;
mod args;
mod books;
mod decider;
mod drive;
mod environment;
mod fate;
mod invoiced;
mod invoicing;
mod many;
mod points;
mod psa;
mod queue;
mod script;
mod source;
mod standing;
mod story;
mod table;
mod verdict;
mod world;

use std::time::Duration;

use shared::domain::id::IdError;
use shared::domain::mapping::NotMapped;
use shared::domain::recall::AUDIT_DAYS;
use shared::domain::settings::TimeZoneError;
use shared::error::StoreError;
use tokio::runtime::Builder;
use usage_sync::policy::Policy;

pub use applied::{Applied, preview_and_apply};
pub use args::Args;
pub use many::{Many, many, seeds_asked_for};
pub use points::{Slow, Strike, Struck, slow_reads, slow_turns, slow_writes, strike_at_each_await};

use drive::Drive;
use environment::Environment;
use script::Script;
use world::World;

/// A world could not be made or did not come to rest.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The store in memory refused what a world begins with.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An id of the world is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The world's time zone is none.
    #[error(transparent)]
    TimeZone(#[from] TimeZoneError),
    /// A toggle of a product that is not mapped.
    #[error(transparent)]
    NotMapped(#[from] NotMapped),
    /// The month of the world is none.
    #[error(transparent)]
    Month(#[from] shared::domain::month::MonthError),
    #[error("a runtime could not be made: {0}")]
    Runtime(#[from] std::io::Error),
    /// It goes on for ever.
    #[error("the world does not come to rest")]
    Restless,
}

/// What came of one schedule.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Everything that was wrong at the end; empty where all was right.
    pub wrongs: Vec<String>,
    /// The same for the same schedule.
    pub hash: u64,
    /// What happened, line by line, if it was asked for.
    pub trace: Vec<String>,
    /// How often the invoices bill a day twice because a person wants it so.
    pub on_purpose: u64,
    /// Writes sent to ConnectWise.
    pub writes: u64,
}

/// Lives one seed's schedule. `told`: whether the trace is kept as text.
///
/// # Errors
/// [`SimulationError`]: the harness failed, or the world never came to rest.
pub fn live(seed: u64, policy: Policy, told: bool) -> Result<Outcome, SimulationError> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let environment = Environment::new(seed, told);
        let mut world = World::of_seed(seed, environment).await?;
        let script = script::script_of(&world);
        let mut drive = Drive::new(policy);
        drive.until_idle(&mut world, script).await?;
        calm(&mut world, &mut drive).await
    })
}

/// The number of fault-free runs after which every world is stable.
const CALM_RUNS: usize = 12;
/// By then each agreement has had its turn in the rolling audit: what somebody else did to it is known.
const AUDITED: Duration = Duration::from_secs((AUDIT_DAYS.unsigned_abs() + 1) * 24 * 3600);

/// Runs without faults until nothing changes any more, and judges.
async fn calm(world: &mut World, drive: &mut Drive) -> Result<Outcome, SimulationError> {
    world.environment.calm_down();
    world.environment.note("calm", &[]);
    let (mut quiet, mut audited) = (false, false);
    let mut to_release = world.is_real && world.environment.happens(500);
    for _ in 0..CALM_RUNS {
        let before = writes_of(world);
        world.ask();
        drive.until_idle(world, Script::new()).await?;
        let rests = before == writes_of(world) && !environment::locked(&world.books).is_moving();
        if rests && quiet && audited {
            break;
        }
        if rests && quiet && to_release {
            to_release = false;
            quiet = false;
            world.release_all().await?;
        } else if rests && quiet {
            audited = true;
            quiet = false;
            tokio::time::sleep(AUDITED).await;
        } else {
            quiet = rests;
            tokio::time::sleep(Duration::from_secs(150)).await;
        }
    }
    let (mut wrongs, on_purpose) = verdict::wrongs_of(world).await?;
    if !quiet {
        wrongs.push("runs without faults go on writing".into());
    }
    let (hash, trace) = (world.environment.hash(), world.environment.told());
    Ok(Outcome { wrongs, hash, trace, on_purpose, writes: writes_of(world) })
}

fn writes_of(world: &World) -> u64 {
    environment::locked(&world.books).writes_sent
}
