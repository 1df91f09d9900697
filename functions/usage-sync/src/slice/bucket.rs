//! A bucket of customers: what a run has read of them, as it is in memory while they are worked on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures::future::{try_join3, try_join4};
use shared::domain::decision::StandingHold;
use shared::domain::id::{AgreementId, CustomerId, PsaProductId};
use shared::domain::mapping::{CustomerMapping, ProductMappings};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Failure, Outcome};
use shared::domain::plan::Customer;
use shared::domain::psa::CustomerNames;
use shared::domain::psa::{Agreement, PsaProduct};
use shared::domain::run::{Run, RunKind};
use shared::domain::usage::{UsageLine, UsageTotals};
use shared::store::ChunkKind;

use super::Frame;
use crate::chunks::{join, prefix_of};
use crate::worker::{WorkError, World};

/// What the check learnt of the first bucket, until that is loaded. One bucket's, so that memory is bounded all the same.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<Summed>>);

/// A bucket's usage as the check summed it.
pub(super) struct Summed {
    pub(super) usage: UsageTotals,
    /// The customers whose usage is another than what was written.
    pub(super) changed: BTreeSet<CustomerId>,
}

impl Kept {
    pub(super) fn put(&self, summed: Summed) {
        // A poisoned lock holds a whole value all the same: it is only ever replaced as one.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(summed);
    }

    fn take(&self) -> Option<Summed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What is known of the customers of a bucket.
pub(super) struct Bucket {
    pub(super) run: Run,
    pub(super) customers: BTreeMap<CustomerId, Customer>,
    /// Why the entries of customers that Sophos lists cannot be read.
    pub(super) unreadable_customers: BTreeMap<CustomerId, String>,
    pub(super) usage: UsageTotals,
    /// Those who are begun with: each has calls to make, while the others are done in the time between two.
    pub(super) changed: BTreeSet<CustomerId>,
    /// Where we write, or wrote, for each customer.
    pub(super) billed_on: BTreeMap<CustomerId, BTreeSet<AgreementId>>,
    /// As the partner has them now.
    pub(super) mapped: BTreeMap<CustomerId, (CustomerMapping, Option<CustomerNames>)>,
    /// As the run found them when it read the agreements.
    pub(super) set_out_with: BTreeMap<CustomerId, AgreementId>,
    pub(super) agreements: BTreeMap<AgreementId, Agreement>,
    /// Why agreements that ConnectWise has cannot be read.
    pub(super) unreadable_agreements: BTreeMap<AgreementId, String>,
    pub(super) mappings: ProductMappings,
    pub(super) products: BTreeMap<PsaProductId, Option<PsaProduct>>,
    /// What waits for a person in this month.
    pub(super) holds: BTreeMap<CustomerId, BTreeMap<PsaProductId, StandingHold>>,
    /// What still waits of earlier months.
    earlier_holds: BTreeMap<CustomerId, Vec<StandingHold>>,
}

/// How many months before the run's have their holds kept up to date with the ConnectWise invoice that they are about.
const EARLIER_MONTHS: usize = 3;

impl Bucket {
    /// The holds of earlier months whose agreement has another next ConnectWise invoice by now: only that says whether the
    /// invoice that they are about was made.
    pub(super) fn with_other_invoice(&self, customer: CustomerId, agreement: &Agreement) -> Vec<StandingHold> {
        let holds = self.earlier_holds.get(&customer).into_iter().flatten();
        let other =
            holds.filter(|hold| hold.basis.agreement == agreement.id && hold.next_invoice != agreement.next_invoice);
        other.map(|hold| hold.clone().with_next_invoice(agreement.next_invoice)).collect()
    }

    /// The agreement that the run set out with for a customer; of one mapped since, the one that it has now.
    pub(super) fn agreement_of(&self, customer: CustomerId) -> Option<AgreementId> {
        let (mapping, _) = self.mapped.get(&customer)?;
        Some(self.set_out_with.get(&customer).copied().unwrap_or(mapping.agreement))
    }

    /// The outcome of a customer; of one that seems to have left Sophos, and whose entry is only unreadable, that.
    pub(super) fn unless_unreadable(&self, customer: CustomerId, outcome: Outcome) -> Outcome {
        match (outcome, self.unreadable_customers.get(&customer)) {
            (Outcome::Failed(Failure::CustomerNotListed), Some(why)) => {
                Outcome::Failed(Failure::CustomerUnreadable { why: why.clone() })
            }
            (outcome, _) => outcome,
        }
    }
}

impl<W: World> Frame<'_, W> {
    pub(super) async fn load(&self, run: &Run, number: u32) -> Result<Bucket, WorkError> {
        let (store, partner) = (self.world.store(), run.request.partner);
        let of_usage = async |kind| store.list_chunks(partner, run.usage_of(), kind, number).await;
        let of_run = async |kind, bucket| store.list_chunks(partner, &run.id, kind, bucket).await;
        let prefix = prefix_of(number, run.buckets);
        let customers = async {
            let customers = join::<Customer>(&of_usage(ChunkKind::Customers).await?)?;
            let unreadable = join::<(CustomerId, String)>(&of_usage(ChunkKind::UnreadableCustomers).await?)?;
            if run.request.kind != RunKind::Apply {
                let mut listed = customers.clone();
                for (customer, _) in &unreadable {
                    // It has not left: what was known of it stays.
                    listed.extend(store.find_known_customer(partner, *customer).await?);
                }
                store.refresh_known_customers(partner, &prefix, &listed).await?;
            }
            Ok::<_, WorkError>((customers, unreadable))
        };
        let agreements = async {
            let agreements = join::<Agreement>(&of_run(ChunkKind::Agreements, number).await?)?;
            let odd = join::<(AgreementId, String)>(&of_run(ChunkKind::UnreadableAgreements, number).await?)?;
            let set_out_with = join::<(CustomerId, AgreementId)>(&of_run(ChunkKind::Mapped, number).await?)?;
            Ok::<_, WorkError>((agreements, odd, set_out_with))
        };
        let mapped = async {
            let mapped = store.list_customer_mappings(partner, &prefix).await?;
            let products = join::<(PsaProductId, Option<PsaProduct>)>(&of_run(ChunkKind::Products, 0).await?)?;
            let billed_on = store.list_billed_on(partner, &prefix).await?;
            Ok::<_, WorkError>((mapped, self.mappings_for(run).await?, products, billed_on))
        };
        let usage = async {
            let kept = if number == 0 { self.kept.take() } else { None };
            match kept {
                Some(Summed { usage, changed }) => Ok((usage, changed)),
                None => Ok((self.read_usage_of(run, number).await?, BTreeSet::new())),
            }
        };
        let others = try_join3(usage, self.holds_of(run, number), self.earlier_holds_of(run, number));
        let (customers, agreements, mapped, ((usage, changed), holds, earlier_holds)) =
            try_join4(customers, agreements, mapped, others).await?;
        let (customers, unreadable_customers) = customers;
        let (agreements, unreadable_agreements, set_out_with) = agreements;
        let (mut mapped, mappings, products, billed_on) = mapped;
        if run.request.scope.ignores_switches {
            mapped.iter_mut().for_each(|(mapping, _)| mapping.sync = true);
        }
        Ok(Bucket {
            run: run.clone(),
            customers: customers.into_iter().map(|c| (c.id, c)).collect(),
            unreadable_customers: unreadable_customers.into_iter().collect(),
            unreadable_agreements: unreadable_agreements.into_iter().collect(),
            usage,
            changed,
            billed_on,
            mapped: mapped.into_iter().map(|(m, names)| (m.customer, (m, names))).collect(),
            set_out_with: set_out_with.into_iter().collect(),
            agreements: agreements.into_iter().map(|a| (a.id, a)).collect(),
            mappings,
            products: products.into_iter().collect(),
            holds,
            earlier_holds,
        })
    }

    async fn holds_of(
        &self,
        run: &Run,
        number: u32,
    ) -> Result<BTreeMap<CustomerId, BTreeMap<PsaProductId, StandingHold>>, WorkError> {
        let mut holds: BTreeMap<CustomerId, BTreeMap<PsaProductId, StandingHold>> = BTreeMap::new();
        for hold in self.list_holds_of(run, run.request.month, number).await? {
            holds.entry(hold.key.customer).or_default().insert(hold.key.product, hold);
        }
        Ok(holds)
    }

    async fn earlier_holds_of(
        &self,
        run: &Run,
        number: u32,
    ) -> Result<BTreeMap<CustomerId, Vec<StandingHold>>, WorkError> {
        let mut holds: BTreeMap<CustomerId, Vec<StandingHold>> = BTreeMap::new();
        let mut month = run.request.month;
        for _ in 0..EARLIER_MONTHS {
            month = month.previous();
            for hold in self.list_holds_of(run, month, number).await? {
                holds.entry(hold.key.customer).or_default().push(hold);
            }
        }
        Ok(holds)
    }

    async fn list_holds_of(&self, run: &Run, month: UsageMonth, number: u32) -> Result<Vec<StandingHold>, WorkError> {
        let (store, prefix) = (self.world.store(), prefix_of(number, run.buckets));
        let (mut holds, mut after) = (Vec::new(), None);
        loop {
            let page = store.list_holds(run.request.partner, month, &prefix, after.as_deref()).await?;
            holds.extend(page.holds);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(holds),
            }
        }
    }

    /// The usage of a bucket summed by pair. Its lines are never in memory all at once: they would be most of a slice.
    pub(super) async fn read_usage_of(&self, run: &Run, number: u32) -> Result<UsageTotals, WorkError> {
        let mut usage = UsageTotals::default();
        self.read_usage_lines(run, number, |line| usage.add(line)).await?;
        Ok(usage)
    }

    /// Shows each usage line of a bucket that the run is about, one after the other: an apply of some customers works on the
    /// usage of its whole preview.
    pub(super) async fn read_usage_lines(
        &self,
        run: &Run,
        number: u32,
        mut show: impl FnMut(&UsageLine) + Send,
    ) -> Result<(), WorkError> {
        let (whom, mut read) = (self.whom(run).await?, Ok(()));
        let each = |chunk: String| {
            if read.is_ok() {
                let is_of_run = |line: &&UsageLine| whom.has(line.pair.customer);
                read = join::<UsageLine>(&[chunk]).map(|lines| lines.iter().filter(is_of_run).for_each(&mut show));
            }
        };
        let store = self.world.store();
        store.take_chunks(run.request.partner, run.usage_of(), ChunkKind::Usage, number, each).await?;
        read
    }

    /// The customers with usage or a mapping, and the `others`, that the run is about and that have no entry in its ledger
    /// yet; first those of which it is known that they have changed.
    pub(super) async fn not_done(
        &self,
        bucket: &Bucket,
        number: u32,
        others: impl Iterator<Item = CustomerId>,
    ) -> Result<Vec<CustomerId>, WorkError> {
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
        todo.extend(others);
        let whom = self.whom(run).await?;
        let todo = todo.difference(&done).copied().filter(|customer| whom.has(Some(*customer)));
        let (changed, others): (Vec<_>, Vec<_>) = todo.partition(|customer| bucket.changed.contains(customer));
        Ok([changed, others].concat())
    }
}
