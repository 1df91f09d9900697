//! What a save of mappings or a decision comes to, judged by what is stored.
//!
//! A save is judged by what was read and written on condition that all of it still stands; where it does not, it is read
//! and judged anew. So a refusal always names every row that cannot be saved.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::item::to_json;
use super::limits::{self, MAX_CUSTOMER_ROWS, MAX_PRODUCT_ROWS};
use super::version;
use crate::domain::decision::{Decision, HoldKey};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::{AgreementId, CompanyId, CustomerId, ProductCode};
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;
use crate::store::{Author, CustomerConflict, CustomerEdit, Edit, ProductConflict, Subject};

/// What is stored of a customer's mapping. A mapping that was removed leaves its version behind: one made anew goes on
/// from there, and nobody who read the old one can save over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CustomerRow {
    /// The mapping; none before the first save and after a removal.
    pub(super) mapping: Option<CustomerMapping>,
    /// The last version that was saved; 0 before the first save.
    pub(super) version: u64,
    /// The agreement for which a person has applied a preview; it outlives the mapping.
    pub(super) applied: Option<AgreementId>,
}

impl CustomerRow {
    /// The row that a removal leaves behind.
    pub(super) const fn removed(&self) -> Self {
        Self { mapping: None, version: self.version.saturating_add(1), applied: self.applied }
    }

    /// Whether it still is what was read at a version.
    fn is_at(&self, version: u64) -> bool {
        self.mapping.as_ref().map_or(0, |mapping| mapping.version) == version
    }

    /// The mapping as it is stored over this row. What runs write of a customer is theirs after the first save.
    fn next(&self, wanted: &CustomerMapping) -> CustomerMapping {
        let applied = if self.version == 0 { wanted.applied } else { self.applied };
        CustomerMapping { version: self.version.saturating_add(1), applied, ..wanted.clone() }
    }

    /// Whether the names that a run saw go on being right for `mapping`.
    pub(super) fn is_same_place(&self, mapping: &CustomerMapping) -> bool {
        self.mapping.as_ref().is_some_and(|former| version::is_same_place(former, mapping))
    }
}

/// A save of product mappings that may be written.
#[derive(Debug)]
pub(super) struct ProductSave<'a> {
    /// The mappings with the versions at which they were read.
    pub(super) rows: &'a [ProductMapping],
    /// The same as they are stored.
    pub(super) saved: Vec<ProductMapping>,
    pub(super) edits: Vec<Edit>,
}

/// A save of customer mappings that may be written.
#[derive(Debug)]
pub(super) struct CustomerSave {
    /// Each row as it was read, and the mapping that is stored over it; none removes it.
    pub(super) rows: Vec<(CustomerId, CustomerRow, Option<CustomerMapping>)>,
    /// Who is to have each company, and who had it when it was read.
    pub(super) companies: BTreeMap<CompanyId, Claim>,
}

/// What becomes of the mark that a company has a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// The customer `by` takes it from `from`, if anybody had it.
    Take { by: CustomerId, from: Option<CustomerId> },
    /// The customer gives it up.
    Release { from: CustomerId },
}

/// Refuses what is too much or names a product twice, before anything is read.
pub(super) fn check_products(rows: &[ProductMapping]) -> Result<(), StoreError> {
    check(rows.len(), MAX_PRODUCT_ROWS, rows.iter().map(|row| &row.code), "product mappings")
}

/// Refuses what is too much or names a customer twice, before anything is read.
pub(super) fn check_customers(rows: &[CustomerEdit]) -> Result<(), StoreError> {
    check(rows.len(), MAX_CUSTOMER_ROWS, rows.iter().map(CustomerEdit::customer), "customer mappings")
}

fn check<T: Ord>(count: usize, max: usize, ids: impl Iterator<Item = T>, what: &str) -> Result<(), StoreError> {
    if count > max {
        return limits::refuse(format!("{count} {what} in one save, at most {max}"));
    }
    if ids.collect::<BTreeSet<T>>().len() < count {
        return limits::refuse(format!("two {what} of the same in one save"));
    }
    Ok(())
}

/// Judges a save of product mappings by what is stored of them.
pub(super) fn products<'a>(
    author: &Author,
    rows: &'a [ProductMapping],
    stored: &BTreeMap<ProductCode, ProductMapping>,
) -> Result<Result<ProductSave<'a>, Vec<ProductConflict>>, StoreError> {
    let now = |row: &ProductMapping| stored.get(&row.code);
    let changed = |row: &&ProductMapping| now(row).map_or(0, |now| now.version) != row.version;
    let conflicts: Vec<ProductConflict> = (rows.iter().filter(changed))
        .map(|row| ProductConflict { code: row.code.clone(), now: now(row).cloned() })
        .collect();
    if !conflicts.is_empty() {
        return Ok(Err(conflicts));
    }
    let saved: Vec<ProductMapping> = rows.iter().map(version::next_product).collect();
    let edit = |saved: &ProductMapping| edit(author, Subject::Product(saved.code.clone()), now(saved), Some(saved));
    let edits = saved.iter().map(edit).collect::<Result<_, _>>()?;
    Ok(Ok(ProductSave { rows, saved, edits }))
}

/// Judges a save of customer mappings by what is stored of them and by who has their companies.
pub(super) fn customers(
    rows: &[CustomerEdit],
    stored: &BTreeMap<CustomerId, CustomerRow>,
    holders: &BTreeMap<CompanyId, CustomerId>,
) -> Result<CustomerSave, Vec<CustomerConflict>> {
    let wanted: BTreeMap<CustomerId, &CustomerEdit> = rows.iter().map(|row| (row.customer(), row)).collect();
    let keeps = |holder: CustomerId, company: CompanyId| match wanted.get(&holder) {
        None => true,
        Some(CustomerEdit::Put(mapping)) => mapping.company == company,
        Some(CustomerEdit::Remove { .. }) => false,
    };
    let mut save = CustomerSave { rows: Vec::new(), companies: BTreeMap::new() };
    let mut conflicts = Vec::new();
    for row in rows {
        let customer = row.customer();
        let read = stored.get(&customer).cloned().unwrap_or_default();
        let (version, mapping) = match row {
            CustomerEdit::Put(mapping) => (mapping.version, Some(mapping)),
            CustomerEdit::Remove { version, .. } => (*version, None),
        };
        if !read.is_at(version) {
            conflicts.push(CustomerConflict::Changed { customer, now: read.mapping });
            continue;
        }
        if let Some(CustomerMapping { company, .. }) = mapping {
            let from = holders.get(company).copied();
            let holder = from.filter(|holder| *holder != customer && keeps(*holder, *company));
            let holder = holder.or_else(|| save.companies.get(company).map(Claim::customer));
            if let Some(holder) = holder {
                conflicts.push(CustomerConflict::CompanyTaken { customer, company: *company, holder });
                continue;
            }
            save.companies.insert(*company, Claim::Take { by: customer, from });
        }
        if mapping.is_some() || read.mapping.is_some() {
            let next = mapping.map(|mapping| read.next(mapping));
            save.rows.push((customer, read, next));
        }
    }
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    for (customer, read, _) in &save.rows {
        if let Some(former) = &read.mapping {
            save.companies.entry(former.company).or_insert(Claim::Release { from: *customer });
        }
    }
    Ok(save)
}

impl Claim {
    const fn customer(&self) -> CustomerId {
        match self {
            Self::Take { by, .. } => *by,
            Self::Release { from } => *from,
        }
    }
}

impl CustomerSave {
    /// The mappings as they are stored.
    pub(super) fn saved(&self) -> Vec<CustomerMapping> {
        self.rows.iter().filter_map(|(_, _, saved)| saved.clone()).collect()
    }

    /// The edits of the audit.
    pub(super) fn edits(&self, author: &Author) -> Result<Vec<Edit>, StoreError> {
        let edit = |(customer, read, saved): &(CustomerId, CustomerRow, Option<CustomerMapping>)| {
            edit(author, Subject::Customer(*customer), read.mapping.as_ref(), saved.as_ref())
        };
        self.rows.iter().map(edit).collect()
    }
}

/// The edit of a decision; none where the same was decided before, for the same reason and about the same.
pub(super) fn decision(
    key: HoldKey,
    before: Option<&Decision>,
    decision: &Decision,
) -> Result<Option<Edit>, StoreError> {
    let again = Decision { at: decision.at, ..before.unwrap_or(decision).clone() };
    if before.is_some() && again == *decision {
        return Ok(None);
    }
    let Decision { who, why, at, .. } = decision.clone();
    edit(&Author { who, at, note: Some(why) }, Subject::Hold(key), before, Some(decision)).map(Some)
}

/// Who decided to end an addition.
pub(super) fn author_of(ending: &Ending) -> Author {
    Author { who: ending.who.clone(), at: ending.at, note: Some(ending.why.clone()) }
}

/// The edit of a decision to end an addition, or to take that back; none where the same was decided before or a run has
/// carried it out.
pub(super) fn ending(
    key: EndingKey,
    before: Option<&Ending>,
    after: Option<&Ending>,
    by: &Author,
) -> Result<Option<Edit>, StoreError> {
    let same = match (before, after) {
        // A run has carried it out: the ledger that tells of it is still to be written.
        (Some(before), _) if before.done.is_some() => true,
        (Some(before), Some(after)) => Ending { at: after.at, ..before.clone() } == *after,
        (before, after) => before.is_none() && after.is_none(),
    };
    if same { Ok(None) } else { edit(by, Subject::Addition(key), before, after).map(Some) }
}

fn edit<T: Serialize>(
    author: &Author,
    subject: Subject,
    before: Option<&T>,
    after: Option<&T>,
) -> Result<Edit, StoreError> {
    let Author { who, at, note } = author.clone();
    let json = |value: Option<&T>| value.map(to_value).transpose();
    Ok(Edit { at, who, subject, before: json(before)?, after: json(after)?, note })
}

fn to_value<T: Serialize>(value: &T) -> Result<Value, StoreError> {
    let text = to_json("an edit", value)?;
    text.parse().map_err(|error| StoreError::Refused { why: format!("an edit cannot be read as JSON: {error}") })
}
