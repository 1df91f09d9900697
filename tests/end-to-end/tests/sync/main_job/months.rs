//! The next month writes only what really differs; an older one is never written.

use std::collections::BTreeSet;

use local_stack::demo::Size;
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::Would;
use shared::domain::run::RunKind;
use shared::domain::settings::{DecreaseGuard, Guards, Jump};

use crate::main_job::started::{api_writes, billed, hasty, november, outcomes, preview_and_apply};

fn options(folder: &std::path::Path, month: UsageMonth) -> StackOptions {
    StackOptions {
        size: Size::default(),
        month,
        data: Some(folder.to_path_buf()),
        limits: hasty(),
        slice: LONGEST_SLICE,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_month_writes_only_real_differences() {
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::start(options(folder.path(), november())).await.unwrap();
    preview_and_apply(&stack).await;
    let before = api_writes(&stack).len();
    stack.stop().await.unwrap();

    let december = november().next();
    let stack = Stack::start(options(folder.path(), december)).await.unwrap();
    // Whenever the test runs: a month is never too new.
    let mut settings = stack.store.find_settings(stack.demo.partner()).await.unwrap().unwrap();
    settings.guards.new_month_days = 0;
    stack.store.put_settings(stack.demo.partner(), &settings).await.unwrap();
    let preview = stack.run(stack.request(RunKind::Preview, december, None), |_| {}).await.unwrap();
    let run = stack.run(stack.request(RunKind::Apply, december, Some(preview.id)), |_| {}).await.unwrap();
    let ledger = stack.ledger(&run.id).await.unwrap();
    let writes = api_writes(&stack).split_off(before);
    assert!(!writes.is_empty() && writes.len() < 40, "{} writes", writes.len());
    assert_eq!(writes.len() as u64, run.tally.counts.writes());
    for write in writes {
        let quantity = |row: Option<&simulators::connectwise::Row>| row.map(|row| row["quantity"].clone());
        assert_ne!(quantity(write.before.as_ref()), quantity(write.after.as_ref()), "{}", write.path);
    }
    let lines = ledger.iter().flat_map(|entry| &entry.lines).filter_map(|line| line.billed.as_ref());
    for billed in lines {
        if let Would::Update { from, to } = billed.would {
            let most = jump_of(Guards::default().decrease);
            assert!(!most.is_exceeded(from, from - to), "a large decrease is held: {from} → {to}");
        }
    }
    assert!(outcomes(&ledger).iter().any(|outcome| outcome == "held.decrease"));
    stack.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_older_than_the_last_one_written_is_never_written() {
    let stack = crate::main_job::started::plain_stack().await;
    preview_and_apply(&stack).await;
    let (additions, october) = (billed(&stack), november().previous());
    stack.demo.fill_sophos(&stack.sophos, october);
    let preview = stack.run(stack.request(RunKind::Preview, october, None), |_| {}).await.unwrap();
    let run = stack.run(stack.request(RunKind::Apply, october, Some(preview.id)), |_| {}).await.unwrap();
    assert_eq!(run.tally.counts.writes(), 0);
    assert_eq!(billed(&stack), additions);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_shown_by_the_name_that_sophos_gave_it_last() {
    let stack = crate::main_job::started::plain_stack().await;
    let named = async |month: UsageMonth, name: &str| {
        let mut rows = stack.demo.usage_rows(month);
        rows.iter_mut().for_each(|row| name.clone_into(&mut row.product_description));
        stack.demo.set_usage(&stack.sophos, month, &rows);
        stack.run(stack.request(RunKind::Preview, month, None), |_| {}).await.unwrap();
        let seen = stack.store.list_seen_products(stack.demo.partner()).await.unwrap();
        assert_eq!(seen.len(), 4);
        seen.into_iter().map(|seen| seen.product.description).collect::<BTreeSet<_>>()
    };
    for (month, name, shown) in [
        (november(), "first", "first"),
        (november(), "renamed", "renamed"),
        (november(), "", "renamed"),
        (november().previous(), "what it was once", "renamed"),
        (november().next(), "renamed again", "renamed again"),
    ] {
        assert_eq!(named(month, name).await, BTreeSet::from([shown.to_owned()]), "{month}: {name:?}");
    }
}

fn jump_of(guard: DecreaseGuard) -> Jump {
    match guard {
        DecreaseGuard::Every => Jump { percent: 0, units: 0 },
        DecreaseGuard::Above(most) => most,
    }
}
