//! Answers that are kept in the transaction of their effect: both are stored, or neither is.

use shared::domain::mapping::{CustomerMapping, ProductMapping};
use shared::error::StoreError;
use shared::store::MAX_ANSWER_BYTES;
use shared::store::{Answer, Attempt, Begun, CustomerEdit, Edit, Keep, Store, Subject};
use shared::table::Table;

use super::{companies, edits, mapped, put, remove};
use crate::on_both_tables;
use crate::values::{after, answer, attempt, author, code, partner, product};

on_both_tables!(
    a_save_of_products_keeps_the_answer_that_tells_what_it_stored,
    a_save_of_customers_keeps_the_answer_that_tells_what_it_stored,
    an_edit_of_what_is_elsewhere_keeps_its_answer,
    a_save_of_nothing_keeps_its_answer,
    an_attempt_that_was_taken_over_stores_nothing,
    an_attempt_whose_time_is_over_stores_as_long_as_nobody_has_taken_over,
    an_attempt_that_is_done_stores_nothing_more,
    an_attempt_that_never_began_stores_nothing,
    a_save_that_is_refused_keeps_no_answer_and_leaves_the_attempt_as_it_was,
    an_answer_that_cannot_be_made_stores_nothing,
    the_longest_answer_is_kept_and_a_longer_one_stores_nothing,
);

fn row(name: &str, version: u64) -> ProductMapping {
    ProductMapping { version, ..ProductMapping::discovered(code(name), false).map_to(product(7), None) }
}

/// The answer to a save of products: their versions as they are stored.
fn told_of_products(stored: &[ProductMapping]) -> Result<Answer, StoreError> {
    Ok(answer(&format!("{:?}", stored.iter().map(|mapping| mapping.version).collect::<Vec<_>>())))
}

fn told_of_customers(stored: &[CustomerMapping]) -> Result<Answer, StoreError> {
    Ok(answer(&format!("{:?}", stored.iter().map(|mapping| mapping.version).collect::<Vec<_>>())))
}

async fn save_products(
    store: &Store<impl Table>,
    attempt: &Attempt,
    rows: &[ProductMapping],
) -> Result<Vec<ProductMapping>, StoreError> {
    let keep = Keep { attempt, answer: &told_of_products };
    let saved = store.save_product_mappings(partner(1), &author(0), rows, Some(&keep)).await?;
    Ok(saved.unwrap())
}

async fn save_customers(
    store: &Store<impl Table>,
    attempt: &Attempt,
    rows: &[CustomerEdit],
) -> Result<Vec<CustomerMapping>, StoreError> {
    let keep = Keep { attempt, answer: &told_of_customers };
    let saved = store.save_customer_mappings(partner(1), &author(0), rows, Some(&keep)).await?;
    Ok(saved.unwrap())
}

async fn add_edit(store: &Store<impl Table>, attempt: &Attempt) -> Result<(), StoreError> {
    let edit = Edit {
        at: after(0),
        who: "clerk@example.com".to_owned(),
        subject: Subject::PsaProduct(product(7)),
        before: None,
        after: None,
        note: None,
    };
    let told = |(): &()| Ok(answer("made"));
    store.add_edits(partner(1), &[edit], Some(&Keep { attempt, answer: &told })).await
}

async fn begun(store: &Store<impl Table>, attempt: &Attempt) {
    assert_eq!(store.begin_attempt(partner(1), attempt).await, Ok(Begun::Fresh));
}

/// What a repetition of the request meets.
async fn repeated(store: &Store<impl Table>) -> Begun {
    store.begin_attempt(partner(1), &attempt(9, "a", 1)).await.unwrap()
}

fn is_conflict<T: std::fmt::Debug>(refused: &Result<T, StoreError>) -> bool {
    matches!(refused, Err(StoreError::Conflict { .. }))
}

async fn a_save_of_products_keeps_the_answer_that_tells_what_it_stored(store: Store<impl Table>) {
    store.save_product_mappings(partner(1), &author(0), &[row("A", 0)], None).await.unwrap().unwrap();
    let first = attempt(1, "a", 0);
    begun(&store, &first).await;
    let saved = save_products(&store, &first, &[row("A", 1), row("B", 0)]).await;
    assert_eq!(saved, Ok(vec![row("A", 2), row("B", 1)]));
    assert_eq!(repeated(&store).await, Begun::Done(answer("[2, 1]")));
    assert_eq!(edits(&store, partner(1)).await.len(), 3);
    // Keeping an answer once more does nothing.
    store.finish_attempt(partner(1), &first, &answer("later")).await.unwrap();
    assert_eq!(repeated(&store).await, Begun::Done(answer("[2, 1]")));
}

async fn a_save_of_customers_keeps_the_answer_that_tells_what_it_stored(store: Store<impl Table>) {
    for edit in [put(1, 0, 3), remove(1, 1)] {
        store.save_customer_mappings(partner(1), &author(0), &[edit], None).await.unwrap().unwrap();
    }
    let first = attempt(1, "a", 0);
    begun(&store, &first).await;
    // A mapping that was removed goes on from its version, which only the store knows.
    let saved = save_customers(&store, &first, &[put(1, 0, 3), put(2, 0, 4), remove(3, 0)]).await;
    assert_eq!(saved, Ok(vec![mapped(1, 3, 3), mapped(2, 1, 4)]));
    assert_eq!(repeated(&store).await, Begun::Done(answer("[3, 1]")));
    assert_eq!(companies(&store, partner(1)).await, [(1, 3), (2, 4)]);
}

async fn an_edit_of_what_is_elsewhere_keeps_its_answer(store: Store<impl Table>) {
    let first = attempt(1, "a", 0);
    begun(&store, &first).await;
    add_edit(&store, &first).await.unwrap();
    assert_eq!(repeated(&store).await, Begun::Done(answer("made")));
    assert_eq!(edits(&store, partner(1)).await.len(), 1);
}

async fn a_save_of_nothing_keeps_its_answer(store: Store<impl Table>) {
    let first = attempt(1, "a", 0);
    begun(&store, &first).await;
    assert_eq!(save_products(&store, &first, &[]).await, Ok(vec![]));
    assert_eq!(repeated(&store).await, Begun::Done(answer("[]")));
    let other = Attempt { key: "00fe".to_owned(), ..attempt(2, "a", 0) };
    begun(&store, &other).await;
    assert_eq!(save_customers(&store, &other, &[]).await, Ok(vec![]));
    assert_eq!(edits(&store, partner(1)).await, []);
}

async fn an_attempt_that_was_taken_over_stores_nothing(store: Store<impl Table>) {
    let (slow, second) = (attempt(1, "a", 0), attempt(2, "a", 60));
    begun(&store, &slow).await;
    begun(&store, &second).await;
    assert!(is_conflict(&save_products(&store, &slow, &[row("A", 0)]).await));
    assert!(is_conflict(&save_customers(&store, &slow, &[put(1, 0, 3)]).await));
    assert!(is_conflict(&add_edit(&store, &slow).await));
    assert_eq!(store.list_product_mappings(partner(1)).await.unwrap().iter().count(), 0);
    assert_eq!(companies(&store, partner(1)).await, []);
    assert_eq!(edits(&store, partner(1)).await, []);
    save_products(&store, &second, &[row("A", 0)]).await.unwrap();
    assert!(is_conflict(&save_customers(&store, &slow, &[put(1, 0, 3)]).await), "nor when the other is done");
    assert_eq!(repeated(&store).await, Begun::Done(answer("[1]")));
}

async fn an_attempt_whose_time_is_over_stores_as_long_as_nobody_has_taken_over(store: Store<impl Table>) {
    let slow = attempt(1, "a", -600);
    begun(&store, &slow).await;
    save_products(&store, &slow, &[row("A", 0)]).await.unwrap();
    assert_eq!(repeated(&store).await, Begun::Done(answer("[1]")));
}

async fn an_attempt_that_is_done_stores_nothing_more(store: Store<impl Table>) {
    let first = attempt(1, "a", 0);
    begun(&store, &first).await;
    save_products(&store, &first, &[row("A", 0)]).await.unwrap();
    assert!(is_conflict(&save_products(&store, &first, &[row("B", 0)]).await));
    assert!(is_conflict(&add_edit(&store, &first).await));
    assert_eq!(store.list_product_mappings(partner(1)).await.unwrap().iter().count(), 1);
    assert_eq!(edits(&store, partner(1)).await.len(), 1);
}

async fn an_attempt_that_never_began_stores_nothing(store: Store<impl Table>) {
    assert!(is_conflict(&save_products(&store, &attempt(1, "a", 0), &[row("A", 0)]).await));
    assert_eq!(edits(&store, partner(1)).await, []);
}

async fn a_save_that_is_refused_keeps_no_answer_and_leaves_the_attempt_as_it_was(store: Store<impl Table>) {
    let first = attempt(1, "a", 0);
    begun(&store, &first).await;
    let keep = Keep { attempt: &first, answer: &told_of_products };
    let refused = store.save_product_mappings(partner(1), &author(0), &[row("A", 1)], Some(&keep)).await;
    assert_eq!(refused.unwrap().unwrap_err().len(), 1);
    assert_eq!(repeated(&store).await, Begun::InProgress(after(60)));
    save_products(&store, &first, &[row("A", 0)]).await.unwrap();
    assert_eq!(repeated(&store).await, Begun::Done(answer("[1]")));
}

async fn an_answer_that_cannot_be_made_stores_nothing(store: Store<impl Table>) {
    let first = attempt(1, "a", 0);
    begun(&store, &first).await;
    let fails = |_: &[ProductMapping]| Err(StoreError::Refused { why: "no answer".to_owned() });
    let keep = Keep { attempt: &first, answer: &fails };
    let refused = store.save_product_mappings(partner(1), &author(0), &[row("A", 0)], Some(&keep)).await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    assert_eq!(edits(&store, partner(1)).await, []);
}

async fn the_longest_answer_is_kept_and_a_longer_one_stores_nothing(store: Store<impl Table>) {
    // Of three bytes a character, which no part ends in the middle of.
    let longest = "\u{20ac}".repeat(MAX_ANSWER_BYTES / 3);
    for (text, is_kept) in [(format!("{longest}x"), false), (longest, true)] {
        let first = Attempt { key: format!("{is_kept}"), ..attempt(1, "a", 0) };
        begun(&store, &first).await;
        let told = |_: &[ProductMapping]| Ok(answer(&text));
        let keep = Keep { attempt: &first, answer: &told };
        let saved = store.save_product_mappings(partner(1), &author(0), &[row("A", 0)], Some(&keep)).await;
        assert_eq!(matches!(saved, Ok(Ok(_))), is_kept);
        assert_eq!(edits(&store, partner(1)).await.len(), usize::from(is_kept));
        let again = store.begin_attempt(partner(1), &Attempt { claim: "other".to_owned(), ..first }).await.unwrap();
        assert_eq!(again == Begun::Done(answer(&text)), is_kept);
    }
}
