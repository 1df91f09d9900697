//! Previews, applies, and what became of them.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::json;
use shared::domain::decision::{HoldDue, Offer, StandingHold, Verdict};
use shared::domain::id::RunId;
use shared::domain::ledger::CustomerLedger;
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Bucket, Outcome, Would};
use shared::domain::run::{Run, RunKind, RunState};
use shared::domain::settings::Settings;
use shared::domain::tally::ProductTally;
use shared::domain::usage::Reading;

use super::connect::Session;
use super::output::{Output, Shown, table, text};
use super::{Held, LiveArgs, LiveError, ReadAs, map, prompt, switch_writes};
use crate::dev::progress::Progress;
use crate::dev::report::{self, number};
use crate::stack::Live;

/// A run with its ledger.
pub(super) type Told = (Run, Vec<CustomerLedger>);

/// Makes a preview and shows it.
pub(super) async fn preview(session: &Session<'_>, args: &LiveArgs) -> Result<Shown, LiveError> {
    let (run, ledger) = previewed(session, args).await?;
    Ok(shown(&run, &ledger))
}

/// A new preview.
pub(super) async fn previewed(session: &Session<'_>, args: &LiveArgs) -> Result<Told, LiveError> {
    if let Some(open) = session.live.find_open_apply(session.partner).await? {
        eprintln!("The apply {} was interrupted. It ends here, and this preview shows what is left of it.", open.id);
    }
    let month = month(session, args).await?;
    let mut progress = Progress::start("Preview", 0);
    let run = session.live.preview(session.partner, month, |run| progress.show(run)).await?;
    progress.end(&run);
    let ledger = session.live.ledger(session.partner, &run.id).await?;
    Ok((run, ledger))
}

/// Applies a preview that was shown before: the newest, or the one that is named. An apply that was interrupted is
/// brought to its end first, and then nothing else is done.
pub(super) async fn apply(
    session: &Session<'_>,
    args: &LiveArgs,
    output: &Output,
    named: Option<&RunId>,
) -> Result<Shown, LiveError> {
    if let Some(shown) = go_on(session, args, output).await? {
        return Ok(shown);
    }
    let run = match named {
        Some(id) => session.live.find_run(session.partner, id).await?,
        None => newest(session, |run| run.request.kind == RunKind::Preview).await?,
    };
    let run = run.filter(|run| run.request.kind == RunKind::Preview);
    let run = run
        .ok_or_else(|| LiveError::Said("There is no such preview. Make one: cargo dev -- --live preview".to_owned()))?;
    if let Some(applied) =
        newest(session, |other| other.request.preview.as_ref() == Some(&run.id) && is_good(other)).await?
    {
        let ledger = session.live.ledger(session.partner, &applied.id).await?;
        let shown = shown(&applied, &ledger);
        let text = format!("{} was applied already. What came of it:\n{}", run.id, shown.text);
        return Ok(Shown { text, ..shown });
    }
    let ledger = session.live.ledger(session.partner, &run.id).await?;
    apply_shown(session, args, output, (run, ledger)).await
}

/// Shows a preview, asks, and applies exactly that.
pub(super) async fn apply_shown(
    session: &Session<'_>,
    args: &LiveArgs,
    output: &Output,
    (preview, ledger): Told,
) -> Result<Shown, LiveError> {
    let seen = shown(&preview, &ledger);
    let Some(question) = question(&ledger).filter(|_| is_good(&preview)) else { return Ok(seen) };
    output.tell(&seen.text)?;
    let connection = session.api.get("/v1/connections", &[]).await?.body;
    let [company, site] = ["company", "site"].map(|field| text(&connection["connectwise"][field]));
    agree(args, &format!("In ConnectWise of {company} at {site}: {question}")).await?;
    switch_writes(session, true).await?;
    let mut progress = Progress::start("Apply", 0);
    let applied = session.live.apply(&preview, |run| progress.show(run)).await;
    switch_writes(session, false).await?;
    let run = applied?;
    progress.end(&run);
    let ledger = session.live.ledger(session.partner, &run.id).await?;
    Ok(shown(&run, &ledger))
}

/// Brings an apply that was interrupted to its end, if there is one.
pub(super) async fn go_on(session: &Session<'_>, args: &LiveArgs, output: &Output) -> Result<Option<Shown>, LiveError> {
    let Some(open) = session.live.find_open_apply(session.partner).await? else { return Ok(None) };
    output.tell(&format!("The apply {} was interrupted; what it began is brought to its end.", open.id))?;
    agree(args, "Go on writing to ConnectWise what was agreed to then").await?;
    switch_writes(session, true).await?;
    let mut progress = Progress::start("Apply", 0);
    let ended = session.live.run(open.request, |run| progress.show(run)).await;
    switch_writes(session, false).await?;
    let run = ended?;
    progress.end(&run);
    let ledger = session.live.ledger(session.partner, &run.id).await?;
    Ok(Some(shown(&run, &ledger)))
}

/// A person's yes, or that of --yes.
async fn agree(args: &LiveArgs, question: &str) -> Result<(), LiveError> {
    if args.yes {
        return Ok(());
    }
    if !prompt::is_terminal() {
        let what = "Nothing was written: there is no terminal to ask on. Add --yes to agree beforehand.";
        return Err(LiveError::Said(what.to_owned()));
    }
    match prompt::ask(&format!("{question}? Type yes to go on")).await?.as_str() {
        "yes" => Ok(()),
        _ => Err(LiveError::Said("Nothing was written.".to_owned())),
    }
}

/// What a person is asked to agree to; none where an apply would do nothing. What is held is put up for a decision by an
/// apply, so it is asked of too.
fn question(ledger: &[CustomerLedger]) -> Option<String> {
    let (mut new, mut set, mut taken, mut held) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), 0_u64);
    for entry in ledger {
        for line in &entry.lines {
            held += u64::from(matches!(line.outcome, Outcome::Held(_)));
            let done = matches!(line.outcome, Outcome::Created | Outcome::Updated | Outcome::Adopted);
            let Some(billed) = line.billed.as_ref().filter(|_| done) else { continue };
            let addition = (entry.customer, billed.product);
            match billed.would {
                Would::Create { .. } => new.insert(addition),
                Would::Update { .. } => set.insert(addition),
                Would::Adopt { .. } | Would::Keep { .. } | Would::End { .. } | Would::Nothing => taken.insert(addition),
            };
        }
    }
    let parts = [
        ("create", new.len() as u64, "addition", "additions"),
        ("set", set.len() as u64, "quantity", "quantities"),
        ("take over", taken.len() as u64, "addition as it is", "additions as they are"),
        ("write nothing of", held, "line that needs your decision", "lines that need your decision"),
    ];
    let asked = parts.iter().filter(|(_, count, ..)| *count > 0);
    let asked: Vec<String> =
        asked.map(|(verb, count, one, several)| format!("{verb} {}", number(*count, one, several))).collect();
    (!asked.is_empty()).then(|| asked.join(", "))
}

/// What a run came to.
pub(super) fn shown(run: &Run, ledger: &[CustomerLedger]) -> Shown {
    let counts = &run.tally.counts;
    let attention = !is_good(run) || counts.failed > 0 || counts.held > 0;
    let head = match (run.request.kind, run.writes) {
        (RunKind::Preview, _) => format!("Preview {}: nothing is written. What an apply would do:", run.id),
        (_, true) => format!("Run {}:", run.id),
        (_, false) => format!("Run {}, with writes off:", run.id),
    };
    let text = if let RunState::Failed(failure) = &run.state {
        format!("{head}\nThe run came to nothing. {failure}")
    } else {
        format!("{head}\n{}", of_mapped(run, ledger))
    };
    let document = json!({ "run": run, "callFormula": run.call_formula(), "ledger": ledger });
    Shown { document, text, attention }
}

/// The report without what is not mapped: of that a line says how much it is.
fn of_mapped(run: &Run, ledger: &[CustomerLedger]) -> String {
    let mut unmapped = (0_u64, 0_u64);
    let mut kept = Vec::from(ledger);
    for entry in &mut kept {
        entry.lines.retain(|line| {
            let is_unmapped = line.outcome.bucket() == Bucket::Unmapped;
            unmapped.0 += u64::from(is_unmapped);
            unmapped.1 += if is_unmapped { line.units } else { 0 };
            !is_unmapped
        });
    }
    let mut counted = run.clone();
    let is_unmapped = |tally: &ProductTally| tally.usage == tally.units(Bucket::Unmapped) && tally.unreadable == 0;
    counted.tally.products.retain(|_, tally| !is_unmapped(tally));
    let left_out = match unmapped {
        (0, _) => String::new(),
        (pairs, units) => format!(
            "{} with {} are of customers or products that are not mapped; nothing of them is written.\n\n",
            number(pairs, "pair", "pairs"),
            number(units, "unit", "units")
        ),
    };
    format!("{left_out}{}", report::of_run(&counted, &kept))
}

pub(super) const fn is_good(run: &Run) -> bool {
    matches!(run.state, RunState::Succeeded | RunState::Partial)
}

/// The newest runs.
pub(super) async fn list(session: &Session<'_>) -> Result<Shown, LiveError> {
    let runs = session.live.list_runs(session.partner).await?;
    let row = |run: &Run| {
        let counts = &run.tally.counts;
        let state = text(&json!(run.state)["state"]);
        let texts = [run.id.to_string(), run.request.month.to_string(), state];
        let numbers = [counts.pairs(), counts.held, counts.failed, counts.writes()].map(|n| n.to_string());
        let [id, month, state] = texts;
        let [pairs, held, failed, writes] = numbers;
        [id, month, state, pairs, held, failed, writes]
    };
    let headings = ["Run", "Usage month", "State", "Pairs", "Held", "Failed", "Writes"];
    let text = table(headings, runs.iter().map(row)).to_string();
    Ok(Shown::new(json!({ "runs": runs }), text))
}

/// What became of every pair in a run.
pub(super) async fn lines(session: &Session<'_>, named: Option<&RunId>) -> Result<Shown, LiveError> {
    let run = match named {
        Some(id) => session.live.find_run(session.partner, id).await?,
        None => newest(session, |_| true).await?,
    };
    let run =
        run.ok_or_else(|| LiveError::Said("There is no such run. cargo dev -- --live runs lists them.".to_owned()))?;
    let ledger = session.live.ledger(session.partner, &run.id).await?;
    Ok(shown(&run, &ledger))
}

/// What waits for a decision.
pub(super) async fn holds(session: &Session<'_>, args: &LiveArgs) -> Result<Shown, LiveError> {
    let (month, settings) = (month(session, args).await?, settings(session).await?);
    let holds = session.live.list_holds(session.partner, month).await?;
    let today = Live::today(&settings);
    let row = |hold: &StandingHold| {
        let due = match hold.due(today) {
            HoldDue::In { days } => number(u64::try_from(days).unwrap_or_default(), "day", "days"),
            HoldDue::Missed => "invoiced without it".to_owned(),
            HoldDue::Unknown => "not known".to_owned(),
        };
        let decided = hold.decision.as_ref().map_or("", |decision| match decision.verdict {
            Verdict::Release => "released",
            Verdict::Reject => "rejected",
            Verdict::UseQuantity(_) => "another quantity",
        });
        let product = hold.key.product.to_string();
        let advice = Outcome::Held(hold.hold.clone()).advice();
        [hold.name.clone(), product, hold.hold.to_string(), advice, readings(hold), due, decided.to_owned()]
    };
    let headings =
        ["Customer", "ConnectWise product", "Why", "What to do", "Readings", "To the next invoice", "Decided"];
    let text = if holds.is_empty() {
        format!("Nothing of {} needs your decision.", month.in_words())
    } else {
        table(headings, holds.iter().map(row)).to_string()
    };
    let attention = holds.iter().any(|hold| hold.decision.is_none());
    Ok(Shown { document: json!({ "month": month, "holds": holds }), text, attention })
}

/// The readings that a hold offers, each with what a release does: `count-once: 5 → 5`.
fn readings(hold: &StandingHold) -> String {
    let offer = |offer: &Offer| {
        let name = ReadAs::of(offer.reading).to_possible_value().map(|value| value.get_name().to_owned());
        format!("{}: {}", name.unwrap_or_default(), offer.does)
    };
    hold.basis.readings.iter().map(offer).collect::<Vec<_>>().join("; ")
}

/// Releases or rejects a hold.
pub(super) async fn decide(
    session: &Session<'_>,
    args: &LiveArgs,
    Held { customer, product, why }: &Held,
    (verdict, reading): (Verdict, Option<Reading>),
) -> Result<Shown, LiveError> {
    let month = month(session, args).await?;
    let row = map::find_customer(session, customer).await?;
    let holds = session.live.list_holds(session.partner, month).await?;
    let is = |hold: &&StandingHold| {
        row["customerId"].as_str() == Some(hold.key.customer.to_string().as_str()) && hold.key.product.get() == *product
    };
    let hold = holds.iter().find(is).ok_or_else(|| {
        LiveError::Said(format!(
            "Nothing of {customer} and ConnectWise product {product} needs your decision. cargo dev -- --live holds \
             lists what does."
        ))
    })?;
    if verdict == Verdict::Release && !hold.basis.readings.is_empty() && hold.basis.released(reading) == Would::Nothing
    {
        let said = format!("Say how the usage lines are read, with --reading: {}.", readings(hold));
        return Err(LiveError::Said(said));
    }
    session.live.decide(session.partner, hold, (verdict, reading), (&session.who, why)).await?;
    let text = match verdict {
        Verdict::Release => {
            format!("Released. The next preview of {} shows it, and its apply writes it.", month.in_words())
        }
        Verdict::UseQuantity(other) => format!("Decided. {} is billed for {}.", other.billed, month.in_words()),
        Verdict::Reject => format!("Rejected. ConnectWise keeps what it has for {}.", month.in_words()),
    };
    Ok(Shown::new(json!({ "decided": { "key": hold.key, "verdict": verdict, "why": why } }), text))
}

/// The month that is asked for, or the present one where the partner bills.
async fn month(session: &Session<'_>, args: &LiveArgs) -> Result<UsageMonth, LiveError> {
    match args.month {
        Some(month) => Ok(month),
        None => Ok(UsageMonth::containing(Live::today(&settings(session).await?))),
    }
}

async fn settings(session: &Session<'_>) -> Result<Settings, LiveError> {
    let settings = session.live.settings(session.partner).await?;
    settings.ok_or_else(|| LiveError::Said("No ConnectWise is saved yet: cargo dev -- --live connect".to_owned()))
}

pub(super) async fn newest(session: &Session<'_>, is: impl Fn(&Run) -> bool) -> Result<Option<Run>, LiveError> {
    Ok(session.live.list_runs(session.partner).await?.into_iter().find(is))
}
