//! Who does the work, and how each of them is set to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use serde::Deserialize;
use shared::domain::id::RunId;
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::outcome::Outcome as LineOutcome;
use shared::domain::run::RunState;
use shared::ids::UuidV7;
use shared::store::DynamoStore;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use usage_sync::Limits;

use super::super::ScaleError;
use super::super::args::Part;
use super::super::children::{World, work};
use super::super::measurement::request;
use super::super::worker::{Job, Told};
use super::Options;
use super::verdict::{Ended, Outcome};
use super::wanted::Wanted;
use local_stack::apart::Addresses;
use local_stack::demo::DEMO_COMPANY;
use local_stack::stack::StackError;

/// No script takes this long; one that does is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(60 * 60);
/// After so many runs, what ours has not done is not done.
const MOST_RUNS: u32 = 4;

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Contender {
    /// The worker that the Lambda runs, 8 calls in flight.
    Ours,
    /// What somebody who knows asyncio writes without a library for ConnectWise, 8 calls in flight.
    Fair,
    /// npm `connectwise-rest`, one call after the other.
    RestSequential,
    /// npm `connectwise-rest`, everything at once.
    RestAll,
    /// PyPI `connectpyse`, which knows no other way than one call after the other.
    Connectpyse,
}

impl std::fmt::Display for Contender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = clap::ValueEnum::to_possible_value(self);
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl Contender {
    /// All of them, in the order in which they take turns.
    pub(super) const ALL: [Self; 5] = [Self::Ours, Self::Fair, Self::RestAll, Self::RestSequential, Self::Connectpyse];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Fair => "aiohttp script, 8 in flight",
            Self::RestSequential => "connectwise-rest, sequential",
            Self::RestAll => "connectwise-rest, Promise.all",
            Self::Connectpyse => "connectpyse",
        }
    }

    /// The program, the script and what is said to it; none for ours, which is no script.
    fn script(self, options: &Options) -> Option<(&Path, &'static str, Option<&'static str>)> {
        match self {
            Self::Ours => None,
            Self::Fair => Some((&options.python, "aiohttp_script.py", None)),
            Self::RestSequential => Some((&options.node, "connectwise_rest.js", Some("sequential"))),
            Self::RestAll => Some((&options.node, "connectwise_rest.js", Some("all"))),
            Self::Connectpyse => Some((&options.python, "connectpyse_script.py", None)),
        }
    }
}

/// What a contender says of its run.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// From the first look at the work to the end; what it takes to start the program is not in it.
    pub(super) wall_ms: u64,
    /// The most memory that its process ever had resident, in KiB; none where the system does not say.
    pub(super) peak_kib: Option<u64>,
    /// One for each pair.
    pub(super) ended: Vec<Ended>,
}

/// Lets a contender do the work.
pub(super) async fn run(
    contender: Contender,
    options: &Options,
    world: &World,
    wanted: &Wanted,
) -> Result<Report, ScaleError> {
    match contender.script(options) {
        None => ours(world, wanted).await,
        Some((program, script, way)) => {
            let mut command = Command::new(program);
            if program == options.python {
                // Nothing is left beside the scripts.
                command.arg("-B");
            }
            command.arg(folder().join(script)).args(way);
            let named = |why: String| ScaleError::Script(format!("{} ({script}): {why}", contender.name()));
            let ended = tokio::time::timeout(STUCK_AFTER, told(command, options, &world.addresses, wanted)).await;
            ended.unwrap_or_else(|_| Err("stuck".to_owned())).map_err(named)
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals")
}

async fn told(
    mut command: Command,
    options: &Options,
    addresses: &Addresses,
    wanted: &Wanted,
) -> Result<Report, String> {
    let (company, public_key, private_key) = DEMO_COMPANY;
    command
        .env("SIMULATOR_URL", &addresses.connectwise)
        .env("COMPANY_ID", company)
        .env("PUBLIC_KEY", public_key)
        .env("PRIVATE_KEY", private_key)
        .env("NODE_PATH", &options.node_modules)
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let wanted = serde_json::to_vec(wanted).map_err(|error| error.to_string())?;
    let mut process = command.spawn().map_err(|error| format!("{:?}: {error}", command.as_std().get_program()))?;
    if let Some(mut stdin) = process.stdin.take() {
        stdin.write_all(&wanted).await.map_err(|error| error.to_string())?;
    }
    let output = process.wait_with_output().await.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{}; what it said stands above", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

/// What the schedule does with a partner's usage: a run, and where writes were left whose answer was lost, another run
/// once they must have taken effect.
async fn ours(world: &World, wanted: &Wanted) -> Result<Report, ScaleError> {
    let settle = Duration::from_secs(Limits::default().settle_s.unsigned_abs() + 1);
    let mut whole = Report { wall_ms: 0, peak_kib: None, ended: Vec::new() };
    let mut told = BTreeMap::new();
    for run in 1.. {
        let Told { run: ended, wall, peak_kib } =
            work(&Job { addresses: world.addresses.clone(), request: request(Part::Sync, world, None) }).await?;
        whole.wall_ms += u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
        whole.peak_kib = whole.peak_kib.max(peak_kib);
        for pair in pairs_of(&world.addresses, &ended.id, wanted).await? {
            let before = told.get(&(pair.agreement, pair.product)).map(|before: &Ended| before.outcome);
            let outcome = pair.outcome.after(before);
            told.insert((pair.agreement, pair.product), Ended { outcome, ..pair });
        }
        if ended.state != RunState::Partial || run == MOST_RUNS {
            break;
        }
        eprintln!("Run {run} left {} pairs failed; the next one begins in {settle:?}", ended.tally.counts.failed);
        tokio::time::sleep(settle).await;
        whole.wall_ms += u64::try_from(settle.as_millis()).unwrap_or(u64::MAX);
    }
    whole.ended = told.into_values().collect();
    Ok(whole)
}

/// What a run's ledger says of the pairs that were wanted.
async fn pairs_of(addresses: &Addresses, run: &RunId, wanted: &Wanted) -> Result<Vec<Ended>, ScaleError> {
    let aws = shared::aws::connect_local(&addresses.table).await;
    let store = DynamoStore::new(Client::new(&aws), addresses.table_name.clone(), UuidV7);
    let (mut ended, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = store.list_ledger(addresses.partner, run, "", after.as_deref()).await.map_err(StackError::from)?;
        ended.extend(page.entries.iter().flat_map(|entry| pairs_in(entry, wanted)));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(ended),
        }
    }
}

/// What a ledger entry says of the pairs that were wanted.
fn pairs_in(entry: &CustomerLedger, wanted: &Wanted) -> Vec<Ended> {
    let customer = wanted.customers.iter().find(|customer| Some(customer.customer) == entry.customer);
    let Some(customer) = customer else { return Vec::new() };
    let of = |line: &Line| {
        let code = line.code.as_ref()?.as_str();
        let product = customer.products.iter().find(|product| product.code == code)?.product;
        Some(Ended { agreement: customer.agreement, product, outcome: outcome_of(&line.outcome) })
    };
    entry.lines.iter().filter_map(of).collect()
}

/// What is held or skipped is as much a person's work as what failed.
const fn outcome_of(outcome: &LineOutcome) -> Outcome {
    match outcome {
        LineOutcome::Created => Outcome::Created,
        LineOutcome::Updated => Outcome::Updated,
        LineOutcome::Unchanged | LineOutcome::Adopted => Outcome::Unchanged,
        LineOutcome::Waiting(_) | LineOutcome::Held(_) | LineOutcome::Skipped(_) | LineOutcome::Failed(_) => {
            Outcome::Failed
        }
    }
}
