//! The keys of the table, tenant first.
//!
//! Ids cannot contain `#`, and every part of a key that a query asks for by its beginning ends in one: no partner's,
//! run's or agreement's entries can be taken for those of another whose id starts alike.

use crate::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId, ProductCode, PsaProductId, RunId};
use crate::domain::schedule::stable_hash;
use crate::ports::{Change, Chunk, ChunkKind};
use crate::store::table::DUE_SHARDS;

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Key {
    /// The partition.
    pub(in crate::store) partition: String,
    /// The place in the partition.
    pub(in crate::store) sort: String,
}

impl Key {
    fn new(partition: String, sort: impl Into<String>) -> Self {
        Self { partition, sort: sort.into() }
    }
}

/// What the sort keys of product mappings start with.
pub(in crate::store) const PRODUCT_MAPPINGS: &str = "MP#";
/// What the sort keys of the catalogue of Sophos products start with.
pub(in crate::store) const DISCOVERED: &str = "PC#";
/// Stands for the customer of usage that names none; sorts after every customer id.
const NO_CUSTOMER: &str = "~";

/// The partner's partition of settings and mappings.
pub(in crate::store) fn home(partner: PartnerId) -> String {
    format!("P#{partner}#")
}

/// The partner's partition of what its runs share: lease, open run, snapshots, intents.
pub(in crate::store) fn sync(partner: PartnerId) -> String {
    format!("P#{partner}#S")
}

/// The partner's partition of runs.
pub(in crate::store) fn runs(partner: PartnerId) -> String {
    format!("P#{partner}#R")
}

/// The partition of what one run reads and writes.
pub(in crate::store) fn run_rows(partner: PartnerId, run: &RunId) -> String {
    format!("P#{partner}#R#{run}")
}

pub(in crate::store) fn settings(partner: PartnerId) -> Key {
    Key::new(home(partner), "CFG")
}

pub(in crate::store) fn credentials(partner: PartnerId) -> Key {
    Key::new(format!("P#{partner}#K"), "CRED")
}

pub(in crate::store) fn product_mapping(partner: PartnerId, code: &ProductCode) -> Key {
    Key::new(home(partner), format!("{PRODUCT_MAPPINGS}{code}"))
}

pub(in crate::store) fn discovered(partner: PartnerId, code: &ProductCode) -> Key {
    Key::new(home(partner), format!("{DISCOVERED}{code}"))
}

pub(in crate::store) fn customer_mapping(partner: PartnerId, customer: CustomerId) -> Key {
    Key::new(home(partner), customer_mappings(&customer.to_string()))
}

/// What the sort keys of the mappings of customers start with whose id starts with `prefix`.
pub(in crate::store) fn customer_mappings(prefix: &str) -> String {
    format!("MC#{prefix}")
}

/// The mark that a company has a customer.
pub(in crate::store) fn company(partner: PartnerId, company: CompanyId) -> Key {
    Key::new(home(partner), format!("UQ#{company}"))
}

pub(in crate::store) fn due(partner: PartnerId) -> Key {
    Key::new(format!("P#{partner}#D"), "DUE")
}

/// The shard of the due index that a partner is in.
pub(in crate::store) fn due_shard(partner: PartnerId) -> u8 {
    let shard = stable_hash(&partner.to_string()) % u64::from(DUE_SHARDS);
    u8::try_from(shard).unwrap_or_default()
}

/// The partner in the partition key of a due entry.
pub(in crate::store) fn partner_of_due(partition: &str) -> Option<PartnerId> {
    let id = partition.strip_prefix("P#")?.strip_suffix("#D")?;
    PartnerId::parse(id).ok()
}

/// The record of a request, by the hash of its idempotency key: a caller's text is in no table key.
pub(in crate::store) fn attempt(partner: PartnerId, key_hash: &str) -> Key {
    Key::new(format!("P#{partner}#I"), key_hash)
}

pub(in crate::store) fn lease(partner: PartnerId) -> Key {
    Key::new(sync(partner), "LEASE")
}

pub(in crate::store) fn open_run(partner: PartnerId) -> Key {
    Key::new(sync(partner), "OPEN")
}

pub(in crate::store) fn snapshot(partner: PartnerId, agreement: AgreementId) -> Key {
    Key::new(sync(partner), format!("AG#{agreement}"))
}

pub(in crate::store) fn intent(partner: PartnerId, agreement: AgreementId, product: PsaProductId) -> Key {
    Key::new(sync(partner), format!("{}{product}", intents(agreement)))
}

/// What the sort keys of an agreement's intents start with.
pub(in crate::store) fn intents(agreement: AgreementId) -> String {
    format!("IN#{agreement}#")
}

pub(in crate::store) fn run(partner: PartnerId, id: &RunId) -> Key {
    Key::new(runs(partner), id.as_str())
}

pub(in crate::store) fn chunk(partner: PartnerId, run: &RunId, chunk: &Chunk) -> Key {
    let place = chunks(chunk.kind, chunk.bucket);
    Key::new(run_rows(partner, run), format!("{place}{:010}#{:010}", chunk.page, chunk.part))
}

/// What the sort keys of a bucket's chunks start with. Numbers have the width of the largest, so that they sort.
pub(in crate::store) fn chunks(kind: ChunkKind, bucket: u32) -> String {
    let kind = match kind {
        ChunkKind::Customers => "customers",
        ChunkKind::Usage => "usage",
        ChunkKind::Agreements => "agreements",
        ChunkKind::Products => "products",
        ChunkKind::Mapped => "mapped",
    };
    format!("CH#{kind}#{bucket:010}#")
}

/// How a customer is named in the sort keys of a ledger, and in the key of a ledger's page.
pub(in crate::store) fn ledger_name(customer: Option<CustomerId>) -> String {
    customer.map_or_else(|| NO_CUSTOMER.to_owned(), |id| id.to_string())
}

/// What the sort keys of one customer's ledger start with.
pub(in crate::store) fn ledger_parts(customer: Option<CustomerId>) -> String {
    format!("LG#{}#", ledger_name(customer))
}

/// One of the entries that a customer's ledger is split over.
pub(in crate::store) fn ledger_part(partner: PartnerId, run: &RunId, customer: Option<CustomerId>, part: usize) -> Key {
    Key::new(run_rows(partner, run), format!("{}{part:04}", ledger_parts(customer)))
}

/// The customer's name in the sort key of a ledger's entry.
pub(in crate::store) fn name_in_ledger(sort: &str) -> Option<&str> {
    let (name, _) = sort.strip_prefix("LG#")?.split_once('#')?;
    Some(name)
}

/// The first and last sort key that a page of a ledger may have: customers that start with `prefix` and come after the
/// customer named `after`. None when there can be no such customer.
pub(in crate::store) fn ledger_range(prefix: &str, after: Option<&str>) -> Option<(String, String)> {
    let first = format!("LG#{prefix}");
    // `$` is the sign after `#`: behind all parts of that customer.
    let after = after.map_or_else(String::new, |name| format!("LG#{name}$"));
    let last = format!("LG#{prefix}{NO_CUSTOMER}{NO_CUSTOMER}");
    let first = first.max(after);
    (first <= last).then_some((first, last))
}

/// The entry that a change is about.
pub(in crate::store) fn of_change(partner: PartnerId, change: &Change) -> Key {
    match change {
        Change::PutRun(changed) => run(partner, &changed.id),
        Change::PutChunk(id, rows) => chunk(partner, id, rows),
        Change::PutLedger(id, ledger) => ledger_part(partner, id, ledger.customer, 0),
        Change::PutSnapshot(agreement, _) => snapshot(partner, *agreement),
        Change::PutIntent(wanted) => intent(partner, wanted.agreement, wanted.product),
        Change::RemoveIntent(agreement, product) => intent(partner, *agreement, *product),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner() -> PartnerId {
        PartnerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap()
    }

    #[test]
    fn every_partition_starts_with_the_partner_and_a_delimiter() {
        let run = RunId::parse("20261130T011200Z-scheduled-0123abcd").unwrap();
        let partitions = [
            home(partner()),
            sync(partner()),
            runs(partner()),
            run_rows(partner(), &run),
            credentials(partner()).partition,
            due(partner()).partition,
            attempt(partner(), "00ff").partition,
        ];
        for partition in &partitions {
            assert!(partition.starts_with("P#718b6047-2fbc-4f4b-a143-45ee42bf5d3b#"), "{partition}");
        }
        let distinct: std::collections::BTreeSet<&String> = partitions.iter().collect();
        assert_eq!(distinct.len(), partitions.len());
    }

    #[test]
    fn a_due_entry_names_its_partner_and_nothing_else_does() {
        assert_eq!(partner_of_due(&due(partner()).partition), Some(partner()));
        for other in [home(partner()), sync(partner()), "P##D".to_owned(), String::new()] {
            assert_eq!(partner_of_due(&other), None, "{other}");
        }
    }

    #[test]
    fn a_page_of_the_ledger_ends_before_what_starts_otherwise() {
        let (first, last) = ledger_range("ab", None).unwrap();
        let within = |sort: &str| (first.as_str()..=last.as_str()).contains(&sort);
        assert!(within("LG#ab000000-0000#0000") && within("LG#abffffff-ffff#9999"));
        assert!(!within("LG#aaffffff#0000") && !within("LG#ac000000#0000") && !within("LG#~#0000"));
        assert_eq!(ledger_range("ab", Some("ac000000")), None);
    }
}
