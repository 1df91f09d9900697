//! What a preview showed is what its apply writes, and each difference is held or told otherwise: 1,000 seeded worlds.

use simulation::{preview_and_apply, seeds_asked_for};
use usage_sync::policy::{Guard, Policy};

#[test]
fn an_apply_writes_what_its_preview_showed_whatever_people_did_in_between() {
    let (mut shown, mut written, mut told) = (0, 0, 0);
    let seeds = seeds_asked_for(0..1_000);
    let whole = seeds.end - seeds.start == 1_000;
    for seed in seeds {
        let applied = preview_and_apply(seed, Policy::guarded()).unwrap();
        assert!(applied.wrongs.is_empty(), "SIMULATION_SEED={seed} lives it again: {:#?}", applied.wrongs);
        shown += applied.shown;
        written += applied.written;
        told += applied.told;
    }
    println!("{shown} changes shown, {written} written, {told} held or told otherwise");
    assert!(!whole || (written > 1_000 && told > 200), "too few to prove anything");
}

#[test]
fn without_holding_what_moved_since_the_preview_an_apply_writes_what_nobody_saw() {
    let policy = Policy::without(Guard::AsShown);
    let wrong = (0..1_000).map(|seed| (seed, preview_and_apply(seed, policy).unwrap().wrongs));
    let (seed, wrongs) =
        wrong.into_iter().find(|(_, wrongs)| !wrongs.is_empty()).expect("all of them are right without it");
    println!("seed {seed}: {wrongs:?}");
    assert!(wrongs.iter().any(|wrong| wrong.starts_with("not shown: ")), "{wrongs:?}");
}
