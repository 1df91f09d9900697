//! A bucket of customers: what a run has read of them, as it is in memory while they are worked on.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{try_join3, try_join4};
use shared::domain::customer::Customer;
use shared::domain::decision::StandingHold;
use shared::domain::id::{AgreementId, CustomerId, PsaProductId};
use shared::domain::mapping::{CustomerMapping, ProductMappings};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Failure, Outcome};
use shared::domain::psa::{Agreement, CustomerNames, PsaProduct};
use shared::domain::quantity_override::QuantityOverride;
use shared::domain::run::{Run, RunKind};
use shared::domain::usage::UsageTotals;
use shared::store::{Change, ChunkKind};

use crate::chunks::{join, prefix_of};
use crate::context::{SliceContext, SummedBucket};
use crate::errors::WorkError;
use crate::scope::mappings_for;
use crate::usage::read_usage_of;
use crate::world::World;

/// What is known of the customers of a bucket.
pub(crate) struct Bucket {
    pub(crate) run: Run,
    pub(crate) customers: BTreeMap<CustomerId, Customer>,
    /// Why the entries of customers that Sophos lists cannot be read.
    pub(crate) unreadable_customers: BTreeMap<CustomerId, String>,
    pub(crate) usage: UsageTotals,
    /// Customers whose usage changed. They come first, because they need calls to ConnectWise; the others are processed
    /// while those wait.
    pub(crate) changed: BTreeSet<CustomerId>,
    /// Where we write, or wrote, for each customer.
    pub(crate) billed_on: BTreeMap<CustomerId, BTreeSet<AgreementId>>,
    /// As the partner has them now.
    pub(crate) mapped: BTreeMap<CustomerId, (CustomerMapping, Option<CustomerNames>)>,
    /// The mapped agreements when the run read them.
    pub(crate) set_out_with: BTreeMap<CustomerId, AgreementId>,
    pub(crate) agreements: BTreeMap<AgreementId, Agreement>,
    /// Why agreements that ConnectWise has cannot be read.
    pub(crate) unreadable_agreements: BTreeMap<AgreementId, String>,
    pub(crate) mappings: ProductMappings,
    pub(crate) products: BTreeMap<PsaProductId, Option<PsaProduct>>,
    /// What waits for a person in this month.
    pub(crate) holds: BTreeMap<CustomerId, BTreeMap<PsaProductId, StandingHold>>,
    /// What people put in place of the usage, of whatever months.
    pub(crate) overrides: BTreeMap<CustomerId, Vec<QuantityOverride>>,
    /// What still waits of earlier months.
    earlier_holds: BTreeMap<CustomerId, Vec<StandingHold>>,
}

/// How many months before the run's have their holds kept up to date with the ConnectWise invoice that they are about.
const EARLIER_MONTHS: usize = 3;

impl Bucket {
    /// The holds of earlier months whose agreement has another next ConnectWise invoice by now: only that says whether
    /// the invoice that they are about was made.
    pub(crate) fn with_other_invoice(&self, customer: CustomerId, agreement: &Agreement) -> Vec<StandingHold> {
        let holds = self.earlier_holds.get(&customer).into_iter().flatten();
        let other =
            holds.filter(|hold| hold.basis.agreement == agreement.id && hold.next_invoice != agreement.next_invoice);
        other.map(|hold| hold.clone().with_next_invoice(agreement.next_invoice)).collect()
    }

    /// The agreement that the run set out with for a customer; or, if it was mapped later, its present one.
    pub(crate) fn agreement_of(&self, customer: CustomerId) -> Option<AgreementId> {
        let (mapping, _) = self.mapped.get(&customer)?;
        Some(self.set_out_with.get(&customer).copied().unwrap_or(mapping.agreement))
    }

    /// How the partner maps a customer now.
    pub(crate) fn mapping_of(&self, customer: CustomerId) -> Option<&CustomerMapping> {
        self.mapped.get(&customer).map(|(mapping, _)| mapping)
    }

    /// What people put in place of a customer's usage.
    pub(crate) fn overrides_of(&self, customer: CustomerId) -> &[QuantityOverride] {
        self.overrides.get(&customer).map_or(&[], Vec::as_slice)
    }

    /// Removes the mark that its agreement bills what we wrote for the customer.
    pub(crate) fn remove_billed_on(&self, id: CustomerId) -> Option<Change> {
        let agreement = self.agreement_of(id)?;
        let marked = self.billed_on.get(&id).is_some_and(|on| on.contains(&agreement));
        marked.then_some(Change::RemoveBilledOn(id, agreement))
    }

    /// The customer's name: Sophos', or that of its company where Sophos no longer lists it.
    pub(crate) fn name_of(&self, id: CustomerId) -> String {
        let listed = self.customers.get(&id).map(|customer| customer.name.clone());
        let company = || Some(self.mapped.get(&id)?.1.as_ref()?.company.clone());
        listed.or_else(company).unwrap_or_else(|| id.to_string())
    }

    /// The outcome of a customer; replaces `CustomerNotListed` by `CustomerUnreadable` if Sophos lists the customer
    /// with an unreadable entry.
    pub(crate) fn unless_unreadable(&self, customer: CustomerId, outcome: Outcome) -> Outcome {
        match (outcome, self.unreadable_customers.get(&customer)) {
            (Outcome::Failed(Failure::CustomerNotListed), Some(why)) => {
                Outcome::Failed(Failure::CustomerUnreadable { why: why.clone() })
            }
            (outcome, _) => outcome,
        }
    }
}

/// Loads a bucket, and refreshes what is known of its customers.
pub(crate) async fn load<W: World>(context: &SliceContext<'_, W>, run: &Run, number: u32) -> Result<Bucket, WorkError> {
    let (store, partner) = (context.world.store(), run.request.partner);
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
        Ok::<_, WorkError>((mapped, mappings_for(context.world, run).await?, products, billed_on))
    };
    let usage = async {
        let kept = if number == 0 { context.summed.take() } else { None };
        match kept {
            Some(SummedBucket { usage, changed }) => Ok((usage, changed)),
            None => Ok((read_usage_of(context, run, number).await?, BTreeSet::new())),
        }
    };
    // Sequential, to keep the future small.
    let decided = async {
        let holds = holds_of(context, run, number).await?;
        Ok((holds, store.list_overrides(partner, &prefix).await?))
    };
    let others = try_join3(usage, decided, earlier_holds_of(context, run, number));
    let (customers, agreements, mapped, ((usage, changed), (holds, of_bucket), earlier_holds)) =
        try_join4(customers, agreements, mapped, others).await?;
    let (customers, unreadable_customers) = customers;
    let (agreements, unreadable_agreements, set_out_with) = agreements;
    let (mut mapped, mappings, products, billed_on) = mapped;
    let mut overrides: BTreeMap<CustomerId, Vec<QuantityOverride>> = BTreeMap::new();
    for one in of_bucket {
        overrides.entry(one.key.customer).or_default().push(one);
    }
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
        overrides,
        earlier_holds,
    })
}

async fn holds_of<W: World>(
    context: &SliceContext<'_, W>,
    run: &Run,
    number: u32,
) -> Result<BTreeMap<CustomerId, BTreeMap<PsaProductId, StandingHold>>, WorkError> {
    let mut holds: BTreeMap<CustomerId, BTreeMap<PsaProductId, StandingHold>> = BTreeMap::new();
    for hold in list_holds_of(context, run, run.request.month, number).await? {
        holds.entry(hold.key.customer).or_default().insert(hold.key.product, hold);
    }
    Ok(holds)
}

async fn earlier_holds_of<W: World>(
    context: &SliceContext<'_, W>,
    run: &Run,
    number: u32,
) -> Result<BTreeMap<CustomerId, Vec<StandingHold>>, WorkError> {
    let mut holds: BTreeMap<CustomerId, Vec<StandingHold>> = BTreeMap::new();
    let mut month = run.request.month;
    for _ in 0..EARLIER_MONTHS {
        month = month.previous();
        for hold in list_holds_of(context, run, month, number).await? {
            holds.entry(hold.key.customer).or_default().push(hold);
        }
    }
    Ok(holds)
}

async fn list_holds_of<W: World>(
    context: &SliceContext<'_, W>,
    run: &Run,
    month: UsageMonth,
    number: u32,
) -> Result<Vec<StandingHold>, WorkError> {
    let (store, prefix) = (context.world.store(), prefix_of(number, run.buckets));
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

/// The customers with usage or a mapping, and the `others`, that the run is about and that have no entry in its ledger
/// yet; first those of which it is known that they have changed.
pub(crate) async fn list_not_done<W: World>(
    context: &SliceContext<'_, W>,
    bucket: &Bucket,
    number: u32,
    others: impl Iterator<Item = CustomerId>,
) -> Result<Vec<CustomerId>, WorkError> {
    let run = &bucket.run;
    let prefix = prefix_of(number, run.buckets);
    let mut done = BTreeSet::new();
    let mut after = None;
    loop {
        let store = context.world.store();
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
    let scope = context.scope(run).await?;
    let todo = todo.difference(&done).copied().filter(|customer| scope.has(Some(*customer)));
    let (changed, others): (Vec<_>, Vec<_>) = todo.partition(|customer| bucket.changed.contains(customer));
    Ok([changed, others].concat())
}
