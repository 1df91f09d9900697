//! One customer: read its agreement, settle what is not known, plan, write, and put the outcome into the ledger.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::id::{CustomerId, PsaProductId};
use shared::domain::ledger::{Billed, CustomerLedger, Line};
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::{Outcome, Skip};
use shared::domain::plan::{
    AgreementState, Basis, CustomerPlan, Fate, Row, agreement_trouble, customer_gate, plan, rows_ending,
};
use shared::domain::run::RunKind;
use shared::domain::settings::Frequency;
use shared::domain::settle::{Settlement, settle};
use shared::domain::snapshot::Snapshot;
use shared::ports::{Clock, CustomerNames, MappingStore, Psa, RunStore};

use super::Stages;
use super::bucket::Bucket;
use super::write::Writer;
use crate::committer::{Commits, Counted};
use crate::policy::Guard;
use crate::trouble::of_agreement;
use crate::worker::{WorkError, World};

/// A customer's agreement as it was read, with what is known of earlier writes to it.
struct Read {
    state: AgreementState,
    settlement: Settlement,
    /// What the table has.
    stored: Snapshot,
    /// Whether ConnectWise was asked for its additions.
    asked: bool,
}

impl<W: World> Stages<'_, W> {
    /// Whether the customer is done with; otherwise its ledger stays open for the next slice.
    pub(super) async fn sync_customer(
        &self,
        bucket: &Bucket,
        id: CustomerId,
        commits: &Commits,
    ) -> Result<bool, WorkError> {
        let customer = bucket.customers.get(&id);
        let mapping = bucket.mapped.get(&id).map(|(mapping, _)| mapping);
        let mut ledger = CustomerLedger {
            customer: Some(id),
            name: customer.map_or_else(|| id.to_string(), |c| c.name.clone()),
            company: None,
            agreement: None,
            lines: Vec::new(),
            created: 0,
            updated: 0,
        };
        let usage = bucket.usage.of(Some(id));
        let gate = customer_gate(mapping, customer);
        let moved = mapping.is_some_and(|m| bucket.set_out_with.get(&id) != Some(&m.agreement));
        let ends = gate.or(moved.then_some(Outcome::Skipped(Skip::MappingMoved)));
        let mapping = match (mapping, ends) {
            (Some(mapping), None) => mapping,
            (mapping, Some(outcome)) => {
                let before = self.written_before(bucket, id, mapping).await?;
                self.close(ledger, rows_ending(&usage, &before, &outcome), commits).await?;
                return Ok(true);
            }
            (None, None) => return Ok(true),
        };
        let read = self.read_agreement(bucket, mapping).await?;
        if let Some(agreement) = bucket.agreements.get(&mapping.agreement) {
            ledger.company = Some((agreement.company, agreement.company_name.clone()));
            ledger.agreement = Some((agreement.id, agreement.name.clone()));
        }
        let mut planned = plan(&Basis {
            month: bucket.run.request.month,
            invoice_mode: self.settings.frequency == Frequency::SophosInvoice,
            first_run: self.is_first_run(bucket, mapping),
            usage: &usage,
            mappings: &bucket.mappings,
            products: &bucket.products,
            agreement: &read.state,
            snapshot: &read.settlement.snapshot,
            unsettled: &read.settlement.unsettled,
        });
        let left = self.hold_what_the_former_agreement_bills(bucket, mapping, &mut planned).await?;
        let seen = self.hold_what_moved(bucket, mapping, &mut planned).await?;
        let ready = matches!(read.state, AgreementState::Ready { .. });
        let applied = seen && left && ready && bucket.run.writes && !mapping.is_applied();
        self.write(bucket, (mapping, applied), read, planned, ledger, commits).await
    }

    /// A preview, and a run with writes off, shows what would be done; so does the apply of a preview do it.
    fn is_first_run(&self, bucket: &Bucket, mapping: &CustomerMapping) -> bool {
        let by_itself = matches!(bucket.run.request.kind, RunKind::Scheduled | RunKind::Now);
        by_itself && bucket.run.writes && !mapping.is_applied()
    }

    /// What was written to the agreement that the run set out with, of a customer that is not planned; nothing of one
    /// that is not mapped.
    async fn written_before(
        &self,
        bucket: &Bucket,
        id: CustomerId,
        mapping: Option<&CustomerMapping>,
    ) -> Result<Snapshot, WorkError> {
        let Some(mapping) = mapping else { return Ok(Snapshot::default()) };
        let agreement = bucket.set_out_with.get(&id).copied().unwrap_or(mapping.agreement);
        Ok(self.world.store().find_snapshot(bucket.run.request.partner, agreement).await?)
    }

    async fn close(&self, mut ledger: CustomerLedger, rows: Vec<Row>, commits: &Commits) -> Result<(), WorkError> {
        if rows.is_empty() {
            return Ok(());
        }
        ledger.lines = lines(rows, &BTreeMap::new());
        commits.finish(Vec::new(), Counted { ledger, read: false }).await?;
        Ok(())
    }

    async fn read_agreement(&self, bucket: &Bucket, mapping: &CustomerMapping) -> Result<Read, WorkError> {
        let (store, partner, id) = (self.world.store(), bucket.run.request.partner, mapping.agreement);
        let stored = store.find_snapshot(partner, id).await?;
        let intents = store.list_intents(partner, id).await?;
        let untouched = |state, asked| Read {
            state,
            settlement: Settlement { snapshot: stored.clone(), ..Settlement::default() },
            stored: stored.clone(),
            asked,
        };
        let agreement = bucket.agreements.get(&id);
        let month = bucket.run.request.month;
        if let Some(failure) = agreement_trouble(mapping, agreement, bucket.agreements.values(), month) {
            return Ok(untouched(AgreementState::Trouble(failure), false));
        }
        // Before the list is asked for: it shows what had taken effect by then, however late its answer comes.
        let now = self.world.clock().now();
        let additions = match self.psa.list_additions(id).await {
            Ok(additions) => additions,
            Err(error) => {
                tracing::warn!(%partner, agreement = %id, %error, "the agreement's additions could not be read");
                return Ok(untouched(AgreementState::Trouble(of_agreement(id, &error)), true));
            }
        };
        let settle_s = if self.policy.has(Guard::Settle) { self.limits.settle_s } else { 0 };
        let settlement = settle(stored.clone(), &intents, &additions, now, settle_s);
        let agreement = agreement.cloned().ok_or_else(|| WorkError::Chunk(format!("agreement {id} was not kept")))?;
        Ok(Read { state: AgreementState::Ready { agreement, additions }, settlement, stored, asked: true })
    }

    async fn write(
        &self,
        bucket: &Bucket,
        (mapping, applied): (&CustomerMapping, bool),
        read: Read,
        planned: CustomerPlan,
        mut ledger: CustomerLedger,
        commits: &Commits,
    ) -> Result<bool, WorkError> {
        let mut writer = Writer::new(self, &bucket.run, mapping.agreement, (read.stored, read.settlement), commits);
        let mut done: BTreeMap<PsaProductId, (Outcome, Billed)> = BTreeMap::new();
        for (product, plan) in &planned.additions {
            if plan.step.writes() && bucket.run.writes && self.must_stop() {
                commits.leave_open(writer.unwritten()).await?;
                return Ok(false);
            }
            let would = plan.would();
            let (outcome, addition) = writer.carry_out(*product, plan).await?;
            done.insert(*product, (outcome, Billed { product: *product, addition, target: plan.target, would }));
        }
        ledger.lines = lines(planned.rows, &done);
        self.refresh(bucket, (mapping, applied), &ledger).await?;
        let (changes, told) = writer.close().await?;
        (ledger.created, ledger.updated) = (told.created, told.updated);
        if ledger.lines.is_empty() && changes.is_empty() {
            // Read and found to have nothing: the next slice of this run need not know.
            return Ok(true);
        }
        commits.finish(changes, Counted { ledger, read: read.asked }).await?;
        Ok(true)
    }

    /// Company and agreement names are refreshed; an apply marks a customer whose preview a person has seen.
    async fn refresh(
        &self,
        bucket: &Bucket,
        (mapping, applied): (&CustomerMapping, bool),
        ledger: &CustomerLedger,
    ) -> Result<(), WorkError> {
        let (Some((_, company)), Some((_, agreement))) = (&ledger.company, &ledger.agreement) else { return Ok(()) };
        let names = CustomerNames { company: company.clone(), agreement: agreement.clone() };
        let known = bucket.mapped.get(&mapping.customer).and_then(|(_, names)| names.as_ref()) == Some(&names);
        if known && !applied {
            return Ok(());
        }
        let store = self.world.store();
        let partner = bucket.run.request.partner;
        store.touch_customer(partner, mapping.customer, mapping.agreement, &names, applied).await?;
        Ok(())
    }
}

/// The ledger lines of rows: each ends by itself or as its addition did.
pub(super) fn lines(rows: Vec<Row>, done: &BTreeMap<PsaProductId, (Outcome, Billed)>) -> Vec<Line> {
    let line = |row: Row| {
        let (outcome, billed) = match row.fate {
            Fate::Ends(outcome) => (outcome, None),
            Fate::With(product) => match done.get(&product) {
                Some((outcome, billed)) => (outcome.clone(), Some(billed.clone())),
                None => (Outcome::Skipped(Skip::MappingMoved), None),
            },
        };
        let usage = row.usage.unwrap_or_default();
        Line { code: row.code, units: usage.units, usage_lines: usage.lines, outcome, billed }
    };
    let lines: Vec<Line> = rows.into_iter().map(line).collect();
    debug_assert_eq!(lines.len(), lines.iter().map(|l| &l.code).collect::<BTreeSet<_>>().len(), "one line a pair");
    lines
}
