//! Lines that end inside the month, and lines on a company's other agreements: what ConnectWise's invoices show of them.

use harness::simulation::live_among;
use usage_sync::policy::Policy;

/// The overlap rule does not keep every such line from being billed beside a new one yet. Once it does, this test has to
/// fail, and `OVERLAPS` in `harness::simulation` is switched on: then all schedules have such lines, and none may go wrong.
#[test]
fn where_lines_overlap_the_invoices_show_days_that_are_billed_twice() {
    let wrongs_of = |seed| live_among(seed, Policy::guarded(), false, true).unwrap().wrongs;
    let is_twice = |wrong: &String| wrong.starts_with("duplicate: ") && wrong.contains("is billed twice from");
    let found = (0..1_000).find_map(|seed| Some((seed, wrongs_of(seed).into_iter().find(is_twice)?)));
    let (seed, wrong) = found.expect("1,000 schedules with overlapping lines are right");
    println!("seed {seed}: {wrong}");
}
