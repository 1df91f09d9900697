//! What a run came to, for a person: outcomes with reasons and advice, the tie-out, the calls, the addresses.

use std::collections::BTreeMap;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use rust_decimal::Decimal;
use serde_json::json;
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::outcome::{Bucket, Outcome, OutcomeKind, Would};
use shared::domain::plan::Question;
use shared::domain::run::{Run, RunState};
use shared::domain::tally::Amounts;
use shared::domain::usage::DoubtKind;

use crate::stack::Stack;

/// A line with the entry of its customer.
type Named<'a> = (&'a CustomerLedger, &'a Line);

/// The most customers named in one row.
const NAMED: usize = 2;
/// So many changes have a row each.
const ROWS: usize = 100;

/// The run and its ledger, for programs.
pub(super) fn json(run: &Run, ledger: &[CustomerLedger]) -> String {
    format!("{}\n", json!({"run": run, "callFormula": run.call_formula(), "ledger": ledger}))
}

/// The report of a run against real services, for a person.
pub(super) fn of_run(run: &Run, ledger: &[CustomerLedger]) -> String {
    format!("{}{}{}\n{}", tables(run, ledger), questions(run), verdict(run), calls(run))
}

/// The questions that usage lines ask of the partner as a whole, each on a line.
fn questions(run: &Run) -> String {
    let question = |(kind, question): (&DoubtKind, &Question)| {
        let (words, word) = (question.in_words(*kind), kind.word());
        format!("{words} Answer it as usagePeriods.{word} of /v1/sync/settings.\n")
    };
    run.asked.iter().map(question).collect()
}

/// The whole report, for a person.
pub(super) fn text(stack: &Stack, run: &Run, ledger: &[CustomerLedger]) -> String {
    let planted = planted(stack, ledger);
    let mut text = format!("\n{}{}\n{planted}{}\n\n", tables(run, ledger), verdict(run), calls(run));
    for (what, url) in stack.urls() {
        text += &format!("{what:<28} {url}\n");
    }
    text
}

/// Every line, what each outcome comes to, and where the units of each product went.
fn tables(run: &Run, ledger: &[CustomerLedger]) -> String {
    let (outcomes, totals, tie_out) = (outcomes(ledger), totals(run), tie_out(run));
    let incomplete = match run.state {
        RunState::Succeeded | RunState::Partial if run.tally.has_usage() => "",
        RunState::Succeeded | RunState::Partial => "Sophos reported no usage: these are no figures of the month.\n",
        RunState::Running | RunState::Failed(_) | RunState::Cancelled { .. } | RunState::Superseded { .. } => {
            "The run has not come to its end: these figures are incomplete.\n"
        }
    };
    let units = "Units by Sophos product: usage is the sum of what follows it";
    let landings = landings(run, ledger);
    format!("{outcomes}\n\n{incomplete}What each outcome comes to\n{totals}\n\n{landings}{units}\n{tie_out}\n\n")
}

/// On which ConnectWise invoices the pairs go, each on a line; nothing where ConnectWise says of none.
fn landings(run: &Run, ledger: &[CustomerLedger]) -> String {
    let mut pairs: BTreeMap<String, usize> = BTreeMap::new();
    for entry in ledger {
        for landing in entry.lines.iter().filter_map(|line| entry.landing(line)) {
            *pairs.entry(landing.in_words(run.request.month, &entry.facts)).or_default() += 1;
        }
    }
    if pairs.is_empty() {
        return String::new();
    }
    let line = |(words, count): (String, usize)| format!("{}: {words}\n", number(count as u64, "pair", "pairs"));
    pairs.into_iter().map(line).chain(["\n".to_owned()]).collect()
}

/// One row for each outcome that occurs, with the money of each currency by itself.
fn totals(run: &Run) -> Table {
    let mut table = table(["Outcome", "Pairs", "Units", "Writes", "Change", "Billed each time", "Without a price"]);
    for (kind, total) in &run.tally.billing.outcomes {
        table.add_row([
            kind_in_words(*kind).to_owned(),
            total.pairs.to_string(),
            total.units.to_string(),
            total.writes.to_string(),
            amounts(&total.change.amounts),
            amounts(&total.amounts),
            total.without_price.to_string(),
        ]);
    }
    align_right(&mut table, 1..7);
    table
}

const fn kind_in_words(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Unchanged => "unchanged",
        OutcomeKind::Created => "created",
        OutcomeKind::Updated => "updated",
        OutcomeKind::Adopted => "adopted",
        OutcomeKind::Waiting => "waiting by itself",
        OutcomeKind::Held => "needs your decision",
        OutcomeKind::Skipped => "not synced",
        OutcomeKind::Failed => "failed",
    }
}

fn amounts(amounts: &Amounts) -> String {
    let shown = |(currency, amount): (&String, &Decimal)| format!("{amount:.2} {currency}").trim_end().to_owned();
    let all: Vec<String> = amounts.iter().map(shown).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

/// A line of its own when nothing failed but what was made to fail.
fn planted(stack: &Stack, ledger: &[CustomerLedger]) -> &'static str {
    let lines = ledger.iter().flat_map(|entry| entry.lines.iter().map(move |line| (entry, line)));
    let mut failed = lines.filter(|(_, line)| line.outcome.bucket() == Bucket::Failed).peekable();
    if failed.peek().is_some() && failed.all(|(entry, line)| stack.demo.is_planted(entry.customer, line.code.as_ref()))
    {
        "All failures are awkward cases that were made to fail.\n"
    } else {
        ""
    }
}

/// One row for what ended the same way for the same reason; a change has a row of its own unless there are too many.
fn outcomes(ledger: &[CustomerLedger]) -> Table {
    let mut groups: BTreeMap<_, Vec<Named<'_>>> = BTreeMap::new();
    let changes = ledger.iter().flat_map(|entry| &entry.lines).filter(|line| change(line).is_some()).count();
    for entry in ledger {
        for line in &entry.lines {
            let change = change(line).filter(|_| changes <= ROWS);
            let name = change.as_ref().map_or("", |_| entry.name.as_str());
            let merged = change.is_none() && line.outcome.bucket() == Bucket::Synced;
            let product = if merged { String::new() } else { product(line) };
            let reason = change.unwrap_or_else(|| line.outcome.reason());
            let key = (rank(line), word(line), name, product, reason);
            groups.entry(key).or_default().push((entry, line));
        }
    }
    let mut table = table(["Outcome", "Customers", "Sophos product", "Units", "Reason", "What to do"]);
    for ((_, word, _, product, reason), lines) in groups {
        let units: u64 = lines.iter().map(|(_, line)| line.units).sum();
        let advice = lines[0].1.outcome.advice();
        let product = if product.is_empty() { number(lines.len() as u64, "pair", "pairs") } else { product };
        table.add_row([word, customers(&lines), product, units.to_string(), reason, advice]);
    }
    align_right(&mut table, 3..4);
    table
}

/// What was done to an addition, or in a preview would be.
fn change(line: &Line) -> Option<String> {
    let billed = line.billed.as_ref().filter(|_| matches!(line.outcome, Outcome::Created | Outcome::Updated))?;
    match (&billed.would, billed.addition) {
        (Would::Create { to, .. }, _) => Some(format!("new addition of {}", to.normalize())),
        (Would::Update { from, to }, Some(addition)) => {
            Some(format!("{} → {} on addition {addition}", from.normalize(), to.normalize()))
        }
        _ => None,
    }
}

fn rank(line: &Line) -> u8 {
    match line.outcome.bucket() {
        Bucket::Failed => 0,
        Bucket::Held => 1,
        Bucket::Waiting => 2,
        Bucket::Unassigned => 3,
        Bucket::Unmapped => 4,
        Bucket::Off
        | Bucket::CustomerOff
        | Bucket::Excluded
        | Bucket::NotMonthlyBilling
        | Bucket::FirewallMode
        | Bucket::CoveredByLargest => 5,
        Bucket::Synced => 6,
    }
}

/// The outcome in the words of the page.
fn word(line: &Line) -> String {
    match line.outcome.kind() {
        kind @ (OutcomeKind::Waiting | OutcomeKind::Held | OutcomeKind::Skipped | OutcomeKind::Failed) => {
            kind_in_words(kind).into()
        }
        OutcomeKind::Unchanged | OutcomeKind::Created | OutcomeKind::Updated | OutcomeKind::Adopted => {
            line.outcome.code()
        }
    }
}

fn product(line: &Line) -> String {
    line.code.as_ref().map_or_else(|| "(none)".into(), ToString::to_string)
}

pub(super) fn number(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

fn customers(lines: &[Named<'_>]) -> String {
    let mut names: Vec<&str> = lines.iter().map(|(entry, _)| entry.name.as_str()).collect();
    names.dedup();
    let others = names.len().saturating_sub(NAMED);
    let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if others == 0 { named } else { format!("{named} and {others} more") }
}

/// A column for each kind of outcome that has units.
fn tie_out(run: &Run) -> Table {
    let products = &run.tally.products;
    let buckets: Vec<Bucket> =
        Bucket::ALL.into_iter().filter(|bucket| products.values().any(|product| product.units(*bucket) > 0)).collect();
    let headings = ["Sophos product", "Description", "usage"].into_iter();
    let headings = headings.chain(buckets.iter().map(|bucket| bucket.in_words())).chain(["unreadable lines"]);
    let mut table = table(headings);
    for (code, tally) in products {
        let (code, description) = match code.as_str() {
            "" => ("(none)", "lines without a product code"),
            code => (code, tally.description.as_str()),
        };
        let units = buckets.iter().map(|bucket| tally.units(*bucket));
        let numbers = std::iter::once(tally.usage).chain(units).chain([tally.unreadable]);
        let texts = [code.to_owned(), description.to_owned()];
        table.add_row(texts.into_iter().chain(numbers.map(|number| number.to_string())));
    }
    align_right(&mut table, 2..4 + buckets.len());
    table
}

fn verdict(run: &Run) -> String {
    let counts = &run.tally.counts;
    let month = run.request.month.in_words();
    let pairs = format!(
        "{}: {} unchanged, {} created, {} updated, {} taken over, {} waiting, {} for your decision, {} not synced, {} failed",
        number(counts.pairs(), "line", "lines"),
        counts.unchanged,
        counts.created,
        counts.updated,
        counts.adopted,
        counts.waiting,
        counts.held,
        counts.skipped,
        counts.failed
    );
    let state = match &run.state {
        RunState::Failed(failure) => format!("Usage of {month}: the run failed. {failure}"),
        RunState::Running => format!("Usage of {month}: the run is under way."),
        RunState::Cancelled { by } => format!("Usage of {month}: {by} cancelled the run before its end. {pairs}."),
        RunState::Superseded { by } => format!("Usage of {month}: none yet; run {by} stands for it."),
        RunState::Succeeded | RunState::Partial => format!("Usage of {month}: {pairs}. Every unit is accounted for."),
    };
    let writes = match counts.writes() {
        0 => "Nothing was written to ConnectWise.".to_owned(),
        _ => format!(
            "Written to ConnectWise: {} created, {} set.",
            number(counts.additions_created, "addition", "additions"),
            number(counts.quantities_set, "quantity", "quantities")
        ),
    };
    let fewer = if run.writes && counts.created + counts.updated > counts.writes() {
        "\nSeveral Sophos products can share one ConnectWise product, so there can be fewer writes than lines."
    } else {
        ""
    };
    let vendor = run.members.vendor_sync().map(|sync| format!("\n{} {}", sync.in_words(), sync.advice()));
    format!("{state}\n{writes}{fewer}{}", vendor.unwrap_or_default())
}

fn calls(run: &Run) -> String {
    let psa = &run.psa;
    format!(
        "ConnectWise calls: {} (a full read takes {} = {} discovery + ⌈{} agreements/1000⌉ + ⌈{} products/100⌉ + {} + {})",
        psa.calls,
        run.call_formula(),
        psa.slices,
        psa.agreements,
        psa.products,
        number(psa.customers, "customer", "customers"),
        number(run.tally.counts.writes(), "write", "writes")
    )
}

pub(super) fn table<'a>(headings: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header(headings);
    if table.width().is_none() {
        table.set_width(180);
    }
    table
}

fn align_right(table: &mut Table, columns: std::ops::Range<usize>) {
    for number in columns {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
