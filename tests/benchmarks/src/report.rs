//! The table of what was measured, and which targets were missed.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use shared::domain::run::RunState;

use super::IN_FLIGHT;
use super::args::Part;
use super::measurement::Measured;

/// The wall time may be at most this much longer than the ideal one: the ideal one in thousandths of it.
const LEAST_PERMILLE: u128 = 900;
/// No worker may need more memory, in KiB.
const MOST_KIB: u64 = 96 * 1024;
/// How much more memory the large partner's worker may need than the small one's, in percent.
const MOST_GROWTH_PERCENT: u64 = 150;

const COLUMNS: [&str; 12] = [
    "run",
    "customers × products",
    "pairs",
    "calls / formula",
    "writes",
    "peak in flight",
    "wall s",
    "ideal s",
    "ideal / wall",
    "worker's peak MB",
    "429 / early",
    "units tie out",
];

/// One row a measurement.
pub(super) fn table(measured: &[Measured]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(COLUMNS);
    for one in measured {
        table.add_row(row(one));
    }
    table.column_iter_mut().skip(2).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn row(one: &Measured) -> [String; 12] {
    let tenths = |value: u128| format!("{}.{}", value / 10, value % 10);
    let seconds = |time: std::time::Duration| tenths(time.as_millis() / 100);
    let (ideal, ratio) = match one.is_limited() {
        true => ("-".to_owned(), "-".to_owned()),
        false => (seconds(one.ideal()), format!("{} %", tenths(one.permille()))),
    };
    let counts = &one.run.tally.counts;
    [
        one.part.words().to_owned(),
        format!("{} × {}", one.plain.customers, one.plain.products),
        counts.pairs().to_string(),
        format!("{} / {}", one.calls, one.run.call_formula()),
        counts.writes().to_string(),
        one.peak_in_flight.to_string(),
        seconds(one.wall),
        ideal,
        ratio,
        one.peak_kib.map_or_else(|| "not known".to_owned(), |kib| tenths(u128::from(kib) * 10 / 1024)),
        format!("{} / {}", one.refused, one.early),
        if ties_out(one) { "yes" } else { "no" }.to_owned(),
    ]
}

/// What was asked for and not reached, in words.
pub(super) fn missed(measured: &[Measured]) -> Vec<String> {
    let mut missed: Vec<String> = measured.iter().flat_map(missed_by).collect();
    let peak = |part| measured.iter().find(|one| one.part == part).and_then(|one| one.peak_kib);
    if let Some((small, large)) = peak(Part::Preview).zip(peak(Part::Large))
        && large * 100 > small * MOST_GROWTH_PERCENT
    {
        missed.push(format!("the large partner's worker took {large} KiB, the small one's {small} KiB"));
    }
    missed
}

fn missed_by(one: &Measured) -> Vec<String> {
    let formula = one.run.call_formula();
    let pairs = (one.plain.customers * one.plain.products) as u64;
    let checks = [
        (one.run.state == RunState::Succeeded, format!("it ended as {:?}", one.run.state)),
        (one.run.tally.counts.pairs() == pairs, format!("{pairs} pairs were to end")),
        (ties_out(one), "units were lost".to_owned()),
        (one.calls <= formula + one.refused, format!("{} calls, {formula} by the formula", one.calls)),
        (one.early == 0, format!("{} calls inside of a Retry-After", one.early)),
        (one.peak_in_flight <= IN_FLIGHT, format!("{} calls in flight", one.peak_in_flight)),
        (one.peak_kib.is_none_or(|kib| kib < MOST_KIB), "the worker took 96 MB or more".to_owned()),
        (one.is_limited() || one.permille() >= LEAST_PERMILLE, "less than 90 % of the ideal wall time".to_owned()),
    ];
    let named = |(_, what)| format!("{}: {what}", one.part.words());
    checks.into_iter().filter(|(met, _)| !met).map(named).collect()
}

fn ties_out(one: &Measured) -> bool {
    one.run.tally.tie_out().is_ok()
}
