//! The table of all contenders, and which targets ours missed.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use super::contender::Contender;
use super::verdict::Verdict;
use super::{Measured, Options, Work};

/// Ours may take this many thousandths of the fair script's wall time in a full run.
const MOST_PERMILLE: u64 = 1050;
/// And this many where it needs not read everything again.
const MOST_PERMILLE_AGAIN: u64 = 500;

const COLUMNS: [&str; 14] = [
    "work",
    "by",
    "calls",
    "wall s",
    "÷ fair",
    "ConnectWise s",
    "÷ fair",
    "peak in flight",
    "peak MB",
    "429 / early",
    "duplicates",
    "missing",
    "wrong quantity",
    "misreported",
];

/// All rounds of one contender's work as one: medians of times, the worst of everything else.
struct Row {
    wall_ms: u64,
    span_ms: u64,
    calls: u64,
    peak_in_flight: u64,
    refused: u64,
    early: u64,
    peak_kib: Option<u64>,
    verdict: Verdict,
}

fn row(measured: &[Measured], contender: Contender, work: Work) -> Row {
    let rounds: Vec<&Measured> = measured.iter().filter(|one| one.contender == contender && one.work == work).collect();
    let most = |of: fn(&Measured) -> u64| rounds.iter().map(|one| of(one)).max().unwrap_or(0);
    let mut verdict = Verdict::default();
    rounds.iter().for_each(|one| verdict += one.verdict);
    Row {
        wall_ms: median(rounds.iter().map(|one| one.wall_ms).collect()),
        span_ms: median(rounds.iter().map(|one| one.span_ms).collect()),
        calls: most(|one| one.calls),
        peak_in_flight: most(|one| one.peak_in_flight),
        refused: most(|one| one.refused),
        early: most(|one| one.early),
        peak_kib: rounds.iter().filter_map(|one| one.peak_kib).max(),
        verdict,
    }
}

/// The middle one; of two the larger.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

const fn permille(of: u64, whole: u64) -> u64 {
    of * 1000 / if whole == 0 { 1 } else { whole }
}

/// One row for each work and contender.
pub(super) fn table(measured: &[Measured]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(COLUMNS);
    for work in Work::ALL {
        let fair = row(measured, Contender::Fair, work);
        for contender in Contender::ALL.into_iter().filter(|contender| is_measured(measured, *contender, work)) {
            table.add_row(cells(work, contender, &row(measured, contender, work), &fair));
        }
    }
    table.column_iter_mut().skip(2).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn cells(work: Work, contender: Contender, row: &Row, fair: &Row) -> [String; 14] {
    let hundredths = |value: u64| format!("{}.{:02}", value / 100, value % 100);
    let seconds = |ms: u64| hundredths(ms / 10);
    let ratio = |of: u64, whole: u64| hundredths((permille(of, whole) + 5) / 10);
    let Verdict { duplicates, missing, wrong, misreported } = row.verdict;
    [
        work.words().to_owned(),
        contender.name().to_owned(),
        row.calls.to_string(),
        seconds(row.wall_ms),
        ratio(row.wall_ms, fair.wall_ms),
        seconds(row.span_ms),
        ratio(row.span_ms, fair.span_ms),
        row.peak_in_flight.to_string(),
        row.peak_kib.map_or_else(|| "not known".to_owned(), |kib| hundredths(kib * 100 / 1024)),
        format!("{} / {}", row.refused, row.early),
        duplicates.to_string(),
        missing.to_string(),
        wrong.to_string(),
        misreported.to_string(),
    ]
}

fn is_measured(measured: &[Measured], contender: Contender, work: Work) -> bool {
    measured.iter().any(|one| one.contender == contender && one.work == work)
}

/// What the table was measured with.
pub(super) fn circumstances(options: &Options, [before, after]: &[String; 2]) -> String {
    format!(
        "{} customers × {} products, {} to {} ms a call, medians of {} interleaved rounds, seed {}; load average {before} \
         before, {after} after",
        options.customers, options.products, options.fastest_ms, options.slowest_ms, options.rounds, options.seed
    )
}

/// What was asked of ours and not reached, in words; and whether the others were tried hard enough.
pub(super) fn missed(measured: &[Measured], without_times: bool) -> Vec<String> {
    let mut missed = Vec::new();
    let both = |work: &Work| [Contender::Ours, Contender::Fair].iter().all(|who| is_measured(measured, *who, *work));
    for work in Work::ALL.into_iter().filter(both) {
        let (ours, fair) = (row(measured, Contender::Ours, work), row(measured, Contender::Fair, work));
        if ours.verdict.faults() > 0 {
            missed.push(format!("{}: ours left {:?}", work.words(), ours.verdict));
        }
        let share = permille(ours.wall_ms, fair.wall_ms);
        let most = match work {
            Work::First => MOST_PERMILLE,
            Work::Nothing | Work::Customers => MOST_PERMILLE_AGAIN,
            // An agreement is read again after it was written to. Where one pair in 20 changes, most customers have one, and each of them is read; and where answers are
            // lost, ours waits until a write that is late must have taken effect, which the fair script does not.
            Work::AtOnce | Work::Pairs | Work::Faulty => u64::MAX,
        };
        if !without_times && share > most {
            missed.push(format!("{}: {share} thousandths of the fair script's wall time, {most} asked", work.words()));
        }
    }
    for contender in Contender::ALL.into_iter().filter(|contender| *contender != Contender::Ours) {
        if is_measured(measured, contender, Work::Faulty)
            && row(measured, contender, Work::Faulty).verdict.faults() == 0
        {
            missed.push(format!("the faults did no harm to {}: that ours has none says nothing", contender.name()));
        }
    }
    missed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(contender: Contender, work: Work, wall_ms: u64, misreported: u64) -> Measured {
        let verdict = Verdict { misreported, ..Verdict::default() };
        Measured {
            contender,
            work,
            wall_ms,
            span_ms: wall_ms,
            calls: 1,
            peak_in_flight: 1,
            refused: 0,
            early: 0,
            peak_kib: None,
            verdict,
        }
    }

    /// A round in which ours takes `full_ms` and then `again_ms`, and everybody else a second; the faults harm the others.
    fn round(full_ms: u64, again_ms: u64) -> Vec<Measured> {
        let of = |contender, work| match (contender, work) {
            (Contender::Ours, Work::First) => measured(contender, work, full_ms, 0),
            (Contender::Ours, _) => measured(contender, work, again_ms, 0),
            (_, Work::Faulty) => measured(contender, work, 1000, 3),
            _ => measured(contender, work, 1000, 0),
        };
        Work::ALL.into_iter().flat_map(|work| Contender::ALL.map(|contender| of(contender, work))).collect()
    }

    #[test]
    fn nothing_is_missed_at_the_very_targets() {
        assert_eq!(missed(&round(1050, 500), false), Vec::<String>::new());
    }

    #[test]
    fn a_slow_run_is_missed_unless_times_do_not_count() {
        assert_eq!(missed(&round(1051, 500), false).len(), 1);
        assert_eq!(missed(&round(1050, 501), false).len(), 2);
        assert_eq!(missed(&round(9999, 9999), true), Vec::<String>::new());
    }

    #[test]
    fn one_slow_round_of_three_is_not_the_median() {
        let rounds = [round(9999, 9999), round(1000, 400), round(1000, 400)].concat();
        assert_eq!(missed(&rounds, false), Vec::<String>::new());
    }

    #[test]
    fn a_single_fault_of_ours_in_one_round_is_missed() {
        let mut rounds = [round(1000, 400), round(1000, 400)].concat();
        rounds.push(measured(Contender::Ours, Work::Nothing, 400, 1));
        assert_eq!(missed(&rounds, true).len(), 1);
    }

    #[test]
    fn faults_that_harm_nobody_prove_nothing() {
        let mut calm = round(1000, 400);
        calm.iter_mut().for_each(|one| one.verdict = Verdict::default());
        assert_eq!(missed(&calm, true).len(), 4);
    }
}
