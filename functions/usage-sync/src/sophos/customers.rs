//! Reading the partner's customers to their end, also where Sophos gives no total.

use std::collections::BTreeSet;

use shared::domain::customer::Customer;
use shared::domain::id::CustomerId;
use shared::domain::run::{Run, Stage};
use shared::domain::schedule::stable_hash;
use shared::ports::{CustomerPage, UsageSource};
use shared::store::ChunkKind;

use super::problems::{incomplete, too_long};
use crate::chunks::{bucket_of, buckets_for, cut, join};
use crate::context::SliceContext;
use crate::errors::{StageError, WorkError, of_source};
use crate::world::World;

/// More customers than any partner has.
const MOST_CUSTOMERS: u64 = 100_000;
/// More pages of customers than any partner has: a full one has 100.
const MOST_PAGES: u32 = 1_000;

/// Reads one page of customers and stores them.
pub(super) async fn read_customers<W: World>(
    context: &SliceContext<'_, W>,
    source: &impl UsageSource,
    run: &Run,
    page: u32,
    before: CustomersBefore<'_>,
) -> Result<(), StageError> {
    let read = source.list_customers(page).await.map_err(|e| of_source(&e))?;
    let print = print_of_customers(&read)?;
    let listed = before.listed + rows_of(&read);
    let total = same_number(before.total, read.total)?;
    let is_last = is_last_page(&read, page, listed, total)?;
    if before.prints.contains(&print) {
        return Err(incomplete("Sophos sent one page of customers twice".into()));
    }
    let buckets = if page == 1 { buckets_for(guess_of(&read)) } else { run.buckets };
    let rows = read.customers.iter().map(|customer| (bucket_of(customer.id, buckets), customer));
    let mut chunks = cut(ChunkKind::Customers, page, rows)?;
    let unreadable = read.unreadable.iter().map(|row| (bucket_of(row.id, buckets), (row.id, &row.why)));
    chunks.extend(cut(ChunkKind::UnreadableCustomers, page, unreadable)?);
    let prints = [before.prints, &[print]].concat();
    let stage = match (is_last, total) {
        (false, total) => Stage::Customers { page: page + 1, listed, total, prints },
        (true, Some(_)) => first_of_usage(),
        // Nothing confirms that this is all of them: read again, they have to be the same.
        (true, None) => Stage::CustomersAgain { page: 1, listed, prints },
    };
    context
        .store_page(run, chunks, |run| {
            run.buckets = buckets;
            run.stage = stage;
        })
        .await
}

/// Compares a page of customers with what it was, and at the end counts the customers of all pages.
pub(super) async fn read_customers_again<W: World>(
    context: &SliceContext<'_, W>,
    source: &impl UsageSource,
    run: &Run,
    page: u32,
    before: CustomersBefore<'_>,
) -> Result<(), StageError> {
    let read = source.list_customers(page).await.map_err(|e| of_source(&e))?;
    let CustomersBefore { listed, prints, .. } = before;
    let was = prints.get((page as usize).saturating_sub(1));
    let is_last = page as usize >= prints.len();
    if was != Some(&print_of_customers(&read)?) || is_last != is_last_page(&read, page, listed, None)? {
        return Err(incomplete("Sophos' list of customers changed while it was read".into()));
    }
    let stage = if is_last {
        are_distinct(context, run, listed).await?;
        first_of_usage()
    } else {
        Stage::CustomersAgain { page: page + 1, listed, prints: prints.to_vec() }
    };
    context.store_page(run, Vec::new(), |run| run.stage = stage).await
}

/// Fails if a customer was listed twice: another one is then missing.
async fn are_distinct<W: World>(context: &SliceContext<'_, W>, run: &Run, listed: u64) -> Result<(), StageError> {
    let (store, partner) = (context.world.store(), run.request.partner);
    let mut distinct = 0;
    for bucket in 0..run.buckets {
        let of = async |kind| store.list_chunks(partner, &run.id, kind, bucket).await;
        let customers = join::<Customer>(&of(ChunkKind::Customers).await?)?;
        let odd = join::<(CustomerId, String)>(&of(ChunkKind::UnreadableCustomers).await?)?;
        let ids = customers.iter().map(|customer| customer.id).chain(odd.iter().map(|(id, _)| *id));
        distinct += ids.collect::<BTreeSet<_>>().len() as u64;
    }
    if distinct == listed {
        return Ok(());
    }
    Err(incomplete(format!("Sophos listed {listed} customers, of whom {distinct} are different ones")))
}

/// What is known of the pages of customers before one; in the second read: of all pages.
pub(super) struct CustomersBefore<'a> {
    pub(super) listed: u64,
    pub(super) total: Option<u64>,
    pub(super) prints: &'a [u64],
}

const fn first_of_usage() -> Stage {
    Stage::Usage { page: 0, key: None, lines: 0, total: None, prints: Vec::new() }
}

fn rows_of(read: &CustomerPage) -> u64 {
    (read.customers.len() + read.unreadable.len()) as u64
}

/// About how many customers there are, by the first page.
fn guess_of(read: &CustomerPage) -> u64 {
    let by_pages = match read.pages {
        Some(pages) => u64::from(pages).saturating_mul(rows_of(read)),
        None if read.is_full => u64::MAX,
        None => rows_of(read),
    };
    read.total.unwrap_or(by_pages)
}

/// A hash by which a page of customers differs from others.
fn print_of_customers(read: &CustomerPage) -> Result<u64, StageError> {
    let odd: Vec<(CustomerId, &str)> = read.unreadable.iter().map(|row| (row.id, row.why.as_str())).collect();
    let text =
        serde_json::to_string(&(&read.customers, odd)).map_err(|error| WorkError::Unusable(error.to_string()))?;
    Ok(stable_hash(&text))
}

/// Whether the page is the last one of the customers: the one that Sophos counts as such, or where it counts no pages
/// the first that is not full. If the total does not match, the list is incomplete, and a missing customer would look
/// as if it had left.
fn is_last_page(read: &CustomerPage, page: u32, listed: u64, total: Option<u64>) -> Result<bool, StageError> {
    let distinct = read.customers.iter().map(|customer| customer.id).collect::<BTreeSet<_>>().len();
    if distinct != read.customers.len() {
        return Err(incomplete("Sophos' list of customers changed while it was read".into()));
    }
    if listed.max(total.unwrap_or_default()) > MOST_CUSTOMERS {
        return Err(too_long("customers", format!("more than {MOST_CUSTOMERS}")));
    }
    let follows = rows_of(read) > 0 && read.pages.map_or(read.is_full, |pages| page < pages);
    if follows && page >= MOST_PAGES {
        return Err(too_long("customers", format!("more than {MOST_PAGES} pages")));
    }
    if follows {
        return Ok(false);
    }
    match total {
        Some(total) if listed != total => {
            Err(incomplete(format!("Sophos says that there are {total} customers and listed {listed}")))
        }
        None if listed == 0 => Err(incomplete("Sophos listed no customer and did not say that there is none".into())),
        Some(_) | None => Ok(true),
    }
}

/// The number of customers as the pages before and this one have it.
fn same_number(before: Option<u64>, now: Option<u64>) -> Result<Option<u64>, StageError> {
    match (before, now) {
        (Some(before), Some(now)) if before != now => {
            Err(incomplete("Sophos' list of customers changed while it was read".into()))
        }
        (before, now) => Ok(now.or(before)),
    }
}
