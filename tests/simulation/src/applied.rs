//! A preview, edits by people, and its apply: is what was written what was shown, line by line, and is each difference held
//! or told otherwise?

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, ProductCode, PsaProductId, RunId};
use shared::domain::ledger::{Billed, Line};
use shared::domain::outcome::{Outcome, Would};
use shared::domain::run::{RunKind, RunRequest};
use shared::ports::{Clock, SyncMessage};
use tokio::runtime::Builder;
use usage_sync::policy::Policy;

use super::SimulationError;
use super::drive::Drive;
use super::environment::{Environment, locked};
use super::script::{Event, Script};
use super::world::{Size, World};

/// What came of a preview and its apply.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Everything that was written and not shown, or shown and neither written nor told.
    pub wrongs: Vec<String>,
    /// Changes that the preview showed.
    pub shown: u64,
    /// Those that the apply wrote.
    pub written: u64,
    /// Those that it held, skipped or failed, each with a reason.
    pub told: u64,
}

/// The lines of ConnectWise that nobody has ended: on which agreement, for which product, and how many.
type Lines = BTreeMap<AdditionId, (AgreementId, PsaProductId, Decimal)>;

/// The lines of a ledger by customer and product.
type Told = BTreeMap<(String, Option<ProductCode>), (Option<AgreementId>, Line)>;

/// Lives one seed's world: usage, perhaps an earlier run, a preview, people's edits, and the apply by workers of `policy`.
///
/// # Errors
/// [`SimulationError`]: the harness failed, or the world never came to rest.
pub fn preview_and_apply(seed: u64, policy: Policy) -> Result<Applied, SimulationError> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let environment = Environment::new(seed, false);
        let size = Size { customers: environment.between(1, 4), products: environment.between(1, 4) };
        let mut world = World::make(environment.clone(), size).await?;
        if size.products > 1 && environment.happens(300) {
            world.combine_the_first_two().await?;
        }
        world.first_usage();
        let mut drive = Drive::new(policy);
        if environment.happens(600) {
            world.ask();
            drive.until_idle(&mut world, Script::new()).await?;
            tokio::time::sleep(Duration::from_secs(300)).await;
        }
        for _ in 0..environment.below(4) {
            world.happen(Event::Use).await?;
        }
        let preview = run(&mut world, &mut drive, RunKind::Preview, None).await?;
        for _ in 0..environment.below(5) {
            let edits = [Event::Use, Event::EditQuantity, Event::EndAddition, Event::EditMapping];
            world.happen(environment.one_of(&edits)).await?;
        }
        let before = lines_of(&world);
        let apply = run(&mut world, &mut drive, RunKind::Apply, Some(preview.clone())).await?;
        tokio::time::sleep(Duration::from_secs(300)).await;
        let (shown, told) = (ledger_of(&world, &preview).await?, ledger_of(&world, &apply).await?);
        Ok(judge((&shown, &told), (&before, &lines_of(&world))))
    })
}

async fn run(
    world: &mut World,
    drive: &mut Drive,
    kind: RunKind,
    preview: Option<RunId>,
) -> Result<RunId, SimulationError> {
    let now = world.environment.now();
    let slot = format!("key-{}", world.environment.now_ms());
    let asked_at = world.asked_at();
    let request = RunRequest { preview, ..RunRequest::new(world.partner, kind, world.month, slot, asked_at) };
    let id = request.id()?;
    world.messages.ask(SyncMessage { request, attempt: 0, turns: 0, first_sent_at: now });
    drive.until_idle(world, Script::new()).await?;
    Ok(id)
}

async fn ledger_of(world: &World, run: &RunId) -> Result<Told, SimulationError> {
    let page = world.table.memory.list_ledger(world.partner, run, "", None).await?;
    let lines = page.entries.into_iter().flat_map(|entry| {
        let (name, agreement) = (entry.name, entry.agreement.map(|(id, _)| id));
        entry.lines.into_iter().map(move |line| ((name.clone(), line.code.clone()), (agreement, line)))
    });
    Ok(lines.collect())
}

fn lines_of(world: &World) -> Lines {
    let mut books = locked(&world.books);
    books.settle(world.environment.now_ms(), &world.environment);
    let line = |(id, seen): (&AdditionId, &super::books::Seen)| {
        (*id, (seen.agreement, seen.addition.product, seen.addition.quantity))
    };
    books.additions.iter().filter(|(_, seen)| !seen.ended).map(line).collect()
}

/// Whether ConnectWise bills exactly what a line asks for.
fn is_billed(lines: &Lines, agreement: Option<AgreementId>, billed: &Billed) -> bool {
    let same =
        |(on, product, _): &&(AgreementId, PsaProductId, Decimal)| agreement == Some(*on) && *product == billed.product;
    lines.values().filter(same).map(|(_, _, quantity)| *quantity).sum::<Decimal>() == billed.target
}

fn judge((shown, told): (&Told, &Told), (before, after): (&Lines, &Lines)) -> Applied {
    let mut applied = Applied::default();
    let changes: Vec<(AgreementId, &Billed)> = shown
        .values()
        .filter_map(|(agreement, line)| Some(((*agreement)?, line.billed.as_ref()?)))
        .filter(|(_, billed)| matches!(billed.would, Would::Create { .. } | Would::Update { .. }))
        .collect();
    for (id, (agreement, product, quantity)) in after {
        let was = before.get(id).map(|(_, _, quantity)| *quantity);
        if was == Some(*quantity) {
            continue;
        }
        let fits = |(on, billed): &(AgreementId, &Billed)| {
            let same = match billed.would {
                Would::Create { to, .. } => was.is_none() && to == *quantity,
                Would::Update { from, to } => billed.addition == Some(*id) && was == Some(from) && to == *quantity,
                Would::Adopt { .. } | Would::Keep { .. } | Would::End { .. } | Would::Nothing => false,
            };
            on == agreement && billed.product == *product && same
        };
        if !changes.iter().any(fits) {
            applied.wrongs.push(format!("not shown: {agreement} {product} went from {was:?} to {quantity} on {id}"));
        }
    }
    for ((customer, code), (_, line)) in shown {
        let Some(billed) = &line.billed else { continue };
        if !matches!(billed.would, Would::Create { .. } | Would::Update { .. }) {
            continue;
        }
        applied.shown += 1;
        let Some((agreement, now)) = told.get(&(customer.clone(), code.clone())) else {
            applied.wrongs.push(format!("{customer} {code:?} was shown and is in no line of the apply"));
            continue;
        };
        let same = now.billed.as_ref().is_some_and(|now| now.would == billed.would);
        match &now.outcome {
            Outcome::Created | Outcome::Updated if same => applied.written += 1,
            Outcome::Waiting(_) | Outcome::Held(_) | Outcome::Skipped(_) | Outcome::Failed(_)
                if !now.outcome.reason().is_empty() =>
            {
                applied.told += 1;
            }
            // Nothing is left to do: people, or a mapping that has moved, have made what ConnectWise bills right.
            Outcome::Unchanged if now.billed.as_ref().is_some_and(|now| is_billed(after, *agreement, now)) => {
                applied.told += 1;
            }
            other @ (Outcome::Unchanged
            | Outcome::Created
            | Outcome::Updated
            | Outcome::Adopted
            | Outcome::Waiting(_)
            | Outcome::Held(_)
            | Outcome::Skipped(_)
            | Outcome::Failed(_)) => applied.wrongs.push(format!(
                "{customer} {code:?} was shown as {:?} and ended as {other:?}: {:?}",
                billed.would, now.billed
            )),
        }
    }
    // And nothing succeeds that was not shown for the customer and the ConnectWise product.
    for ((customer, code), (_, line)) in told {
        let (Outcome::Created | Outcome::Updated, Some(now)) = (&line.outcome, &line.billed) else { continue };
        let mut seen =
            shown.iter().filter(|((of, _), _)| of == customer).filter_map(|(_, (_, line))| line.billed.as_ref());
        if !seen.any(|was| was.product == now.product && was.would == now.would) {
            applied.wrongs.push(format!("{customer} {code:?} was written as {now:?}, which was not shown"));
        }
    }
    applied
}
