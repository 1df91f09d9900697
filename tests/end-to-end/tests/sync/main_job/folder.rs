//! The folder that a stack keeps: its own files, and nobody else's.

use local_stack::demo::Size;
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};

use crate::main_job::started::{hasty, november};

fn options(folder: &std::path::Path, customers: usize) -> StackOptions {
    let size = Size { seed: 11, customers, products: 2 };
    StackOptions { size, month: november(), data: Some(folder.to_path_buf()), limits: hasty(), slice: LONGEST_SLICE }
}

#[tokio::test(flavor = "multi_thread")]
async fn starting_over_deletes_the_stacks_own_files_only() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("invoices.xlsx");
    std::fs::write(&theirs, "years of work").unwrap();
    let stack = Stack::start(options(folder.path(), 3)).await.unwrap();
    stack.stop().await.unwrap();

    Stack::forget(folder.path()).unwrap();

    let mut left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    left.sort();
    assert_eq!(left, [folder.path().join("in-use.lock"), theirs]);
    let stack = Stack::start(options(folder.path(), 4)).await.unwrap();
    assert!(stack.fresh);
    stack.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_partners_folder_is_refused_by_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    Stack::start(options(folder.path(), 3)).await.unwrap().stop().await.unwrap();
    let error = Stack::start(options(folder.path(), 4)).await.err().unwrap();
    assert!(error.to_string().contains("a partner of 3 customers and 2 products (seed 11)"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_serves_one_stack_at_a_time_and_is_not_deleted_under_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = Stack::start(options(folder.path(), 3)).await.unwrap();

    let second = Stack::start(options(folder.path(), 3)).await.err().unwrap();
    assert!(second.to_string().contains("is in use by another cargo dev"), "{second}");
    let deleted = Stack::forget(folder.path()).unwrap_err();
    assert!(deleted.to_string().contains("is in use by another cargo dev"), "{deleted}");
    first.stop().await.unwrap();

    let again = Stack::start(options(folder.path(), 3)).await.unwrap();
    assert!(!again.fresh, "nothing was deleted");
    again.stop().await.unwrap();
}
