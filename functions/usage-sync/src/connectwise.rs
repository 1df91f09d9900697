//! The stages `Agreements` and `Products`: the agreements of mapped customers and the mapped products, read once a run.
//!
//! Neither depends on Sophos, so the first calls are made while Sophos is read.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join;
use jiff::civil::Date;
use shared::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId, PsaProductId};
use shared::domain::mapping::CustomerMapping;
use shared::domain::psa::{Agreement, PsaProduct};
use shared::domain::run::{Run, Stage};
use shared::error::PsaError;
use shared::ports::{Page, Psa, Unreadable};
use shared::store::{Chunk, ChunkKind, KnownPsaProduct};

use crate::chunks::{bucket_of, cut, prefix_of};
use crate::context::ConnectedSlice;
use crate::errors::{StageError, of_psa};
use crate::scope::mappings_for;
use crate::world::World;

/// More agreements than any partner has.
const MOST_AGREEMENTS: u64 = 200_000;
/// More pages of agreements than any partner's ConnectWise gives: a full one has 1,000.
const MOST_PAGES: u32 = 1_000;
/// ConnectWise takes up to 100 ids in one condition within the length of a URL.
const IDS_A_CALL: usize = 100;

/// What was read of ConnectWise before its stage came; each part is used once.
#[derive(Default)]
pub(crate) struct ReadAhead {
    /// The first page.
    agreements: Option<Page<Agreement>>,
    /// The products asked for, and those of them that exist.
    products: Option<(Vec<PsaProductId>, Vec<PsaProduct>)>,
}

/// At the beginning of a run, what its later stages need of ConnectWise. What fails here is read again by the stage
/// that needs it, which reports why.
pub(crate) async fn read_ahead<W: World>(slice: &ConnectedSlice<'_, W>, run: &Run) -> ReadAhead {
    if !matches!(run.stage, Stage::Customers { page: 1, .. }) {
        return ReadAhead::default();
    }
    let products = async {
        let mappings = mappings_for(slice.context.world, run).await.ok()?;
        let targets = mappings.targets();
        let found = find_products(slice, &targets).await.ok()?;
        Some((targets, found))
    };
    let (agreements, products) = join(slice.psa.list_agreements(None), products).await;
    ReadAhead { agreements: agreements.ok(), products }
}

/// Reads agreements until the last page is stored or the deadline is near.
pub(crate) async fn read_agreements<W: World>(
    slice: &ConnectedSlice<'_, W>,
    ahead: &mut ReadAhead,
) -> Result<(), StageError> {
    let mapped = mapped_customers(slice, &slice.context.committer.run()).await?;
    loop {
        let run = slice.context.committer.run();
        slice.context.reads_in_time(&run)?;
        match &run.stage {
            Stage::Agreements { page, after } if !slice.context.is_late() => {
                let read = match ahead.agreements.take().filter(|_| after.is_none()) {
                    Some(read) => read,
                    None => slice.psa.list_agreements(after.as_deref()).await.map_err(|e| of_psa(&e))?,
                };
                store_agreements(slice, &run, &mapped, *page, read).await?;
            }
            Stage::Agreements { .. }
            | Stage::Preview
            | Stage::Customers { .. }
            | Stage::CustomersAgain { .. }
            | Stage::Usage { .. }
            | Stage::UsageAgain { .. }
            | Stage::Products
            | Stage::Check
            | Stage::Sync { .. }
            | Stage::Settle { .. }
            | Stage::Ended => return Ok(()),
        }
    }
}

async fn store_agreements<W: World>(
    slice: &ConnectedSlice<'_, W>,
    run: &Run,
    mapped: &[CustomerMapping],
    page: u32,
    read: Page<Agreement>,
) -> Result<(), StageError> {
    let (read_rows, next) = (with_dates_of_parents(read.rows), read.next);
    let mut chunks = cut(ChunkKind::Agreements, page, of_mapped(&read_rows, mapped, run.buckets))?;
    chunks.extend(cut(ChunkKind::UnreadableAgreements, page, unreadable_of_mapped(&read.unreadable, mapped, run))?);
    if page == 0 {
        chunks.extend(remember_mapped(run, mapped)?);
    }
    let stage = match next {
        Some(next) => Stage::Agreements { page: page + 1, after: Some(next) },
        None => Stage::Products,
    };
    let agreements = (read_rows.len() + read.unreadable.len()) as u64;
    let too_long = |bound| Err(of_psa(&PsaError::ListTooLong { list: "agreements".to_owned(), bound }));
    if run.psa.agreements + agreements > MOST_AGREEMENTS {
        return too_long(format!("more than {MOST_AGREEMENTS} rows"));
    }
    if stage != Stage::Products && page + 1 >= MOST_PAGES {
        return too_long(format!("more than {MOST_PAGES} pages"));
    }
    slice
        .context
        .store_page(run, chunks, |run| {
            run.psa.agreements += agreements;
            run.stage = stage;
        })
        .await
}

/// The mappings of all customers. Read bucket by bucket, because a stored entry is much larger than the mapping.
async fn mapped_customers<W: World>(
    slice: &ConnectedSlice<'_, W>,
    run: &Run,
) -> Result<Vec<CustomerMapping>, StageError> {
    let mut all = Vec::new();
    for bucket in 0..run.buckets {
        let prefix = prefix_of(bucket, run.buckets);
        let mapped = slice.context.world.store().list_customer_mappings(run.request.partner, &prefix).await?;
        all.extend(mapped.into_iter().map(|(mapping, _)| mapping));
    }
    Ok(all)
}

/// The run stores which agreement each customer had: one that is mapped elsewhere later is skipped and named.
fn remember_mapped(run: &Run, mapped: &[CustomerMapping]) -> Result<Vec<Chunk>, StageError> {
    let row = |m: &CustomerMapping| (bucket_of(m.customer, run.buckets), (m.customer, m.agreement));
    Ok(cut(ChunkKind::Mapped, 0, mapped.iter().map(row))?)
}

/// Reads the mapped products in one go.
pub(crate) async fn read_products<W: World>(
    slice: &ConnectedSlice<'_, W>,
    run: &Run,
    ahead: &mut ReadAhead,
) -> Result<(), StageError> {
    let mappings = mappings_for(slice.context.world, run).await?;
    let targets = mappings.targets();
    let found = match ahead.products.take().filter(|(asked, _)| *asked == targets) {
        Some((_, found)) => found,
        None => find_products(slice, &targets).await.map_err(|e| of_psa(&e))?,
    };
    let mut found: BTreeMap<PsaProductId, PsaProduct> =
        found.into_iter().map(|product| (product.id, product)).collect();
    store_names(slice, run.request.partner, &targets, &found).await?;
    let rows = targets.iter().map(|id| (0, (*id, found.remove(id))));
    let chunks = cut(ChunkKind::Products, 0, rows)?;
    slice
        .context
        .store_page(run, chunks, |run| {
            run.psa.products = targets.len() as u64;
            run.stage = Stage::Check;
        })
        .await
}

/// Lists show the products without asking ConnectWise. A deleted product keeps its last known names.
async fn store_names<W: World>(
    slice: &ConnectedSlice<'_, W>,
    partner: PartnerId,
    targets: &[PsaProductId],
    found: &BTreeMap<PsaProductId, PsaProduct>,
) -> Result<(), StageError> {
    let store = slice.context.world.store();
    let mut known: Vec<KnownPsaProduct> =
        found.values().map(|product| KnownPsaProduct { product: product.clone(), gone: false }).collect();
    let before = store.list_psa_products(partner).await?;
    let gone = targets.iter().filter(|id| !found.contains_key(id)).filter_map(|id| before.get(id).cloned());
    known.extend(gone.map(|product| KnownPsaProduct { gone: true, ..product }));
    known.retain(|product| before.get(&product.product.id) != Some(product));
    Ok(store.put_psa_products(partner, &known).await?)
}

async fn find_products<W: World>(
    slice: &ConnectedSlice<'_, W>,
    wanted: &[PsaProductId],
) -> Result<Vec<PsaProduct>, PsaError> {
    let mut found = Vec::new();
    for ids in wanted.chunks(IDS_A_CALL) {
        found.extend(slice.psa.list_products(ids).await?);
    }
    Ok(found)
}

/// The agreements that cannot be read, each in the bucket of the customer that is mapped to it. Only that one fails.
fn unreadable_of_mapped(
    unreadable: &[Unreadable],
    mapped: &[CustomerMapping],
    run: &Run,
) -> Vec<(u32, (AgreementId, String))> {
    let why = |id: AgreementId| unreadable.iter().find(|row| row.id == i64::from(id)).map(|row| row.why.clone());
    let row = |m: &CustomerMapping| Some((bucket_of(m.customer, run.buckets), (m.agreement, why(m.agreement)?)));
    mapped.iter().filter_map(row).collect()
}

/// Gives a child the invoice date of its parent, which bills it. A parent that is not among these leaves it as
/// ConnectWise has it.
fn with_dates_of_parents(mut agreements: Vec<Agreement>) -> Vec<Agreement> {
    let parents: BTreeSet<AgreementId> = agreements.iter().filter_map(|child| Some(child.parent.as_ref()?.0)).collect();
    let of_parents = agreements.iter().filter(|agreement| parents.contains(&agreement.id));
    let dates: BTreeMap<AgreementId, Option<Date>> =
        of_parents.map(|parent| (parent.id, parent.next_invoice)).collect();
    for child in &mut agreements {
        if let Some(date) = child.parent.as_ref().and_then(|(parent, _)| *dates.get(parent)?) {
            child.next_invoice = Some(date);
        }
    }
    agreements
}

/// The agreements that a mapped customer needs: its own, and those of its company, each in the customer's bucket.
fn of_mapped<'a>(agreements: &'a [Agreement], mapped: &[CustomerMapping], buckets: u32) -> Vec<(u32, &'a Agreement)> {
    let mut of_company: BTreeMap<CompanyId, Vec<CustomerId>> = BTreeMap::new();
    let mut of_agreement: BTreeMap<AgreementId, Vec<CustomerId>> = BTreeMap::new();
    for mapping in mapped {
        of_company.entry(mapping.company).or_default().push(mapping.customer);
        of_agreement.entry(mapping.agreement).or_default().push(mapping.customer);
    }
    let mut rows = Vec::new();
    for agreement in agreements {
        let customers = of_company.get(&agreement.company).into_iter().chain(of_agreement.get(&agreement.id)).flatten();
        let needed: BTreeSet<u32> = customers.map(|customer| bucket_of(*customer, buckets)).collect();
        rows.extend(needed.into_iter().map(|bucket| (bucket, agreement)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use shared::domain::psa::AgreementStatus;

    use super::*;

    fn agreement(id: i64, next_invoice: Option<&str>, parent: Option<i64>) -> Agreement {
        let agreement_id = |id: i64| AgreementId::try_from(id).unwrap();
        Agreement {
            id: agreement_id(id),
            name: id.to_string(),
            company: CompanyId::try_from(3).unwrap(),
            company_name: String::new(),
            kind: String::new(),
            status: AgreementStatus::Active,
            start: None,
            end: None,
            next_invoice: next_invoice.map(|day| day.parse().unwrap()),
            billing_cycle: None,
            prorated: false,
            currency: None,
            parent: parent.map(|id| (agreement_id(id), "Group".to_owned())),
        }
    }

    #[test]
    fn a_child_agreement_was_said_to_be_billed_on_a_day_of_its_own() {
        let (own, of_group) = (Some("2026-12-01"), Some("2027-03-01"));
        let all = vec![
            agreement(1, own, Some(9)),
            agreement(2, own, None),
            agreement(3, own, Some(8)),
            agreement(4, own, Some(10)),
            agreement(9, of_group, None),
            agreement(10, None, None),
        ];
        let dates: Vec<Option<String>> =
            with_dates_of_parents(all).iter().map(|one| one.next_invoice.map(|day| day.to_string())).collect();
        let (own, of_group) = (own.map(str::to_owned), of_group.map(str::to_owned));
        assert_eq!(dates, [of_group.clone(), own.clone(), own.clone(), own, of_group, None]);
    }
}
