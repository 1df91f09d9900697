//! The last stage, one bucket of customers at a time: what is in memory is a bucket, not the partner.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use shared::domain::id::{AgreementId, CustomerId, PsaProductId};
use shared::domain::ledger::CustomerLedger;
use shared::domain::mapping::{CustomerMapping, ProductMappings};
use shared::domain::plan::{Customer, unassigned_rows};
use shared::domain::psa::{Agreement, PsaProduct};
use shared::domain::run::{Run, Stage};
use shared::domain::usage::{UsageLine, UsageTotals};
use shared::ports::{ChunkKind, CustomerNames, MappingStore, RunStore};

use super::Stages;
use super::customer::lines;
use crate::chunks::{join, prefix_of};
use crate::committer::{Commits, Counted, channel};
use crate::trouble::StageError;
use crate::worker::{WorkError, World};

/// What is known of the customers of a bucket.
pub(super) struct Bucket {
    pub(super) run: Run,
    pub(super) customers: BTreeMap<CustomerId, Customer>,
    pub(super) usage: UsageTotals,
    /// As the partner has them now.
    pub(super) mapped: BTreeMap<CustomerId, (CustomerMapping, Option<CustomerNames>)>,
    /// As the run found them when it read the agreements.
    pub(super) set_out_with: BTreeMap<CustomerId, AgreementId>,
    pub(super) agreements: BTreeMap<AgreementId, Agreement>,
    pub(super) mappings: ProductMappings,
    pub(super) products: BTreeMap<PsaProductId, Option<PsaProduct>>,
}

impl<W: World> Stages<'_, W> {
    pub(super) async fn sync_bucket(&self, run: &Run, number: u32) -> Result<(), StageError> {
        let bucket = self.load(run, number).await?;
        let todo = self.not_done(&bucket, number).await?;
        let (commits, asked) = channel();
        let work = self.sync_customers(&bucket, todo, commits);
        let (served, worked) = futures::future::join(self.committer.serve(asked), work).await;
        served?;
        if worked? {
            self.committer.put_run(Vec::new(), |run| run.stage = Stage::Sync { bucket: number + 1 }).await?;
        }
        Ok(())
    }

    /// Works on the customers side by side; false when the deadline came first.
    async fn sync_customers(
        &self,
        bucket: &Bucket,
        todo: Vec<CustomerId>,
        commits: Commits,
    ) -> Result<bool, WorkError> {
        let mut waiting = todo.into_iter();
        let mut going = FuturesUnordered::new();
        let (mut late, mut fault) = (false, None);
        loop {
            while going.len() < self.limits.in_flight && fault.is_none() && !late {
                late = self.is_late();
                let Some(customer) = waiting.next().filter(|_| !late) else { break };
                going.push(self.sync_customer(bucket, customer, &commits));
                self.has_worked();
            }
            // What is under way is brought to its end: a request that was sent deserves to have its answer read.
            match going.next().await {
                Some(Ok(())) => {}
                Some(Err(error)) => fault = fault.or(Some(error)),
                None => break,
            }
        }
        fault.map_or(Ok(!late), Err)
    }

    async fn load(&self, run: &Run, number: u32) -> Result<Bucket, WorkError> {
        let (store, partner) = (self.world.store(), run.request.partner);
        let of_usage = |kind| store.list_chunks(partner, run.usage_of(), kind, number);
        let of_run = |kind, bucket| store.list_chunks(partner, &run.id, kind, bucket);
        let customers = join::<Customer>(&of_usage(ChunkKind::Customers).await?)?;
        let usage = join::<UsageLine>(&of_usage(ChunkKind::Usage).await?)?;
        let agreements = join::<Agreement>(&of_run(ChunkKind::Agreements, number).await?)?;
        let set_out_with = join::<(CustomerId, AgreementId)>(&of_run(ChunkKind::Mapped, number).await?)?;
        let products = join::<(PsaProductId, Option<PsaProduct>)>(&of_run(ChunkKind::Products, 0).await?)?;
        let mapped = store.list_customer_mappings(partner, &prefix_of(number, run.buckets)).await?;
        Ok(Bucket {
            run: run.clone(),
            customers: customers.into_iter().map(|c| (c.id, c)).collect(),
            usage: usage.iter().collect(),
            mapped: mapped.into_iter().map(|(m, names)| (m.customer, (m, names))).collect(),
            set_out_with: set_out_with.into_iter().collect(),
            agreements: agreements.into_iter().map(|a| (a.id, a)).collect(),
            mappings: store.list_product_mappings(partner).await?,
            products: products.into_iter().collect(),
        })
    }

    /// The customers with usage or a mapping that have no entry in the run's ledger yet.
    async fn not_done(&self, bucket: &Bucket, number: u32) -> Result<Vec<CustomerId>, WorkError> {
        let run = &bucket.run;
        let prefix = prefix_of(number, run.buckets);
        let mut done = BTreeSet::new();
        let mut after = None;
        loop {
            let store = self.world.store();
            let page = store.list_ledger(run.request.partner, &run.id, &prefix, after.as_deref()).await?;
            done.extend(page.entries.iter().filter_map(|entry| entry.customer));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let mut todo: BTreeSet<CustomerId> = bucket.usage.customers().into_iter().collect();
        todo.extend(bucket.mapped.keys());
        Ok(todo.difference(&done).copied().collect())
    }

    /// The usage that names no customer: an entry of its own, and the end of the run.
    pub(super) async fn sync_unassigned(&self, run: &Run) -> Result<(), StageError> {
        let (store, partner) = (self.world.store(), run.request.partner);
        let chunks = store.list_chunks(partner, run.usage_of(), ChunkKind::Usage, run.buckets).await?;
        let usage: UsageTotals = join::<UsageLine>(&chunks)?.iter().collect();
        let rows = unassigned_rows(&usage.of(None));
        let written = store.find_ledger(partner, &run.id, None).await?.is_some();
        if !rows.is_empty() && !written {
            let ledger = CustomerLedger {
                customer: None,
                name: "Usage without a customer".into(),
                company: None,
                agreement: None,
                lines: lines(rows, &BTreeMap::new()),
                created: 0,
                updated: 0,
            };
            let (commits, asked) = channel();
            let finish = async move { commits.finish(Vec::new(), Counted { ledger, read: false }).await };
            let (served, finished) = futures::future::join(self.committer.serve(asked), finish).await;
            served?;
            finished?;
        }
        self.conclude().await
    }
}
