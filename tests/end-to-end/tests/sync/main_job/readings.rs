//! Whichever way ConnectWise reads what its vendor leaves open: no customer is billed a day twice by a line that we wrote.

use std::collections::BTreeSet;

use jiff::civil::Date;
use local_stack::demo::{Demo, Size};
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use shared::domain::decision::{Decision, Verdict};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::Would;
use shared::domain::run::RunKind;
use simulators::connectwise::invoices::judge::billed_twice;
use simulators::connectwise::settings::wire::WireReadings;
use simulators::connectwise::{BillingReadings, Collection, Settings};

use crate::main_job::started::{hasty, november};

/// Drawn worlds; each draws every switch. The first has the defaults.
const SEEDS: u64 = 7;

async fn stack_of_readings(seed: u64) -> Stack {
    let drawn = |seed| Settings {
        wire: WireReadings::drawn(&mut ChaCha8Rng::seed_from_u64(seed)),
        billing: BillingReadings::drawn(seed),
        ..Settings::default()
    };
    let settings = if seed == 0 { Settings::default() } else { drawn(seed) };
    let size = Size::default();
    let options = StackOptions { size, month: november(), data: None, limits: hasty(), slice: LONGEST_SLICE };
    Stack::start_for(Demo::new(size).on(settings), options).await.unwrap()
}

/// Every other agreement prorates.
fn prorate_every_other(stack: &Stack) {
    for id in agreements(stack).into_iter().filter(|id| id % 2 == 0) {
        stack.psa.edit(Collection::Agreements, 0, id, &json!({"prorateFlag": true})).unwrap();
    }
}

fn agreements(stack: &Stack) -> Vec<u32> {
    let rows = stack.psa.records(Collection::Agreements, 0);
    rows.iter().map(|row| u32::try_from(row["id"].as_u64().unwrap()).unwrap()).collect()
}

/// Previews a month, applies that, releases all that waits, and syncs once more.
async fn bill(stack: &Stack, month: UsageMonth) {
    let preview = stack.run(stack.request(RunKind::Preview, month, None), |_| {}).await.unwrap();
    stack.run(stack.request(RunKind::Apply, month, Some(preview.id)), |_| {}).await.unwrap();
    let waiting = stack.store.list_holds(stack.demo.partner(), month, "", None).await.unwrap().holds;
    for hold in waiting.iter().filter(|hold| hold.basis.release != Would::Nothing) {
        let (who, why) = ("Ann".to_owned(), "as Sophos has it".to_owned());
        let decision = Decision {
            verdict: Verdict::Release,
            who,
            reason: None,
            why,
            at: hold.seen_at,
            basis: hold.basis.clone(),
            reading: None,
            moves: None,
        };
        stack.store.decide_hold(stack.demo.partner(), hold.key, &decision).await.unwrap();
    }
    stack.run(stack.request(RunKind::Now, month, None), |_| {}).await.unwrap();
}

/// The additions that we created or changed, each with its agreement before it.
fn written_by_us(stack: &Stack) -> BTreeSet<(u32, u32)> {
    let api = stack.psa.writes().into_iter().filter(|write| write.verb == "POST" || write.verb == "PATCH");
    let key = |path: &str| {
        let mut numbers = path.split('/').filter_map(|part| part.parse().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    api.map(|write| key(&write.path).unwrap_or_else(|| panic!("{}", write.path))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_connectwise_means_no_day_is_billed_twice_by_a_line_of_ours() {
    for seed in 0..=SEEDS {
        let stack = stack_of_readings(seed).await;
        prorate_every_other(&stack);
        bill(&stack, november()).await;
        let december = november().next();
        stack.demo.set_usage(&stack.sophos, december, &stack.demo.usage_rows(december));
        bill(&stack, december).await;

        for id in agreements(&stack) {
            // Only now, so that all periods are judged together.
            let first = json!({"nextInvoiceDate": "2026-11-01T00:00:00Z"});
            stack.psa.edit(Collection::Agreements, 0, id, &first).unwrap();
        }
        let invoices = stack.psa.make_invoices(Date::constant(2027, 3, 1));
        assert!(invoices.iter().filter(|invoice| !invoice.lines.is_empty()).count() > 100, "seed {seed}");
        let ours = written_by_us(&stack);
        assert!(ours.len() > 40, "seed {seed}: {} additions written", ours.len());
        let twice = billed_twice(&invoices);
        let by_us: Vec<_> = twice.iter().filter(|found| !found.additions.is_disjoint(&ours)).collect();
        assert!(by_us.is_empty(), "seed {seed}: {by_us:#?}");
        stack.stop().await.unwrap();
    }
}
