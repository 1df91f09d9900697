//! Chosen worlds instead of drawn ones: a worker that dies or freezes at each await in turn, and one whose writes are slow.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rust_decimal::Decimal;
use tokio::runtime::Builder;
use usage_sync::policy::Policy;

use super::drive::Drive;
use super::environment::{Environment, FaultProfile, locked};
use super::fate::{Blow, When};
use super::script::{Event, Script};
use super::source::Units;
use super::world::{Size, World, agreement_of};
use super::{SimulationError, calm};

/// What strikes the worker at each of its awaits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// It dies.
    Death,
    /// It stands still for 400 s, longer than lease and settle time. Meanwhile the usage changes and another worker brings
    /// ConnectWise up to date; then the first one goes on.
    Freeze,
}

/// What came of being struck at every await of a run.
#[derive(Clone, Debug, Default)]
pub struct Struck {
    /// How many awaits there were.
    pub points: u64,
    /// What was wrong, and after a strike at which await.
    pub wrongs: Vec<(u64, String)>,
}

/// A run with one create and one update, whose worker is struck at each of its awaits in turn; after each the world goes
/// on without faults and is judged.
///
/// # Errors
/// [`SimulationError`].
pub fn strike_at_each_await(strike: Strike, policy: Policy) -> Result<Struck, SimulationError> {
    let mut struck = Struck::default();
    loop {
        let point = struck.points + 1;
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let (wrongs, polls) = runtime.block_on(strike_at(point, strike, policy))?;
        struck.wrongs.extend(wrongs.into_iter().map(|wrong| (point, wrong)));
        if polls < point {
            return Ok(struck);
        }
        struck.points = point;
    }
}

/// What was wrong, and how often the worker was polled.
async fn strike_at(point: u64, strike: Strike, policy: Policy) -> Result<(Vec<String>, u64), SimulationError> {
    let mut world = World::make(Environment::new(7, false), Size { customers: 1, products: 2 }).await?;
    let mut drive = Drive::new(policy);
    let customer = world.sophos.customers[0].id;
    let (first, second) = (world.codes[0].clone(), world.codes[1].clone());
    let units = |first_units, second_units| {
        Units::from([((customer, first.clone()), first_units), ((customer, second.clone()), second_units)])
    };
    // The first run creates what the second one updates.
    world.usage().entry(world.month).or_default().insert((customer, first.clone()), 10);
    world.ask();
    drive.until_idle(&mut world, Script::new()).await?;
    world.usage().entry(world.month).or_default().extend(units(12, 5));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let blow = match strike {
        Strike::Death => Blow::Crash,
        Strike::Freeze => Blow::Freeze(Duration::from_secs(400)),
    };
    drive.fate = Some((When::Polls(point), blow));
    world.happen(Event::Ask).await?;
    let mut target = [12, 5];
    let mut script = Script::new();
    if strike == Strike::Freeze {
        // The frozen one has read its usage, or reads what is there when it thaws: both come to the same in the end.
        target = [13, 6];
        drive.usage_at = Some((world.environment.now_ms() + 100_000, units(13, 6)));
        script.insert((world.environment.now_ms() + 100_001, 0), Event::Ask);
        script.insert((world.environment.now_ms() + 250_000, 1), Event::Ask);
    }
    drive.until_idle(&mut world, script).await?;
    let polls = drive.polls.load(Ordering::Relaxed);
    let mut wrongs = calm(&mut world, &mut drive).await?.wrongs;
    let books = locked(&world.books);
    let billed: Vec<Decimal> = books.of(agreement_of(0)?).map(|seen| seen.addition.quantity).collect();
    if billed != target.map(Decimal::from) {
        wrongs.push(format!("billed {billed:?}"));
    }
    Ok((wrongs, polls))
}

/// What came of slow writes.
#[derive(Clone, Debug, Default)]
pub struct Slow {
    pub wrongs: Vec<String>,
    /// Invocations whose time was up before they had stopped by themselves.
    pub deaths: u64,
    pub invocations: u64,
    /// The longest that an answer of the table was there before the worker took it, in milliseconds.
    pub unheeded_ms: u64,
}

/// One customer with six creates, each of up to half a minute, in invocations of two minutes.
///
/// # Errors
/// [`SimulationError`].
pub fn slow_writes(seed: u64) -> Result<Slow, SimulationError> {
    slow(seed, Size { customers: 1, products: 12 }, 90_000, FaultProfile { slow_psa: 1000, ..FaultProfile::default() })
}

/// More customers than are worked on at once, each of which ConnectWise is asked about for up to half a minute.
///
/// # Errors
/// [`SimulationError`].
pub fn slow_reads(seed: u64) -> Result<Slow, SimulationError> {
    slow(seed, Size { customers: 90, products: 2 }, 800_000, FaultProfile { slow_psa: 1000, ..FaultProfile::default() })
}

/// Each call waits 70 s for a permit. If that wait counted as the list's age, no write would ever follow a list.
///
/// # Errors
/// [`SimulationError`].
pub fn slow_turns(seed: u64) -> Result<Slow, SimulationError> {
    slow(seed, Size { customers: 3, products: 2 }, 600_000, FaultProfile { turn_ms: 70_000, ..FaultProfile::default() })
}

fn slow(seed: u64, size: Size, time_ms: u64, fault_profile: FaultProfile) -> Result<Slow, SimulationError> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let mut world = World::make(Environment::new(seed, false), size).await?;
        world.environment.set_fault_profile(fault_profile);
        for customer in world.sophos.customers.iter() {
            let pairs = world.codes.iter().map(|code| ((customer.id, code.clone()), 10));
            world.usage().entry(world.month).or_default().extend(pairs);
        }
        let mut drive = Drive::new(Policy::guarded());
        drive.time_ms = Some(time_ms);
        world.ask();
        drive.until_idle(&mut world, Script::new()).await?;
        let (deaths, invocations, unheeded_ms) = (drive.deaths, drive.invocations, world.environment.unheeded_ms());
        let wrongs = calm(&mut world, &mut drive).await?.wrongs;
        Ok(Slow { wrongs, deaths, invocations, unheeded_ms })
    })
}
