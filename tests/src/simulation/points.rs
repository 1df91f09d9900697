//! One worker that dies at each await in turn.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rust_decimal::Decimal;
use tokio::runtime::Builder;
use usage_sync::policy::Policy;

use super::drive::Drive;
use super::fate::{Blow, When};
use super::ground::{Ground, locked};
use super::script::{Event, Script};
use super::world::{Size, World, agreement_of};
use super::{SimulationError, calm};

/// What came of dying at every await of a run.
#[derive(Clone, Debug, Default)]
pub struct Crashed {
    /// How many awaits there were.
    pub points: u64,
    /// What was wrong, and after a death at which await.
    pub wrongs: Vec<(u64, String)>,
}

/// A run with one create and one update, whose worker dies at each of its awaits in turn; after each death the world goes
/// on without faults and is judged.
///
/// # Errors
/// [`SimulationError`].
pub fn crash_at_each_await() -> Result<Crashed, SimulationError> {
    let mut crashed = Crashed::default();
    loop {
        let point = crashed.points + 1;
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let (wrongs, polls) = runtime.block_on(crash_at(point))?;
        crashed.wrongs.extend(wrongs.into_iter().map(|wrong| (point, wrong)));
        if polls < point {
            return Ok(crashed);
        }
        crashed.points = point;
    }
}

/// What was wrong, and how often the worker was polled until it died or was done.
async fn crash_at(point: u64) -> Result<(Vec<String>, u64), SimulationError> {
    let mut world = World::make(Ground::new(7, false), Size { customers: 1, products: 2 }).await?;
    let mut drive = Drive::new(Policy::guarded());
    let customer = world.sophos.customers[0].id;
    let (first, second) = (world.codes[0].clone(), world.codes[1].clone());
    world.usage().entry(world.month).or_default().insert((customer, first.clone()), 10);
    // The first run creates what the second one updates.
    world.ask();
    drive.until_idle(&mut world, Script::new()).await?;
    world.usage().entry(world.month).or_default().extend([((customer, first), 12), ((customer, second), 5)]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    drive.fate = Some((When::Polls(point), Blow::Crash));
    world.happen(Event::Ask).await?;
    drive.until_idle(&mut world, Script::new()).await?;
    let polls = drive.polls.load(Ordering::Relaxed);
    let mut wrongs = calm(&mut world, &mut drive).await?.wrongs;
    let books = locked(&world.books);
    let billed: Vec<Decimal> = books.of(agreement_of(0)?).map(|seen| seen.addition.quantity).collect();
    if billed != [Decimal::from(12), Decimal::from(5)] {
        wrongs.push(format!("billed {billed:?}"));
    }
    Ok((wrongs, polls))
}
