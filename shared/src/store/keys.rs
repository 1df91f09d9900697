//! The keys of the table, tenant first.
//!
//! Ids cannot contain `#`, and every key prefix that a query uses ends in `#` after an id. So a query for one partner,
//! run or agreement never returns entries of another whose id starts in the same way.

mod alerts;
mod holds;

use jiff::Timestamp;

pub(super) use self::alerts::{alert, alert_mark, alert_settings, alerts, alerts_until, place_of_alert};
pub(super) use self::holds::{
    ENDINGS, all_holds_after, decision, ending, hold, hold_range, holds, is_decision, is_override_name, override_name,
    overrides, overrides_after, quantity_override,
};
use crate::domain::follow_up::FollowUp;
use crate::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId, ProductCode, PsaProductId, RunId};
use crate::domain::schedule::stable_hash;
use crate::store::{Change, Chunk, ChunkKind, DueFor, PsaDatabase};
use crate::table::{DUE_SHARDS, Key, Range};

/// Prefix of product mappings.
pub(super) const PRODUCT_MAPPINGS: &str = "MP#";
/// Prefix of the catalogue of Sophos products.
pub(super) const DISCOVERED: &str = "PC#";
/// In the place of a customer id for usage without a customer; sorts after every customer id.
const NO_CUSTOMER: &str = "~";
/// Prefix of the customers that runs saw in Sophos.
const KNOWN_CUSTOMERS: &str = "SC#";
/// Prefix of the names of ConnectWise products.
pub(super) const PSA_PRODUCTS: &str = "NM#";
/// Prefix of edits.
const EDITS: &str = "AU#";
/// Prefix of a partner's marks of its ConnectWise databases.
pub(super) const PSA_DATABASES: &str = "OW#";

/// The partner's partition of settings and mappings.
pub(super) fn home(partner: PartnerId) -> String {
    format!("P#{partner}#")
}

/// The partner's partition of what its runs share: lease, open run, snapshots, intents.
pub(super) fn sync(partner: PartnerId) -> String {
    format!("P#{partner}#S")
}

/// The partner's partition of runs.
pub(super) fn runs(partner: PartnerId) -> String {
    format!("P#{partner}#R")
}

/// The partition of what one run reads and writes.
pub(super) fn run_rows(partner: PartnerId, run: &RunId) -> String {
    format!("P#{partner}#R#{run}")
}

pub(super) fn settings(partner: PartnerId) -> Key {
    Key::new(home(partner), "CFG")
}

pub(super) fn credentials(partner: PartnerId) -> Key {
    Key::new(format!("P#{partner}#K"), "CRED")
}

pub(super) fn product_mapping(partner: PartnerId, code: &ProductCode) -> Key {
    Key::new(home(partner), format!("{PRODUCT_MAPPINGS}{code}"))
}

pub(super) fn discovered(partner: PartnerId, code: &ProductCode) -> Key {
    Key::new(home(partner), format!("{DISCOVERED}{code}"))
}

pub(super) fn psa_product(partner: PartnerId, product: PsaProductId) -> Key {
    Key::new(home(partner), format!("{PSA_PRODUCTS}{product}"))
}

pub(super) fn customer_mapping(partner: PartnerId, customer: CustomerId) -> Key {
    Key::new(home(partner), customer_mappings(&customer.to_string()))
}

/// Prefix of the mappings of customers whose id starts with `prefix`.
pub(super) fn customer_mappings(prefix: &str) -> String {
    format!("MC#{prefix}")
}

/// The sort keys of the mappings of customers after `after`.
pub(super) fn customer_mappings_after(after: Option<CustomerId>) -> Range {
    customers_after("MC#", after)
}

pub(super) fn known_customer(partner: PartnerId, customer: CustomerId) -> Key {
    Key::new(home(partner), known_customers(&customer.to_string()))
}

/// Prefix of the known customers whose id starts with `prefix`.
pub(super) fn known_customers(prefix: &str) -> String {
    format!("{KNOWN_CUSTOMERS}{prefix}")
}

/// The sort keys of the known customers after `after`.
pub(super) fn known_customers_after(after: Option<CustomerId>) -> Range {
    customers_after(KNOWN_CUSTOMERS, after)
}

/// `!` sorts before every character of an id, so it comes directly after that customer's own key. `~` sorts after all.
fn customers_after(kind: &str, after: Option<CustomerId>) -> Range {
    let first = after.map_or_else(|| kind.to_owned(), |customer| format!("{kind}{customer}!"));
    Range::Between(first, format!("{kind}~"))
}

/// How a customer's last sync ended.
pub(super) fn customer_status(partner: PartnerId, customer: CustomerId) -> Key {
    Key::new(home(partner), format!("LS#{customer}"))
}

/// One entry of the audit by its place: time, unique text of the save, part.
pub(super) fn edits(partner: PartnerId, place: &str) -> Key {
    Key::new(home(partner), format!("{EDITS}{place}"))
}

/// The place in the sort key of an entry of the audit.
pub(super) fn place_of_edits(sort: &str) -> Option<&str> {
    sort.strip_prefix(EDITS)
}

/// The sort keys of the audit up to a place; all of it without one.
pub(super) fn edits_until(place: Option<&str>) -> Range {
    Range::Between(EDITS.to_owned(), format!("{EDITS}{}", place.unwrap_or("~")))
}

/// The owner of a ConnectWise database. It is outside of all partners' partitions.
pub(super) fn psa_owner(database: &PsaDatabase) -> Key {
    Key::new(format!("H#{}", database.as_str()), "OWNER")
}

/// The partner's own mark of a ConnectWise database that it owns. Removing the partner finds its databases by it.
pub(super) fn psa_mark(partner: PartnerId, database: &PsaDatabase) -> Key {
    Key::new(home(partner), format!("{PSA_DATABASES}{}", database.as_str()))
}

/// The partitions of a partner, except those of single runs, in the order of their removal: the schedule first, the
/// lease last.
pub(super) fn partitions(partner: PartnerId) -> Vec<String> {
    ["D", "K", "", "I", "L", "H", "A", "R", "S"].iter().map(|kind| format!("P#{partner}#{kind}")).collect()
}

/// The mark that a company is in use by a customer.
pub(super) fn company(partner: PartnerId, company: CompanyId) -> Key {
    Key::new(home(partner), format!("UQ#{company}"))
}

pub(super) fn due(partner: PartnerId, due_for: DueFor) -> Key {
    Key::new(format!("P#{partner}#D"), due_sort(due_for))
}

fn due_sort(due_for: DueFor) -> &'static str {
    match due_for {
        DueFor::Occasion => "DUE",
        DueFor::FollowUp(FollowUp::ResumeStalledRun) => "LOOK",
        DueFor::FollowUp(FollowUp::RetryFailedRun) => "RETRY",
        DueFor::FollowUp(FollowUp::DeliverAlerts) => "ALERTS",
        DueFor::FollowUp(FollowUp::CheckSilence) => "WATCH",
    }
}

/// What a due entry is due for, by its sort key.
pub(super) fn due_for(sort: &str) -> Option<DueFor> {
    let follow_ups =
        [FollowUp::ResumeStalledRun, FollowUp::RetryFailedRun, FollowUp::DeliverAlerts, FollowUp::CheckSilence]
            .map(DueFor::FollowUp);
    [DueFor::Occasion].into_iter().chain(follow_ups).find(|due_for| due_sort(*due_for) == sort)
}

/// The company in the sort key of its mark.
pub(super) fn company_of(sort: &str) -> Option<CompanyId> {
    CompanyId::try_from(sort.strip_prefix("UQ#")?.parse::<i64>().ok()?).ok()
}

/// The customer in a sort key that ends in it.
pub(super) fn customer_of(sort: &str) -> Option<CustomerId> {
    let (_, id) = sort.split_once('#')?;
    CustomerId::parse(id).ok()
}

/// The ConnectWise database in the sort key of a partner's mark of it.
pub(super) fn psa_of_mark(sort: &str) -> Option<PsaDatabase> {
    PsaDatabase::parse(sort.strip_prefix(PSA_DATABASES)?)
}

/// The shard of the due index that a partner is in.
pub(super) fn due_shard(partner: PartnerId) -> u8 {
    let shard = stable_hash(&partner.to_string()) % u64::from(DUE_SHARDS);
    u8::try_from(shard).unwrap_or_default()
}

/// The partner in the partition key of a due entry.
pub(super) fn partner_of_due(partition: &str) -> Option<PartnerId> {
    let id = partition.strip_prefix("P#")?.strip_suffix("#D")?;
    PartnerId::parse(id).ok()
}

/// The attempt at a request, by the hash of its idempotency key: no table key contains a caller's text.
pub(super) fn attempt(partner: PartnerId, key_hash: &str) -> Key {
    Key::new(format!("P#{partner}#I"), key_hash)
}

/// A later part of a long answer. The key contains the claim, so the parts of two attempts never mix.
pub(super) fn answer_part(partner: PartnerId, key_hash: &str, claim: &str, part: u64) -> Key {
    Key::new(format!("P#{partner}#I"), format!("{key_hash}#{claim}#{part}"))
}

/// The counter of a limit in one window.
pub(super) fn limit(partner: PartnerId, what: &str, window: i64) -> Key {
    Key::new(format!("P#{partner}#L"), format!("{what}#{window}"))
}

/// What stays of a removed partner.
pub(super) fn tombstone(partner: PartnerId) -> Key {
    Key::new(tombstones(partner), "GONE")
}

/// The entry of the audit that outlives a removed partner.
pub(super) fn removal_edit(partner: PartnerId, at: Timestamp) -> Key {
    Key::new(tombstones(partner), format!("{EDITS}{at:.9}"))
}

/// The partition of what stays of a removed partner.
pub(super) fn tombstones(partner: PartnerId) -> String {
    format!("T#{partner}")
}

pub(super) fn lease(partner: PartnerId) -> Key {
    Key::new(sync(partner), "LEASE")
}

pub(super) fn open_run(partner: PartnerId) -> Key {
    Key::new(sync(partner), "OPEN")
}

pub(super) fn snapshot(partner: PartnerId, agreement: AgreementId) -> Key {
    Key::new(sync(partner), format!("AG#{agreement}"))
}

/// The agreement of a snapshot's sort key.
pub(super) fn agreement_of(sort: &str) -> Option<AgreementId> {
    sort.strip_prefix("AG#")?.parse::<i64>().ok()?.try_into().ok()
}

/// The sort keys of the snapshots after `after`, in the order of their texts: 10 before 9.
pub(super) fn snapshots_after(after: Option<AgreementId>) -> Range {
    // `!` sorts before every digit, `~` after all of them.
    Range::Between(after.map_or_else(|| "AG#".to_owned(), |agreement| format!("AG#{agreement}!")), "AG#~".to_owned())
}

pub(super) fn intent(partner: PartnerId, agreement: AgreementId, product: PsaProductId) -> Key {
    Key::new(sync(partner), format!("{INTENTS}{agreement}#{product}"))
}

/// The mark that we write to an agreement for a customer.
pub(super) fn billed_on(partner: PartnerId, customer: CustomerId, agreement: AgreementId) -> Key {
    Key::new(sync(partner), format!("{}#{agreement}", billed_on_of(&customer.to_string())))
}

/// Prefix of those marks of customers whose id starts with `prefix`.
pub(super) fn billed_on_of(prefix: &str) -> String {
    format!("BO#{prefix}")
}

/// The customer and the agreement in the sort key of such a mark.
pub(super) fn read_billed_on(sort: &str) -> Option<(CustomerId, AgreementId)> {
    let (customer, agreement) = sort.strip_prefix("BO#")?.split_once('#')?;
    Some((CustomerId::parse(customer).ok()?, agreement.parse::<i64>().ok()?.try_into().ok()?))
}

/// Prefix of intents.
pub(super) const INTENTS: &str = "IN#";

pub(super) fn run(partner: PartnerId, id: &RunId) -> Key {
    Key::new(runs(partner), id.as_str())
}

/// The sort keys of the runs up to `run`, that one included; of all runs without one.
pub(super) fn runs_until(run: Option<&RunId>) -> Range {
    // Ids begin with a digit.
    Range::Between("0".to_owned(), run.map_or_else(|| "~".to_owned(), |run| run.as_str().to_owned()))
}

pub(super) fn chunk(partner: PartnerId, run: &RunId, chunk: &Chunk) -> Key {
    let place = chunks(chunk.kind, chunk.bucket);
    Key::new(run_rows(partner, run), format!("{place}{:010}#{:010}", chunk.page, chunk.part))
}

/// Prefix of a bucket's chunks. Numbers are padded to the width of the largest, so that they sort.
pub(super) fn chunks(kind: ChunkKind, bucket: u32) -> String {
    let kind = match kind {
        ChunkKind::Customers => "customers",
        ChunkKind::Usage => "usage",
        ChunkKind::Agreements => "agreements",
        ChunkKind::UnreadableCustomers => "oddcustomers",
        ChunkKind::UnreadableAgreements => "oddagreements",
        ChunkKind::Products => "products",
        ChunkKind::Mapped => "mapped",
    };
    format!("CH#{kind}#{bucket:010}#")
}

/// The sort keys of a bucket's chunks after the one at `after`.
pub(super) fn chunk_range(kind: ChunkKind, bucket: u32, after: Option<&str>) -> Range {
    let all = chunks(kind, bucket);
    // `!` sorts before every character of a place, `~` after all of them.
    Range::Between(after.map_or_else(|| all.clone(), |place| format!("{all}{place}!")), format!("{all}~"))
}

/// The place of a chunk among those of its bucket, from its sort key.
pub(super) fn place_of_chunk(sort: &str, kind: ChunkKind, bucket: u32) -> Option<&str> {
    sort.strip_prefix(&chunks(kind, bucket))
}

/// The name of a customer in the sort keys of a ledger and in the `next` of a ledger's page.
pub(super) fn ledger_name(customer: Option<CustomerId>) -> String {
    customer.map_or_else(|| NO_CUSTOMER.to_owned(), |id| id.to_string())
}

/// Prefix of one customer's ledger.
pub(super) fn ledger_parts(customer: Option<CustomerId>) -> String {
    format!("LG#{}#", ledger_name(customer))
}

/// One of the entries that a customer's ledger is split into.
pub(super) fn ledger_part(partner: PartnerId, run: &RunId, customer: Option<CustomerId>, part: usize) -> Key {
    Key::new(run_rows(partner, run), format!("{}{part:04}", ledger_parts(customer)))
}

/// The customer's name in the sort key of a ledger's entry.
pub(super) fn name_in_ledger(sort: &str) -> Option<&str> {
    let (name, _) = sort.strip_prefix("LG#")?.split_once('#')?;
    Some(name)
}

/// The sort keys of a page of a ledger: customers whose id starts with `prefix`, after the customer named
/// `after`. None when there can be no such customer.
pub(super) fn ledger_range(prefix: &str, after: Option<&str>) -> Option<Range> {
    let first = format!("LG#{prefix}");
    // `$` is the character after `#`, so it sorts after all parts of that customer.
    let after = after.map_or_else(String::new, |name| format!("LG#{name}$"));
    let last = format!("LG#{prefix}{NO_CUSTOMER}{NO_CUSTOMER}");
    let first = first.max(after);
    (first <= last).then_some(Range::Between(first, last))
}

/// The rate of a PSA, shared by all partners.
pub(super) fn rate(psa: &PsaDatabase) -> Key {
    Key::new(format!("H#{}", psa.as_str()), "RATE")
}

/// The entry that a change is about.
pub(super) fn of_change(partner: PartnerId, change: &Change) -> Key {
    match change {
        Change::PutRun(changed) => run(partner, &changed.id),
        Change::PutChunk(id, rows) => chunk(partner, id, rows),
        Change::PutLedger(id, ledger) => ledger_part(partner, id, ledger.customer, 0),
        Change::PutCustomerStatus(customer, _) => customer_status(partner, *customer),
        Change::PutSnapshot(agreement, _) => snapshot(partner, *agreement),
        Change::PutIntent(put) => intent(partner, put.agreement, put.product),
        Change::RemoveIntent(agreement, product) => intent(partner, *agreement, *product),
        Change::PutBilledOn(customer, agreement) | Change::RemoveBilledOn(customer, agreement) => {
            billed_on(partner, *customer, *agreement)
        }
        Change::PutHold(held) => hold(partner, held.key),
        Change::RemoveHold(key) => hold(partner, *key),
        Change::RemoveDecision(key) => decision(partner, *key),
        Change::PutEnding(put) => ending(partner, put.key),
        Change::RemoveEnding(key) => ending(partner, *key),
        Change::PutOverride(one) => quantity_override(partner, one.key),
        Change::RaiseAlert(raised) => alert(partner, raised),
    }
}

#[cfg(test)]
mod tests;
