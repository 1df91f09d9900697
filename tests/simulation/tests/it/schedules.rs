//! Seeded schedules of the real worker. `SIMULATION_SEED=n` lives one again, `SIMULATION_SCHEDULES=n` so many.

use simulation::{live, many, seeds_asked_for};
use usage_sync::policy::Policy;

fn all_right(first: u64) {
    let seeds = seeds_asked_for(first..first + 1_250);
    let lived = many(seeds.clone(), Policy::guarded(), 1, true, &|| {});
    println!("{} schedules, {} writes, {} ms", lived.lived, lived.writes, lived.took.as_millis());
    if let Some((seed, wrongs)) = lived.wrong.iter().next() {
        panic!("SIMULATION_SEED={seed} lives it again, cargo simulate -- --seed {seed} tells it: {wrongs:#?}");
    }
    assert_eq!(lived.lived, seeds.end - seeds.start, "all were lived");
    assert!(lived.writes > lived.lived, "{} writes are too few to prove anything", lived.writes);
}

/// Ten thousand in eighths, so that a slow machine lives each within a test's time.
macro_rules! eighths {
    ($($name:ident from $first:literal;)*) => {
        $(
            #[test]
            fn $name() {
                all_right($first);
            }
        )*
    };
}

eighths! {
    nothing_is_billed_wrong_in_the_first_eighth_of_the_schedules from 0;
    nothing_is_billed_wrong_in_the_second_eighth_of_the_schedules from 1_250;
    nothing_is_billed_wrong_in_the_third_eighth_of_the_schedules from 2_500;
    nothing_is_billed_wrong_in_the_fourth_eighth_of_the_schedules from 3_750;
    nothing_is_billed_wrong_in_the_fifth_eighth_of_the_schedules from 5_000;
    nothing_is_billed_wrong_in_the_sixth_eighth_of_the_schedules from 6_250;
    nothing_is_billed_wrong_in_the_seventh_eighth_of_the_schedules from 7_500;
    nothing_is_billed_wrong_in_the_last_eighth_of_the_schedules from 8_750;
}

#[test]
fn a_seed_is_always_the_same_schedule() {
    for seed in seeds_asked_for(0..60) {
        let [one, other] = [true, false].map(|told| live(seed, Policy::guarded(), told).unwrap());
        assert_eq!((one.hash, one.writes), (other.hash, other.writes), "seed {seed}");
        assert!(!one.trace.is_empty() && other.trace.is_empty());
    }
}
