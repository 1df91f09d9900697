//! The readings as a whole: each seed draws its own, and each reading is drawn by some.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use simulators::connectwise::settings::wire::WireReadings;

fn drawn(seed: u64) -> WireReadings {
    WireReadings::drawn(&mut ChaCha8Rng::seed_from_u64(seed))
}

#[test]
fn a_seed_draws_the_same_readings_every_time() {
    for seed in 0..100 {
        assert_eq!(drawn(seed), drawn(seed));
    }
}

#[test]
fn every_switch_is_drawn_in_each_of_its_readings() {
    let mut seen: Vec<BTreeSet<String>> = Vec::new();
    for seed in 0..200 {
        let printed = format!("{:?}", drawn(seed));
        let fields = printed.trim_start_matches("WireReadings { ").trim_end_matches(" }");
        let values: Vec<&str> = fields.split(", ").map(|field| field.split_once(": ").unwrap().1).collect();
        seen.resize(values.len(), BTreeSet::new());
        for (seen, value) in seen.iter_mut().zip(values) {
            seen.insert(value.to_owned());
        }
    }
    assert_eq!(seen.len(), 19);
    // Two switches have three readings: how quotes are written, and whether identifiers are unique.
    assert_eq!(seen.iter().map(BTreeSet::len).sum::<usize>(), 17 * 2 + 2 * 3, "{seen:?}");
}
