//! Seeded schedules of the real worker. `SIMULATION_SEED=n` lives one again, `SIMULATION_SCHEDULES=n` so many.

use harness::simulation::{live, many, seeds_asked_for};
use usage_sync::policy::Policy;

fn all_right(first: u64) {
    let seeds = seeds_asked_for(first..first + 2_500);
    let lived = many(seeds.clone(), Policy::guarded(), 1, true, &|| {});
    println!("{} schedules, {} writes, {} ms", lived.lived, lived.writes, lived.took.as_millis());
    if let Some((seed, wrongs)) = lived.wrong.iter().next() {
        panic!("SIMULATION_SEED={seed} lives it again, cargo simulate -- --seed {seed} tells it: {wrongs:#?}");
    }
    assert_eq!(lived.lived, seeds.end - seeds.start, "all were lived");
    assert!(lived.writes > lived.lived, "{} writes are too few to prove anything", lived.writes);
}

#[test]
fn nothing_is_billed_wrong_in_the_first_quarter_of_the_schedules() {
    all_right(0);
}

#[test]
fn nothing_is_billed_wrong_in_the_second_quarter_of_the_schedules() {
    all_right(2_500);
}

#[test]
fn nothing_is_billed_wrong_in_the_third_quarter_of_the_schedules() {
    all_right(5_000);
}

#[test]
fn nothing_is_billed_wrong_in_the_last_quarter_of_the_schedules() {
    all_right(7_500);
}

#[test]
fn a_seed_is_always_the_same_schedule() {
    for seed in seeds_asked_for(0..60) {
        let [one, other] = [true, false].map(|told| live(seed, Policy::guarded(), told).unwrap());
        assert_eq!((one.hash, one.writes), (other.hash, other.writes), "seed {seed}");
        assert!(!one.trace.is_empty() && other.trace.is_empty());
    }
}
