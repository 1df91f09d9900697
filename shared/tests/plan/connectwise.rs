//! A model of ConnectWise and of our memory: what carrying out a plan leaves behind.

use rust_decimal::Decimal;
use shared::domain::plan::{CustomerPlan, Step};
use shared::domain::psa::Addition;

use crate::world::{World, addition_id, line};

/// Carries out every step of a plan, as a worker does whose calls all succeed.
pub(crate) fn carry_out(world: &mut World, plan: &CustomerPlan) {
    for (product, planned) in &plan.additions {
        let addition = match &planned.step {
            Step::Keep { addition } | Step::Adopt { addition } => *addition,
            Step::Create { effective, .. } => {
                let id = addition_id(i64::try_from(world.additions.len()).unwrap() + 1000);
                let created = Addition { id, product: *product, effective: Some(*effective), ..line(1, 1, "0") };
                world.additions.push(Addition { quantity: planned.target, ..created });
                id
            }
            Step::Update { addition, .. } => {
                let found = world.additions.iter_mut().find(|found| found.id == *addition).expect("it is there");
                found.quantity = planned.target;
                *addition
            }
            Step::Clear { addition, .. } => {
                let found = world.additions.iter_mut().find(|found| found.id == *addition).expect("it is there");
                found.quantity = Decimal::ZERO;
                continue;
            }
            Step::Nothing | Step::Wait(_) | Step::Hold(_) | Step::Skip(_) | Step::Fail(_) => continue,
        };
        let before = world.snapshot.written.get(product);
        let written = planned.as_written(addition, world.month, before);
        world.snapshot.written.insert(*product, written);
    }
}
