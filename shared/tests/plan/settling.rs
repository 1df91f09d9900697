//! Writes whose answer was lost, looked at again and again at any time: no addition is made twice, none is forgotten, and
//! nothing is called finished before it must have taken effect.
//!
//! ConnectWise is a model that commits up to a moment before the settle time is over, or never.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;
use shared::domain::id::{AgreementId, PsaProductId, RunId};
use shared::domain::outcome::{Hold, Outcome};
use shared::domain::plan::{AdditionPlan, Step};
use shared::domain::psa::Addition;
use shared::domain::settings::Jump;
use shared::domain::settle::settle;
use shared::domain::snapshot::{Intent, Parts, Pending, Written};

use crate::world::{AGREEMENT, World, addition_id, day, line, month, psa};

const SETTLE_S: i64 = 120;
const PRODUCT: i64 = 70;

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Given,
    /// Lost; it takes effect after so many seconds.
    Late(i64),
    /// Lost, and it never takes effect.
    Never,
}

#[derive(Clone, Copy, Debug)]
enum Sent {
    Create(Decimal),
    Set(Decimal),
}

/// A worker and ConnectWise, with what is still on its way between them.
struct Scene {
    world: World,
    intents: Vec<Intent>,
    on_its_way: Vec<(Timestamp, Sent)>,
    now: Timestamp,
    runs: u32,
}

impl Scene {
    fn new() -> Self {
        let now = Timestamp::UNIX_EPOCH;
        let mut world = World::with_intercept_x();
        // What waits for a person is told elsewhere.
        world.guards.increase = Jump { percent: 1000, units: 1000 };
        Self { world, intents: Vec::new(), on_its_way: Vec::new(), now, runs: 0 }
    }

    fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        let (due, later): (Vec<_>, Vec<_>) = self.on_its_way.drain(..).partition(|(at, _)| *at <= self.now);
        self.on_its_way = later;
        due.into_iter().for_each(|(_, sent)| self.takes_effect(sent));
    }

    fn takes_effect(&mut self, sent: Sent) {
        let additions = &mut self.world.additions;
        match sent {
            Sent::Create(quantity) => {
                let id = addition_id(i64::try_from(additions.len()).unwrap() + 1);
                additions.push(Addition { id, quantity, effective: Some(day("2026-11-01")), ..line(1, PRODUCT, "0") });
            }
            Sent::Set(quantity) => additions[0].quantity = quantity,
        }
    }

    fn send(&mut self, sent: Sent, answer: Answer) -> bool {
        match answer {
            Answer::Given => self.takes_effect(sent),
            Answer::Late(seconds) => self.on_its_way.push((self.now + SignedDuration::from_secs(seconds), sent)),
            Answer::Never => {}
        }
        matches!(answer, Answer::Given)
    }

    /// One run with this usage: read back, plan, write; the outcome of the one pair.
    fn sync(&mut self, units: u64, answer: Answer, settle_s: i64) -> Outcome {
        self.runs += 1;
        self.world.lines.clear();
        self.world = self.world.clone().uses("CIX", units);
        let snapshot = self.world.snapshot.clone();
        let settled = settle(snapshot, &self.intents, &self.world.additions, self.now, settle_s);
        self.intents.retain(|intent| !settled.ended.contains(&intent.product));
        (self.world.snapshot, self.world.unsettled) = (settled.snapshot, settled.unsettled);
        let outcome = self.world.find_outcome("CIX").expect("a row");
        let planned = self.world.plan().additions[&psa(PRODUCT)].clone();
        self.write(&planned, answer);
        outcome
    }

    fn write(&mut self, planned: &AdditionPlan, answer: Answer) {
        let run = RunId::parse(&format!("20261130T020000Z-now-{:08x}", self.runs)).unwrap();
        let (at, to) = (self.now, planned.target);
        let wrote = match &planned.step {
            Step::Create { effective, seen, .. } => {
                assert!(self.intents.is_empty(), "an intent stands: nobody may create");
                let parts = planned.parts.clone();
                self.intents.push(Intent { effective: *effective, seen: seen.clone(), parts, run, at, ..intent(to) });
                let answered = self.send(Sent::Create(to), answer);
                answered.then(|| {
                    self.intents.clear();
                    self.world.additions.last().unwrap().id
                })
            }
            Step::Update { addition, from } => {
                let written = self.world.snapshot.written.get_mut(&psa(PRODUCT)).unwrap();
                written.pending = Some(Pending { from: *from, to, run, at });
                self.send(Sent::Set(to), answer).then_some(*addition)
            }
            Step::Keep { addition } | Step::Adopt { addition } => Some(*addition),
            Step::Nothing | Step::Clear { .. } | Step::Wait(_) | Step::Hold(_) | Step::Skip(_) | Step::Fail(_) => None,
        };
        if let Some(addition) = wrote {
            let before = self.world.snapshot.written.get(&psa(PRODUCT));
            let written = planned.as_written(addition, self.world.month, before);
            self.world.snapshot.written.insert(psa(PRODUCT), written);
        }
    }
}

fn intent(quantity: Decimal) -> Intent {
    Intent {
        agreement: AgreementId::try_from(AGREEMENT).unwrap(),
        product: psa(PRODUCT),
        quantity,
        effective: day("2026-11-01"),
        parts: Parts::new(),
        month: month("2026-11"),
        seen: Vec::new(),
        run: RunId::parse("20261130T020000Z-now-00000000").unwrap(),
        at: Timestamp::UNIX_EPOCH,
        earlier: Vec::new(),
    }
}

/// Seconds that pass, how much the usage rises, and what becomes of the request.
type FollowUp = (i64, u64, Answer);

fn looks() -> impl Strategy<Value = Vec<FollowUp>> {
    let answer = prop_oneof![
        2 => Just(Answer::Given),
        3 => (0..SETTLE_S).prop_map(Answer::Late),
        1 => Just(Answer::Never),
    ];
    let rises = prop_oneof![2 => Just(0), 1 => 1..4u64];
    vec((0..150i64, rises, answer), 1..12)
}

/// Lives through the looks and says what went wrong, if anything did.
fn live(looks: &[FollowUp], settle_s: i64) -> Result<(), TestCaseError> {
    let mut scene = Scene::new();
    let mut units = 5;
    for (seconds, rise, answer) in looks {
        scene.pass(*seconds);
        units += rise;
        let outcome = scene.sync(units, *answer, settle_s);
        prop_assert!(!matches!(outcome, Outcome::Held(Hold::HandEdit { .. })), "our own write is taken for another's");
        prop_assert!(scene.world.additions.len() <= 1, "made twice");
    }
    for _ in 0..2 {
        scene.pass(SETTLE_S);
        scene.sync(units, Answer::Given, settle_s);
    }
    scene.pass(SETTLE_S);
    prop_assert_eq!(scene.sync(units, Answer::Given, settle_s), Outcome::Unchanged);
    let [addition] = scene.world.additions.as_slice() else {
        return Err(TestCaseError::fail(format!("{} additions", scene.world.additions.len())));
    };
    prop_assert_eq!(addition.quantity, Decimal::from(units));
    prop_assert_eq!(scene.world.snapshot.written[&psa(PRODUCT)].addition, addition.id);
    prop_assert!(scene.intents.is_empty() && scene.world.snapshot.written[&psa(PRODUCT)].pending.is_none());
    Ok(())
}

proptest! {
    #[test]
    fn lost_answers_neither_make_an_addition_twice_nor_lose_one(looks in looks()) {
        live(&looks, SETTLE_S)?;
    }

    #[test]
    fn nothing_ends_early_and_nothing_has_two_owners(
        intents in vec((1..4i64, 1..4i64, 0..300i64, 0..3i64), 0..4),
        additions in vec((1..4i64, 1..4i64, any::<bool>()), 0..6),
        pendings in vec((1..4i64, 1..7i64, 1..4i64, 0..300i64), 0..3),
        now in 0..400i64,
    ) {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let intents: Vec<Intent> = intents.into_iter().map(|(product, quantity, sent, seen)| Intent {
            product: psa(product),
            seen: (1..=seen).map(addition_id).collect(),
            at: at(sent),
            ..intent(Decimal::from(quantity))
        }).map(|intent| (intent.product, intent)).collect::<std::collections::BTreeMap<_, _>>().into_values().collect();
        let additions: Vec<Addition> = (1..).zip(additions).map(|(id, (product, quantity, ended))| Addition {
            effective: Some(day("2026-11-01")),
            cancelled: ended.then(|| day("2026-11-20")),
            ..line(id, product, &quantity.to_string())
        }).collect();
        let mut snapshot = World::new().snapshot;
        for (product, addition, to, sent) in pendings {
            if intents.iter().all(|intent| intent.product != psa(product)) {
                let run = RunId::parse("20261130T020000Z-now-00000001").unwrap();
                let pending = Some(Pending { from: Decimal::ZERO, to: Decimal::from(to), run, at: at(sent) });
                let (addition, confirmed, parts) = (addition_id(addition), Decimal::ZERO, Parts::new());
                let written = Written { pending, ..Written::new(addition, confirmed, month("2026-10"), parts) };
                snapshot.written.insert(psa(product), written);
            }
        }
        let before = snapshot.clone();
        let settled = settle(snapshot, &intents, &additions, at(now), SETTLE_S);

        let over = |sent: Timestamp| at(now).as_second() - sent.as_second() >= SETTLE_S;
        let ended: BTreeSet<PsaProductId> = settled.ended.iter().copied().collect();
        prop_assert_eq!(ended.len(), settled.ended.len());
        prop_assert!(ended.is_disjoint(&settled.unsettled));
        for intent in &intents {
            let product = intent.product;
            prop_assert!(ended.contains(&product) != settled.unsettled.contains(&product), "{product} is neither or both");
            match settled.snapshot.written.get(&product) {
                Some(written) => {
                    let found = additions.iter().find(|found| found.id == written.addition).unwrap();
                    prop_assert_eq!((found.product, found.quantity), (product, intent.quantity));
                    prop_assert!(!intent.seen.contains(&found.id) && ended.contains(&product));
                    prop_assert_eq!(written.unreported.created, 1, "an addition that no ledger would tell of");
                }
                None => prop_assert!(!ended.contains(&product) || over(intent.at), "ended without an addition, too early"),
            }
        }
        let owned: Vec<_> = ended.iter().filter_map(|product| settled.snapshot.written.get(product)).collect();
        let distinct: BTreeSet<_> = owned.iter().map(|written| written.addition).collect();
        prop_assert_eq!(distinct.len(), owned.len(), "an addition has two owners");
        for (product, old) in &before.written {
            let Some(pending) = &old.pending else { continue };
            let new = &settled.snapshot.written[product];
            let there = additions.iter().any(|found| found.id == old.addition && found.quantity == pending.to);
            prop_assert_eq!(new.unreported.updated, u32::from(there));
            prop_assert_eq!(new.confirmed, if there { pending.to } else { old.confirmed });
            prop_assert_eq!(settled.unsettled.contains(product), !there && !over(pending.at));
            prop_assert!(new.accounts_for(pending.to), "our own late write would be taken for another's");
        }
        let again = settle(settled.snapshot.clone(), &[], &additions, at(now), SETTLE_S);
        prop_assert_eq!(again.snapshot, settled.snapshot);
    }
}

#[test]
fn without_the_settle_time_an_addition_is_made_twice() {
    let looks = [(0, 0, Answer::Late(60)), (30, 0, Answer::Given), (60, 0, Answer::Given)];
    assert!(live(&looks, 0).unwrap_err().to_string().contains("made twice"));
    live(&looks, SETTLE_S).unwrap();
}

#[test]
fn two_additions_in_force_are_held_for_a_person_even_while_the_create_is_not_settled() {
    let world = World::with_intercept_x().uses("CIX", 12).bills(line(1, 70, "12")).bills(line(2, 70, "12"));
    let unsettled = World { unsettled: [psa(70)].into(), ..world };
    unsettled.ends("CIX", "held.ambiguous", "additions 1, 2 are in force at once");
    unsettled.in_month("2026-08").ends("CIX", "failed.unsettled", "a change sent earlier has no known end yet");
}
