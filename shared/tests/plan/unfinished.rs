//! Usage that looks unfinished: first by product, then as a whole.

use shared::domain::decision::Verdict;
use shared::domain::mapping::Combine::AddUp;
use shared::domain::outcome::{Hold, Outcome, Would};
use shared::domain::plan::{LastMonth, Step, Unfinished, UnfinishedProducts};
use shared::domain::settings::{Guards, UnfinishedGuard};

use crate::guards::{decided, moves, update, with};
use crate::world::{World, acme, addition_id, code, line, month};

#[test]
fn usage_that_looks_unfinished_holds_all_that_would_be_written_and_nothing_else() {
    let mut world = moves(12, 13);
    world.unfinished = Some(Unfinished { pairs: 100, gone: 60, before: 1200, now: 480 });
    let step = world.step(70);
    assert!(matches!(step, Step::Hold(Hold::Unfinished { pairs: 100, gone: 60, .. })), "{step:?}");
    let mut same = moves(12, 12);
    same.unfinished = world.unfinished;
    assert_eq!(same.step(70), Step::Keep { addition: addition_id(1) });
    assert_eq!(decided(&world, Verdict::Release).basis.release, Would::Nothing, "a preview is applied instead");
}

/// What a month comes to: for each customer, its units in October and in November, by product.
fn judge(customers: &[(&str, u64, Option<u64>)]) -> (UnfinishedProducts, Option<Unfinished>) {
    let mut last = LastMonth::default();
    for (product, before, now) in customers {
        let world = World::new().maps(product, 70).synced_in_october(70, &[(product, *before)]);
        let world = match now {
            Some(now) => world.uses(product, *now),
            None => world,
        };
        count(&mut last, &world, "2026-11");
    }
    last.judge(Guards::default().unfinished)
}

fn count(last: &mut LastMonth, world: &World, in_month: &str) {
    let mappings = world.products.values().cloned().collect();
    last.add(Some(&world.snapshot), &world.usage().of(Some(acme())), &mappings, month(in_month));
}

fn each(product: &str, same: usize, gone: usize) -> Vec<(&str, u64, Option<u64>)> {
    let gone = (0..gone).map(|n| (product, 10, if n % 2 == 0 { None } else { Some(0) }));
    (0..same).map(|_| (product, 10, Some(10))).chain(gone).collect()
}

#[test]
fn one_product_that_is_gone_for_many_customers_held_the_whole_run() {
    let (products, whole) = judge(&[each("CIX", 89, 11), each("SVR", 100, 0)].concat());
    let cix = Unfinished { pairs: 100, gone: 11, before: 1000, now: 890 };
    assert_eq!((products, whole), ([(code("CIX"), cix)].into(), None));
    assert_eq!(judge(&each("CIX", 90, 10)), (UnfinishedProducts::new(), None), "a tenth is not more than a tenth");
    assert_eq!(judge(&each("CIX", 2, 4)).0, UnfinishedProducts::new(), "a few pairs are asked about one by one");
    assert_eq!(judge(&each("CIX", 2, 5)).0.len(), 1, "five are many");
}

#[test]
fn usage_that_is_gone_here_and_there_was_asked_about_line_by_line() {
    let thin: Vec<_> = ["A", "B", "C"].iter().flat_map(|product| each(product, 8, 2)).collect();
    let (products, whole) = judge(&thin);
    assert!(products.is_empty(), "no product alone has five");
    assert_eq!(whole, Some(Unfinished { pairs: 30, gone: 6, before: 300, now: 240 }));
    let with_one_gone = [thin, each("CIX", 0, 50)].concat();
    let (products, whole) = judge(&with_one_gone);
    assert!(products.contains_key(&code("CIX")) && whole.is_some_and(|rest| rest.pairs == 30), "{whole:?}");
}

#[test]
fn units_a_sixth_lower_with_no_line_gone_were_written_as_finished() {
    let lower = |now: u64| judge(&(0..10).map(|_| ("CIX", 20, Some(now))).collect::<Vec<_>>());
    assert_eq!(lower(17), (UnfinishedProducts::new(), None), "15 percent");
    let (products, whole) = lower(16);
    assert!(products.is_empty());
    assert_eq!(whole, Some(Unfinished { pairs: 10, gone: 0, before: 200, now: 160 }));
    assert_eq!(judge(&[("CIX", 20, Some(5))]).1, None, "one customer says nothing of a month");
}

#[test]
fn new_customers_make_up_for_those_that_left() {
    let mut last = LastMonth::default();
    for _ in 0..10 {
        count(
            &mut last,
            &World::new().maps("CIX", 70).synced_in_october(70, &[("CIX", 20)]).uses("CIX", 16),
            "2026-11",
        );
    }
    let new = World::new().maps("CIX", 70).uses("CIX", 40);
    let elsewhere = World::new().maps("NEW", 71).uses("NEW", 400);
    let mappings = new.products.values().chain(elsewhere.products.values()).cloned().collect();
    let mut made_up = last.clone();
    made_up.add(None, &new.usage().of(Some(acme())), &mappings, month("2026-11"));
    assert_eq!(made_up.judge(Guards::default().unfinished).1, None);
    last.add(None, &elsewhere.usage().of(Some(acme())), &mappings, month("2026-11"));
    assert!(
        last.judge(Guards::default().unfinished).1.is_some(),
        "a product that was never written makes up for nothing"
    );
}

#[test]
fn what_was_written_for_the_month_itself_and_what_cannot_be_read_say_nothing() {
    let never = UnfinishedGuard { percent: 0, pairs: 0, units_percent: 0 };
    let mut last = LastMonth::default();
    count(&mut last, &moves(12, 1), "2026-10");
    assert_eq!(last.judge(never), (UnfinishedProducts::new(), None));
    let mut last = LastMonth::default();
    let unreadable = World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]).reports("CIX", "many");
    count(&mut last, &unreadable, "2026-11");
    assert_eq!(last.judge(never), (UnfinishedProducts::new(), None));
}

/// Intercept X is gone for most customers.
fn in_question(mut world: World) -> World {
    let found = Unfinished { pairs: 300, gone: 214, before: 3000, now: 860 };
    world.unfinished_products.insert(code("CIX"), found);
    world
}

#[test]
fn a_product_in_question_holds_its_additions_for_one_decision_and_no_others() {
    let held = |world: World| {
        let step = world.step(70);
        let Step::Hold(Hold::ProductUnfinished { pairs: 300, gone: 214, would, .. }) = step else { panic!("{step:?}") };
        would
    };
    let changes = |from: u64, to: u64| Would::Update { from: from.into(), to: to.into() };
    let absent = || in_question(World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]));
    assert_eq!(held(absent()), changes(12, 0), "vanished");
    assert_eq!(held(in_question(moves(12, 0))), changes(12, 0), "newly 0");
    assert_eq!(held(in_question(moves(100, 10))), changes(100, 10));
    assert_eq!(held(in_question(moves(12, 13))), changes(12, 13), "what is there may be unfinished too");
    assert_eq!(in_question(moves(12, 12)).step(70), Step::Keep { addition: addition_id(1) });
    let beside = in_question(World::new().maps("SVR", 71).synced_in_october(71, &[("SVR", 12)]).uses("SVR", 13));
    assert!(matches!(beside.step(71), Step::Update { .. }));
    let release = decided(&absent(), Verdict::Release);
    assert_eq!(update(&with(absent(), &release)), Some(changes(12, 0)));
    let again = decided(&World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]), Verdict::Release);
    assert_eq!(release.basis, again.basis, "a decision counts as well once the product is no longer in question");
    let reject = decided(&absent(), Verdict::Reject);
    assert!(matches!(with(absent(), &reject).find_outcome("CIX"), Some(Outcome::Skipped(_))));
}

#[test]
fn one_decision_for_a_product_never_answers_another_question() {
    let adopt = in_question(World::with_intercept_x().bills(line(1, 70, "8")).uses("CIX", 12));
    assert!(matches!(adopt.step(70), Step::Hold(Hold::Adopt { .. })));
    let mut by_hand = in_question(moves(12, 13));
    by_hand.additions[0].quantity = 9.into();
    assert!(matches!(by_hand.step(70), Step::Hold(Hold::HandEdit { .. })));
    let part = World::new().maps_by("CIX", 70, Some(AddUp)).maps_by("SVR", 70, Some(AddUp));
    let part = in_question(part.synced_in_october(70, &[("CIX", 12), ("SVR", 3)]).uses("SVR", 3));
    assert!(matches!(part.step(70), Step::Hold(Hold::ProductUnfinished { .. })), "a combined product waits as a whole");
}
