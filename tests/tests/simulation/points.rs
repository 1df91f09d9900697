//! A worker that dies at each of its awaits in turn.

use harness::simulation::crash_at_each_await;

#[test]
fn a_create_and_an_update_survive_a_death_at_every_await() {
    let crashed = crash_at_each_await().unwrap();
    println!("{} awaits", crashed.points);
    assert!(crashed.points > 60, "{} awaits are fewer than a run has", crashed.points);
    assert!(crashed.wrongs.is_empty(), "{:#?}", crashed.wrongs);
}
